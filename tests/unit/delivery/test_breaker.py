"""When a provider that fails is left alone, and how it is tried again."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.vocabulary import BreakerState
from notify.delivery.rules.breaker import FAILING, Breaker, Health, Word

NOON = datetime(2026, 7, 6, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
BREAKER = Breaker()
WELL = Health(NOON)

waits = st.none() | st.timedeltas(timedelta(0), timedelta(days=3))
steps = st.lists(
    st.tuples(st.sampled_from([*Word, "tried"]), st.timedeltas(timedelta(0), timedelta(minutes=20)), waits),
    max_size=40,
)


def fail(health: Health, times: int = 1, *, at: datetime = NOON) -> Health:
    for _ in range(times):
        health = BREAKER.after(health, Word.FAILING, at, reason="no_connection")
    return health


def opened(*, at: datetime = NOON) -> Health:
    return fail(WELL, BREAKER.failures, at=at)


def test_fewer_bad_answers_than_it_takes_hold_nothing_back():
    assert BREAKER.most(fail(WELL, BREAKER.failures - 1), NOON) is None


def test_enough_bad_answers_in_a_row_leave_a_provider_alone():
    health = opened()

    assert health.state is BreakerState.OPEN
    assert (health.ready_at, health.since, health.reason) == (NOON + BREAKER.first, NOON, "no_connection")
    assert BREAKER.most(health, NOON + BREAKER.first - SECOND) == 0


def test_a_good_answer_between_them_begins_the_count_anew():
    health = BREAKER.after(fail(WELL, BREAKER.failures - 1), Word.WELL, NOON, reason="")

    assert fail(health, BREAKER.failures - 1).state is BreakerState.CLOSED


def test_when_the_wait_is_over_a_few_are_let_through_and_no_more_until_they_are_answered():
    later = NOON + BREAKER.first
    health = opened()

    assert BREAKER.most(health, later) == BREAKER.probes
    trying = BREAKER.tried(health, later)

    assert trying.state is BreakerState.HALF_OPEN
    assert BREAKER.most(trying, later + SECOND) == 0


def test_a_few_that_are_never_answered_do_not_keep_others_from_trying():
    trying = BREAKER.tried(opened(), NOON + BREAKER.first)

    assert BREAKER.most(trying, NOON + BREAKER.first + BREAKER.patience) == BREAKER.probes


def test_one_good_answer_to_those_opens_the_way_at_once():
    later = NOON + BREAKER.first
    health = BREAKER.after(BREAKER.tried(opened(), later), Word.WELL, later, reason="")

    assert health == Health(later)
    assert BREAKER.most(health, later) is None


def test_each_time_in_a_row_it_is_left_alone_for_longer_up_to_the_longest():
    health, at, alone = opened(), NOON, []
    for _ in range(8):
        alone.append((health.ready_at - at) / SECOND)
        at = health.ready_at
        health = fail(BREAKER.tried(health, at), at=at)

    assert alone == [30, 60, 120, 240, 480, 600, 600, 600]
    assert health.since == NOON


def test_an_answer_to_what_was_asked_before_it_was_left_alone_changes_nothing():
    health = opened()

    assert fail(health) == health
    assert BREAKER.after(health, Word.WELL, NOON, reason="") == health


def test_a_provider_that_says_how_long_it_wants_to_be_left_alone_is_left_alone_so_long_at_once():
    wait = timedelta(seconds=7)

    health = BREAKER.after(WELL, Word.BUSY, NOON, reason="too_many_requests", wait=wait)

    assert (health.state, health.ready_at) == (BreakerState.OPEN, NOON + wait)


def test_one_that_does_not_say_how_long_is_left_alone_as_after_failures():
    assert BREAKER.after(WELL, Word.BUSY, NOON, reason="busy").ready_at == NOON + BREAKER.first


@pytest.mark.parametrize("asked", [timedelta(days=2), timedelta.max])
def test_one_that_asks_for_ever_is_tried_again_after_a_day(asked):
    health = BREAKER.after(WELL, Word.BUSY, NOON, reason="busy", wait=asked)

    assert health.ready_at == NOON + timedelta(days=1)


def test_reasons_that_may_be_about_one_message_leave_nobody_alone():
    assert not FAILING & {"recipient_refused", "content_refused", "policy_refused", "rejected", "opted_out"}


@given(steps)
def test_whatever_happens_it_opens_only_with_cause_and_lets_through_few_at_a_time(moves):
    health, at, bad = WELL, NOON, 0
    for move, passed, wait in moves:
        at += passed
        before = health
        if move == "tried":
            if BREAKER.most(health, at) == 0:
                continue
            health = BREAKER.tried(health, at)
        else:
            health = BREAKER.after(health, move, at, reason="r", wait=wait)
            bad = bad + 1 if move is Word.FAILING else 0
        closed = health.state is BreakerState.CLOSED
        if closed:
            assert (health.trips, BREAKER.most(health, at)) == (0, None)
            assert health.failures < BREAKER.failures
        else:
            assert health.since is not None
            assert BREAKER.most(health, health.ready_at) == BREAKER.probes
            assert health.ready_at - at <= max(BREAKER.longest_asked, BREAKER.longest)
        if before.state is BreakerState.CLOSED and not closed:
            assert move is Word.BUSY or bad >= BREAKER.failures
        if before.state is BreakerState.OPEN and move != "tried":
            assert health.state is BreakerState.OPEN
            assert health.ready_at >= before.ready_at
