"""The whole path on real sockets: the API, both doors and a worker, a Twilio and a mail relay on this machine.

Long because one path is walked through every door and peer there is.
"""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import func, select

from bench.servers import free_port
from models.keyring import RootKeys
from models.messages import Message
from models.running import Heartbeat
from models.vocabulary import Channel
from notify.clock import utc_now
from notify.dev.messages import PeerMessage
from notify.dev.twilio_peer import TwilioPeer
from notify.planning.api_tokens import Scope
from tests.acceptance.command_line import ALWAYS, MOBILE, NAME, CommandLine
from tests.architecture.source import ROOT
from tests.integration.providers.kits import ACCOUNT, ADDRESS, NUMBER, TOKEN
from tests.integration.providers.openapi import check_exchanges
from tests.peers.smtp_peer import Mail, SmtpPeer

LONGEST_WAIT = 90.0  # seconds, on a machine with much else to do
SERVE = ["-c", "from notify.cli import main; main()", "serve"]
COMMANDS = {"staff": [*SERVE, "staff"], "public": [*SERVE, "public"], "worker": ["-m", "jobs"]}
SENDER, LOGIN = "+447700900900", ("relay-user", "relay-password")
PASSWORD, PIN = "a long enough password", "code word 4917"
OTHER_NAME, OTHER_ADDRESS = "Sasha Marlow", "sasha.marlow@example.org"
PEOPLE = (NAME, MOBILE, NUMBER, ADDRESS, OTHER_NAME, OTHER_ADDRESS)
NEWS = "The police have arrested a suspect in your case."
OPEN, TOLD = ("open", None), ("told", False)  # a duty's state, and whether that was late
FORM_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass
class CaseSystem:
    """A partner's system with a token; each POST is a request of its own unless it is given a key."""

    url: str
    token: str = field(repr=False)
    keys: Iterator[int] = field(default_factory=count)

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"} | more.pop("headers", {})
        url = f"{self.url}/api/v1{path}"
        answer = requests.request(method, url, headers=headers, timeout=LONGEST_WAIT, **more)
        assert answer.ok, answer.text
        return answer

    def post(self, path: str, body: dict[str, Any], *, key: str = "") -> requests.Response:
        return self.ask("POST", path, json=body, headers={"Idempotency-Key": key or f"key-{next(self.keys)}"})

    def duties(self) -> dict[str, tuple[str, bool | None]]:
        """For each victim the state of the one duty, and whether it was late."""
        items = self.ask("GET", "/duties").json()["items"]
        assert [one["rule"] for one in items] == ["R6-ARREST"] * 2
        return {one["victim"]: (one["state"], one["late"]) for one in items}


@dataclass
class Browser:
    """Keeps cookies, follows where it is led, and sends a form with the token of the page at its address."""

    url: str
    http: requests.Session

    def get(self, path: str) -> str:
        return self._ask("GET", path)

    def post(self, path: str, **fields: str) -> str:
        token = FORM_TOKEN.search(self.get(path))
        assert token is not None
        return self._ask("POST", path, data={"csrf_token": token[1]} | fields)

    def _ask(self, method: str, path: str, **more: Any) -> str:
        # A connection that is kept may end at the moment of the next request, which a real browser then repeats.
        headers = {"Connection": "close"}
        answer = self.http.request(method, self.url + path, headers=headers, timeout=LONGEST_WAIT, **more)
        assert answer.ok, answer.status_code
        return answer.text


@dataclass
class Running:
    """The service as it runs somewhere: its processes, and the outside world that it talks to."""

    line: CommandLine
    folder: Path
    twilio: TwilioPeer
    relay: SmtpPeer
    case_system: CaseSystem
    processes: dict[str, "subprocess.Popen[bytes]"]

    def wait_until(self, true: Callable[[], bool]) -> None:
        until = time.monotonic() + LONGEST_WAIT
        while not true():
            assert {process.poll() for process in self.processes.values()} == {None}, self.written()
            assert time.monotonic() < until, f"it did not come\n{self.written()}"
            time.sleep(0.2)

    def is_well(self) -> bool:
        """Whether both doors answer, and the staff door hears the worker."""
        doors = (self.line.env["STAFF_URL"], self.line.env["PUBLIC_URL"])
        try:
            return all(requests.get(f"{door}/health", timeout=LONGEST_WAIT).ok for door in doors)
        except requests.ConnectionError:
            return False

    def messages(self) -> dict[Channel | None, Message]:
        """What the service knows of its messages: no more than one each way."""
        with self.line.services() as services, services.reading() as session:
            rows = session.scalars(select(Message)).all()
        assert len({row.channel for row in rows}) == len(rows)
        return {row.channel: row for row in rows}

    def let_the_worker_look_again(self) -> None:
        """Wait until each of the worker's ticks was carried out after now."""
        now = utc_now()

        def looked() -> bool:
            with services.reading() as session:
                oldest = session.scalar(select(func.min(Heartbeat.at)))
            return oldest is not None and oldest > now

        with self.line.services() as services:
            self.wait_until(looked)

    def stop(self) -> dict[str, int]:
        """End all processes as a service manager does; their statuses."""
        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        return {name: process.wait(LONGEST_WAIT) for name, process in self.processes.items()}

    def written(self) -> str:
        """All that the processes wrote."""
        return "".join((self.folder / f"{name}.log").read_text(encoding="utf-8") for name in COMMANDS)


