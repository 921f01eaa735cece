"""Invariant 1 within one batch: what happens while one message is handed over keeps back the next, if it must.

Long because whatever can happen between two messages of a batch is tried.
"""

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

from models.ledger import ContactEntry
from models.messages import Message
from models.oversight import Task
from models.people import Victim
from models.vocabulary import ContactPointKind, MessageState, RepresentativeKind
from notify.delivery.claiming import LEASE, claim_due
from notify.delivery.providers.base import Accepted, TryLater
from notify.delivery.reconcile import reconcile
from notify.delivery.send import record as record_answers
from notify.delivery.send import send_due
from notify.planning import people
from notify.planning.contact_points import add_contact_point, verify
from notify.planning.queries import victim_by_ref
from tests.fakes import Answer
from tests.make import (
    OFFICE_HOURS,
    ChannelPlan,
    close,
    contact,
    decline,
    inbound,
    make_case,
    make_plan,
    make_victim,
    make_window,
    pause,
    record,
    resume,
    run_ticks,
    suspend_point,
    when,
)

SATURDAY = when("Sat 10 Jan 2026 12:00")
MONDAY = when("Mon 12 Jan 2026 09:00")
TUESDAY = when("Tue 13 Jan 2026 09:00")
MONTH_LATER = when("Wed 11 Feb 2026 10:00")
FIRST, SECOND, THIRD = (f"+44770090000{n}" for n in (1, 2, 3))
IDVA = "+447700900007"
SECOND_PLAN = ChannelPlan("V-2-mobile", windows=OFFICE_HOURS)


def suspended(world):
    suspend_point(world, "V-2-mobile")


def stopped_by_reply(world):
    inbound(world, "STOP", sender="07700 900002")


def answered_by_another(world):
    contact(world, "other_person_answered", victim="V-2", case="C-2")


def closed(world):
    close(world, "C-2")


def not_automatic(world):
    make_plan(world, SECOND_PLAN, victim="V-2", case="C-2", automatic=False)


def paused(world):
    pause(world, "V-2", "C-2")


def declined(world):
    decline(world, "V-2", "C-2")


def declined_but_for_releases(world):
    decline(world, "V-2", "C-2", wants_releases=True)


def told(world):
    contact(world, "spoke_identity_checked", victim="V-2", case="C-2")


def waived(world):
    with world.about("V-2", "C-2") as (act, participation):
        people.waive(act, participation, "R6-ARREST", reason="told by the court")


