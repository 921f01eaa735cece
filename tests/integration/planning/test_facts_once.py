"""Invariant 5, facts once: a wish or a doubt is stored in one place, and honoured by all that claims work."""

import pytest

from models.duties import Duty
from models.messages import Message
from models.oversight import Alert, Task
from models.people import ContactPoint
from models.tables import metadata
from models.vocabulary import ContactPointKind
from notify.errors import Conflict
from tests.make import (
    OFFICE_HOURS,
    ChannelPlan,
    close,
    contact,
    decline,
    make_case,
    make_contact_point,
    make_plan,
    make_victim,
    pause,
    record,
    resume,
    run_ticks,
    suspend_point,
    when,
)

SPRING = when("Wed 1 Apr 2026 10:00")


@pytest.mark.parametrize(
    ("word", "place"),
    [
        ("paused", "participations.paused_at"),
        ("declined", "participations.declined_at"),
        ("wants", "participations.wants_releases"),
        ("verified", None),
        ("suspended", None),
    ],
)
def test_there_is_one_place_to_look(word, place):
    found = [str(column) for table in metadata.tables.values() for column in table.c if word in column.name]

    assert found == ([place] if place else [])


def test_a_pause_stops_messages_alarms_and_frequency_alike(world):
    make_victim(world)
    make_plan(world, every_days=7)
    record(world)

    pause(world)
    run_ticks(world, SPRING)

    assert world.arrived == []
    assert [duty.rule for duty in world.rows(Duty)] == ["R6-ARREST"]
    assert world.rows(Alert) == []


def test_after_a_pause_every_clock_rings_again(world):
    make_victim(world)
    make_plan(world, ChannelPlan(windows=()), every_days=7)
    record(world)
    pause(world)
    run_ticks(world, SPRING)

    resume(world)
    run_ticks(world, when("Thu 2 Apr 2026 10:00"))

    assert {alert.level for alert in world.rows(Alert, duty_id=world.duty().id)} == {
        "due_soon",
        "overdue",
        "escalated",
    }
    assert [duty.state for duty in world.rows(Duty, rule="PLAN-NOCHANGE")] == ["open"]


def test_a_decline_waives_what_is_owed_and_what_comes_later_but_asks_about_release(world):
    make_victim(world)
    make_plan(world, ChannelPlan(windows=OFFICE_HOURS), every_days=7)
    record(world, "arrest")

    decline(world)
    record(world, "charge")
    record(world, "bail_granted")
    run_ticks(world, SPRING)

    states = {duty.rule: duty.state.value for duty in world.rows(Duty)}
    assert states == {"R6-ARREST": "waived", "R6-CHARGE": "waived", "R6-BAIL": "open"}
    assert sorted(task.kind for task in world.rows(Task)) == ["ask_again", "call"]
    assert world.arrived == []


def test_a_wish_in_one_case_says_nothing_about_another(world):
    make_victim(world)
    make_case(world, "C-2")
    make_victim(world, case="C-2", mobile=None)
    make_plan(world)
    make_plan(world, case="C-2")
    pause(world)

    record(world)
    record(world, case="C-2")
    run_ticks(world)

    assert len(world.arrived) == 1


def test_a_doubt_about_a_number_holds_in_every_case(world):
    make_victim(world)
    make_case(world, "C-2")
    make_victim(world, case="C-2", mobile=None)
    for case in ("C-1", "C-2"):
        make_plan(world, ChannelPlan(windows=OFFICE_HOURS), case=case)
    world.clock.now = when("Sat 10 Jan 2026 10:00")
    record(world, case="C-1")
    record(world, case="C-2")
    run_ticks(world)

    suspend_point(world)
    run_ticks(world, SPRING)

    assert world.arrived == []
    assert {message.state for message in world.rows(Message)} == {"cancelled", "refused"}
    assert len(world.rows(Task, kind="verify_contact")) == 2


def test_a_closed_case_sends_nothing_opens_nothing_and_keeps_what_is_owed_as_a_call(world):
    make_victim(world)
    make_plan(world, ChannelPlan(windows=OFFICE_HOURS), every_days=7)
    world.clock.now = when("Sat 10 Jan 2026 10:00")
    record(world)
    run_ticks(world)

    close(world)
    run_ticks(world, SPRING)

    assert world.arrived == []
    assert {duty.rule: duty.state for duty in world.rows(Duty)} == {
        "R6-ARREST": "open",
        "PLAN-CLOSED": "open",
    }
    assert [task.kind for task in world.rows(Task)] == ["call", "call"]


def test_news_of_a_closed_case_is_owed_all_the_same_and_a_person_brings_it(world):
    make_victim(world)
    make_plan(world)
    close(world)

    record(world, "release_from_custody")
    run_ticks(world, SPRING)

    assert world.arrived == []
    assert world.duty("R11-STAGES").state == "open"
    assert {task.kind for task in world.rows(Task, duty_id=world.duty("R11-STAGES").id)} == {"call"}


def test_every_number_of_hers_is_in_doubt_when_somebody_else_answered_and_nobody_said_which(world):
    make_victim(world, email="v1@example.org")
    make_contact_point(world, "landline", "020 7946 0018", kind=ContactPointKind.LANDLINE)

    contact(world, "other_person_answered")

    states = {point.ref: point.state.value for point in world.rows(ContactPoint)}
    assert states == {"V-1-mobile": "suspended", "landline": "suspended", "V-1-email": "verified"}


@pytest.mark.parametrize("again", [pause, decline, close])
def test_what_was_asked_for_once_is_not_recorded_twice(world, again):
    make_victim(world)
    again(world)

    with pytest.raises(Conflict):
        again(world)
