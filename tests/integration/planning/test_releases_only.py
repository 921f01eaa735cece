"""She who declined may want to be told of releases and bail alone, or not even of those; and she is asked again."""

from dataclasses import replace

import pytest

from models.duties import Duty
from models.messages import Message, MessageDuty
from models.milestones import Milestone
from models.oversight import Task
from models.people import Participation
from models.vocabulary import Detail, MilestoneKind, TaskState
from notify.errors import Conflict
from notify.ledger.tasks import finish_task
from notify.planning.corrections import correct_milestone, withdraw_milestone
from notify.planning.milestones import read_happening
from tests.make import (
    OFFICE_HOURS,
    ChannelPlan,
    close,
    contact,
    decline,
    make_plan,
    make_victim,
    pause,
    record,
    resume,
    run_ticks,
    suspend_point,
    when,
)

LATER = when("Mon 19 Jan 2026 10:00")


def test_who_wants_releases_only_is_told_of_them_by_her_plan_and_of_nothing_else(world):
    make_victim(world)
    make_plan(world, every_days=7, officer_first_nudge=True)
    record(world, "arrest")
    record(world, "bail_granted")

    decline(world, wants_releases=True)
    record(world, "police_no_further_action")
    record(world, "bail_conditions_changed")
    run_ticks(world, LATER)

    assert states(world) == {
        "R6-ARREST": "waived",
        "R6-NFA-POL": "waived",
        "R6-BAIL": "open",
        "R6-BAILVAR": "open",
    }
    assert carried(world) == {"R6-BAIL", "R6-BAILVAR"}
    assert open_tasks(world) == []


def test_a_message_that_waits_goes_on_without_what_she_declined(world):
    world.clock.now = when("Sat 10 Jan 2026 10:00")
    make_victim(world)
    make_plan(world, ChannelPlan(windows=OFFICE_HOURS))
    record(world, "arrest")
    record(world, "bail_granted")
    run_ticks(world)
    decline(world, wants_releases=True)

    run_ticks(world, when("Mon 12 Jan 2026 12:00"))

    assert len(world.arrived) == 1
    assert states(world) == {"R6-ARREST": "waived", "R6-BAIL": "open"}


def test_a_full_text_about_what_she_declined_does_not_leave(world):
    world.clock.now = when("Sat 10 Jan 2026 10:00")
    make_victim(world)
    make_plan(world, ChannelPlan(detail=Detail.FULL, windows=OFFICE_HOURS))
    record(world, "charge")
    run_ticks(world)
    decline(world, wants_releases=True)

    run_ticks(world, when("Mon 12 Jan 2026 12:00"))

    assert (world.arrived, world.states()) == ([], ["cancelled"])


@pytest.mark.parametrize("obstacle", [pause, suspend_point, close])
def test_wanting_releases_opens_no_door_that_is_shut_for_another_reason(world, obstacle):
    make_victim(world)
    make_plan(world)
    decline(world, wants_releases=True)
    obstacle(world)

    record(world, "bail_granted")
    run_ticks(world, when("Mon 5 Jan 2026 12:00"))

    assert world.arrived == []
    assert world.duty("R6-BAIL").state == "open"
    assert open_tasks(world)


def test_who_wants_not_even_releases_is_owed_none_and_the_officer_sees_why(world):
    make_victim(world)
    make_plan(world, ChannelPlan(windows=()))
    record(world, "bail_granted")
    run_ticks(world)

    decline(world, wants_releases=False, reason="leave me alone")
    record(world, "bail_conditions_changed")
    run_ticks(world, LATER)

    assert states(world) == {"R6-BAIL": "waived", "R6-BAILVAR": "waived"}
    bail = world.duty("R6-BAIL")
    with world.services.reading() as session:
        key = world.services.keys.of(session, bail.victim_id)
        assert key.open(bail, "close_reason_sealed") == "leave me alone"
        assert "declined" in key.open(world.duty("R6-BAILVAR"), "close_reason_sealed")
    assert (world.arrived, open_tasks(world)) == ([], [])