@pytest.mark.parametrize(
    ("happens", "tasks"),
    [
        (suspended, {"call", "verify_contact"}),
        (stopped_by_reply, {"call", "verify_contact", "follow_up_inbound"}),
        (answered_by_another, {"call", "verify_contact"}),
        (closed, {"call"}),
        (not_automatic, {"call"}),
        (paused, set()),
        (declined, set()),
        (declined_but_for_releases, set()),
        (told, set()),
        (waived, set()),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_what_is_not_safe_any_more_is_not_handed_over_after_the_one_before_it(world, happens, tasks):
    waiting_together(world)
    during_the_first(world, lambda: happens(world))

    run_ticks(world, MONTH_LATER)

    assert asked(world) == [FIRST]
    kept_back = message_to(world, "V-2", MessageState.CANCELLED)
    assert (kept_back.attempt, kept_back.handed_over_at) == (0, None)
    assert {task.kind.value for task in world.rows(Task, victim_id=victim_id(world, "V-2"))} == tasks
    assert world.rows(ContactEntry, victim_id=victim_id(world, "V-2"), message_id=kept_back.id) == []


def test_the_others_in_hand_still_go(world):
    waiting_together(world, 3)
    during_the_first(world, lambda: suspended(world))

    run_ticks(world, MONTH_LATER)

    assert asked(world) == [FIRST, THIRD]


def test_what_a_pause_kept_back_is_written_anew_after_it_and_sent_once(world):
    waiting_together(world)
    during_the_first(world, lambda: paused(world))
    run_ticks(world, MONDAY + timedelta(hours=2))
    before = asked(world)

    resume(world, "V-2", "C-2")
    run_ticks(world, MONTH_LATER)

    assert (before, asked(world)) == ([FIRST], [FIRST, SECOND])
    assert message_to(world, "V-2", MessageState.ACCEPTED).attempt == 1


def test_what_a_new_plan_kept_back_is_written_anew_in_its_words(world):
    waiting_together(world)
    words = ChannelPlan("V-2-mobile", windows=OFFICE_HOURS, cover_text="Your library book is ready.")
    during_the_first(world, lambda: make_plan(world, words, victim="V-2", case="C-2"))

    run_ticks(world, MONTH_LATER)

    assert asked(world) == [FIRST, SECOND]
    assert "library book" in world.arrived[1].text
    assert world.states() == ["accepted", "accepted", "cancelled"]


def test_what_the_end_of_its_window_kept_back_waits_for_the_next_and_has_used_up_no_attempt(world):
    waiting_together(world, hours="09:00-09:03")
    during_the_first(world, lambda: world.clock.pass_time(seconds=90))

    run_ticks(world, MONDAY)
    waits = message_to(world, "V-2")
    run_ticks(world, MONTH_LATER)

    assert (waits.state, waits.not_before, waits.attempt) == (MessageState.HELD, TUESDAY, 0)
    assert [(one.to, one.at, one.outgoing.attempt) for one in world.arrived] == [
        (FIRST, MONDAY, 1),
        (SECOND, TUESDAY, 1),
    ]


def test_what_was_for_a_representative_whose_time_ran_out_meanwhile_goes_to_herself(world):
    waiting_together(world)
    speaks_for_the_second(world, ends_at=MONDAY + timedelta(minutes=1))
    during_the_first(world, lambda: world.clock.pass_time(minutes=1))

    run_ticks(world, MONTH_LATER)

    assert asked(world) == [FIRST, SECOND]
    assert world.arrived[1].outgoing.attempt == 1


def test_what_is_for_a_representative_whose_time_has_not_run_out_goes_there(world):
    waiting_together(world)
    speaks_for_the_second(world, ends_at=MONDAY + timedelta(minutes=1))
    during_the_first(world, lambda: world.clock.pass_time(seconds=59))

    run_ticks(world, MONTH_LATER)

    assert asked(world) == [FIRST, IDVA]


@pytest.mark.parametrize(
    ("took", "claimed"),
    [
        (LEASE / 2 - timedelta(seconds=1), MONDAY),
        (LEASE / 2, MONDAY + LEASE / 2),
        (LEASE * 2, MONDAY + LEASE * 2),
    ],
    ids=["not yet half the lease", "half the lease", "twice the lease"],
)
def test_a_claim_that_grew_old_hands_nothing_over_and_is_made_anew(world, took, claimed):
    waiting_together(world)
    during_the_first(world, lambda: world.clock.pass_time(seconds=took.total_seconds()))

    run_ticks(world, MONTH_LATER)

    assert asked(world) == [FIRST, SECOND]
    second = message_to(world, "V-2")
    assert (second.claimed_at, second.state, second.attempt) == (claimed, MessageState.ACCEPTED, 1)


def test_what_ansecond_took_over_from_an_old_claim_is_handed_over_by_that_one_alone(world, second):
    waiting_together(world)
    world.sms.answers.extend([Answer(), Answer(), Answer(TryLater("busy"), arrives=False)])

    def takes_over():
        world.clock.pass_time(seconds=LEASE.total_seconds())
        run_ticks(second, worker="other")

    during_the_first(world, takes_over)
    run_ticks(world, MONTH_LATER)

    assert Counter(one.to for one in world.arrived) == Counter([FIRST, SECOND])
    assert Counter(asked(world)) == Counter([FIRST, FIRST, SECOND])
    assert message_to(world, "V-2").claimed_by == "other"


def test_of_those_that_wait_for_the_next_wave_the_gate_is_asked_anew(world):
    waiting_together(world, victims=4)
    world.sms.at_once = 2

    def suspend_two() -> None:
        suspend_point(world, "V-2-mobile")
        suspend_point(world, "V-3-mobile")

    during_the_first(world, suspend_two)

    run_ticks(world, MONDAY)

    # The second had left beside the first; the fourth goes with the second wave, without the third.
    assert asked(world) == [FIRST, SECOND, "+447700900004"]


def test_what_has_left_is_recorded_though_the_gate_cannot_be_asked_for_the_next(world, tmp_path):
    waiting_together(world)
    world.clock.now = MONDAY
    away = sessionmaker(create_engine(f"sqlite:///{tmp_path / 'no such folder' / 'x.db'}"))
    services = world.services

    send_due(
        services.sessions,
        away,
        services.keys,
        services.writer,
        services.providers,
        clock=world.clock,
        worker="any",
    )

    assert sorted(world.states()) == ["accepted", "queued"]
    assert asked(world) == [FIRST]


def test_an_answer_that_comes_after_all_is_believed_and_nothing_is_sent_again(world):
    waiting_together(world, victims=1)
    world.clock.now = MONDAY
    services = world.services
    _, claims = claim_due(
        services.sessions,
        services.keys,
        services.writer,
        services.providers,
        at=MONDAY,
        worker="slow",
        limit=9,
    )
    world.clock.now = MONDAY + LEASE
    reconcile(
        services.sessions, services.database.reads, services.keys, services.providers, clock=world.clock
    )
    assert world.states() == ["queued"]

    record_answers(services.sessions, services.keys, [(claims[0], Accepted("late"))], at=world.clock)
    run_ticks(world, TUESDAY)

    assert (world.states(), asked(world)) == (["accepted"], [])


def waiting_together(world, victims=2, hours="09:00-17:00"):
    """So many victims, each in a case of her own, whose messages leave in one batch on Monday, in their order."""
    world.clock.now = SATURDAY
    for n in range(1, victims + 1):
        victim, case = f"V-{n}", f"C-{n}"
        if n > 1:
            make_case(world, case)
        make_victim(world, victim, case=case, mobile=f"07700 90000{n}")
        terms = ChannelPlan(f"{victim}-mobile", windows=[make_window("mon tue wed thu fri", hours)])
        make_plan(world, terms, victim=victim, case=case)
        record(world, case=case)
        run_ticks(world)
        world.clock.pass_time(minutes=1)
    assert world.states() == ["held"] * victims


def speaks_for_the_second(world, ends_at):
    """The second victim's plan names her IDVA's mobile first, and her own after it."""
    with world.acting() as act:
        victim = victim_by_ref(act.session, "V-2")
        idva = people.add_representative(
            act,
            victim,
            kind=RepresentativeKind.IDVA,
            name="Idva Example",
            scope="all of it",
            consent_at=SATURDAY,
            starts_at=SATURDAY,
            ends_at=ends_at,
        )
        mobile = ContactPointKind.MOBILE
        point = add_contact_point(act, victim, ref="idva", kind=mobile, value=IDVA, representative=idva)
        verify(act, point, reason="rung back")
    make_plan(world, ChannelPlan("idva", windows=OFFICE_HOURS), SECOND_PLAN, victim="V-2", case="C-2")


def during_the_first(world, happens):
    """Let this happen while the first message is with its provider, and nothing during the others."""

    def witness(_outgoing, _at):
        world.sms.witness = lambda _outgoing, _at: None
        happens()

    world.sms.witness = witness


def asked(world):
    return [outgoing.to for outgoing in world.sms.asked]


def victim_id(world, ref):
    return world.row(Victim, ref=ref).id


def message_to(world, ref, state=None):
    """The one message that was written to a victim; or the one of hers in a state."""
    equal = {} if state is None else {"state": state}
    return world.row(Message, victim_id=victim_id(world, ref), **equal)
