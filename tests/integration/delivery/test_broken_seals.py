"""A sealed value that does not open stops its own message, and no other: a person is told of it."""

import pytest

from models.messages import Message
from models.milestones import Milestone
from models.oversight import Task
from models.people import ContactPoint, Victim
from models.plans import Plan, PlanChannel
from models.vocabulary import MessageState, Refusal
from tests.make import OFFICE_HOURS, ChannelPlan, make_case, make_plan, make_victim, record, run_ticks, when

SATURDAY = when("Sat 10 Jan 2026 12:00")
MONDAY = when("Mon 12 Jan 2026 09:00")
MONTH_LATER = when("Wed 11 Feb 2026 10:00")
OTHERS = ["+447700900001", "+447700900003"]
HERS = "+447700900002"


def text_of_the_message(world):
    message = world.row(Message, victim_id=her_id(world))
    tear(world, message, "text_sealed")


def subject_of_the_message(world):
    message = world.row(Message, victim_id=her_id(world))
    tear(world, message, "subject_sealed")


def her_number(world):
    tear(world, world.row(ContactPoint, ref="V-2-mobile"), "value_sealed")


def facts_of_the_milestone(world):
    milestone = world.row(Milestone, id=her_duty(world).milestone_id)
    tear(world, milestone, "facts_sealed")


def her_cover_text(world):
    plan = world.row(Plan, participation_id=her_duty(world).participation_id)
    tear(world, world.row(PlanChannel, plan_id=plan.id), "cover_text_sealed")


def her_key(world):
    with world.services.sessions.begin() as session:
        world.services.keys.destroy(session, her_id(world))


@pytest.mark.parametrize("torn", [text_of_the_message, subject_of_the_message, her_number, her_key])
def test_a_message_that_does_not_open_is_stopped_for_a_person_and_the_others_go(world, torn):
    owed_to_three(world)
    run_ticks(world)
    torn(world)

    run_ticks(world, MONTH_LATER)

    assert reached(world) == OTHERS
    assert {one.at for one in world.arrived} == {MONDAY}
    message = world.row(Message, victim_id=her_id(world))
    assert (message.state, message.refusal) == (MessageState.CANCELLED, Refusal.UNREADABLE)
    assert (message.attempt, message.finished_at) == (0, MONDAY)
    (task,) = world.rows(Task)
    assert (task.kind, task.subject_id, task.rules) == ("check_delivery", message.id, ["R6-ARREST"])
    assert (task.victim_id, task.state) == (her_id(world), "open")
    assert her_duty(world).state == "open"


@pytest.mark.parametrize("torn", [facts_of_the_milestone, her_cover_text, her_key])
def test_news_that_cannot_be_written_is_a_call_and_the_others_are_written(world, torn):
    owed_to_three(world)
    torn(world)

    run_ticks(world, MONTH_LATER)

    assert reached(world) == OTHERS
    assert world.rows(Message, victim_id=her_id(world)) == []
    duty = her_duty(world)
    (task,) = world.rows(Task)
    assert (task.kind, task.duty_id, task.due_at) == ("call", duty.id, duty.due_at)
    assert duty.state == "open"


def test_the_other_news_of_the_same_victim_still_goes(world):
    owed_to_three(world)
    facts_of_the_milestone(world)

    record(world, "charge", case="C-2")
    run_ticks(world, MONTH_LATER)

    assert reached(world) == [OTHERS[0], HERS, OTHERS[1]]
    assert [task.rules for task in world.rows(Task)] == [["R6-ARREST"]]


def owed_to_three(world):
    """Three victims, each in a case of her own, and an arrest in each; she is the second of them."""
    world.clock.now = SATURDAY
    for n in (1, 2, 3):
        victim, case = f"V-{n}", f"C-{n}"
        if n > 1:
            make_case(world, case)
        make_victim(world, victim, case=case, mobile=f"07700 90000{n}")
        terms = ChannelPlan(f"{victim}-mobile", windows=OFFICE_HOURS, cover_text="Your book is ready.")
        make_plan(world, terms, victim=victim, case=case)
        record(world, case=case, facts={"place": "Exampleton"})
        world.clock.pass_time(minutes=1)


def tear(world, row, column):
    with world.services.sessions.begin() as session:
        setattr(session.get_one(type(row), row.id), column, b"torn")


def her_id(world):
    return world.row(Victim, ref="V-2").id


def her_duty(world):
    return world.duty(victim_id=her_id(world))


def reached(world):
    return sorted(one.to for one in world.arrived)
