"""The planner and a naive reading of the contract say the same of a hundred thousand histories."""

import csv
import io
import json
import os
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.duties import Duty
from models.milestones import Milestone
from models.oversight import Alert
from models.people import Participation, Victim
from models.vocabulary import (
    CORRECTION_RULE,
    FINAL_RULE,
    NO_CHANGE_RULE,
    AlertLevel,
    DutyClass,
    MilestoneKind,
)
from models.windows import VictimWindow
from notify.eventfile.replay import SimulatedClock, replay, replay_services, throw_away_database
from notify.ledger.wishes import goes_without
from notify.oversight.alerts import alert_policy
from notify.oversight.rules.alerts import Deadlines, steps
from notify.planning.calendar import england_and_wales
from notify.planning.catalogue_files import SHIPPED, load_catalogue
from notify.planning.corrections import CORRECTION_DAYS
from notify.planning.milestones import DUTY_CLASSES
from notify.planning.policy import load_policy
from notify.planning.rulebook import Rulebook
from notify.planning.rules import due, windows
from notify.planning.rules.catalogue import Catalogue, Edition
from notify.planning.rules.parse import parse_edition
from notify.planning.rules.working_days import local_date
from tests.oracle.histories import COUNT, SEASONS, VICTIMS, case, first_of_season, her, history
from tests.oracle.naive import Code, Event, Owed, Reading, Row, end, london_day, read_code, rules_for
from tests.oracle.own_times import DAYS, MONTHS, OwnTime, WholeReading, last_day

FIELDS = (
    "edition",
    "rule",
    "kind",
    "duty_class",
    "owner",
    "enhanced",
    "created_at",
    "clock_start",
    "due_at",
    "urgent_by",
)
ENDS = ("state", "closed_at", "late")
PARTS = 10
NEXT_EDITION = date(2026, 10, 25)
"""The day of a made-up edition. The clocks go back on it, so that it begins an hour before that of UTC does."""

FEW = {
    f"{day:%d %b %Y}": range(first := first_of_season(SEASONS.index(day)), first + 250)
    for day in (date(2026, 3, 23), date(2026, 10, 19), date(2027, 12, 21))
}
"""Weeks before the clocks go forward with Easter behind, before they go back, and before Christmas and the new year."""

ALL = {
    f"{day:%d %b %Y}": range(first_of_season(number), first_of_season(number + 1))
    for number, day in enumerate(SEASONS)
}
TOGETHER = ALL if os.environ.get("FULL") == "1" else FEW
"""Numbers of the histories that are replayed together: they begin within a few weeks, so that little time is idle."""


@pytest.fixture(scope="module")
def code():
    [(first_day, edition, rows)] = read_code()
    return [(first_day, edition, rows), (NEXT_EDITION, "next", next_rows(rows))]


@pytest.fixture(scope="module")
def rulebook(code):
    now = replace(load_catalogue().edition_on(NEXT_EDITION), valid_to=None)
    return Rulebook(Catalogue((now, edition_of(code[1][2]))), england_and_wales(), load_policy())