def test_what_she_was_told_wrongly_of_a_release_is_put_right_even_then(world):
    make_victim(world)
    milestone, _ = record(world, "released_without_charge")
    contact(world)
    decline(world, wants_releases=False)

    with world.acting() as act:
        found = act.session.get_one(Milestone, milestone.id)
        withdraw_milestone(act, world.services.rulebook, found, reason="another man")

    assert states(world) == {"R6-RELEASE": "told", "CORRECTION": "open"}


def test_she_may_say_more_of_it_later_but_not_the_same_again(world):
    make_victim(world)
    make_plan(world)
    decline(world)
    record(world, "bail_granted")
    run_ticks(world)
    assert world.arrived == []

    decline(world, wants_releases=True)
    run_ticks(world)
    assert len(world.arrived) == 1

    decline(world, wants_releases=False)
    assert states(world) == {"R6-BAIL": "waived"}
    for same in (None, False):
        with pytest.raises(Conflict):
            decline(world, wants_releases=same)


def test_what_she_said_of_releases_ends_with_the_decline(world):
    make_victim(world)
    decline(world, wants_releases=False)

    resume(world)
    record(world, "bail_granted")

    assert world.row(Participation).wants_releases is None
    assert states(world) == {"R6-BAIL": "open"}


def test_she_is_asked_again_at_a_trigger_point_once_and_by_a_person(world):
    make_victim(world)
    make_plan(world)
    decline(world)

    for kind in ("arrest", "charge", "verdict"):
        record(world, kind)
    run_ticks(world)

    (task,) = world.rows(Task, kind="ask_again")
    assert (task.state, task.due_at, task.rules) == ("open", when("Tue 13 Jan 2026 00:00"), [])
    assert world.arrived == []


def test_who_declined_nothing_or_has_asked_for_quiet_is_not_asked(world):
    make_victim(world)
    make_victim(world, "V-2", mobile="07700 900002")
    decline(world, "V-2")
    pause(world, "V-2")

    record(world, "charge")

    assert world.rows(Task, kind="ask_again") == []


@pytest.mark.parametrize("answer", [resume, lambda world: decline(world, wants_releases=True)])
def test_her_answer_ends_the_asking_until_the_next_trigger_point(world, answer):
    make_victim(world)
    decline(world)
    record(world, "charge")

    answer(world)
    assert [task.state for task in world.rows(Task, kind="ask_again")] == ["done"]

    record(world, "sentence")
    asked = [task.state for task in world.rows(Task, kind="ask_again") if task.state is TaskState.OPEN]
    assert len(asked) == (0 if answer is resume else 1)


def test_a_release_after_the_case_was_closed_is_a_trigger_point_too(world):
    make_victim(world)
    decline(world)
    close(world)

    record(world, "release_from_custody")

    assert [task.state for task in world.rows(Task, kind="ask_again")] == ["open"]


def test_a_milestone_that_turns_out_to_be_a_trigger_point_asks_and_a_new_time_does_not(world):
    make_victim(world)
    decline(world)
    milestone, _ = record(world, "arrest")

    put_right(world, milestone, kind=MilestoneKind.CHARGE)
    (task,) = world.rows(Task, kind="ask_again")
    with world.acting() as act:
        finish_task(act, act.session.get_one(Task, task.id))
    put_right(world, milestone, happened_at=when("Mon 5 Jan 2026 08:00"))

    assert [task.state for task in world.rows(Task, kind="ask_again")] == ["done"]


def put_right(world, milestone, **changed):
    with world.acting() as act:
        found = act.session.get_one(Milestone, milestone.id)
        happening = replace(read_happening(act, found), **changed)
        correct_milestone(act, world.services.rulebook, found, happening, reason="a slip")


def states(world):
    return {duty.rule: duty.state.value for duty in world.rows(Duty)}


def open_tasks(world):
    return sorted((task.kind.value, *task.rules) for task in world.rows(Task, state=TaskState.OPEN))


def carried(world):
    """The rules of all that a message left for."""
    left = {message.id for message in world.rows(Message) if message.handed_over_at is not None}
    duties = {link.duty_id for link in world.rows(MessageDuty) if link.message_id in left}
    return {duty.rule for duty in world.rows(Duty) if duty.id in duties}
