"""A deliberately naive reading of the contract in words: what one victim is owed, from the events of her case alone.

It imports nothing of the project and follows none of its code: dates are walked one by one, every rule of the Code is
looked up row by row, and the bank holidays are written out.
"""

import csv
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

Event = dict[str, Any]
"""One line of an event file, its times as datetimes."""

Row = dict[str, str]
Code = list[tuple[date, str, list[Row]]]
"""Each edition's first day, its name and its rows, oldest edition first."""

LONDON = ZoneInfo("Europe/London")
ONE_DAY = timedelta(days=1)
NEVER = datetime.max.replace(tzinfo=UTC)
BANK_HOLIDAYS = {
    date.fromisoformat(f"{year}-{day}")
    for year, days in {
        2021: "01-01 04-02 04-05 05-03 05-31 08-30 12-27 12-28",
        2022: "01-03 04-15 04-18 05-02 06-02 06-03 08-29 09-19 12-26 12-27",
        2023: "01-02 04-07 04-10 05-01 05-08 05-29 08-28 12-25 12-26",
        2024: "01-01 03-29 04-01 05-06 05-27 08-26 12-25 12-26",
        2025: "01-01 04-18 04-21 05-05 05-26 08-25 12-25 12-26",
        2026: "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28",
        2027: "01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28",
        2028: "01-03 04-14 04-17 05-01 05-29 08-28 12-25 12-26",
        2029: "01-01 03-30 04-02 05-07 05-28 08-27 12-25 12-26",
    }.items()
    for day in days.split()
}
OWED_BY_US = {"routine", "immediate", "officer_first", "staff_task"}
TELLS_HER = {"routine", "officer_first", "victim_window"}
"""What she does without who wants no further updates."""

REACHES_HER = {"spoke_identity_checked", "met_in_person", "video_identity_checked"}


def read_code() -> Code:
    file = Path(__file__).parents[2] / "notify/planning/rules/editions/2021.csv"
    with file.open(encoding="utf-8", newline="") as text:
        return [(date(2021, 4, 1), "2021", list(csv.DictReader(text)))]


def london_day(at: datetime) -> date:
    return at.astimezone(LONDON).date()


def beginning(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=LONDON).astimezone(UTC)


def end(day: date) -> datetime:
    return beginning(day + ONE_DAY)


def working_day_after(day: date, n: int) -> date:
    """The n-th working day strictly after a day."""
    while n > 0:
        day += ONE_DAY
        if day.isoweekday() <= 5 and day not in BANK_HOLIDAYS:
            n -= 1
    return day


def working_days_later(at: datetime, n: int) -> datetime:
    """The same time of day, n working days on; 00:00 is still the end of the day before."""
    day = london_day(at - timedelta.resolution)
    return (at.astimezone(LONDON) + (working_day_after(day, n) - day)).astimezone(UTC)


def rules_for(code: Code, kind: str, day: date) -> list[tuple[str, Row]]:
    """The rules, with their edition, that what is learned on a day sets off; no day is too early for a duty."""
    first_day = max((first for first, _, _ in code if first <= day), default=code[0][0])
    return [
        (edition, row)
        for first, edition, rows in code
        for row in rows
        if first == first_day and kind in row["milestone_kinds"].split() and row["class"] in OWED_BY_US
    ]


@dataclass
class Owed:
    """One duty, and what became of it."""

    edition: str
    rule: str
    kind: str
    duty_class: str
    owner: str
    enhanced: bool
    created_at: datetime
    clock_start: datetime
    due_at: datetime
    urgent_by: datetime | None
    state: str = "open"
    closed_at: datetime | None = None
    late: bool | None = None
    milestone: str | None = None

    def deadline(self) -> datetime:
        return self.urgent_by or self.due_at

    def close(self, state: str, at: datetime) -> None:
        if self.state == "open":
            self.state, self.closed_at, self.late = state, at, at > self.deadline()

    def steps(self) -> dict[str, datetime]:
        """When the officer hears that it is due soon, and the supervisor that it is overdue and then long overdue."""
        return {
            "due_soon": max(self.created_at, self.due_at - timedelta(hours=24)),
            "overdue": self.deadline(),
            "escalated": working_days_later(self.deadline(), 1 if self.enhanced else 3),
        }


