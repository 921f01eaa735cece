"""When a hand-over that was certainly not accepted is tried again."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify.delivery.rules.retry import Retry

NOON = datetime(2026, 7, 6, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
jitters = st.floats(0, 1)


def test_each_wait_is_twice_the_one_before_up_to_the_longest() -> None:
    retry = Retry(attempts=9)

    tries = [retry.next_try(attempt, NOON, not_after=None, jitter=1) for attempt in range(1, 9)]

    waits = [(when - NOON) / SECOND for when in tries if when is not None]
    assert waits == [30, 60, 120, 240, 480, 900, 900, 900]


def test_jitter_takes_at_most_half_of_a_wait() -> None:
    assert Retry().next_try(1, NOON, not_after=None, jitter=0) == NOON + 15 * SECOND


def test_after_the_last_attempt_it_is_over() -> None:
    assert Retry(attempts=2).next_try(1, NOON, not_after=None, jitter=0) is not None
    assert Retry(attempts=2).next_try(2, NOON, not_after=None, jitter=0) is None


def test_a_try_that_would_come_too_late_is_not_made() -> None:
    assert Retry().next_try(1, NOON, not_after=NOON + 30 * SECOND, jitter=1) == NOON + 30 * SECOND
    assert Retry().next_try(1, NOON, not_after=NOON + 29 * SECOND, jitter=1) is None


def test_a_provider_that_asks_for_longer_is_given_longer() -> None:
    hour = timedelta(hours=1)

    assert Retry().next_try(1, NOON, not_after=None, retry_after=hour, jitter=0) == NOON + hour


def test_a_provider_that_asks_for_less_does_not_shorten_the_wait() -> None:
    assert Retry().next_try(1, NOON, not_after=None, retry_after=SECOND, jitter=1) == NOON + 30 * SECOND


def test_a_provider_that_asks_for_ever_is_not_waited_for() -> None:
    assert Retry().next_try(1, NOON, not_after=None, retry_after=timedelta.max, jitter=0) is None


@pytest.mark.parametrize(("attempt", "jitter"), [(0, 0.5), (1, -0.1), (1, 1.1)])
def test_nonsense_is_refused(attempt: int, jitter: float) -> None:
    with pytest.raises(ValueError, match="attempt"):
        Retry().next_try(attempt, NOON, not_after=None, jitter=jitter)


@given(
    attempt=st.integers(1, 8),
    jitter=jitters,
    room=st.none() | st.timedeltas(timedelta(0), timedelta(hours=1)),
    retry_after=st.none() | st.timedeltas(timedelta(0), timedelta(hours=1)),
)
def test_a_next_try_is_later_than_now_within_the_limits_and_not_before_the_provider_allows(
    attempt: int, jitter: float, room: timedelta | None, retry_after: timedelta | None
) -> None:
    retry = Retry()

    when = retry.next_try(
        attempt, NOON, not_after=None if room is None else NOON + room, retry_after=retry_after, jitter=jitter
    )

    asked = retry_after or timedelta(0)
    if attempt >= retry.attempts:
        assert when is None
    elif when is None:
        assert room is not None
        assert room < max(retry.longest, asked)
    else:
        assert max(retry.first / 2, asked) <= when - NOON <= max(retry.longest, asked)
        assert room is None or when <= NOON + room
