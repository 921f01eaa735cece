"""Working days: which days count, and counting on from a day or an instant."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify.planning.calendar import Overrides, england_and_wales
from notify.planning.rules.working_days import WorkingDays, local_date

START = datetime(2016, 1, 1, tzinfo=UTC)
LONDON = ZoneInfo("Europe/London")
ENGLAND = england_and_wales(Overrides(frozenset(), frozenset()))

days = st.dates(date(2016, 1, 1), date(2049, 1, 1))
instants = st.integers(0, 33 * 366 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes))
counts = st.integers(1, 30)


def london(text):
    return datetime.fromisoformat(text).replace(tzinfo=LONDON)


def test_a_saturday_a_sunday_and_a_bank_holiday_do_not_count():
    week = [
        date(2026, 8, 28) + timedelta(days=n) for n in range(5)
    ]  # Friday to Tuesday, Monday being a holiday

    assert [ENGLAND.counts(day) for day in week] == [True, False, False, False, True]


@pytest.mark.parametrize(
    ("day", "n", "expected"),
    [
        ("2026-04-02", 1, "2026-04-07"),  # Thursday before Easter -> Tuesday after it
        ("2026-04-02", 2, "2026-04-08"),
        ("2026-04-04", 1, "2026-04-07"),  # Easter Saturday
        (
            "2026-12-24",
            1,
            "2026-12-29",
        ),  # Christmas Eve: Boxing Day is a Saturday, so Monday is closed as well
        ("2026-12-24", 4, "2027-01-04"),  # 29, 30, 31 December; New Year's Day is a Friday
        ("2026-12-31", 1, "2027-01-04"),
        ("2027-12-24", 1, "2027-12-29"),  # both days of Christmas fall on the weekend
    ],
)
def test_the_nth_working_day_steps_over_easter_christmas_and_new_year(day, n, expected):
    assert ENGLAND.nth_after(date.fromisoformat(day), n) == date.fromisoformat(expected)


@pytest.mark.parametrize("n", [0, -1])
def test_a_count_below_one_is_refused(n):
    with pytest.raises(ValueError, match="1 or more"):
        ENGLAND.nth_after(date(2026, 1, 5), n)


@given(day=days, n=counts)
def test_the_nth_working_day_has_exactly_n_working_days_up_to_it(day, n):
    found = ENGLAND.nth_after(day, n)

    assert sum(ENGLAND.counts(day + timedelta(days=k)) for k in range(1, (found - day).days + 1)) == n
    assert ENGLAND.counts(found)


@given(day=days)
def test_a_day_ends_at_midnight_in_london_whatever_the_season(day):
    end = ENGLAND.end_of(day)

    assert end.tzinfo is UTC
    assert end.astimezone(LONDON).replace(tzinfo=None) == datetime.combine(
        day + timedelta(days=1), datetime.min.time()
    )


@pytest.mark.parametrize(
    ("day", "end"),
    [
        ("2026-03-28", "2026-03-29T00:00+00:00"),  # the day before the clocks go forward
        ("2026-03-29", "2026-03-29T23:00+00:00"),  # 23 hours long
        ("2026-10-24", "2026-10-24T23:00+00:00"),
        ("2026-10-25", "2026-10-26T00:00+00:00"),  # 25 hours long
    ],
)
def test_the_days_on_which_the_clocks_change_end_at_midnight_too(day, end):
    assert ENGLAND.end_of(date.fromisoformat(day)) == datetime.fromisoformat(end)


@pytest.mark.parametrize(
    ("at", "n", "expected"),
    [
        ("2026-01-06T00:00", 1, "2026-01-07T00:00"),  # Tuesday 00:00 ends Monday -> the end of Tuesday
        ("2026-01-10T00:00", 1, "2026-01-13T00:00"),  # Saturday 00:00 ends Friday -> the end of Monday
        ("2026-01-09T18:00", 1, "2026-01-12T18:00"),  # Friday 18:00 -> Monday 18:00
        ("2026-01-09T18:00", 3, "2026-01-14T18:00"),
        ("2026-04-03T00:00", 1, "2026-04-08T00:00"),  # the end of Thursday, over Easter -> the end of Tuesday
        ("2026-03-27T18:00", 1, "2026-03-30T18:00"),  # the clocks go forward on the way
        ("2026-03-28T00:00", 1, "2026-03-31T00:00"),
        ("2026-10-23T18:00", 1, "2026-10-26T18:00"),  # and back
    ],
)
def test_later_keeps_the_time_of_day_and_takes_midnight_for_the_end_of_the_day_before(at, n, expected):
    assert ENGLAND.later(london(at), n) == london(expected)


@given(at=instants, n=counts)
def test_later_lands_on_a_working_day_or_at_the_end_of_one(at, n):
    later = ENGLAND.later(at, n)

    assert later > at
    assert ENGLAND.counts(local_date(later - timedelta(microseconds=1))) or ENGLAND.counts(local_date(later))


@given(day=days, n=counts, more=counts)
def test_from_the_end_of_a_working_day_later_is_the_end_of_the_nth_next_one(day, n, more):
    end = ENGLAND.end_of(ENGLAND.nth_after(day, n))

    assert ENGLAND.later(end, more) == ENGLAND.end_of(ENGLAND.nth_after(day, n + more))


def test_with_no_closed_days_only_weekends_are_stepped_over():
    assert WorkingDays(frozenset()).nth_after(date(2026, 12, 24), 1) == date(2026, 12, 25)