@pytest.fixture
def service(empty_url: str, tmp_path: Path) -> Iterator[Running]:
    with (
        TwilioPeer(ACCOUNT, TOKEN, utc_now) as twilio,
        SmtpPeer(tmp_path, login=LOGIN) as relay,
        ExitStack() as started,
    ):
        line = CommandLine(make_env(empty_url, twilio, relay))
        case_system = CaseSystem(line.env["STAFF_URL"], set_up(line))
        processes = {}
        for name, command in COMMANDS.items():
            log = started.enter_context((tmp_path / f"{name}.log").open("wb"))
            words = [sys.executable, *command]
            processes[name] = subprocess.Popen(words, env=line.env, stdout=log, stderr=log, cwd=ROOT)
            started.callback(processes[name].wait)
            started.callback(processes[name].kill)  # does nothing to one that has ended
        running = Running(line, tmp_path, twilio, relay, case_system, processes)
        running.wait_until(running.is_well)
        yield running
    check_exchanges(twilio.http)


def make_env(url: str, twilio: TwilioPeer, relay: SmtpPeer) -> dict[str, str]:
    """Settings as for production, but that everything lives on this machine."""
    doors = {"STAFF_URL": f"http://127.0.0.1:{free_port()}", "PUBLIC_URL": f"http://localhost:{free_port()}"}
    keys = {"STAFF_SECRET_KEY": "staff-" * 8, "PUBLIC_SECRET_KEY": "public-" * 8}
    text = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_FROM": SENDER}
    mail = {"SMTP_HOST": relay.host, "SMTP_PORT": str(relay.port), "SMTP_CA_FILE": str(relay.ca_file)}
    login = {"SMTP_USERNAME": LOGIN[0], "SMTP_PASSWORD": LOGIN[1], "EMAIL_FROM": "updates@example.org"}
    providers = {"SMS_PROVIDER": "twilio", "TWILIO_BASE_URL": twilio.url, "EMAIL_PROVIDER": "smtp"}
    rest = {"DATABASE_URL": url, "NOTIFY_ROOT_KEY": RootKeys.generate(), "COOKIE_SECURE": "false"}
    return doors | keys | text | mail | login | providers | rest


def set_up(line: CommandLine) -> str:
    """Tables, a unit, an officer who can sign in, and a token for the case system."""

    def run(*words: str, given: str | None = None) -> str:
        result = line.run(*words, given=given)
        assert result.exit_code == 0, result.stderr
        return result.stdout.strip()

    run("database", "upgrade")
    run("unit", "add", "U-1", "--name", "Example North")
    run("staff", "add", "S-1", "--name", "Officer (fictional)", "--role", "case_officer", "--unit", "U-1")
    run("staff", "password", "S-1", given=f"{PASSWORD}\n")
    scopes = [word for scope in Scope for word in ("--scope", scope.value)]
    return run("token", "create", "case-system", "--staff", "S-1", *scopes)


def enrol(system: CaseSystem) -> tuple[str, str]:
    """A case, and two victims with what they agreed to; our ids of the case and of the first one's part in it."""
    case = {"case": "C-1", "unit": "U-1", "officer": "S-1", "offence": "Harassment"}
    case_id = system.post("/cases", case).json()["id"]
    part_id = system.post("/cases/C-1/victims", {"victim": "V-1", "name": NAME}).json()["id"]
    system.post("/cases/C-1/victims", {"victim": "V-2", "name": OTHER_NAME})
    link = make_channel(system, "V-1", "mobile", MOBILE, detail="link")
    nudge = make_channel(system, "V-1", "email", ADDRESS, detail="nudge")
    full = make_channel(system, "V-2", "email", OTHER_ADDRESS, detail="full", counts_as_told=True)
    for victim, channels in (("V-1", [link, nudge]), ("V-2", [full])):
        system.post(f"/cases/C-1/victims/{victim}/plans", {"every_days": 366, "channels": channels})
    return case_id, part_id


def make_channel(system: CaseSystem, victim: str, kind: str, value: str, **agreed: Any) -> dict[str, Any]:
    """A verified contact point; what a plan says of it."""
    ref = f"{victim}-{kind}"
    point = {"contact_point": ref, "kind": kind, "value": value}
    system.post(f"/victims/{victim}/contact-points", point)
    system.post(f"/contact-points/{ref}/verification", {"reason": "rung back"})
    return {"contact_point": ref, "windows": ALWAYS} | agreed


