"""A message left and nothing was heard of it: the provider is asked, and then a person; it is never sent again."""

from datetime import timedelta

import pytest

from models.ledger import ContactEntry
from models.messages import Message, Receipt
from models.oversight import Task
from models.vocabulary import Detail, ReceiptStatus
from notify.delivery.providers.base import Became, TryLater, Uncertain
from tests.fakes import Answer
from tests.make import (
    START,
    ChannelPlan,
    World,
    contact,
    make_plan,
    make_victim,
    receipt,
    record,
    run_ticks,
)

FULL_TOLD = ChannelPlan(detail=Detail.FULL, counts_as_told=True)
FOUR_HOURS = START + timedelta(hours=4)
ONE_HOUR = START + timedelta(hours=1)
A_WEEK = START + timedelta(days=7)
MOMENT = timedelta(seconds=1)


@pytest.fixture
def sent(world: World) -> World:
    """A text about an arrest left, by a provider that says what becomes of each."""
    return left(world, "arrest")


def left(world: World, kind: str, plan: ChannelPlan = FULL_TOLD) -> World:
    world.sms.gives_receipts = True
    make_victim(world)
    make_plan(world, plan)
    record(world, kind)
    run_ticks(world)
    assert world.states() == ["accepted"]
    return world


def tasks(world: World) -> list[str]:
    return sorted(task.kind for task in world.rows(Task))


def test_after_four_hours_the_officer_is_asked_once_and_nothing_is_sent_again(sent):
    run_ticks(sent, FOUR_HOURS - MOMENT)
    before = tasks(sent), list(sent.sms.asked_about)
    run_ticks(sent, FOUR_HOURS)
    after = tasks(sent)
    run_ticks(sent, A_WEEK)

    assert before == ([], [])
    assert (after, tasks(sent)) == (["check_delivery"], ["check_delivery"])
    assert len(sent.sms.asked_about) == 1
    assert len(sent.sms.asked) == 1
    [task] = sent.rows(Task)
    assert (task.subject_id, task.rules) == (sent.row(Message).id, ["R6-ARREST"])
    assert task.due_at == sent.duty().due_at


def test_of_a_release_a_person_is_asked_after_one_hour_and_rings_her(world):
    left(world, "bail_granted")

    run_ticks(world, ONE_HOUR - MOMENT)
    before = tasks(world)
    run_ticks(world, ONE_HOUR)

    assert before == []
    assert tasks(world) == ["call", "check_delivery"]


def test_a_receipt_that_was_lost_is_fetched_and_believed(sent):
    sent.sms.says = Became(ReceiptStatus.DELIVERED, None)

    run_ticks(sent, A_WEEK)

    assert (sent.states(), sent.duty().state) == (["delivered"], "told")
    assert sent.sms.asked_about == [f"ref-{sent.row(Message).id}"]
    assert tasks(sent) == []


def test_a_lost_receipt_that_says_it_did_not_arrive_lets_the_duty_go_on(sent):
    sent.sms.says = Became(ReceiptStatus.UNDELIVERED, "30003")

    run_ticks(sent, FOUR_HOURS)

    assert sent.states() == ["undelivered"]
    assert "call" in tasks(sent)
    assert "check_delivery" not in tasks(sent)


def test_a_receipt_that_comes_after_it_was_fetched_is_the_same_one(sent):
    sent.sms.says = Became(ReceiptStatus.DELIVERED, None)
    run_ticks(sent, FOUR_HOURS)
    told = len(sent.rows(ContactEntry))

    receipt(sent, sent.arrived[0], "delivered")
    run_ticks(sent, A_WEEK)

    assert sent.states() == ["delivered"]
    assert len(sent.rows(ContactEntry)) == told
    assert len({row.status for row in sent.rows(Receipt)}) == 1


@pytest.mark.parametrize("says", [None, Became(ReceiptStatus.ACCEPTED, None), TryLater("no_answer")])
def test_a_provider_that_does_not_know_keeps_no_person_waiting(sent, says):
    sent.sms.says = says

    run_ticks(sent, FOUR_HOURS)

    assert tasks(sent) == ["check_delivery"]
    assert sent.states() == ["accepted"]


def test_a_late_receipt_is_believed_after_a_person_was_asked(sent):
    run_ticks(sent, FOUR_HOURS)

    receipt(sent, sent.arrived[0], "delivered")
    run_ticks(sent, A_WEEK)

    assert (sent.states(), sent.duty().state) == (["delivered"], "told")


@pytest.mark.parametrize("status", ["delivered", "undelivered"])
def test_what_has_its_receipt_is_not_asked_about(sent, status):
    receipt(sent, sent.arrived[0], status)

    run_ticks(sent, A_WEEK)

    assert sent.sms.asked_about == []
    assert "check_delivery" not in tasks(sent)


def test_a_receipt_that_says_only_that_it_was_taken_is_no_end(sent):
    receipt(sent, sent.arrived[0], "accepted")

    run_ticks(sent, FOUR_HOURS)

    assert tasks(sent) == ["check_delivery"]


def test_nobody_is_asked_about_what_she_was_told_otherwise(sent):
    contact(sent, "spoke_identity_checked")

    run_ticks(sent, A_WEEK)

    assert tasks(sent) == []


def test_of_a_provider_that_gives_no_receipts_none_is_missed(world):
    make_victim(world)
    make_plan(world, FULL_TOLD)
    record(world)

    run_ticks(world, A_WEEK)

    assert world.row(Message).lease_until is None
    assert (world.sms.asked_about, tasks(world)) == ([], [])


def test_what_was_found_at_the_provider_after_a_lost_answer_is_asked_about_too(world):
    world.sms.gives_receipts = True
    make_victim(world)
    make_plan(world, FULL_TOLD)
    world.sms.answers.append(Answer(Uncertain("timed_out")))
    record(world)

    run_ticks(world, FOUR_HOURS)

    assert tasks(world) == ["check_delivery"]
    assert len(world.sms.asked) == 1
