"""Who answers that it is the wrong number is a stranger: what was told there she was not told, and is owed again."""

from concurrent.futures import ThreadPoolExecutor, wait

import pytest

from models.oversight import Task
from models.people import ContactPoint, Participation
from models.vocabulary import CodeWord, Detail, Outcome, ReceiptStatus
from notify.delivery.receipts import Slip, apply, store
from notify.ledger.audit import THE_SERVICE
from notify.ledger.contact_log import record_contact
from tests.make import (
    ChannelPlan,
    contact,
    inbound,
    make_plan,
    make_victim,
    receipt,
    record,
    run_ticks,
    verify_point,
    when,
)

IN_FULL = ChannelPlan(detail=Detail.FULL, counts_as_told=True)


@pytest.fixture
def told(world):
    """A victim who was told of an arrest in full, by a text that counts; as we believe."""
    make_victim(world)
    make_plan(world, IN_FULL)
    record(world)
    run_ticks(world)
    receipt(world, world.arrived[0], "delivered")
    assert world.duty().state == "told"
    return world


def open_tasks(world):
    return sorted(task.kind.value for task in world.rows(Task, state="open"))


def test_what_was_told_to_a_stranger_is_owed_again_and_a_person_is_asked_to_call(told):
    inbound(told, "Sorry, wrong number")

    assert told.duty().state == "open"
    assert open_tasks(told) == ["call", "follow_up_inbound", "verify_contact"]
    assert told.row(Participation).last_reached_at is None


def test_all_that_was_told_there_is_owed_again(told):
    told.clock.now = when("Mon 5 Jan 2026 14:00")
    record(told, "interview_under_caution")
    run_ticks(told)
    receipt(told, told.arrived[1], "delivered")

    inbound(told, "wrong number")

    assert {duty.state.value for duty in (told.duty(), told.duty("R6-INTERV"))} == {"open"}
    assert told.row(Participation).last_reached_at is None


@pytest.mark.parametrize("words", ["STOP", "Thank you", "this is not safe"])
def test_other_words_say_nothing_about_who_was_told(told, words):
    inbound(told, words)

    assert told.duty().state == "told"


def test_a_number_by_which_a_person_has_reached_her_since_was_hers(told):
    told.clock.now = when("Tue 6 Jan 2026 10:00")
    point = told.row(ContactPoint, ref="V-1-mobile")
    with told.about("V-1", "C-1") as (act, participation):
        record_contact(act, participation, Outcome.SPOKE_IDENTITY_CHECKED, contact_point_id=point.id)
    told.clock.now = when("Wed 7 Jan 2026 10:00")

    inbound(told, "wrong number")

    assert told.duty().state == "told"
    assert told.row(Participation).last_reached_at == when("Tue 6 Jan 2026 10:00")


@pytest.mark.parametrize("covers", [None, ["R6-INTERV"]])
def test_whom_a_person_reached_elsewhere_was_not_told_what_she_was_thought_to_know(told, covers):
    told.clock.now = when("Tue 6 Jan 2026 10:00")
    record(told, "interview_under_caution")
    contact(told, covers=covers)
    told.clock.now = when("Wed 7 Jan 2026 10:00")

    inbound(told, "wrong number")

    assert told.duty().state == "open"
    assert told.duty("R6-INTERV").state == "told"
    assert told.row(Participation).last_reached_at == when("Tue 6 Jan 2026 10:00")


def test_who_says_her_code_word_is_no_stranger(told):
    make_plan(told, IN_FULL, code_words={CodeWord.NOT_SAFE: "wrong number"})

    inbound(told, "Wrong number")

    assert told.duty().state == "told"
    assert "call" not in open_tasks(told)


def test_what_was_taken_back_once_does_not_count_as_a_contact_later(told):
    inbound(told, "wrong number")
    verify_point(told)
    told.clock.now = when("Mon 5 Jan 2026 14:00")
    record(told, "interview_under_caution")
    run_ticks(told)
    receipt(told, told.arrived[1], "delivered")
    assert told.duty("R6-INTERV").state == "told"

    receipt(told, told.arrived[1], "undelivered")

    assert told.row(Participation).last_reached_at is None


def test_a_number_of_somebody_else_takes_nothing_back(told):
    inbound(told, "wrong number", sender="07700 900002")

    assert told.duty().state == "told"


def test_said_twice_it_asks_for_one_call(told):
    inbound(told, "wrong number")
    inbound(told, "I said WRONG NUMBER")

    assert open_tasks(told).count("call") == 1


def test_what_arrives_there_afterwards_tells_nobody(told):
    told.clock.now = when("Mon 5 Jan 2026 14:00")
    record(told, "interview_under_caution")
    run_ticks(told)

    inbound(told, "wrong number")
    receipt(told, told.arrived[1], "delivered")

    assert told.duty("R6-INTERV").state == "open"
    assert open_tasks(told).count("call") == 2


def test_what_a_receipt_says_at_the_same_moment_is_not_missed(world, second):
    make_victim(world)
    make_plan(world, IN_FULL)
    record(world)
    run_ticks(world)
    (arrived,) = world.arrived
    slip = Slip("recording", "ref", ReceiptStatus.DELIVERED, None, raw="delivered")

    with ThreadPoolExecutor(1) as pool:
        with world.services.acting(THE_SERVICE) as act:
            kept = store(act.session, act.keys, slip, message_id=arrived.outgoing.message_id, at=act.at)
            assert kept is not None
            apply(act, kept)
            act.session.flush()
            stranger = pool.submit(inbound, second, "wrong number")
            wait([stranger], timeout=1)
        stranger.result()

    assert world.duty().state == "open"
    assert open_tasks(world) == ["call", "follow_up_inbound", "verify_contact"]


def test_a_receipt_of_another_text_and_a_stranger_do_not_wait_for_each_other(told, second):
    told.clock.now = when("Mon 5 Jan 2026 14:00")
    record(told, "interview_under_caution")
    run_ticks(told)

    with ThreadPoolExecutor(2) as pool:
        for done in [
            pool.submit(receipt, told, told.arrived[1], "delivered"),
            pool.submit(inbound, second, "wrong number"),
        ]:
            done.result()

    assert {told.duty().state.value, told.duty("R6-INTERV").state.value} == {"open"}
