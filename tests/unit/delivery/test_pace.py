"""How many messages may leave by one sender now, where its provider sets a rate."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from notify.delivery.rules.pace import AT_ONCE, Pace

NOON = datetime(2026, 7, 6, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
TEN = Pace(10, SECOND)
paces = st.builds(Pace, st.integers(1, 1000), st.sampled_from([SECOND, timedelta(minutes=1)]))


def test_after_a_rest_a_second_s_worth_may_leave_together():
    assert TEN.room(NOON, NOON + timedelta(hours=1)) == 10


def test_what_was_taken_has_to_be_waited_for():
    noon = NOON + timedelta(hours=1)
    ready_at = TEN.after(NOON, noon, 10)

    assert TEN.room(ready_at, noon) == 0
    assert TEN.room(ready_at, noon + SECOND / 10) == 1
    assert TEN.room(ready_at, noon + SECOND / 2) == 5


def test_a_slow_pace_lets_one_leave_at_a_time():
    slow = Pace(6, timedelta(minutes=1))

    assert slow.room(NOON, NOON + timedelta(hours=1)) == 1
    assert slow.after(NOON, NOON, 1) == NOON + timedelta(seconds=10)


@given(paces, st.lists(st.tuples(st.timedeltas(timedelta(0), 3 * SECOND), st.floats(0, 1)), max_size=60))
def test_in_no_stretch_of_time_more_leave_than_its_pace_allows(pace, moments):
    at, ready_at, left = NOON, NOON, []
    for passed, share in moments:
        at += passed
        taken = round(pace.room(ready_at, at) * share)
        if taken:
            ready_at = pace.after(ready_at, at, taken)
            left.append((at, taken))

    for first in range(len(left)):
        for last in range(first, len(left)):
            length = left[last][0] - left[first][0]
            allowed = length // pace.step + pace.together
            assert sum(taken for _, taken in left[first : last + 1]) <= allowed


@given(paces)
def test_who_never_rests_gets_all_that_its_pace_allows(pace):
    at = ready_at = NOON
    for _ in range(50):
        at = max(at, ready_at)
        assert pace.room(ready_at, at) >= 1
        ready_at = pace.after(ready_at, at, 1)

    assert ready_at >= NOON + (51 - pace.together) * pace.step
    assert at <= NOON + 50 * pace.step
    assert pace.together * pace.step <= max(AT_ONCE, pace.step)
