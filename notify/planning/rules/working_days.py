"""Which days count as working days, and how to count them in London time."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
MIDNIGHT = time(0)
ONE_DAY = timedelta(days=1)
SATURDAY = 5  # date.weekday()


def local_date(at: datetime) -> date:
    """The date in London at an instant."""
    return at.astimezone(LONDON).date()


def start_of(day: date) -> datetime:
    """The UTC instant at which a London day begins; British clocks never change at midnight, so there is one.

    >>> start_of(date(2026, 7, 1)).isoformat()
    '2026-06-30T23:00:00+00:00'
    """
    return datetime.combine(day, MIDNIGHT, LONDON).astimezone(UTC)


@dataclass(frozen=True)
class WorkingDays:
    """Monday to Friday, but for the closed days (bank holidays), which are passed in and never fetched."""

    closed: AbstractSet[date]

    def counts(self, day: date) -> bool:
        """Whether a day is a working day."""
        return day.weekday() < SATURDAY and day not in self.closed

    def nth_after(self, day: date, n: int) -> date:
        """The n-th working day strictly after a day (n is 1 or more; anything less is a ValueError).

        >>> WorkingDays({date(2026, 12, 25), date(2026, 12, 28)}).nth_after(date(2026, 12, 24), 1)
        datetime.date(2026, 12, 29)
        """
        if n < 1:
            raise ValueError(f"the count of working days must be 1 or more, not {n}")
        while n:
            day += ONE_DAY
            n -= self.counts(day)
        return day

    def end_of(self, day: date) -> datetime:
        """The UTC instant at which a London day ends: 00:00 local time of the next day."""
        return start_of(day + ONE_DAY)

    def later(self, at: datetime, n: int) -> datetime:
        """The UTC instant n working days after an instant, at the same time of day in London.

        00:00 counts as the end of the day before, so that a duty overdue when Friday ends has all of Monday:

        >>> WorkingDays(frozenset()).later(datetime(2026, 1, 10, 0, 0, tzinfo=UTC), 1).isoformat()
        '2026-01-13T00:00:00+00:00'
        >>> WorkingDays(frozenset()).later(datetime(2026, 1, 9, 18, 0, tzinfo=UTC), 1).isoformat()
        '2026-01-12T18:00:00+00:00'
        """
        local = at.astimezone(LONDON)
        if local.time() == MIDNIGHT:
            return self.end_of(self.nth_after(local.date() - ONE_DAY, n))
        # British clocks change on Sundays, so no time of a working day is skipped or comes twice.
        return datetime.combine(self.nth_after(local.date(), n), local.time(), LONDON).astimezone(UTC)
