"""The demonstration: a unit's last month in simulated time, people who can sign in, and one victim with a message to read."""

import re
import secrets
import shlex
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from config import Settings
from models.keyring import RootKeys
from models.people import Victim
from models.session import open_database
from models.vocabulary import ContactPointKind, Detail, MilestoneKind, Role, Weekday
from notify.delivery.sealed_updates import set_secret, set_sign_in_name
from notify.errors import FieldFault
from notify.eventfile.parse import bounded_lines
from notify.eventfile.replay import Outcome, SimulatedClock, replay, replay_services
from notify.ledger.audit import THE_SERVICE, Actor
from notify.planning.contact_points import add_contact_point, verify
from notify.planning.milestones import Happening, record_milestone
from notify.planning.people import enrol_victim, open_case
from notify.planning.plans import ChannelTerms, PlanTerms, WindowTerms, agree_plan
from notify.planning.queries import staff_by_ref, unit_by_ref
from notify.planning.staff_sign_in import set_password
from notify.wiring import Services, new_token

MAKER = Path(__file__).resolve().parents[1] / "examples" / "make_month.py"
DAYS = 31
SIGN_INS = {
    "officer-1": Role.CASE_OFFICER,
    "supervisor-1": Role.SUPERVISOR,
    "auditor-1": Role.AUDITOR,
    "admin-1": Role.ADMIN,
}
CASE, VICTIM, MOBILE = "demo-case", "demo-victim", "07700 900999"
SENDER = "+447700900900"
SIGN_IN_NAME = "blue teapot"
ALWAYS = WindowTerms(frozenset(Weekday), time(0), time(0))
"""From midnight to the midnight after, every day: whoever tries the demo by night sees a message as well."""

_LINK = re.compile(r"http://[^\s\"<]+/m/[\w-]+")


@dataclass(frozen=True)
class Folder:
    """Where everything of one demonstration lies."""

    path: Path

    @property
    def settings(self) -> Path:
        return self.path / "settings.env"

    @property
    def database(self) -> Path:
        return self.path / "notify.db"

    @property
    def outbox(self) -> Path:
        return self.path / "outbox.ndjson"

    @property
    def month(self) -> Path:
        return self.path / "month.ndjson"

    def fresh(self) -> None:
        """Make it empty. Raises FieldFault for a folder that holds anything but an earlier demonstration."""
        if self.path.exists() and any(self.path.iterdir()) and not self.settings.exists():
            raise FieldFault("folder", "holds something else")
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.mkdir(parents=True, mode=0o700)


def make_settings(folder: Folder, *, texting: bool = False) -> dict[str, str]:
    """Settings with fresh keys and free ports, written down so that `notify` can be used on the same database.

    With `texting`, texts go to a local Twilio on a port of its own; else to the outbox, as e-mails do.
    """
    env = {
        "DATABASE_URL": f"sqlite:///{folder.database.resolve()}",
        "NOTIFY_ROOT_KEY": RootKeys.generate(),
        "STAFF_SECRET_KEY": secrets.token_urlsafe(48),
        "PUBLIC_SECRET_KEY": secrets.token_urlsafe(48),
        "STAFF_URL": f"http://127.0.0.1:{_free_port(8080)}",
        "PUBLIC_URL": f"http://localhost:{_free_port(8081)}",
        "COOKIE_SECURE": "false",
        "OUTBOX_FILE": str(folder.outbox.resolve()),
    }
    if texting:
        env |= {
            "SMS_PROVIDER": "twilio",
            "TWILIO_ACCOUNT_SID": f"AC{secrets.token_hex(16)}",
            "TWILIO_AUTH_TOKEN": secrets.token_hex(16),
            "TWILIO_FROM": SENDER,
            "TWILIO_BASE_URL": f"http://127.0.0.1:{_free_port(8082)}",
        }
    folder.settings.touch(mode=0o600)
    folder.settings.write_text("".join(f"{name}={shlex.quote(value)}\n" for name, value in env.items()))
    return env


