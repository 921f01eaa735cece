"""Invariant 3, delivered is not told: a duty closes when the victim was reached, and by nothing less."""

import pytest

from models.duties import Duty
from models.ledger import ContactEntry
from models.messages import SealedUpdate
from models.oversight import Alert, Task
from models.people import Participation
from models.vocabulary import Detail
from tests.make import (
    ChannelPlan,
    contact,
    inbound,
    make_case,
    make_plan,
    make_victim,
    read_page,
    receipt,
    record,
    run_ticks,
    suspend_point,
    when,
)

FULL_TOLD = ChannelPlan(detail=Detail.FULL, counts_as_told=True)


@pytest.mark.parametrize("outcome", ["voicemail", "no_answer", "other_person_answered", "letter_sent"])
def test_an_attempt_by_a_person_closes_nothing(world, outcome):
    make_victim(world)
    record(world)

    contact(world, outcome)

    (entry,) = world.rows(ContactEntry)
    assert (entry.outcome, entry.reached) == (outcome, False)
    assert world.duty().state == "open"


@pytest.mark.parametrize("outcome", ["spoke_identity_checked", "met_in_person", "video_identity_checked"])
def test_reaching_the_victim_closes_what_is_owed(world, outcome):
    make_victim(world)
    record(world)

    contact(world, outcome)

    (entry,) = world.rows(ContactEntry)
    duty = world.duty()
    assert (duty.state, duty.entry_id, duty.late) == ("told", entry.id, False)
    assert entry.reached


@pytest.mark.parametrize("status", ["accepted", "delivered"])
@pytest.mark.parametrize(
    "plan",
    [
        ChannelPlan(detail=Detail.NUDGE),
        ChannelPlan(detail=Detail.LINK),
        ChannelPlan(detail=Detail.FULL),
    ],
    ids=lambda plan: plan.detail,
)
def test_a_message_that_arrived_is_an_attempt_unless_she_agreed_that_it_counts(world, plan, status):
    make_victim(world)
    make_plan(world, plan)
    record(world)
    run_ticks(world)

    receipt(world, world.arrived[0], status)

    assert world.duty().state == "open"
    assert [entry.outcome for entry in world.rows(ContactEntry)] == ["message_accepted"]


def test_a_full_text_that_counts_tells_once_it_is_delivered_and_not_before(world):
    make_victim(world)
    make_plan(world, FULL_TOLD)
    record(world)
    run_ticks(world)
    receipt(world, world.arrived[0], "accepted")
    before = world.duty().state

    receipt(world, world.arrived[0], "delivered")

    assert (before, world.duty().state) == ("open", "told")
    assert {entry.outcome for entry in world.rows(ContactEntry)} == {"message_accepted", "message_told"}


@pytest.mark.parametrize(
    "doubt", [suspend_point, lambda world: inbound(world, "STOP")], ids=["by us", "by her"]
)
def test_a_text_that_was_delivered_to_a_number_in_doubt_tells_nobody_and_somebody_rings(world, doubt):
    make_victim(world)
    make_plan(world, FULL_TOLD)
    record(world)
    run_ticks(world)
    doubt(world)

    receipt(world, world.arrived[0], "delivered")
    run_ticks(world)

    duty = world.duty()
    assert (world.states(), duty.state) == (["delivered"], "open")
    assert [entry.outcome for entry in world.rows(ContactEntry)] == ["message_accepted"]
    assert world.row(Participation).last_reached_at is None
    call = world.row(Task, kind="call")
    assert (call.duty_id, call.due_at, call.state) == (duty.id, duty.due_at, "open")


def test_a_full_text_that_had_no_room_for_the_facts_does_not_count(world):
    make_victim(world)
    make_plan(world, FULL_TOLD)
    long = "not to go within a hundred yards of any of these places " * 6
    record(world, "bail_granted", facts={"conditions": long})
    run_ticks(world)

    receipt(world, world.arrived[0], "delivered")

    assert world.duty("R6-BAIL").state == "open"


