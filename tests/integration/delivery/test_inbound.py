"""What comes in is from whoever holds the phone: nothing is answered, a channel stops at a word, and the duty goes on elsewhere.

Long because each thing that somebody may answer is tried with what it must, and must not, do.
"""

import logging
from concurrent.futures import ThreadPoolExecutor, wait

import pytest

from models.messages import Inbound, Message
from models.oversight import Task
from models.people import ContactPoint, ContactPointChange, Victim
from models.vocabulary import Reading
from notify.delivery.inbound import Came, receive
from notify.ledger.audit import THE_SERVICE
from notify.ledger.tasks import finish_task
from notify.planning.contact_points import verify
from notify.planning.queries import contact_point_by_ref
from tests.make import (
    ChannelPlan,
    make_plan,
    make_victim,
    make_window,
    record,
    run_ticks,
    suspend_point,
    verify_point,
    when,
)

HERS = "+447700900001"


@pytest.fixture
def told_by_text(world):
    """A victim with a text message first in her plan, and an e-mail after it."""
    make_victim(world, email="v1@example.org")
    make_plan(world, ChannelPlan(), ChannelPlan("V-1-email"))
    return world


def states(world):
    return {point.ref: point.state.value for point in world.rows(ContactPoint)}


def tasks(world, **equal):
    return sorted(task.kind.value for task in world.rows(Task, state="open", **equal))


def do_tasks(world):
    """Whatever is open is marked as done."""
    with world.acting() as act:
        for task in act.session.query(Task).filter_by(state="open").all():
            finish_task(act, task)


def came(world, text="Hello", sender=HERS, **more):
    receive(world.services.sessions, world.services.keys, Came(sender, text, **more), at=world.clock())


def reading(world):
    """What the newest text was taken for."""
    kept = max(world.rows(Inbound), key=lambda row: row.received_at)
    with world.services.acting(THE_SERVICE) as act:
        point = act.session.get(ContactPoint, kept.contact_point_id)
        return Reading(act.key(point.victim_id).open(kept, "reading_sealed"))


@pytest.mark.parametrize("words", ["STOP", "Sorry, wrong number", "it's not safe"])
def test_after_words_that_stop_a_channel_what_waits_for_it_goes_by_the_next_one(told_by_text, words):
    world = told_by_text
    later = (make_window("mon", "14:00-15:00"),)
    make_plan(world, ChannelPlan(windows=later), ChannelPlan("V-1-email"))
    record(world)
    run_ticks(world)
    assert world.states() == ["held"]

    came(world, words)
    run_ticks(world, when("Mon 5 Jan 2026 16:00"))

    assert [one.to for one in world.arrived] == ["v1@example.org"]
    assert world.states() == ["accepted", "cancelled"]
    assert states(world) == {"V-1-mobile": "suspended", "V-1-email": "verified"}


def test_with_no_other_channel_the_officer_is_asked_to_call(world):
    make_victim(world)
    make_plan(world, ChannelPlan(windows=(make_window("mon", "14:00-15:00"),)))
    record(world)
    run_ticks(world)

    came(world, "STOP")
    run_ticks(world, when("Mon 5 Jan 2026 16:00"))

    assert world.arrived == []
    assert tasks(world) == ["call", "follow_up_inbound", "verify_contact"]


def test_news_of_later_never_goes_to_a_number_that_stopped(told_by_text):
    came(told_by_text, "STOP")

    record(told_by_text)
    run_ticks(told_by_text)

    assert [one.to for one in told_by_text.arrived] == ["v1@example.org"]


def test_a_stop_between_the_look_and_the_sending_is_obeyed(told_by_text):
    """The message is queued and due; the words come before the worker claims it."""
    record(told_by_text)
    run_ticks(told_by_text)
    told_by_text.clock.pass_time(hours=2)
    record(told_by_text, "interview_under_caution")

    came(told_by_text, "stop")
    run_ticks(told_by_text)

    assert [one.to for one in told_by_text.arrived] == [HERS, "v1@example.org"]