@pytest.mark.parametrize("part", range(PARTS))
def test_the_rules_say_what_a_naive_reading_of_the_code_says(code, rulebook, part):
    compared = 0
    for number in range(part * COUNT // PARTS, (part + 1) * COUNT // PARTS):
        events = history(number)
        reading = WholeReading(code).read(events, events[-1]["at"])
        compared += len(reading.duties)
        for duty in reading.duties:
            assert by_the_rules(rulebook, duty) == naively(duty), number
        for facts in reading.milestones.values():
            assert rules_by_the_catalogue(rulebook, facts) == rules_by_the_words(code, facts), number
        for agreed_at, reached_at, every_days, day in reading.silences:
            assert due.no_change_day(agreed_at, reached_at, every_days) == day, number
        for at in [one.opened_at for one in reading.own_times if one.opened_at is not None]:
            for edition, rule in {**MONTHS, **DAYS}:
                ends = end_by_the_rules(rulebook, edition, rule, at)
                assert ends == end(last_day(edition, rule, at)), number

    assert compared > COUNT // PARTS


@pytest.mark.parametrize("wants_releases", [None, True, False])
@pytest.mark.parametrize("hours", [True, False])
@pytest.mark.parametrize("duty_class", DutyClass)
def test_what_goes_with_a_decline_is_what_a_naive_reading_says(
    code: Code, duty_class: DutyClass, hours: bool, wants_releases: bool | None
) -> None:
    at = datetime(2026, 1, 5, 9, tzinfo=UTC)
    urgent_by = at + timedelta(hours=4) if hours else None
    owed = Owed("2021", "R", "charge", duty_class.value, "police", False, at, at, at, urgent_by)
    reading = Reading(code, declined=True, releases=wants_releases)
    declined = Participation(declined_at=at, wants_releases=wants_releases)

    duty = Duty(duty_class=duty_class, urgent_by=urgent_by)

    assert goes_without(declined, duty) is reading.does_without(owed)
    assert goes_without(Participation(), duty) is Reading(code).does_without(owed) is False


@pytest.mark.parametrize("numbers", TOGETHER.values(), ids=TOGETHER)
def test_whole_histories_end_as_a_naive_reading_says(code, rulebook, numbers):
    events = {her(number): history(number) for number in numbers}
    until = max(lines[-1]["at"] for lines in events.values()) + timedelta(days=20, seconds=1)
    readings = {victim: WholeReading(code).read(lines, until) for victim, lines in events.items()}

    replayed, refused = play(rulebook, [case(first) for first in numbers[::VICTIMS]], until)

    expected = {victim: in_full(reading, until) for victim, reading in readings.items()}
    differ = [victim for victim in readings if sorted(replayed[victim]) != expected[victim]]
    for victim in differ[:1]:
        assert sorted(replayed[victim]) == expected[victim], f"{differ}\n{in_words(events[victim])}"
    assert refused == sorted(in_words([line]) for reading in readings.values() for line in reading.refused)


def next_rows(rows: list[Row]) -> list[Row]:
    """The rows as they might stand in another edition: other days, days where there were none, a kind more, a rule less."""
    changed = []
    for row in rows:
        standard, enhanced = row["standard_working_days"], row["enhanced_working_days"]
        also = " first_hearing_listed" if row["rule_id"] == "R6-CHARGE" else ""
        changed.append(
            row
            | {"milestone_kinds": row["milestone_kinds"] + also}
            | {"standard_working_days": str(int(standard) + 3) if standard else "8"}
            | {"enhanced_working_days": str(int(enhanced) + 1) if enhanced else "2"}
        )
    return [row for row in changed if row["rule_id"] != "R6-INTERV"]


def edition_of(rows: list[Row]) -> Edition:
    header = (SHIPPED / "2021.toml").read_text(encoding="utf-8")
    header = header.replace('id = "2021"', 'id = "next"').replace("2021-04-01", NEXT_EDITION.isoformat())
    for name, lengths in (("months", MONTHS), ("days", DAYS)):
        now, then = lengths.values()
        assert f"{name} = {now}\n" in header
        header = header.replace(f"{name} = {now}\n", f"{name} = {then}\n")
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    return parse_edition("next", header, text.getvalue())


def by_the_rules(rulebook: Rulebook, duty: Owed) -> tuple[object, ...]:
    """What the planner's rules make of where a duty comes from: its class, its times, and when alerts fall due."""
    policy, start = rulebook.policy, duty.clock_start
    if duty.rule == NO_CHANGE_RULE:
        opens_at, due_at = due.start_of(local_date(start)), due.end_of(local_date(start))
        duty_class, urgent_by = "routine", None
    elif duty.rule == FINAL_RULE:
        days = policy.default_days(enhanced=duty.enhanced)
        opens_at, due_at = start, due.due_at(start, days, rulebook.calendar)
        duty_class, urgent_by = "officer_first", None
    elif duty.rule == CORRECTION_RULE:
        opens_at, due_at = start, due.due_at(start, CORRECTION_DAYS, rulebook.calendar)
        duty_class = "officer_first"
        urgent_by = due.urgent_by(start, policy.urgent_hours) if duty.urgent_by else None
    else:
        rule = rulebook.catalogue.rule(duty.rule, local_date(start))
        days = policy.days_for(rule, enhanced=duty.enhanced)
        opens_at, due_at = start, due.due_at(start, days, rulebook.calendar)
        duty_class = rule.duty_class.value
        urgent_by = due.urgent_by(start, policy.urgent_hours) if duty_class == "immediate" else None
    alerts = alert_policy(policy.due_soon_hours, policy.escalate_standard_days, policy.escalate_enhanced_days)
    deadlines = Deadlines(duty.created_at, due_at, urgent_by, duty.enhanced)
    levels = {level.value: at for at, level, _ in steps(deadlines, alerts, rulebook.calendar.later)}
    return duty_class, opens_at, due_at, urgent_by, levels


def naively(duty: Owed) -> tuple[object, ...]:
    return duty.duty_class, duty.clock_start, duty.due_at, duty.urgent_by, duty.steps()


def end_by_the_rules(rulebook: Rulebook, edition: str, rule: str, opened_at: datetime) -> datetime:
    window = rulebook.catalogue.window(rule, edition)
    assert window is not None
    return windows.ends_at(opened_at, window)


def rules_by_the_catalogue(rulebook: Rulebook, facts: Event) -> list[str]:
    day = local_date(facts["learned_at"] or facts["happened_at"])
    rules = rulebook.catalogue.rules_for(MilestoneKind(facts["kind"]), day)
    return [rule.id for rule in rules if rule.duty_class in DUTY_CLASSES]


def rules_by_the_words(code: Code, facts: Event) -> list[str]:
    day = london_day(facts["learned_at"] or facts["happened_at"])
    return [row["rule_id"] for _, row in rules_for(code, facts["kind"], day)]


def play(
    rulebook: Rulebook, cases: Iterable[list[Event]], until: datetime
) -> tuple[dict[str, list[tuple[str, ...]]], list[str]]:
    """Replay cases as one event file; what each victim was owed, her own times, and the refused lines."""
    events = sorted((event for lines in cases for event in lines), key=lambda event: event["at"])
    begins = {"at": events[0]["at"]}
    unit = {**begins, "do": "unit", "unit": "U-1", "name": "North Team", "agency": "police"}
    officer = {**begins, "do": "staff", "staff": "officer", "name": "Officer (fictional)"}
    officer |= {"role": "case_officer", "unit": "U-1"}
    lines = [in_words([event]) for event in (unit, officer, *events)]
    clock = SimulatedClock()
    with throw_away_database(None, None) as database:
        services = replace(replay_services(database, clock), rulebook=rulebook)
        outcome = replay(services, clock, (line.encode() for line in lines), until=until)
        with services.reading() as session:
            return planned_by_victim(session), sorted(lines[refusal.line - 1] for refusal in outcome.refused)


def planned_by_victim(session: Session) -> dict[str, list[tuple[str, ...]]]:
    raised: defaultdict[Any, dict[str, datetime]] = defaultdict(dict)
    alerts = select(Alert.duty_id, Alert.level, Alert.raised_at).where(Alert.level != AlertLevel.URGENT)
    for duty_id, level, at in session.execute(alerts):
        raised[duty_id][level.value] = at
    found: defaultdict[str, list[tuple[str, ...]]] = defaultdict(list)
    duties = select(Victim.ref, Duty).join(Victim, Victim.id == Duty.victim_id)
    for victim, duty in session.execute(duties):
        found[victim].append(told(duty, raised[duty.id]))
    own_times = select(Victim.ref, VictimWindow, Milestone.external_id)
    own_times = own_times.join(Victim, Victim.id == VictimWindow.victim_id)
    own_times = own_times.join(Milestone, Milestone.id == VictimWindow.milestone_id)
    for victim, window, milestone in session.execute(own_times):
        day = window.ends_at and windows.last_day(window.ends_at)
        found[victim].append(told_own(window, milestone or "", day))
    return found


def in_full(reading: WholeReading, until: datetime) -> list[tuple[str, ...]]:
    """What one victim was owed, and her own times, by the naive reading."""
    duties = [told(duty, reading.alerts(duty, until)) for duty in reading.duties]
    return sorted(duties + [told_own(one, one.milestone, one.last_day()) for one in reading.own_times])


def told(duty: Owed | Duty, alerts: dict[str, datetime]) -> tuple[str, ...]:
    """One duty and its alerts in words that can be compared and sorted."""
    facts = [f"{name} {getattr(duty, name)}" for name in (*FIELDS, *ENDS)]
    return (*facts, *(f"{level} {at}" for level, at in sorted(alerts.items())))


def told_own(one: OwnTime | VictimWindow, milestone: str, last: date | None) -> tuple[str, ...]:
    """What she may ask for herself, from when to when; of what was taken back only that, and when."""
    dates = f"withdrawn {one.withdrawn_at}" if one.withdrawn_at else f"from {one.opened_at} to {last}"
    return one.rule, one.edition, milestone, dates


def in_words(events: list[Event]) -> str:
    return "\n".join(json.dumps(event, default=datetime.isoformat) for event in events)
