"""The command line as a person uses it: one environment, commands, and small event files."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from config import Settings
from models.keyring import RootKeys
from notify.cli import notify
from notify.wiring import Services, make_services

AT = "2026-01-05T09:00:00Z"  # a Monday
LATER = "2026-01-05T09:30:00Z"
ALWAYS = [{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "from": "00:00", "to": "00:00"}]
NAME = "Rowan Ashby"
MOBILE = "07700 900123"


@dataclass
class CommandLine:
    """One environment in which commands are run."""

    env: dict[str, str] = field(default_factory=dict)

    def run(self, *arguments: object, given: str | None = None, **env: str) -> Result:
        """Run one command; an exception that nobody turned into a line is raised."""
        result = CliRunner(env=NOTHING_SET | self.env | env).invoke(
            notify, list(map(str, arguments)), input=given
        )
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    @contextmanager
    def services(self) -> Iterator[Services]:
        """The services that the commands use."""
        services = make_services(Settings.from_env(self.env))
        try:
            yield services
        finally:
            services.database.engine.dispose()


NOTHING_SET = dict.fromkeys(
    ("DATABASE_URL", "NOTIFY_ROOT_KEY", "NOTIFY_ROOT_KEY_FILE", "STAFF_URL", "PUBLIC_URL", "POLICY_FILE"), ""
)
"""What the environment of the tests may hold is not what a command sees."""


def make_command_line(url: str) -> CommandLine:
    """A command line for a database with tables and a root key."""
    return CommandLine({"DATABASE_URL": url, "NOTIFY_ROOT_KEY": RootKeys.generate()})


def make_people(victims: int = 1, *, detail: str = "nudge", at: str = AT) -> list[dict[str, Any]]:
    """A unit, an officer, a case, and so many victims whom a text may reach at any time."""
    events: list[dict[str, Any]] = [
        {"do": "unit", "unit": "U-1", "name": "Example North", "agency": "police"},
        {"do": "staff", "staff": "S-1", "name": "Officer (fictional)", "role": "case_officer", "unit": "U-1"},
        {"do": "case", "case": "C-1", "unit": "U-1", "officer": "S-1", "offence": "Assault"},
    ]
    for number in range(1, victims + 1):
        who = {"victim": f"V-{number}", "case": "C-1"}
        point = {"contact_point": f"P-{number}", "victim": f"V-{number}", "kind": "mobile"}
        value = MOBILE if number == 1 else f"07700 {900200 + number}"
        channel = {"contact_point": f"P-{number}", "detail": detail, "windows": ALWAYS}
        events += [
            {"do": "victim", "name": NAME, **who},
            {"do": "contact_point", "value": value, "verified": True, "verified_by": "S-1", **point},
            {"do": "plan", "by": "S-1", "every_days": 28, "channels": [channel], **who},
        ]
    return [{"at": at, "id": f"e{number}"} | event for number, event in enumerate(events, start=1)]


def make_arrest(at: str = LATER, **more: Any) -> dict[str, Any]:
    return {
        "at": at,
        "id": "arrest-1",
        "do": "milestone",
        "case": "C-1",
        "kind": "arrest",
        "happened_at": at,
        "by": "S-1",
    } | more


def write_events(path: Path, events: Iterable[dict[str, Any] | str]) -> Path:
    """An event file; a text among the events is a line as it stands."""
    lines = (event if isinstance(event, str) else json.dumps(event) for event in events)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def read_results(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]