@pytest.mark.parametrize(
    ("words", "taken_for", "reason"),
    [
        ("STOP", Reading.STOP, "asked to stop by reply"),
        ("wrong number", Reading.WRONG_NUMBER, "a reply said that it is the wrong number"),
        ("not safe here", Reading.UNSAFE, "a reply said that it may not be safe"),
    ],
)
def test_the_officer_is_told_why_a_channel_was_stopped(told_by_text, words, taken_for, reason):
    came(told_by_text, words)

    assert reading(told_by_text) is taken_for
    (change,) = told_by_text.rows(ContactPointChange, state="suspended")
    with told_by_text.services.acting(THE_SERVICE) as act:
        assert act.key(change.victim_id).open(change, "reason_sealed") == reason
    assert tasks(told_by_text) == ["follow_up_inbound", "verify_contact"]


@pytest.mark.parametrize("says", [None, Reading.START])
def test_start_opens_nothing_again_by_itself(told_by_text, says):
    came(told_by_text, "STOP")
    told_by_text.clock.pass_time(minutes=5)

    came(told_by_text, "UNSTOP", provider_says=says)
    record(told_by_text)
    run_ticks(told_by_text)

    assert reading(told_by_text) is Reading.START
    assert states(told_by_text)["V-1-mobile"] == "suspended"
    assert [one.to for one in told_by_text.arrived] == ["v1@example.org"]
    assert tasks(told_by_text) == ["follow_up_inbound", "verify_contact"]


def test_what_the_provider_took_for_a_stop_stops_whatever_its_words(told_by_text):
    came(told_by_text, "ARRET", provider_says=Reading.OPTED_OUT)

    assert reading(told_by_text) is Reading.OPTED_OUT
    assert states(told_by_text)["V-1-mobile"] == "suspended"


def test_a_cry_for_help_is_to_be_followed_up_at_once(told_by_text):
    came(told_by_text, "HELP")

    (task,) = told_by_text.rows(Task, kind="follow_up_inbound")
    assert task.due_at == told_by_text.clock()
    assert states(told_by_text)["V-1-mobile"] == "verified"


def test_anything_else_is_a_task_and_stops_nothing(told_by_text):
    came(told_by_text, "Thank you, I can talk on Friday")

    assert tasks(told_by_text) == ["follow_up_inbound"]
    assert set(states(told_by_text).values()) == {"verified"}


@pytest.mark.parametrize("words", ["STOP", "START", "HELP", "Hello", "wrong number", "What is this about?"])
def test_nothing_is_ever_answered(told_by_text, words):
    came(told_by_text, words)
    run_ticks(told_by_text, when("Tue 6 Jan 2026 10:00"))

    assert told_by_text.arrived == []
    assert told_by_text.rows(Message) == []


def test_a_number_of_several_people_stops_for_each(world):
    make_victim(world)
    make_plan(world)
    make_victim(world, "V-2")
    make_plan(world, victim="V-2")

    came(world, "STOP")

    assert states(world) == {"V-1-mobile": "suspended", "V-2-mobile": "suspended"}
    assert tasks(world) == ["follow_up_inbound", "follow_up_inbound", "verify_contact", "verify_contact"]


def test_a_number_that_a_person_verified_anew_is_used_again(told_by_text):
    came(told_by_text, "STOP")
    verify_point(told_by_text, "V-1-mobile")

    record(told_by_text)
    run_ticks(told_by_text)

    assert [one.to for one in told_by_text.arrived] == [HERS]


def test_the_same_text_told_twice_is_kept_and_acted_on_once(told_by_text):
    for _ in range(2):
        came(told_by_text, "Hello", provider_ref="SM1")

    assert len(told_by_text.rows(Inbound)) == 1
    assert tasks(told_by_text) == ["follow_up_inbound"]


def test_a_text_that_was_kept_before_a_crash_is_acted_on_by_the_next_tick(told_by_text):
    came(told_by_text, "Hello", provider_ref="SM1")
    with told_by_text.services.acting(THE_SERVICE) as act:
        kept = act.session.query(Inbound).one()
        kept.reading_sealed = act.key(told_by_text.rows(ContactPoint)[0].victim_id).seal(
            kept, "reading_sealed", Reading.STOP
        )
        kept.applied = False

    run_ticks(told_by_text)

    assert states(told_by_text)["V-1-mobile"] == "suspended"
    assert told_by_text.row(Inbound).applied