def record_arrest(system: CaseSystem) -> None:
    """The case system says so twice, as it does when it did not hear the answer."""
    arrest = {"milestone": "E-1", "kind": "arrest", "happened_at": utc_now().isoformat()}
    first, second = (system.post("/cases/C-1/milestones", arrest, key="arrest") for _ in range(2))
    assert {duty["victim"] for duty in first.json()["duties"]} == {"V-1", "V-2"}
    assert (second.headers["Idempotent-Replayed"], second.json()) == ("true", first.json())


def check_text(text: PeerMessage, message: Message, public_url: str) -> str:
    """The text tells nothing, and asks that nothing of it be kept; the path of the private link in it."""
    assert (text.to, text.asked["From"]) == (NUMBER, SENDER)
    assert text.asked["StatusCallback"].startswith(f"{public_url}/hooks/twilio/receipts/{message.id}/")
    assert (text.asked["ContentRetention"], text.asked["AddressRetention"]) == ("discard", "obfuscate")
    assert 35_000 < int(text.asked["ValidityPeriod"]) <= 36_000
    words, _, link = text.body.rpartition(" ")
    assert words == "There is a message for you here when it suits you:"
    assert link.startswith(f"{public_url}/m/")
    return link.removeprefix(public_url)


def check_mail(mail: Mail, message: Message) -> None:
    """The mail carries the news, and nothing on its outside tells of it."""
    assert (mail.sender, mail.recipients, mail.encrypted) == ("updates@example.org", (OTHER_ADDRESS,), True)
    assert mail.message["Subject"] == "A message for you"
    assert mail.message["Message-ID"] == f"<{message.id}@example.org>"
    plain, marked_up = mail.message.iter_parts()
    assert NEWS in " ".join(plain.get_content().split())
    assert NEWS in " ".join(marked_up.get_content().split())


def timeline(desk: Browser, case_id: str) -> list[str]:
    """The headings of a case's timeline as the officer reads them, the newest first."""
    headings = re.findall(r"<h3[^>]*>(.*?)</h3>", desk.get(f"/cases/{case_id}"), re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", heading).split()) for heading in headings]


def read_privately(phone: Browser, link: str) -> str:
    """Open the link with the PIN, and the one message behind it; the page that is then shown."""
    assert NEWS not in phone.get(link) + phone.post(link, secret=PIN)
    (update,) = re.findall(r'action="(/messages/[^"]+)"', phone.get("/messages"))
    return phone.post(update)


@pytest.mark.slow
def test_an_arrest_is_told_once_to_each_victim_and_only_what_tells_her_closes_the_duty(service):
    system, twilio, relay, env = service.case_system, service.twilio, service.relay, service.line.env
    with requests.Session() as at_work, requests.Session() as at_home:
        desk, phone = Browser(env["STAFF_URL"], at_work), Browser(env["PUBLIC_URL"], at_home)
        case_id, part_id = enrol(system)
        desk.post("/sign-in", ref="S-1", password=PASSWORD)
        desk.post(f"/victims/{part_id}/secret", secret=PIN)

        # What was handed over has told nobody yet.
        record_arrest(system)
        both = {"Text message: Arrest Sent", "E-mail: Arrest Sent"}
        service.wait_until(lambda: both <= set(timeline(desk, case_id)))
        (text,), (mail,), messages = twilio.accepted, relay.mails, service.messages()
        link = check_text(text, messages[Channel.SMS], env["PUBLIC_URL"])
        check_mail(mail, messages[Channel.EMAIL])
        assert system.duties() == {"V-1": OPEN, "V-2": OPEN}

        # Nor has what arrived on a phone, however often and in whatever order Twilio says so.
        assert [twilio.deliver(text.sid, status) for status in ("sent", "delivered", "sent")] == [204] * 3
        assert "Text message: Arrest Delivered" in timeline(desk, case_id)
        assert system.duties() == {"V-1": OPEN, "V-2": OPEN}

        # Once it arrived, Twilio keeps nothing of it.
        service.wait_until(lambda: twilio.records[text.sid].emptied)

        # She reads it. Of the mail nothing more will ever be heard: the officer rings the other victim.
        assert NEWS in read_privately(phone, link)
        assert system.duties() == {"V-1": TOLD, "V-2": OPEN}
        spoke = system.post("/cases/C-1/victims/V-2/contacts", {"outcome": "spoke_identity_checked"}).json()
        assert (spoke["reached"], spoke["rules"]) == (True, ["R6-ARREST"])
        assert system.duties() == {"V-1": TOLD, "V-2": TOLD}

    service.let_the_worker_look_again()
    assert service.stop() == dict.fromkeys(COMMANDS, 0)
    assert {way: row.attempt for way, row in service.messages().items()} == {Channel.SMS: 1, Channel.EMAIL: 1}
    assert ([call.method for call, _ in twilio.http.exchanges], len(relay.mails)) == (["POST"] * 2, 1)
    assert service.line.run("audit", "verify").stdout == "The audit chain is whole.\n"
    for private in (*PEOPLE, PIN, link, "Harassment", NEWS, PASSWORD, system.token, TOKEN, *LOGIN):
        assert private not in service.written()
