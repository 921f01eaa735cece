"""No further updates: what she was to be told is waived, what staff must do for her is not, and release is asked about."""

from models.duties import Duty
from models.oversight import Task
from models.vocabulary import TaskState
from tests.make import ChannelPlan, decline, make_plan, make_victim, record, run_ticks, when

STAFF_TASKS = {"R4-NEEDS", "R4-REFER", "R7-VPS"}
"""What a reported crime gives staff to do, without telling her anything."""
TOLD = {"crime_reported": "R3-CONF", "police_no_further_action": "R6-NFA-POL", "bail_granted": "R6-BAIL"}
"""A routine, an officer-first and an immediate duty, by the milestone that they come from."""


def test_declining_leaves_what_staff_must_do_and_a_call_about_release(world):
    everything_is_owed(world)

    decline(world)

    assert states(world) == {
        **dict.fromkeys(STAFF_TASKS, "open"),
        "R3-CONF": "waived",
        "R6-NFA-POL": "waived",
        "PLAN-NOCHANGE": "waived",
        "R6-BAIL": "open",
    }
    assert tasks(world, TaskState.OPEN) == {("call", "R6-BAIL"), *(("do_duty", rule) for rule in STAFF_TASKS)}
    assert tasks(world, TaskState.CANCELLED) == {("call", "R6-NFA-POL"), *CALLS_FOR_WANT_OF_WINDOWS}


def test_release_that_she_was_only_nudged_about_is_a_call_from_the_moment_she_declines(world):
    make_victim(world)
    make_plan(world)
    record(world, "bail_granted")
    run_ticks(world)
    assert (world.states(), world.rows(Task)) == (["accepted"], [])

    decline(world)

    duty = world.duty("R6-BAIL")
    call = world.row(Task)
    assert (call.kind, call.duty_id, call.due_at, call.state) == ("call", duty.id, duty.urgent_by, "open")
    assert duty.state == "open"


def test_what_happens_after_it_is_owed_in_the_same_way(world):
    make_victim(world)
    make_plan(world, ChannelPlan(windows=()))
    decline(world)

    for kind in TOLD:
        record(world, kind)
    run_ticks(world)

    assert states(world) == {
        **dict.fromkeys(STAFF_TASKS, "open"),
        "R3-CONF": "waived",
        "R6-NFA-POL": "waived",
        "R6-BAIL": "open",
    }
    assert tasks(world, TaskState.OPEN) == {
        ("call", "R6-BAIL"),
        ("ask_again",),
        *(("do_duty", rule) for rule in STAFF_TASKS),
    }
    assert tasks(world, TaskState.CANCELLED) == set()


def everything_is_owed(world):
    """A duty of every class is open, and so is one that comes from the agreed frequency; no message can go."""
    make_victim(world)
    make_plan(world, ChannelPlan(windows=()), every_days=7)
    run_ticks(world, when("Mon 12 Jan 2026 10:00"))
    for kind in TOLD:
        record(world, kind)
    run_ticks(world)
    assert set(states(world).values()) == {"open"}


CALLS_FOR_WANT_OF_WINDOWS = {("call", "R3-CONF"), ("call", "PLAN-NOCHANGE")}


def states(world):
    return {duty.rule: duty.state.value for duty in world.rows(Duty)}


def tasks(world, state):
    return {(task.kind.value, *task.rules) for task in world.rows(Task, state=state)}
