"""When a victim may be contacted, from weekly windows in London wall time."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.vocabulary import Weekday
from notify.delivery.rules.windows import (
    LONDON,
    LONGEST_TRIED,
    LONGEST_VALIDITY,
    MIN_ROOM,
    Interval,
    Window,
    is_safe,
    next_safe,
    valid_until,
)

EVERY_DAY = frozenset(Weekday)
NEVER: frozenset[date] = frozenset()
MINUTE = timedelta(minutes=1)
SPRING = date(2026, 3, 29)  # 01:00 to 02:00 on the wall is skipped
AUTUMN = date(2026, 10, 25)  # 01:00 to 02:00 on the wall comes twice


def make_window(opens: str, closes: str, days: AbstractSet[Weekday] = EVERY_DAY) -> Window:
    return Window(frozenset(days), time.fromisoformat(opens), time.fromisoformat(closes))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def between(start: str, end: str) -> Interval:
    return Interval(utc(start), utc(end))


def stretches(windows: Sequence[Window], after: str, count: int) -> list[Interval]:
    """The next `count` stretches, each asked for from the end of the one before."""
    found: list[Interval] = []
    at = utc(after)
    for _ in range(count):
        interval = next_safe(windows, NEVER, at)
        assert interval is not None
        found.append(interval)
        at = interval.end
    return found


def test_inside_a_window_it_is_safe_at_once_until_the_window_closes() -> None:
    found = next_safe([make_window("09:00", "17:00")], NEVER, utc("2026-01-05 12:34:56"))

    assert found == between("2026-01-05 12:34:56", "2026-01-05 17:00")


def test_a_window_holds_its_opening_instant_but_not_its_closing_one() -> None:
    window = make_window("09:00", "17:00")

    assert is_safe([window], NEVER, utc("2026-01-05 09:00"))
    assert not is_safe([window], NEVER, utc("2026-01-05 17:00"))


def test_windows_are_london_time_in_summer_too() -> None:
    found = next_safe([make_window("09:00", "17:00")], NEVER, utc("2026-07-06 00:00"))

    assert found == between("2026-07-06 08:00", "2026-07-06 16:00")


def test_a_stretch_with_too_little_left_is_passed_over() -> None:
    window = make_window("09:00", "17:00")

    enough = next_safe([window], NEVER, utc("2026-01-05 16:58"))
    too_little = next_safe([window], NEVER, utc("2026-01-05 16:58:01"))

    assert enough == between("2026-01-05 16:58", "2026-01-05 17:00")
    assert too_little == between("2026-01-06 09:00", "2026-01-06 17:00")


def test_windows_that_touch_or_overlap_are_one_stretch() -> None:
    windows = [make_window("12:00", "14:00"), make_window("09:00", "12:00"), make_window("13:00", "13:30")]

    assert next_safe(windows, NEVER, utc("2026-01-05 08:00")) == between(
        "2026-01-05 09:00", "2026-01-05 14:00"
    )


def test_a_window_across_midnight_belongs_to_the_day_it_opens_on() -> None:
    friday_night = make_window("22:00", "02:00", {Weekday.FRI})

    assert stretches([friday_night], "2026-01-05 00:00", 2) == [
        between("2026-01-09 22:00", "2026-01-10 02:00"),
        between("2026-01-16 22:00", "2026-01-17 02:00"),
    ]


def test_a_window_across_midnight_merges_with_the_next_morning() -> None:
    windows = [make_window("22:00", "02:00", {Weekday.FRI}), make_window("02:00", "05:00", {Weekday.SAT})]

    assert next_safe(windows, NEVER, utc("2026-01-09 23:00")) == between(
        "2026-01-09 23:00", "2026-01-10 05:00"
    )


def test_equal_times_last_a_day_from_that_time() -> None:
    found = next_safe([make_window("18:00", "18:00", {Weekday.MON})], NEVER, utc("2026-01-05 00:00"))

    assert found == between("2026-01-05 18:00", "2026-01-06 18:00")


def test_any_time_is_one_stretch_to_the_end_of_the_look_ahead() -> None:
    found = next_safe([make_window("00:00", "00:00")], NEVER, utc("2026-03-20 10:00"), days_ahead=20)

    assert found == between("2026-03-20 10:00", "2026-04-09 23:00")  # midnight in summer time


def test_a_never_date_stops_a_stretch_at_its_midnights() -> None:
    windows = [make_window("00:00", "00:00")]
    never = {date(2026, 7, 7)}

    before = next_safe(windows, never, utc("2026-07-06 12:00"))
    after = next_safe(windows, never, utc("2026-07-06 23:00"), days_ahead=1)

    assert before == between("2026-07-06 12:00", "2026-07-06 23:00")
    assert after == between("2026-07-07 23:00", "2026-07-08 23:00")


def test_a_never_date_cuts_off_the_night_before_it() -> None:
    friday_night = make_window("22:00", "02:00", {Weekday.FRI})

    found = next_safe([friday_night], {date(2026, 1, 10)}, utc("2026-01-09 12:00"))

    assert found == between("2026-01-09 22:00", "2026-01-10 00:00")


def test_a_window_inside_the_skipped_hour_does_not_exist_that_night() -> None:
    found = next_safe([make_window("01:00", "02:00")], NEVER, utc("2026-03-28 12:00"))

    assert found == between("2026-03-30 00:00", "2026-03-30 01:00")


def test_a_window_over_the_skipped_hour_is_an_hour_shorter() -> None:
    found = next_safe([make_window("00:00", "03:00")], NEVER, utc("2026-03-28 12:00"))

    assert found == between("2026-03-29 00:00", "2026-03-29 02:00")


def test_a_window_inside_the_repeated_hour_comes_twice() -> None:
    assert stretches([make_window("01:00", "01:30")], "2026-10-24 12:00", 3) == [
        between("2026-10-25 00:00", "2026-10-25 00:30"),
        between("2026-10-25 01:00", "2026-10-25 01:30"),
        between("2026-10-26 01:00", "2026-10-26 01:30"),
    ]


def test_a_window_over_the_repeated_hour_is_an_hour_longer() -> None:
    found = next_safe([make_window("22:00", "03:00")], NEVER, utc("2026-10-24 12:00"))

    assert found == between("2026-10-24 21:00", "2026-10-25 03:00")


@pytest.mark.parametrize("windows", [[], [Window(frozenset(), time(9), time(17))]])
def test_without_a_window_no_moment_is_safe(windows: list[Window]) -> None:
    assert next_safe(windows, NEVER, utc("2026-01-05 12:00")) is None


def test_windows_that_only_fall_on_never_dates_are_never_safe() -> None:
    mondays = {date(2026, 1, 5) + timedelta(weeks=week) for week in range(10)}

    assert next_safe([make_window("09:00", "17:00", {Weekday.MON})], mondays, utc("2026-01-05 12:00")) is None


def test_a_naive_instant_is_refused() -> None:
    naive = utc("2026-01-05 12:00").replace(tzinfo=None)

    with pytest.raises(ValueError, match="timezone-aware"):
        next_safe([make_window("09:00", "17:00")], NEVER, naive)
    with pytest.raises(ValueError, match="timezone-aware"):
        is_safe([make_window("09:00", "17:00")], NEVER, naive)


def test_a_message_stops_being_tried_a_minute_before_the_stretch_ends() -> None:
    hour = between("2026-01-05 09:00", "2026-01-05 10:00")

    assert valid_until(hour, utc("2026-01-05 09:30")) == utc("2026-01-05 09:59")


def test_a_message_is_never_tried_for_longer_than_a_provider_can() -> None:
    day = between("2026-01-05 00:00", "2026-01-06 00:00")

    assert valid_until(day, utc("2026-01-05 00:00")) == utc("2026-01-05 10:00")


minutes = st.integers(0, 24 * 60 - 1).map(lambda minute: time(minute // 60, minute % 60))
windows_ = st.builds(Window, st.frozensets(st.sampled_from(Weekday), max_size=7), minutes, minutes)
around = st.sampled_from([SPRING, AUTUMN, date(2026, 7, 6), date(2025, 12, 31)])


@st.composite
def plans(draw: st.DrawFn) -> tuple[list[Window], frozenset[date], datetime]:
    """Windows, never dates, and an instant to the second, most near a clock change or a year's end."""
    day = draw(around)
    windows = draw(st.lists(windows_, max_size=4))
    never = draw(st.frozensets(st.integers(-2, 4).map(lambda days: day + timedelta(days)), max_size=3))
    seconds = draw(st.integers(-36 * 3600, 30 * 3600))
    return windows, never, datetime.combine(day, time.min, UTC) + timedelta(seconds=seconds)


