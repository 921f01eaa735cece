"""The example files: readable, in order, fictional, and made by what is said to make them."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from models.vocabulary import ContactPointKind, MilestoneKind, Weekday
from notify.eventfile.events import (
    CaseEvent,
    ContactEvent,
    ContactPointEvent,
    CorrectEvent,
    Event,
    InboundEvent,
    MilestoneEvent,
    PlanEvent,
    ReceiptEvent,
    StaffEvent,
    UnitEvent,
    VictimEvent,
)
from notify.eventfile.parse import SCHEMAS, EventFault, read_events
from notify.wording.discreet import cover_text_faults

EXAMPLES = Path(__file__).parents[3] / "examples"
FILES = sorted(EXAMPLES.glob("*.ndjson"))
FRIDAY_EVENING = (4, 18)  # weekday and hour


def read(path: Path) -> list[Event]:
    with path.open("rb") as file:
        found = [event for _, event in read_events(file)]
    events = [event for event in found if not isinstance(event, EventFault)]
    assert len(events) == len(found)
    return events


@pytest.fixture(scope="module")
def month() -> list[Event]:
    return read(EXAMPLES / "month.ndjson")


def test_there_are_four_examples_and_the_readme_names_each():
    readme = (EXAMPLES / "README.md").read_text(encoding="utf-8")

    assert [path.name for path in FILES] == [
        "domestic-abuse.ndjson",
        "month.ndjson",
        "restricted-record.ndjson",
        "stranger-assault.ndjson",
    ]
    assert all(f"`{path.name}`" in readme for path in FILES)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_time_never_goes_backwards_and_every_line_has_an_id_of_its_own(path):
    events = read(path)

    assert [event.at for event in events] == sorted(event.at for event in events)
    assert max(Counter(event.id for event in events).values()) == 1
    assert None not in {event.id for event in events}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_everything_is_known_before_it_is_spoken_of(path):
    known: set[tuple[str, str]] = set()
    for event in read(path):
        spoken_of = {
            (name, getattr(event, field))
            for field, name in (
                ("unit", "unit"), ("officer", "staff"), ("by", "staff"), ("case", "case"), ("victim", "victim"),
                ("contact_point", "contact_point"), ("milestone", "milestone"), ("verified_by", "staff"),
            )
            if getattr(event, field, None)
        }  # fmt: skip
        match event:
            case UnitEvent() | StaffEvent() | CaseEvent() | VictimEvent() | ContactPointEvent():
                new = {(event.do, getattr(event, event.do))}
            case MilestoneEvent():
                new = {("milestone", event.id)}
                assert event.learned_at <= event.at
            case PlanEvent():
                new = set()
                spoken_of |= {("contact_point", channel.contact_point) for channel in event.channels}
            case _:
                new = set()
        assert spoken_of - new <= known, event.id
        assert not new & known, event.id
        known |= new


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_number_and_address_is_one_kept_for_fiction_and_belongs_to_one_victim(path):
    values = [event for event in read(path) if isinstance(event, ContactPointEvent)]

    for point in values:
        match point.kind:
            case ContactPointKind.MOBILE:
                assert point.value.startswith("07700 900")
                assert len(point.value) == len("07700 900000")
            case ContactPointKind.EMAIL:
                assert point.value.endswith(("@example.com", "@example.org"))
            case _:
                assert "Example" in point.value
    assert len({point.value for point in values}) == len(values)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_cover_text_is_one_that_a_plan_may_hold(path):
    covers = {
        c.cover_text for e in read(path) if isinstance(e, PlanEvent) for c in e.channels if c.cover_text
    }

    assert [fault for cover in covers for fault in cover_text_faults(cover)] == []


def test_the_month_is_what_its_maker_makes():
    made = subprocess.run([sys.executable, EXAMPLES / "make_month.py"], capture_output=True, check=True)

    assert made.stdout == (EXAMPLES / "month.ndjson").read_bytes()
    assert made.stderr == b""


def test_the_maker_makes_a_file_of_the_size_asked_for(tmp_path):
    out = tmp_path / "made.ndjson"
    size = ["--cases", "30", "--days", "90", "--seed", "7", "--out", out]
    subprocess.run([sys.executable, EXAMPLES / "make_month.py", *size], check=True)

    events = read(out)

    assert sum(isinstance(event, CaseEvent) for event in events) == 30
    assert (events[-1].at - events[0].at).days in range(60, 90)


def test_the_month_has_two_hundred_cases_and_every_kind_of_event(month):
    assert sum(isinstance(event, CaseEvent) for event in month) >= 200
    assert {event.do for event in month} == set(SCHEMAS)
    assert {event.at.strftime("%Y-%m") for event in month} == {"2026-01"}


def test_the_month_shows_what_must_be_seen(month):
    narrow = {
        event.case
        for event in month
        if isinstance(event, PlanEvent)
        and all(Weekday.SAT not in w.days for c in event.channels for w in c.windows)
    }
    planned = {event.case for event in month if isinstance(event, PlanEvent)}
    bails = [
        event
        for event in month
        if isinstance(event, MilestoneEvent) and event.kind is MilestoneKind.BAIL_GRANTED
    ]
    outcomes = {event.outcome for event in month if isinstance(event, ContactEvent)}

    assert any((b.at.weekday(), b.at.hour) == FRIDAY_EVENING and b.case in narrow for b in bails)
    assert any(isinstance(event, ContactPointEvent) and not event.verified for event in month)
    assert any(isinstance(event, CaseEvent) and event.case not in planned for event in month)
    assert any(isinstance(event, CaseEvent) and event.restricted for event in month)
    assert any(isinstance(event, InboundEvent) and event.text == "STOP" for event in month)
    assert any(isinstance(event, ReceiptEvent) and event.status == "undelivered" for event in month)
    assert any(isinstance(event, CorrectEvent) for event in month)
    assert {"other_person_answered", "voicemail", "spoke_identity_checked"} <= outcomes