def test_reading_the_private_page_tells_and_only_what_was_read(world):
    make_victim(world)
    make_plan(world, ChannelPlan(detail=Detail.LINK))
    record(world, "arrest")
    run_ticks(world)
    record(world, "charge")
    run_ticks(world)

    read_page(world, number=1)

    assert world.duty("R6-ARREST").state == "told"
    assert world.duty("R6-CHARGE").state == "open"


def test_reading_the_same_page_again_is_no_second_contact(world):
    make_victim(world)
    make_plan(world, ChannelPlan(detail=Detail.LINK))
    record(world)
    run_ticks(world)

    read_page(world)
    read_at = world.row(SealedUpdate).read_at
    world.clock.pass_time(days=1)
    read_page(world)

    assert world.row(SealedUpdate).read_at == read_at
    assert len(world.rows(ContactEntry, outcome="read_private_page")) == 1


@pytest.mark.parametrize("bounce", ["undelivered", "failed"])
def test_a_bounce_after_delivered_is_believed(world, bounce):
    make_victim(world)
    make_plan(world, FULL_TOLD)
    record(world)
    run_ticks(world)
    receipt(world, world.arrived[0], "delivered")

    receipt(world, world.arrived[0], bounce, "30003")
    run_ticks(world)

    duty = world.duty()
    assert (duty.state, duty.closed_at, duty.late) == ("open", None, None)
    (task,) = world.rows(Task)
    assert (task.kind, task.rules, task.due_at) == ("call", ["R6-ARREST"], duty.due_at)
    assert world.states() == ["undelivered"]
    assert world.row(Participation).last_reached_at is None


def test_a_bounce_of_what_told_nobody_anything_calls_nobody_back(world):
    """She was spoken to in between: what bounced later takes nothing away from that."""
    make_victim(world)
    make_plan(world)
    record(world)
    run_ticks(world)
    receipt(world, world.arrived[0], "delivered")
    contact(world, "spoke_identity_checked")

    receipt(world, world.arrived[0], "undelivered")
    run_ticks(world)

    assert world.rows(Task) == []
    assert world.duty().state == "told"


def test_delivered_after_a_bounce_is_not_believed(world):
    make_victim(world)
    make_plan(world, FULL_TOLD)
    record(world)
    run_ticks(world)
    receipt(world, world.arrived[0], "undelivered")

    receipt(world, world.arrived[0], "delivered")

    assert world.duty().state == "open"


def test_a_contact_covers_the_rules_it_names_and_leaves_the_others_owed(world):
    make_victim(world)
    record(world, "arrest")
    record(world, "charge")

    contact(world, covers=["R6-CHARGE"])

    assert world.duty("R6-CHARGE").state == "told"
    assert world.duty("R6-ARREST").state == "open"


def test_a_contact_about_one_case_tells_nothing_of_another(world):
    make_victim(world)
    make_case(world, "C-2")
    make_victim(world, case="C-2", mobile=None)
    record(world, case="C-1")
    record(world, case="C-2")

    contact(world, case="C-1")

    assert sorted(duty.state for duty in world.rows(Duty)) == ["open", "told"]


def test_one_victim_told_leaves_the_other_owed(world):
    make_victim(world)
    other = make_victim(world, "V-2", mobile="07700 900002")
    record(world)

    contact(world, victim="V-1")

    assert world.duty(participation_id=other.id).state == "open"


def test_closing_a_duty_ends_its_alerts_tasks_and_waiting_messages(world):
    make_victim(world)
    make_plan(world, ChannelPlan(windows=()), officer_first_nudge=True)
    record(world, "police_no_further_action")
    run_ticks(world, when("Wed 14 Jan 2026 10:00"))
    before = {alert.state for alert in world.rows(Alert)}, {task.state for task in world.rows(Task)}

    contact(world)

    assert before == ({"open"}, {"open"})
    assert {alert.state for alert in world.rows(Alert)} == {"resolved"}
    assert {task.state for task in world.rows(Task)} == {"done"}


def test_told_too_late_is_told_and_late(world):
    make_victim(world)
    record(world)
    world.clock.now = when("Tue 13 Jan 2026 00:01")

    contact(world)

    assert (world.duty().state, world.duty().late) == ("told", True)