def safe_minutes(
    windows: list[Window], never: AbstractSet[date], after: datetime, days_ahead: int
) -> Iterator[tuple[datetime, datetime, bool]]:
    """From `after` on, minute by minute on the clock: from, to, and whether the definition calls it safe."""
    last = after.astimezone(LONDON).date() + timedelta(days_ahead)
    while after.astimezone(LONDON).date() <= last:
        to = after.replace(second=0, microsecond=0) + MINUTE
        yield after, to, is_safe(windows, never, after)
        after = to


def first_stretch(
    windows: list[Window], never: AbstractSet[date], after: datetime, days_ahead: int
) -> Interval | None:
    start = end = after
    for _, to, safe in safe_minutes(windows, never, after, days_ahead):
        if not safe:
            start = to
        elif to - start >= MIN_ROOM and not is_safe(windows, never, to):
            return Interval(start, to)
        end = to
    return Interval(start, end) if end - start >= MIN_ROOM else None


@settings(deadline=None)
@given(plans())
@example(([make_window("01:00", "01:30")], NEVER, utc("2026-10-24 23:59:30")))
@example(([make_window("01:30", "01:00")], NEVER, utc("2026-03-28 23:59:30")))
@example(([make_window("23:59", "00:01")], frozenset({AUTUMN}), utc("2026-10-24 22:58:30")))
def test_the_next_safe_stretch_is_what_the_definition_says_minute_by_minute(
    plan: tuple[list[Window], frozenset[date], datetime],
) -> None:
    windows, never, after = plan

    assert next_safe(windows, never, after, days_ahead=2) == first_stretch(windows, never, after, 2)


