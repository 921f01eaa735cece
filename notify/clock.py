"""The time, told once: the only module that reads the clock."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import TypeAlias
from zoneinfo import ZoneInfo

Clock: TypeAlias = Callable[[], datetime]
"""Tells the present instant, in UTC. Passed to whatever needs it, so that a replay or a test can tell its own."""

LONDON = ZoneInfo("Europe/London")
"""The zone in which rules and people work."""


def utc_now() -> datetime:
    """Return the present instant, in UTC."""
    return datetime.now(UTC)


def local_date(at: datetime) -> date:
    """Return the London date of an instant.

    >>> local_date(datetime(2026, 6, 30, 23, 30, tzinfo=UTC)).isoformat()
    '2026-07-01'
    """
    return at.astimezone(LONDON).date()


def in_words(day: date) -> str:
    """A date as people write it.

    >>> in_words(date(2026, 1, 5))
    '5 January 2026'
    """
    return f"{day.day} {day:%B %Y}"
