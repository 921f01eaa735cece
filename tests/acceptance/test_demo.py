"""The demonstration: what a person sees who tries the service for the first time."""

import http.cookiejar
import re
import signal
import stat
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from config import Settings
from models.duties import Duty
from models.messages import Message
from models.session import open_database
from models.vocabulary import Channel, Detail, DutyState, MessageState, Refusal, TaskKind
from notify.cli import notify
from notify.clock import utc_now
from notify.demo import Folder, make_month, make_settings
from notify.eventfile.parse import EventFault, read_events
from notify.oversight.reports import summarise
from tests.make import (
    ANY_TIME,
    START,
    ChannelPlan,
    contact,
    make_plan,
    make_victim,
    make_world,
    pause,
    record,
    run_ticks,
)

ROOT = Path(__file__).parents[2]
CASES = 8
LONGEST_WAIT = 150.0  # seconds, on a machine with much else to do
NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


def test_the_month_ends_on_the_day_it_is_shown(tmp_path):
    path = tmp_path / "month.ndjson"
    make_month(path, now=NOW, cases=30)

    with path.open("rb") as lines:
        events = [event for _, event in read_events(lines)]

    times = [event.at for event in events if not isinstance(event, EventFault)]
    assert len(times) == len(events)
    assert times[0] == datetime(2026, 6, 1, tzinfo=UTC)
    assert NOW - timedelta(days=2) < times[-1] < NOW + timedelta(days=1)


def test_settings_are_fresh_complete_and_their_owners_alone(tmp_path):
    folder, other = Folder(tmp_path / "demo"), Folder(tmp_path / "other")
    for one in (folder, other):
        one.fresh()
    env, second = make_settings(folder), make_settings(other)

    Settings.from_env(env).require_web()
    assert stat.S_IMODE(folder.settings.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    for name in ("NOTIFY_ROOT_KEY", "STAFF_SECRET_KEY", "PUBLIC_SECRET_KEY"):
        assert env[name] != second[name]


def test_texts_go_to_a_twilio_of_their_own_only_where_one_is_started(tmp_path):
    folders = [Folder(tmp_path / name) for name in ("quiet", "one", "other")]
    for folder in folders:
        folder.fresh()
    quiet, one, other = (make_settings(folder, texting=folder is not folders[0]) for folder in folders)

    assert Settings.from_env(quiet).sms_provider == "outbox"
    settings = Settings.from_env(one)
    assert settings.sms_provider == "twilio"
    assert (settings.twilio_base_url or "").startswith("http://127.0.0.1:")
    for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"):
        assert one[name] != other[name]


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path):
    (tmp_path / "letter.txt").write_text("Dear Rowan")

    result = CliRunner().invoke(notify, ["demo", "--no-serve", "--folder", str(tmp_path)])

    assert (result.exit_code, result.stderr) == (2, "folder: holds something else\n")
    assert (tmp_path / "letter.txt").read_text() == "Dear Rowan"


def test_the_summary_is_what_the_database_says(tmp_path):
    command = ["demo", "--no-serve", "--cases", str(CASES), "--folder", str(tmp_path / "demo")]

    shown, again = (CliRunner(env={"COLUMNS": "200"}).invoke(notify, command) for _ in range(2))

    assert (shown.exit_code, again.exit_code) == (0, 0)
    database = open_database(f"sqlite:///{tmp_path / 'demo' / 'notify.db'}")
    with database.reads() as session:
        told = summarise(session, at=utc_now())
    database.engine.dispose()
    assert 0 < told.victims <= CASES  # by night the last day's cases are still to come
    said = " ".join(again.stdout.split())
    assert f"Victims {told.victims} " in said
    assert f"{told.duties.told_in_time} told in time, {told.duties.told_late} told late" in said
    for (channel, detail), count in told.messages.items():
        assert f"{count} {channel} {detail}" in said