def make_month(path: Path, *, now: datetime, cases: int) -> None:
    """Write the example month as it would have been had it ended today: dates far back would all be overdue."""
    start = now.astimezone(UTC).date() - timedelta(days=DAYS - 1)
    command = [sys.executable, str(MAKER), "--start", start.isoformat(), "--cases", str(cases)]
    command += ["--out", str(path)]
    subprocess.run(command, check=True)  # noqa: S603 - our own script, no shell


def replay_month(
    folder: Folder, env: Mapping[str, str], *, now: datetime, progress: Callable[[int, datetime], None]
) -> Outcome:
    """Live the month through, up to now, into the database that is then served."""
    settings = Settings.from_env(env)
    clock = SimulatedClock()
    database = open_database(settings.database_url, throw_away=True)
    try:
        services = replay_services(database, clock, roots=RootKeys.parse(settings.require_root_key()))
        # Links that are still to be sent must lead to this demonstration's own door, and be beyond guessing.
        writer = replace(services.writer, public_url=settings.public_url, new_token=new_token)
        with folder.month.open("rb") as lines:
            return replay(
                replace(services, writer=writer), clock, bounded_lines(lines), until=now, progress=progress
            )
    finally:
        database.engine.dispose()


def set_passwords(services: Services) -> dict[str, str]:
    """Give one member of staff of each role a password of this run, by reference."""
    passwords = {ref: secrets.token_urlsafe(12) for ref in SIGN_INS}
    with services.acting(THE_SERVICE) as act:
        for ref, password in passwords.items():
            set_password(act, staff_by_ref(act.session, ref), password)
    return passwords


@dataclass(frozen=True)
class PrivatePage:
    """How the one victim of the demonstration gets to her page."""

    pin: str = field(repr=False)
    sign_in_name: str = SIGN_IN_NAME


def tell_a_victim(services: Services) -> PrivatePage:
    """Enrol a victim who agreed to links, and record an arrest a moment ago: the worker does the rest."""
    pin = f"{secrets.randbelow(10**6):06d}"
    with services.acting(THE_SERVICE) as act:
        officer = staff_by_ref(act.session, "officer-1")
        act.actor = Actor("staff", officer.id)
        unit = unit_by_ref(act.session, "unit-north")
        case = open_case(act, ref=CASE, unit=unit, officer=officer, offence="Harassment")
        participation = enrol_victim(act, ref=VICTIM, case=case, name="Robin Sample (fictional)")
        victim = act.session.get_one(Victim, participation.victim_id)
        point = add_contact_point(act, victim, ref="demo-mobile", kind=ContactPointKind.MOBILE, value=MOBILE)
        verify(act, point, reason="rung back")
        set_secret(act, victim, pin)
        set_sign_in_name(act, victim, SIGN_IN_NAME)
        channel = ChannelTerms(point=point, detail=Detail.LINK, windows=[ALWAYS])
        agree_plan(act, participation, PlanTerms(every_days=28, channels=[channel]))
        happening = Happening(kind=MilestoneKind.ARREST, happened_at=act.at, learned_at=act.at)
        record_milestone(act, services.rulebook, case.id, happening)
    return PrivatePage(pin)


def phone_page(texts: str) -> str:
    """The address of what the victim's phone shows, at the local Twilio `texts`."""
    return f"{texts}/?{urlencode({'phone': MOBILE.replace(' ', '').replace('0', '+44', 1)})}"


def find_link(phone: str) -> str | None:
    """The private link in the text that reached the phone whose page that is; None while there is none yet."""
    with urllib.request.urlopen(phone, timeout=5) as page:  # noqa: S310 - our own page
        link = _LINK.search(page.read().decode())
    return link[0] if link else None


def _free_port(wanted: int) -> int:
    """The port one would expect, or any that is free."""
    for port in (wanted, 0):
        try:
            with socket.create_server(("127.0.0.1", port)) as probe:
                found: int = probe.getsockname()[1]
                return found
        except OSError:
            continue
    raise FieldFault("port", "none is free on this machine")


def port_of(url: str) -> int:
    """The port of a door's address."""
    return urlsplit(url).port or 80
