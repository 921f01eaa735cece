"""Safe windows: when a victim may be contacted, from weekly London wall times to exact UTC stretches."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from models.vocabulary import Weekday

LONDON = ZoneInfo("Europe/London")
MIN_ROOM = timedelta(minutes=2)
"""A stretch with less left than this is passed over: a message could not arrive inside it."""
VALIDITY_MARGIN = timedelta(seconds=60)
"""How long before the end of a stretch a provider must stop trying."""
LONGEST_VALIDITY = timedelta(seconds=36_000)
"""The longest validity period that an SMS provider accepts (Twilio, `ValidityPeriod`)."""

LONGEST_TRIED = LONGEST_VALIDITY + VALIDITY_MARGIN
"""A stretch that has as much left gives a message its whole validity, wherever it ends."""

_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_WEEK = tuple(Weekday)  # in the order of date.weekday(): Monday is 0

_Wall = tuple[timedelta, timedelta]  # from, to: wall time of one local date, counted from 00:00
_WHOLE_DAY: tuple[_Wall, ...] = ((timedelta(0), _DAY),)
_Piece = tuple[datetime, datetime, datetime]  # start, end, and what 00:00 on the wall is under its UTC offset


@dataclass(frozen=True, slots=True)
class Window:
    """Weekly safe time in naive London wall time, from `opens` up to but without `closes`.

    `closes` not later than `opens` crosses midnight into the next day; equal times last 24 hours on the wall.
    """

    days: frozenset[Weekday]
    opens: time
    closes: time

    @property
    def crosses_midnight(self) -> bool:
        return self.closes <= self.opens


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch of time in UTC, from `start` up to but without `end`."""

    start: datetime
    end: datetime


def is_safe(windows: Sequence[Window], never_dates: AbstractSet[date], at: datetime) -> bool:
    """Whether the instant `at` is safe: the definition that `next_safe` must agree with.

    The London wall time must lie in a window of its own date, or in one of the day before that crosses midnight,
    and its own local date must not be a never date.

    >>> evening = Window(frozenset({Weekday.MON}), time(22), time(1))
    >>> is_safe([evening], frozenset(), datetime(2026, 7, 6, 21, 0, tzinfo=UTC))  # Monday 22:00 BST
    True
    >>> is_safe([evening], frozenset(), datetime(2026, 7, 7, 0, 0, tzinfo=UTC))  # Tuesday 01:00 BST
    False
    """
    local = _in_london(at)
    wall = local.time()
    if local.date() in never_dates:
        return False
    today, yesterday = _WEEK[local.weekday()], _WEEK[local.weekday() - 1]
    for window in windows:
        before_close = wall < window.closes
        if today in window.days and window.opens <= wall and (window.crosses_midnight or before_close):
            return True
        if yesterday in window.days and window.crosses_midnight and before_close:
            return True
    return False


def next_day(at: datetime) -> datetime:
    """The UTC instant at which the London date after that of `at` begins.

    >>> next_day(datetime(2026, 7, 6, 22, 30, tzinfo=UTC)).isoformat()  # 23:30 BST
    '2026-07-06T23:00:00+00:00'
    """
    return datetime.combine(_in_london(at).date() + _DAY, time(0), LONDON).astimezone(UTC)


def next_safe(
    windows: Sequence[Window],
    never_dates: AbstractSet[date],
    after: datetime,
    *,
    room: timedelta = MIN_ROOM,
    days_ahead: int = 60,
    enough: timedelta = timedelta.max,
) -> Interval | None:
    """The first safe stretch with at least `room` left at or after `after`, its start clipped to `after`.

    Stretches that touch or overlap are one, across midnight too. Looks at the local date of `after` and
    `days_ahead` dates more: a longer stretch is cut there, and None means that nothing was found so far. One that is
    `enough` long is not followed to its end.
    ValueError for a naive `after`.

    >>> office = Window(frozenset({Weekday.MON}), time(9), time(17))
    >>> found = next_safe([office], frozenset(), datetime(2026, 7, 3, 12, 0, tzinfo=UTC))  # a Friday
    >>> found.start.isoformat(), found.end.isoformat()
    ('2026-07-06T08:00:00+00:00', '2026-07-06T16:00:00+00:00')
    >>> next_safe([office], {date(2026, 7, 6)}, datetime(2026, 7, 3, 12, 0, tzinfo=UTC), days_ahead=7) is None
    True
    """
    start = end = _in_london(after).astimezone(UTC)
    for opens, closes in _stretches(_weekly(tuple(windows)), never_dates, start, days_ahead):
        if opens == end:
            end = closes
        elif start < end and end - start >= room:
            break
        else:
            start, end = opens, closes
        if end - start >= enough:
            break
    return Interval(start, end) if start < end and end - start >= room else None


