"""Event files told in London times with the weekday in words, and what a replay of them says happened."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from models.session import Database
from notify.eventfile.replay import Refusal, SimulatedClock, replay, replay_services, throw_away_database
from notify.eventfile.results import write_results
from tests.make import LONDON, when

DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
ALWAYS = [{"days": DAYS, "from": "00:00", "to": "00:00"}]
OFFICE_HOURS = [{"days": DAYS[:5], "from": "09:00", "to": "17:00"}]


@dataclass
class Story:
    """The lines of one event file. Each `tell` is an event at a time such as "Fri 2 Jan 2026 16:00"."""

    lines: list[bytes] = field(default_factory=list)

    def tell(self, at: str, do: str, **fields: Any) -> "Story":
        self.lines.append(json.dumps({"at": when(at).isoformat(), "do": do, **fields}).encode())
        return self

    def milestone(self, at: str, kind: str = "arrest", *, case: str = "C-1", **fields: Any) -> "Story":
        """Something that happened and was learned of at `at`, unless told otherwise."""
        for name in ("happened_at", "learned_at"):
            if name in fields:
                fields[name] = when(fields[name]).isoformat()
        fields.setdefault("happened_at", when(at).isoformat())
        return self.tell(at, "milestone", case=case, kind=kind, by="officer", **fields)

    def about(self, at: str, do: str, *, victim: str = "V-1", case: str = "C-1", **fields: Any) -> "Story":
        """Something that an officer records about one victim in one case."""
        return self.tell(at, do, victim=victim, case=case, by="officer", **fields)

    def plan(self, at: str, *channels: dict[str, Any], every_days: int = 366, **fields: Any) -> "Story":
        return self.about(at, "plan", every_days=every_days, channels=list(channels), **fields)

    def receipt(self, at: str, status: str, *, nth: int = 1, victim: str = "V-1") -> "Story":
        return self.tell(at, "receipt", match={"victim": victim, "nth": nth}, status=status)


def make_story(
    begins: str,
    *,
    enhanced: bool = False,
    plan: bool = True,
    every_days: int = 366,
    victims: tuple[str, ...] = ("V-1",),
) -> Story:
    """A unit, an officer, case C-1 and victims, each with a mobile that may be nudged at any time unless `plan` is False.

    An e-mail address is verified as well; the plan does not name it.
    """
    story = Story()
    story.tell(begins, "unit", unit="U-1", name="North Team", agency="police")
    story.tell(begins, "staff", staff="officer", name="Officer (fictional)", role="case_officer", unit="U-1")
    story.tell(begins, "case", case="C-1", unit="U-1", officer="officer", offence="Example offence")
    for number, victim in enumerate(victims, start=1):
        rights = ["vulnerable_or_intimidated"] if enhanced else []
        story.tell(begins, "victim", victim=victim, case="C-1", name=f"Example {victim}", enhanced=rights)
        values = {"mobile": f"07700 9000{number:02}", "email": f"{victim.lower()}@example.org"}
        for kind, value in values.items():
            point = {"contact_point": f"{victim}-{kind}", "victim": victim, "kind": kind, "value": value}
            story.tell(begins, "contact_point", **point, verified=True, verified_by="officer")
        if plan:
            story.plan(begins, channel(f"{victim}-mobile"), victim=victim, every_days=every_days)
    return story


def channel(
    point: str = "V-1-mobile", detail: str = "nudge", *, windows: Any = None, **fields: Any
) -> dict[str, Any]:
    """One channel of a plan; at any time unless told otherwise."""
    safe = ALWAYS if windows is None else windows
    return {"contact_point": point, "detail": detail, "windows": safe, **fields}


@dataclass
class Replayed:
    """What a replay wrote, and the lines it refused."""

    lines: list[str]
    refused: list[Refusal]

    def of(self, what: str, *names: str, **equal: Any) -> list[Any]:
        """The results of one sort, in order: a name's value, or a tuple of several; times in London, in words."""
        rows = [json.loads(line) for line in self.lines]
        found = [
            row for row in rows if row["what"] == what and all(row.get(k) == v for k, v in equal.items())
        ]
        shown = [tuple(_in_words(row.get(name)) for name in names) for row in found]
        return [row[0] for row in shown] if len(names) == 1 else shown


def replayed(story: Story, until: str, database_url: str | None = None) -> Replayed:
    """Replay a story on the database server at `database_url`, or on SQLite when it is None or SQLite."""
    url = database_url if database_url and database_url.startswith("postgresql") else None
    with throw_away_database(url, None) as database:
        return replayed_on(database, story, until)


def replayed_on(database: Database, story: Story, until: str) -> Replayed:
    """Replay a story on an empty, complete database."""
    clock = SimulatedClock()
    services = replay_services(database, clock)
    outcome = replay(services, clock, story.lines, until=when(until))
    with services.reading() as session:
        return Replayed(list(write_results(session, services.keys)), outcome.refused)


def _in_words(value: Any) -> Any:
    if isinstance(value, str) and len(value) > len("2026-01-01T") and value[10] == "T":
        return datetime.fromisoformat(value).astimezone(LONDON).strftime("%a %-d %b %Y %H:%M")
    return value
