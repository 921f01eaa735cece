"""The clock tells UTC; dates are London's."""

from datetime import UTC, date, datetime

import pytest

from notify.clock import local_date, utc_now


def test_the_clock_tells_an_instant_in_utc():
    assert utc_now().tzinfo is UTC


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (datetime(2026, 1, 1, 23, 59, tzinfo=UTC), date(2026, 1, 1)),
        (datetime(2026, 3, 29, 22, 59, tzinfo=UTC), date(2026, 3, 29)),  # the first evening of summer time
        (datetime(2026, 3, 29, 23, 0, tzinfo=UTC), date(2026, 3, 30)),
        (datetime(2026, 10, 25, 23, 30, tzinfo=UTC), date(2026, 10, 25)),  # the first evening of winter time
    ],
)
def test_a_date_is_the_one_in_london(at, day):
    assert local_date(at) == day