def valid_until(
    interval: Interval,
    at: datetime,
    *,
    margin: timedelta = VALIDITY_MARGIN,
    longest: timedelta = LONGEST_VALIDITY,
) -> datetime:
    """When a message handed over at `at` must stop being tried, so that it can't land outside `interval`.

    >>> hour = Interval(datetime(2026, 7, 6, 8, tzinfo=UTC), datetime(2026, 7, 6, 9, tzinfo=UTC))
    >>> valid_until(hour, hour.start).isoformat()
    '2026-07-06T08:59:00+00:00'
    """
    return min(interval.end - margin, at + longest)


def _in_london(at: datetime) -> datetime:
    if at.tzinfo is None:
        # astimezone() would quietly take a naive instant as the machine's local time.
        msg = "an instant must be timezone-aware"
        raise ValueError(msg)
    return at.astimezone(LONDON)


def _stretches(
    weekly: tuple[tuple[_Wall, ...], ...], never_dates: AbstractSet[date], after: datetime, days_ahead: int
) -> Iterator[tuple[datetime, datetime]]:
    """Safe stretches that end after `after`: in order, apart or touching, cut at midnights and clock changes."""
    first = _in_london(after).date()
    for ordinal in range(first.toordinal(), first.toordinal() + days_ahead + 1):
        walls = weekly[(ordinal - 1) % 7]  # ordinal 1 was a Monday
        if not walls:
            continue
        day, pieces = _pieces(ordinal)
        if day in never_dates:
            continue
        if walls is _WHOLE_DAY and day != first:
            # "Any time" is the longest walk, to the end of the look-ahead: no sums for its days.
            yield pieces[0][0], pieces[-1][1]
            continue
        for piece_start, piece_end, midnight in pieces:
            for wall_from, wall_to in walls:
                opens = max(midnight + wall_from, piece_start, after)
                closes = min(midnight + wall_to, piece_end)
                if opens < closes:
                    yield opens, closes


@lru_cache(maxsize=4096)
def _weekly(windows: tuple[Window, ...]) -> tuple[tuple[_Wall, ...], ...]:
    """For each weekday, Monday first: the safe wall times of such a date, in order, merged."""
    weekly = []
    for number, today in enumerate(_WEEK):
        yesterday = _WEEK[number - 1]
        walls: list[_Wall] = []
        for window in windows:
            opens, closes = _since_midnight(window.opens), _since_midnight(window.closes)
            if today in window.days:
                walls.append((opens, _DAY if window.crosses_midnight else closes))
            if yesterday in window.days and window.crosses_midnight:
                walls.append((timedelta(0), closes))
        weekly.append(_merged(walls))
    return tuple(weekly)


def _merged(walls: list[_Wall]) -> tuple[_Wall, ...]:
    merged: list[_Wall] = []
    for start, end in sorted(walls):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        elif start < end:
            merged.append((start, end))
    return _WHOLE_DAY if merged == [*_WHOLE_DAY] else tuple(merged)


def _since_midnight(wall: time) -> timedelta:
    return datetime.combine(date.min, wall) - datetime.combine(date.min, time.min)


@lru_cache(maxsize=4096)
def _pieces(ordinal: int) -> tuple[date, tuple[_Piece, ...]]:
    """A local date and its parts that keep one UTC offset: one, or two on the date of a clock change.

    Within a part, wall time is UTC plus a constant, so the wall-clock definition holds through the skipped and the
    repeated hour without any rule of its own. London changes its clocks on whole UTC hours.
    """
    day = date.fromordinal(ordinal)
    at, end = _local_midnight(day), _local_midnight(day + _DAY)
    pieces: list[_Piece] = []
    while at < end:
        wall = at.astimezone(LONDON).replace(tzinfo=UTC)
        midnight = datetime.combine(day, time.min, UTC) - (wall - at)
        start = pieces.pop()[0] if pieces and pieces[-1][2] == midnight else at
        at += _HOUR
        pieces.append((start, at, midnight))
    return day, tuple(pieces)


def _local_midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, LONDON).astimezone(UTC)
