"""When a daily digest is due, and when one that did not go is tried again or given up."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
ONE_DAY = timedelta(days=1)
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
TRIED_FOR = timedelta(hours=6)
"""A summary of the morning that comes in the evening helps nobody."""


@dataclass(frozen=True, slots=True)
class DigestTimes:
    """The time of day in London at which digests go, None for no digests; and which days are working days."""

    at: time | None
    works: Callable[[date], bool]

    def due_on(self, day: date) -> datetime:
        """The UTC instant at which the digest of a working day is due. Without digests it is looked at when the day begins.

        British clocks change on Sundays, so no time of a working day is skipped or comes twice:

        >>> DigestTimes(time(7, 30), lambda day: True).due_on(date(2026, 3, 30)).isoformat()
        '2026-03-30T06:30:00+00:00'
        """
        return datetime.combine(day, self.at or time(0), LONDON).astimezone(UTC)

    def next_day(self, at: datetime, *, after: date | None = None) -> date:
        """The first working day, later than the day `after`, whose digest is due after an instant."""
        today = at.astimezone(LONDON).date()
        day = max(today, after + ONE_DAY) if after else today
        while not self.works(day) or self.due_on(day) <= at:
            day += ONE_DAY
        return day

    def is_for(self, day: date, at: datetime) -> bool:
        """Whether the digest of a day may go at an instant: it is a working day, its time has come and it is not over."""
        is_today = day == at.astimezone(LONDON).date()
        return self.at is not None and is_today and self.works(day) and self.due_on(day) <= at


def next_try(tries: int, due_at: datetime, at: datetime) -> datetime | None:
    """When to try again after try number `tries` (from 1) failed at an instant; None to give up, hours after it was due.

    >>> next_try(3, datetime(2026, 1, 5, 7, 30, tzinfo=UTC), datetime(2026, 1, 5, 7, 40, tzinfo=UTC)).isoformat()
    '2026-01-05T07:44:00+00:00'
    """
    when = at + min(FIRST_PAUSE * 2 ** min(tries - 1, 10), LONGEST_PAUSE)
    return when if when <= due_at + TRIED_FOR else None
