"""Due times by the convention of docs/code.md."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from notify.planning.calendar import Overrides, england_and_wales
from notify.planning.rules.due import due_at, end_of, no_change_day, start_of, urgent_by
from notify.planning.rules.working_days import local_date

LONDON = ZoneInfo("Europe/London")
ENGLAND = england_and_wales(Overrides(frozenset(), frozenset()))
MOMENT = timedelta(microseconds=1)

START = datetime(2016, 1, 1, tzinfo=UTC)

instants = st.integers(0, 33 * 366 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes))
counts = st.integers(1, 30)


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("clock_start", "days", "expected"),
    [
        ("2026-01-02T16:00", 1, "2026-01-06T00:00"),  # Friday -> the end of Monday
        ("2026-01-02T16:00", 5, "2026-01-10T00:00"),  # Friday -> the end of the next Friday
        ("2026-01-03T16:00", 1, "2026-01-06T00:00"),  # Saturday: the same Monday
        ("2026-01-05T00:00", 1, "2026-01-07T00:00"),  # Monday 00:00 is Monday: the end of Tuesday
        ("2026-01-04T23:59", 1, "2026-01-06T00:00"),  # a minute earlier it is still Sunday
        ("2026-07-01T22:59", 1, "2026-07-02T23:00"),  # Wednesday 23:59 in London
        (
            "2026-07-01T23:00",
            1,
            "2026-07-03T23:00",
        ),  # Thursday 00:00 in London: midnight UTC is not the border
        ("2026-03-27T12:00", 1, "2026-03-30T23:00"),  # over the night the clocks go forward
        ("2026-10-23T12:00", 1, "2026-10-27T00:00"),  # and back
        ("2026-12-24T12:00", 1, "2026-12-30T00:00"),  # Christmas 2026
        ("2026-12-24T12:00", 5, "2027-01-06T00:00"),  # and over the year's end
        ("2026-04-02T12:00", 1, "2026-04-07T23:00"),  # Easter 2026
    ],
)
def test_a_duty_is_due_when_the_nth_working_day_after_the_clock_start_ends(clock_start, days, expected):
    assert due_at(utc(clock_start), days, ENGLAND) == utc(expected)


@given(at=instants, days=counts)
def test_a_duty_is_never_due_on_a_closed_day(at, days):
    assert ENGLAND.counts(local_date(due_at(at, days, ENGLAND) - MOMENT))


@given(at=instants, days=counts)
def test_a_duty_is_due_at_midnight_in_london_after_its_clock_start(at, days):
    due = due_at(at, days, ENGLAND)

    assert (due.astimezone(LONDON).hour, due.astimezone(LONDON).minute, due.second) == (0, 0, 0)
    assert due - at > timedelta(hours=24)


@given(at=instants, days=counts, more=counts)
def test_more_days_are_never_due_earlier_so_enhanced_is_never_later_than_standard(at, days, more):
    assert due_at(at, days, ENGLAND) < due_at(at, days + more, ENGLAND)


@given(at=instants, wait=st.timedeltas(timedelta(0), timedelta(days=40)), days=counts)
def test_a_later_clock_start_is_never_due_earlier(at, wait, days):
    assert due_at(at, days, ENGLAND) <= due_at(at + wait, days, ENGLAND)


@given(at=instants, days=counts, closed=st.dates(date(2016, 1, 1), date(2049, 1, 1)))
def test_one_more_bank_holiday_never_brings_a_due_time_forward(at, days, closed):
    fewer = england_and_wales(Overrides(frozenset({closed}), frozenset()))

    assert due_at(at, days, ENGLAND) <= due_at(at, days, fewer)


@pytest.mark.parametrize("start", ["2026-03-28T23:00", "2026-10-24T23:00", "2026-01-02T22:00"])
def test_urgent_hours_are_real_hours_even_when_the_clocks_change(start):
    at = datetime.fromisoformat(start).replace(tzinfo=LONDON)

    assert urgent_by(at, 4) - at.astimezone(UTC) == timedelta(hours=4)
    assert urgent_by(at, 4).tzinfo is UTC


def test_before_the_victim_was_ever_reached_the_agreed_frequency_counts_from_the_agreement():
    assert no_change_day(utc("2026-01-05T09:00"), None, 28) == date(2026, 2, 2)


def test_once_the_victim_was_reached_the_agreed_frequency_counts_from_then():
    assert no_change_day(utc("2026-01-05T09:00"), utc("2026-01-09T09:00"), 28) == date(2026, 2, 6)


def test_a_plan_agreed_anew_starts_the_frequency_anew():
    assert no_change_day(utc("2026-01-20T09:00"), utc("2026-01-09T09:00"), 28) == date(2026, 2, 17)


def test_the_frequency_counts_days_of_london():
    assert no_change_day(utc("2026-07-01T23:30"), None, 7) == date(2026, 7, 9)


@given(agreed=instants, reached=instants, every=st.integers(1, 365))
def test_the_no_change_day_is_never_earlier_for_having_been_reached(agreed, reached, every):
    assume(reached > agreed)

    assert no_change_day(agreed, reached, every) >= no_change_day(agreed, None, every)


@given(day=st.dates(date(2016, 1, 1), date(2049, 1, 1)))
def test_days_follow_each_other_without_a_gap(day):
    assert end_of(day) == start_of(day + timedelta(days=1))
    assert local_date(start_of(day)) == day
    assert local_date(end_of(day) - MOMENT) == day