def duty_under(edition: str, row: Row, facts: Event, at: datetime, *, enhanced: bool) -> Owed:
    """The duty that a rule of the Code makes of what happened."""
    days = row["enhanced_working_days"] if enhanced else row["standard_working_days"]
    start = facts["learned_at"] or facts["happened_at"]
    due_at = end(working_day_after(london_day(start), int(days or (1 if enhanced else 5))))
    urgent_by = start + timedelta(hours=4) if row["class"] == "immediate" else None
    about = (edition, row["rule_id"], facts["kind"], row["class"], facts["owner"])
    return Owed(*about, enhanced, at, start, due_at, urgent_by, milestone=facts["id"])


@dataclass
class Reading:
    """One victim in one case, event after event."""

    code: Code
    duties: list[Owed] = field(default_factory=list)
    refused: list[Event] = field(default_factory=list)
    milestones: dict[str, Event] = field(default_factory=dict)
    enhanced: bool = False
    every_days: int = 0
    agreed_at: datetime | None = None
    reached_at: datetime | None = None
    resumed_at: datetime | None = None
    paused: bool = False
    declined: bool = False
    releases: bool | None = None
    """What she who declined said of releases and bail; None where nobody asked her."""
    closed: bool = False
    no_change_day: date | None = None
    silences: list[tuple[datetime, datetime | None, int, date]] = field(default_factory=list)
    pauses: list[tuple[datetime, datetime | None]] = field(default_factory=list)

    def read(self, events: list[Event], until: datetime) -> Self:
        for event in events:
            self.let_time_pass(event["at"])
            if event["do"] != "case":
                getattr(self, f"on_{event['do']}")(event)
        self.let_time_pass(until + timedelta.resolution)  # what is due at that very moment is done still
        return self

    def open(self) -> list[Owed]:
        return [duty for duty in self.duties if duty.state == "open"]

    def let_time_pass(self, to: datetime) -> None:
        """Every agreed day of silence makes a no-change duty, but one is open at a time."""
        while (
            self.no_change_day is not None
            and not (self.paused or self.declined or self.closed)
            and beginning(self.no_change_day) < to
        ):
            day = self.no_change_day
            if all(duty.rule != "PLAN-NOCHANGE" for duty in self.open()):
                about = ("plan", "PLAN-NOCHANGE", "no_change", "routine", "police", self.enhanced)
                self.duties.append(Owed(*about, beginning(day), beginning(day), end(day), None))
            self.no_change_day = day + self.every_days * ONE_DAY

    def count_silence_anew(self) -> None:
        """From the later of agreement and last contact; after a pause she hears on the next day at the earliest."""
        if self.agreed_at is None:
            return
        since = max(self.agreed_at, self.reached_at or self.agreed_at)
        self.no_change_day = london_day(since) + self.every_days * ONE_DAY
        self.silences.append((self.agreed_at, self.reached_at, self.every_days, self.no_change_day))
        if self.resumed_at is not None:
            self.no_change_day = max(self.no_change_day, london_day(self.resumed_at) + ONE_DAY)

    def plan_milestone(self, facts: Event, at: datetime) -> None:
        settled = {d.rule for d in self.duties if d.milestone == facts["id"] and d.state != "cancelled"}
        learned_on = london_day(facts["learned_at"] or facts["happened_at"])
        for edition, row in rules_for(self.code, facts["kind"], learned_on):
            if row["rule_id"] not in settled:
                self.duties.append(duty_under(edition, row, facts, at, enhanced=self.enhanced))
                if self.does_without(self.duties[-1]):
                    self.duties[-1].close("waived", at)

    def does_without(self, duty: Owed) -> bool:
        """Of what is told her within hours, a release or bail alone, and only if she said that she wants not even those."""
        if not self.declined:
            return False
        if duty.duty_class == "immediate":
            return self.releases is False
        return duty.duty_class in TELLS_HER and duty.urgent_by is None

    def on_victim(self, event: Event) -> None:
        self.enhanced = bool(event.get("enhanced"))

    def on_plan(self, event: Event) -> None:
        self.every_days, self.agreed_at = event["every_days"], event["at"]
        self.count_silence_anew()

    def on_milestone(self, event: Event) -> None:
        facts = {"learned_at": None, "owner": "police", **event}
        self.milestones[event["id"]] = facts
        self.plan_milestone(facts, event["at"])

    def on_correct(self, event: Event) -> None:
        facts = self.milestones[event["milestone"]]
        said = facts["kind"], facts["happened_at"]
        facts.update({name: event[name] for name in ("kind", "happened_at", "learned_at") if name in event})
        differs = said != (facts["kind"], facts["happened_at"])
        of_it = [duty for duty in self.duties if duty.milestone == facts["id"]]
        told = [duty for duty in of_it if duty.state == "told"]
        since = [duty.clock_start for duty in of_it if duty.rule == "CORRECTION" and duty.state == "open"]
        for duty in of_it:
            if differs or duty.rule != "CORRECTION":
                duty.close("cancelled", event["at"])
        self.plan_milestone(facts, event["at"])
        if differs and told:
            hours = any(duty.urgent_by for duty in told)
            self.put_right(facts, event["at"], since[0] if since else event["at"], hours=hours)

    def put_right(self, facts: Event, at: datetime, since: datetime, *, hours: bool) -> None:
        """She was told something else: within a working day a person rings, and within hours about release and bail."""
        due_at = end(working_day_after(london_day(since), 1))
        urgent_by = since + timedelta(hours=4) if hours else None
        about = ("correction", "CORRECTION", facts["kind"], "officer_first", facts["owner"], self.enhanced)
        self.duties.append(Owed(*about, at, since, due_at, urgent_by, milestone=facts["id"]))
        if self.does_without(self.duties[-1]):
            self.duties[-1].close("waived", at)

    def on_contact(self, event: Event) -> None:
        if event["outcome"] in REACHES_HER:
            self.reached_at = event["at"]
            self.count_silence_anew()
            for duty in self.open():
                if duty.rule in event.get("covers", [duty.rule]) or duty.rule == "PLAN-NOCHANGE":
                    duty.close("told", event["at"])

    def on_waive(self, event: Event) -> None:
        waived = [duty for duty in self.open() if duty.rule == event["rule"]]
        for duty in waived:
            duty.close("waived", event["at"])
        if not waived:
            self.refused.append(event)

    def on_decline(self, event: Event) -> None:
        self.declined, self.releases = True, event.get("wants_releases")
        for duty in self.open():
            if self.does_without(duty):
                duty.close("waived", event["at"])

    def on_pause(self, event: Event) -> None:
        self.paused = True
        self.pauses.append((event["at"], None))

    def on_resume(self, event: Event) -> None:
        if self.paused:
            self.pauses[-1] = (self.pauses[-1][0], event["at"])
        self.paused, self.declined, self.releases = False, False, None
        self.resumed_at = event["at"]
        self.count_silence_anew()

    def on_close(self, event: Event) -> None:
        self.closed = True
        for duty in self.open():
            if duty.rule == "PLAN-NOCHANGE":
                duty.close("cancelled", event["at"])
        due_at = end(working_day_after(london_day(event["at"]), 1 if self.enhanced else 5))
        about = ("plan", "PLAN-CLOSED", "case_closed", "officer_first", "police", self.enhanced)
        self.duties.append(Owed(*about, event["at"], event["at"], due_at, None))
        if self.does_without(self.duties[-1]):
            self.duties[-1].close("waived", event["at"])

    def alerts(self, duty: Owed, until: datetime) -> dict[str, datetime]:
        """When each level was raised: at its step, but not before the duty was made, in a pause or after its end."""
        raised = {}
        for level, step in duty.steps().items():
            at = max(step, duty.created_at)
            for began, ended in self.pauses:
                if began <= at and (ended is None or at < ended):
                    at = ended or NEVER
            if at <= until and (duty.closed_at is None or at < duty.closed_at):
                raised[level] = at
        return raised
