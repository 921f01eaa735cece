"""`notify demo`: runs the demonstration and shows it."""

import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.table import Table

from config import Settings
from notify import demo as demonstration
from notify.cli.database import upgrade_at
from notify.cli.serving import gunicorn
from notify.cli.shared import Refused, day_of, opened, progress_bar
from notify.clock import utc_now
from notify.demo import Folder, PrivatePage
from notify.eventfile.replay import Outcome
from notify.oversight.reports import Summary, summarise
from notify.wiring import make_services

LONGEST_WAIT = 60.0  # seconds for the doors to open and the first message to leave
DOORS = ("staff", "public")
T = TypeVar("T")

GRACE = 15.0  # seconds for a process to end before it is killed


@click.command()
@click.option(
    "--serve/--no-serve",
    default=True,
    help="Stop after the summary, or start both doors, the worker and a local Twilio.",
)
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("var/demo"),
    show_default=True,
    help="Made anew each time.",
)
@click.option(
    "--cases", type=click.IntRange(1, 1000), default=220, show_default=True, help="How many the month has."
)
def demo(*, serve: bool, folder: Path, cases: int) -> None:
    """Show what the service does, with fictional people and without sending anything.

    Lives a unit's last month through in simulated time, says what became of it, and starts the pages for staff and
    for victims with a worker behind them and a local Twilio in front of it.
    """
    screen, where = Console(highlight=False), Folder(folder)
    where.fresh()
    env = demonstration.make_settings(where, texting=serve)
    settings = Settings.from_env(env)
    upgrade_at(settings.database_url)
    outcome = _live_the_month(where, env, cases)
    with opened(settings.database_url) as database:
        with database.reads() as session:
            _show_summary(screen, summarise(session, at=utc_now()), outcome)
        if not serve:
            return
        services = make_services(settings, database=database)
        passwords = demonstration.set_passwords(services)
        page = demonstration.tell_a_victim(services)
    with _running(where, env) as running:
        phone = demonstration.phone_page(env["TWILIO_BASE_URL"])
        link = _start(running, env, phone)
        _show_doors(screen, settings, passwords)
        _show_private_page(screen, settings, link, page)
        screen.print(f"  as her phone shows it: {phone}", soft_wrap=True)
        screen.print(f"\nE-mails go to {where.outbox}, logs to {where.path}; Ctrl-C stops everything.")
        while True:
            running.check()
            time.sleep(0.5)


def _live_the_month(where: Folder, env: Mapping[str, str], cases: int) -> Outcome:
    now = utc_now()
    demonstration.make_month(where.month, now=now, cases=cases)
    with progress_bar() as bar:
        with where.month.open("rb") as lines:
            task = bar.add_task("one month", total=sum(1 for _ in lines))
        return demonstration.replay_month(
            where,
            env,
            now=now,
            progress=lambda line, at: bar.update(task, completed=line, description=day_of(at)),
        )


def _show_summary(screen: Console, summary: Summary, outcome: Outcome) -> None:
    duties = summary.duties
    table = Table(box=None, show_header=False, padding=(0, 2))
    for name, value in (
        ("Events of the last month", f"{outcome.applied} applied, {len(outcome.refused)} refused"),
        ("Victims", str(summary.victims)),
        (
            "Duties to tell",
            f"{duties.told_in_time} told in time, {duties.told_late} told late, {duties.waived} waived, {duties.open} open",
        ),
        ("Overdue now", str(duties.overdue)),
        (
            "Messages",
            _listed({f"{channel} {detail}": n for (channel, detail), n in summary.messages.items()}),
        ),
        ("Not sent, to be safe", _listed(summary.refusals)),
        ("Waiting for a person", _listed(summary.tasks)),
    ):
        table.add_row(name, value)
    screen.print(table)


def _listed(counts: Mapping[Any, int]) -> str:
    return ", ".join(f"{n} {word.replace('_', ' ')}" for word, n in counts.items()) or "none"