def test_a_text_is_acted_on_once_however_often_the_tick_looks(told_by_text):
    came(told_by_text, "Hello")
    (task,) = told_by_text.rows(Task)
    with told_by_text.services.acting(THE_SERVICE) as act:
        act.session.get(Task, task.id).state = "done"

    for _ in range(3):
        run_ticks(told_by_text)

    assert len(told_by_text.rows(Task)) == 1


def test_a_text_from_nobody_known_is_kept_and_changes_nothing(told_by_text):
    came(told_by_text, "STOP", sender="+447700900777")

    assert set(states(told_by_text).values()) == {"verified"}
    assert tasks(told_by_text) == []
    assert told_by_text.row(Inbound).contact_point_id is None


def test_a_text_that_came_before_its_number_was_known_is_hers_once_it_is_understood(world):
    came(world, "Hello")
    with world.services.acting(THE_SERVICE) as act:
        act.session.query(Inbound).one().applied = False
    make_victim(world)

    run_ticks(world)

    assert world.row(Inbound).contact_point_id == world.row(ContactPoint).id
    assert reading(world) is Reading.OTHER
    assert tasks(world) == ["follow_up_inbound"]


def test_one_task_a_day_is_enough_for_answers_by_a_machine(told_by_text):
    away = "I am away until Monday"
    for hours in (0, 1, 22):
        told_by_text.clock.pass_time(hours=hours)
        came(told_by_text, away, sender="v1@example.org", automatic=True)
        do_tasks(told_by_text)
    assert len(told_by_text.rows(Task)) == 1

    told_by_text.clock.pass_time(hours=2)
    came(told_by_text, away, sender="v1@example.org", automatic=True)

    assert len(told_by_text.rows(Inbound)) == 4
    assert len(told_by_text.rows(Task)) == 2


def test_an_answer_by_a_machine_hides_no_answer_by_a_person(told_by_text):
    came(told_by_text, "I am away", sender="v1@example.org", automatic=True)
    do_tasks(told_by_text)

    came(told_by_text, "Please ring", sender="v1@example.org")

    assert tasks(told_by_text) == ["follow_up_inbound"]


def test_however_much_comes_from_an_address_it_is_one_task(told_by_text):
    for number in range(30):
        came(told_by_text, f"Hello {number}", sender="v1@example.org")

    assert len(told_by_text.rows(Inbound)) == 30
    assert tasks(told_by_text) == ["follow_up_inbound"]


def test_what_comes_from_another_way_is_another_task(told_by_text):
    came(told_by_text, "Hello", sender="v1@example.org")
    came(told_by_text, "Hello")

    assert tasks(told_by_text) == ["follow_up_inbound", "follow_up_inbound"]


def test_what_comes_after_a_task_was_done_is_a_new_task(told_by_text):
    came(told_by_text, "Hello")
    do_tasks(told_by_text)

    came(told_by_text, "Hello again")

    assert tasks(told_by_text) == ["follow_up_inbound"]


def test_a_cry_for_help_brings_forward_the_task_that_it_joins(told_by_text):
    came(told_by_text, "Hello")
    told_by_text.clock.pass_time(minutes=5)
    at = told_by_text.clock()

    for _ in range(3):
        came(told_by_text, "help")
        told_by_text.clock.pass_time(minutes=5)

    assert told_by_text.row(Task).due_at == at


def test_what_is_understood_late_does_not_join_a_task_that_would_not_show_it(told_by_text):
    came(told_by_text, "Please ring")
    told_by_text.clock.pass_time(minutes=5)
    came(told_by_text, "Hello")
    with told_by_text.services.acting(THE_SERVICE) as act:
        first, second = act.session.query(Inbound).order_by(Inbound.received_at)
        first.applied = False
        act.session.query(Task).one().subject_id = second.id

    run_ticks(told_by_text)

    assert {task.subject_id for task in told_by_text.rows(Task)} == {first.id, second.id}