@settings(deadline=None)
@given(plans())
def test_a_message_sent_in_a_stretch_stops_being_tried_while_it_is_still_safe(
    plan: tuple[list[Window], frozenset[date], datetime],
) -> None:
    windows, never, after = plan
    interval = next_safe(windows, never, after)

    if interval is not None:
        until = valid_until(interval, interval.start)

        assert interval.start + MINUTE <= until <= interval.start + LONGEST_VALIDITY
        assert is_safe(windows, never, until)
        assert until < interval.end


@given(
    opens=st.times(),
    closes=st.times(),
    minutes=st.integers(0, 60 * 24 * 366),
)
def test_a_stretch_that_is_not_followed_to_its_end_gives_a_message_the_same_start_and_validity(
    opens: time, closes: time, minutes: int
) -> None:
    windows = [
        Window(
            frozenset(EVERY_DAY),
            opens.replace(second=0, microsecond=0),
            closes.replace(second=0, microsecond=0),
        )
    ]
    at = utc("2026-01-05 00:00") + timedelta(minutes=minutes)

    whole, part = next_safe(windows, NEVER, at), next_safe(windows, NEVER, at, enough=LONGEST_TRIED)

    if whole is None or part is None:  # a window too short for any message
        assert whole is part
    else:
        assert part.start == whole.start
        assert valid_until(part, part.start) == valid_until(whole, whole.start)