def _show_doors(screen: Console, settings: Settings, passwords: Mapping[str, str]) -> None:
    doors = {"Staff": settings.staff_url, "Victims": settings.public_url, "Texts": settings.twilio_base_url}
    screen.print("\n" + "".join(f"{name + ':':8} {url}\n" for name, url in doors.items()))
    table = Table(box=None, padding=(0, 2))
    for heading in ("sign in as", "password", "role"):
        table.add_column(heading)
    for ref, password in passwords.items():
        table.add_row(ref, password, demonstration.SIGN_INS[ref].value.replace("_", " "))
    screen.print(table)


def _show_private_page(screen: Console, settings: Settings, link: str, page: PrivatePage) -> None:
    screen.print(f"\nA private link, as it was sent to a victim:\n  {link}\n  PIN {page.pin}", soft_wrap=True)
    screen.print(f"  or at {settings.public_url}: sign-in name {page.sign_in_name!r} and the same PIN")


@dataclass
class _Running:
    """The processes of one demonstration, each with a log of its own."""

    where: Folder
    env: Mapping[str, str]
    logs: ExitStack
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def start(self, name: str, command: list[str]) -> None:
        log = self.logs.enter_context((self.where.path / f"{name}.log").open("wb"))
        # A session of its own, so that Ctrl-C reaches this process only, which then ends them in order.
        self.processes[name] = subprocess.Popen(  # noqa: S603 - our own programs, no shell
            command,
            env=dict(self.env),
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def check(self) -> None:
        """Raise Refused once one of them has ended."""
        for name, process in self.processes.items():
            if process.poll() is not None:
                raise Refused(f"{name}: has ended; see {self.where.path / name}.log")

    def wait_for(self, what: str, found: Callable[[], T | None]) -> T:
        """What `found` gives as soon as it gives something. Raises Refused when that takes too long."""
        until = time.monotonic() + LONGEST_WAIT
        while time.monotonic() < until:
            self.check()
            value = found()
            if value is not None:
                return value
            time.sleep(0.2)
        raise Refused(f"{what}: did not come in {LONGEST_WAIT:.0f} seconds")


@contextmanager
def _running(where: Folder, env: Mapping[str, str]) -> Iterator[_Running]:
    """Whatever is started in the block ends with it."""
    with ExitStack() as stack:
        stack.enter_context(_interruptible())
        running = _Running(where, env, stack)
        stack.callback(_end_all, running.processes)
        yield running


def _start(running: _Running, env: Mapping[str, str], phone: str) -> str:
    """Start everything, the worker last: nobody but the doors hears receipts. The link in the first text."""
    texts = env["TWILIO_BASE_URL"]
    command = [sys.executable, "-m", "notify.cli", "dev", "twilio"]
    command += ["--port", str(demonstration.port_of(texts)), "--service", env["PUBLIC_URL"]]
    command += ["--account-sid", env["TWILIO_ACCOUNT_SID"], "--auth-token", env["TWILIO_AUTH_TOKEN"]]
    running.start("twilio", command)
    doors = {door: env[f"{door.upper()}_URL"] for door in DOORS}
    for door, url in doors.items():
        running.start(door, gunicorn(door, f"127.0.0.1:{demonstration.port_of(url)}"))
    for url in (texts, *doors.values()):
        running.wait_for(url, partial(_opens, url))
    running.start("worker", [sys.executable, "-m", "jobs"])
    link = running.wait_for("the first message", lambda: demonstration.find_link(phone))
    for url in doors.values():
        running.wait_for(url, partial(_is_well, url))
    return link


@contextmanager
def _interruptible() -> Iterator[None]:
    """Ctrl-C, or a polite kill, ends the block quietly."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    except KeyboardInterrupt:
        click.echo("\nstopped", err=True)
    finally:
        signal.signal(signal.SIGTERM, before)


def _end_all(processes: Mapping[str, "subprocess.Popen[bytes]"]) -> None:
    for process in processes.values():
        process.terminate()
    for process in processes.values():
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            process.kill()


def _opens(url: str) -> bool | None:
    """Whether somebody answers there, whatever the answer."""
    try:
        with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - our own page
            return True
    except urllib.error.HTTPError:
        return True
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return None


def _is_well(url: str) -> bool | None:
    """Whether a door and the worker behind it are well."""
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=2):  # noqa: S310 - our own door
            return True
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return None