@pytest.mark.parametrize("column", ["sender_sealed", "text_sealed", "reading_sealed"])
def test_a_text_that_does_not_open_is_for_a_person_and_the_others_are_acted_on(told_by_text, column):
    make_victim(told_by_text, "V-2", mobile="07700 900002")
    make_plan(told_by_text, victim="V-2")
    came(told_by_text, "Hello", provider_ref="SM1")
    told_by_text.clock.pass_time(minutes=5)
    came(told_by_text, "STOP", sender="+447700900002", provider_ref="SM2")
    verify_point(told_by_text, "V-2-mobile")
    do_tasks(told_by_text)
    with told_by_text.services.acting(THE_SERVICE) as act:
        act.session.query(Inbound).update({"applied": False})
        setattr(act.session.query(Inbound).filter_by(provider_ref="SM1").one(), column, b"\x01" * 60)

    run_ticks(told_by_text)

    assert {row.applied for row in told_by_text.rows(Inbound)} == {True}
    assert states(told_by_text) == {
        "V-1-mobile": "suspended", "V-1-email": "verified", "V-2-mobile": "suspended",
    }  # fmt: skip
    hers = told_by_text.row(Victim, ref="V-1").id
    assert tasks(told_by_text, victim_id=hers) == ["follow_up_inbound", "verify_contact"]
    followed = told_by_text.row(Task, victim_id=hers, kind="follow_up_inbound", state="open")
    assert followed.due_at == told_by_text.clock()


def test_a_text_from_nobody_known_that_does_not_open_is_passed_over(told_by_text):
    came(told_by_text, "Hello", sender="+447700900777")
    with told_by_text.services.acting(THE_SERVICE) as act:
        act.session.query(Inbound).update({"applied": False, "text_sealed": b"\x01" * 60})

    run_ticks(told_by_text)

    assert told_by_text.row(Inbound).applied
    assert tasks(told_by_text) == []


def test_a_number_shared_with_a_victim_who_was_erased_is_still_heard_for_the_other(told_by_text):
    told_by_text.clock.pass_time(minutes=5)
    make_victim(told_by_text, "V-2")
    make_plan(told_by_text, victim="V-2")
    with told_by_text.services.sessions.begin() as session:
        told_by_text.services.keys.destroy(session, told_by_text.row(Victim, ref="V-1").id)

    came(told_by_text, "Hello")

    (task,) = told_by_text.rows(Task)
    assert task.victim_id == told_by_text.row(Victim, ref="V-2").id
    assert told_by_text.row(Inbound).contact_point_id == told_by_text.row(ContactPoint, ref="V-2-mobile").id


def test_a_doubt_that_meets_a_verification_on_its_way_is_not_lost(told_by_text, second):
    came(told_by_text, "STOP")

    with ThreadPoolExecutor(1) as pool:
        with told_by_text.acting() as act:
            verify(act, contact_point_by_ref(act.session, "V-1-mobile"), reason="rung back")
            act.session.flush()
            doubt = pool.submit(came, second, "STOP")
            wait([doubt], timeout=1)
        doubt.result()

    assert states(told_by_text)["V-1-mobile"] == "suspended"


def test_an_officers_doubt_that_meets_a_verification_on_its_way_is_not_lost(told_by_text, second):
    suspend_point(told_by_text)

    with ThreadPoolExecutor(1) as pool:
        with told_by_text.acting() as act:
            verify(act, contact_point_by_ref(act.session, "V-1-mobile"), reason="rung back")
            act.session.flush()
            doubt = pool.submit(suspend_point, second)
            wait([doubt], timeout=1)
        doubt.result()

    assert states(told_by_text)["V-1-mobile"] == "suspended"


def test_what_came_in_is_sealed_and_no_word_of_it_is_logged(told_by_text, caplog):
    caplog.set_level(logging.DEBUG)

    came(told_by_text, "Wrong number, says Zebedee")

    kept = told_by_text.row(Inbound)
    stored = kept.text_sealed + kept.sender_sealed + kept.reading_sealed
    assert b"Zebedee" not in stored
    assert b"wrong" not in stored
    assert "Zebedee" not in caplog.text
    assert "7700900001" not in caplog.text