def test_the_summary_counts_each_duty_once_and_by_what_became_of_it(database):
    world = make_world(database)
    for number in range(1, 5):
        make_victim(world, f"V-{number}", mobile=f"07700 90000{number}")
    for number in (1, 2, 3):
        make_plan(world, ChannelPlan(f"V-{number}-mobile", windows=ANY_TIME), victim=f"V-{number}")
    record(world, "arrest")
    run_ticks(world, START + timedelta(minutes=1))
    contact(world, victim="V-1")
    run_ticks(world, START + timedelta(days=30))
    contact(world, victim="V-2")
    pause(world, victim="V-3")

    with world.services.reading() as session:
        summary = summarise(session, at=world.clock())

    duties = summary.duties
    assert (duties.told_in_time, duties.told_late, duties.waived) == (1, 1, 0)
    assert (duties.open, duties.overdue) == (2, 1)  # the victim who asked for a pause is not overdue
    assert len(world.rows(Duty, state=DutyState.OPEN)) == duties.open
    assert summary.victims == 4
    assert summary.messages == {(Channel.SMS, Detail.NUDGE): 3}
    assert summary.refusals == {Refusal.NO_PLAN: 1}
    assert summary.tasks[TaskKind.AGREE_PLAN] == 1
    assert len(world.rows(Message, state=MessageState.ACCEPTED)) == 3


AS_IN_A_TERMINAL = """
import signal
from notify.cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)
main()
"""
"""A shell that runs the tests in the background has them, and whatever they start, ignore Ctrl-C."""


@contextmanager
def demonstrating(folder: Path) -> Iterator[tuple["subprocess.Popen[str]", Path]]:
    """A demonstration in a process of its own, and the file of what it says."""
    said = folder / "said.txt"
    command = ["demo", "--cases", str(CASES), "--folder", str(folder / "demo")]
    with said.open("w", encoding="utf-8") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", AS_IN_A_TERMINAL, *command],
            env={"COLUMNS": "200"},
            stdout=out,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=ROOT,
        )
    try:
        yield process, said
    finally:
        process.terminate()
        process.wait(LONGEST_WAIT)


def wait_for(said: Path, words: str, process: "subprocess.Popen[str]") -> str:
    until = time.monotonic() + LONGEST_WAIT
    while words not in (text := said.read_text(encoding="utf-8")):
        assert process.poll() is None, text
        assert time.monotonic() < until, text
        time.sleep(0.3)
    return text


class Browser:
    """Keeps cookies, and fills in a form with the token that its page gave."""

    def __init__(self) -> None:
        self.opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        )

    def get(self, url: str) -> str:
        with self.opener.open(url, timeout=30) as answer:
            text: str = answer.read().decode()
            return text

    def post(self, url: str, **fields: str) -> str:
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.get(url))
        data = urllib.parse.urlencode({"csrf_token": token[1] if token else "", **fields}).encode()
        request = urllib.request.Request(url, data, {"Referer": url})
        with self.opener.open(request, timeout=30) as answer:
            text: str = answer.read().decode()
            return text


def see_and_answer_the_text(phone: str, link: str) -> None:
    """On the page of her phone: the text, its receipts, and an answer; the service's hooks take all of it."""
    until = time.monotonic() + LONGEST_WAIT
    while "delivered: the service answered 204" not in (page := Browser().get(phone)):
        assert time.monotonic() < until, page
        time.sleep(0.3)
    assert link in page
    sid = re.search(r'name="sid" value="(SM\w+)"', page)
    assert sid is not None
    answer = urllib.parse.urlencode({"sid": sid[1], "body": "Who is this?"}).encode()
    with urllib.request.urlopen(urllib.parse.urljoin(phone, "/answer"), answer, timeout=30) as answered:
        assert "received: the service answered 200" in answered.read().decode()


@pytest.mark.slow
def test_the_link_opens_with_its_pin_staff_sign_in_and_one_interrupt_ends_it_all(tmp_path):
    with demonstrating(tmp_path) as (process, said):
        text = wait_for(said, "Ctrl-C", process)
        staff = re.search(r"Staff: +(http://127\S+)", text)
        password = re.search(r"officer-1 +(\S+)", text)
        private = re.search(r"(http://localhost:\S+/m/\S+)\s+PIN (\d+)", text)
        phone = re.search(r"phone shows it: (http://127\S+)", text)
        assert staff is not None
        assert phone is not None
        assert password is not None
        assert private is not None

        closed = Browser().get(private[1])
        opened = Browser().post(private[1], secret=private[2])
        signed_in = Browser().post(f"{staff[1]}/sign-in", ref="officer-1", password=password[1])

        assert "arrest" not in closed.lower()
        assert "message" in opened.lower()
        assert opened != closed
        assert "Sign out" in signed_in
        see_and_answer_the_text(phone[1], private[1])
        process.send_signal(signal.SIGINT)
        assert process.wait(LONGEST_WAIT) == 0
    for url in (staff[1], private[1], phone[1]):
        with pytest.raises(OSError, match="refused"):
            Browser().get(url)
    assert "worker stopped" in (tmp_path / "demo" / "worker.log").read_text(encoding="utf-8")
