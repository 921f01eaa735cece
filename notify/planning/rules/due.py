"""When a duty is due (the exact convention is in docs/code.md)."""

from datetime import UTC, date, datetime, timedelta

from notify.planning.rules.working_days import ONE_DAY, WorkingDays, local_date, start_of

__all__ = ["due_at", "end_of", "no_change_day", "start_of", "urgent_by"]


def due_at(clock_start: datetime, days: int, calendar: WorkingDays) -> datetime:
    """The UTC instant at which the days-th working day strictly after the clock start's London date ends.

    Learned on Friday 2 January 2026 at 16:00, with one working day: the end of Monday.

    >>> due_at(datetime(2026, 1, 2, 16, 0, tzinfo=UTC), 1, WorkingDays(frozenset())).isoformat()
    '2026-01-06T00:00:00+00:00'
    """
    return calendar.end_of(calendar.nth_after(local_date(clock_start), days))


def urgent_by(clock_start: datetime, hours: int) -> datetime:
    """The UTC instant a number of real hours after the clock start, whatever clocks on walls do meanwhile.

    >>> urgent_by(datetime(2026, 3, 28, 23, 0, tzinfo=UTC), 4).isoformat()
    '2026-03-29T03:00:00+00:00'
    """
    return clock_start.astimezone(UTC) + timedelta(hours=hours)


def no_change_day(agreed_at: datetime, last_reached_at: datetime | None, every_days: int) -> date:
    """The London day by whose end the victim is owed word, even if nothing has changed.

    That is every_days calendar days after the later of the plan's agreement and the last time the victim was reached.

    >>> no_change_day(datetime(2026, 1, 5, 9, tzinfo=UTC), datetime(2026, 1, 9, 9, tzinfo=UTC), 28)
    datetime.date(2026, 2, 6)
    """
    latest = agreed_at if last_reached_at is None else max(agreed_at, last_reached_at)
    return local_date(latest) + timedelta(days=every_days)


def end_of(day: date) -> datetime:
    """The UTC instant at which a London day, working or not, ends."""
    return start_of(day + ONE_DAY)
