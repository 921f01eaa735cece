"""A clock that every process of a crash test shares: it runs faster than the real one, and jumps while nobody works."""

import time
from datetime import UTC, datetime, timedelta
from multiprocessing import RawValue

START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
"""A Monday: nothing that is asked for on it is due before the next week."""
RATE = 6.0
"""Seconds of the test in a real one: so few that on a slow machine, too, calls end within the margin of a safe window and
looks within their lease, as they do in service."""


class SharedClock:
    """Made before the processes are forked. Safe to read from any of them."""

    def __init__(self) -> None:
        self._began = time.monotonic()  # one for all processes of a machine
        self._jumped = RawValue("d", 0.0)  # seconds

    def __call__(self) -> datetime:
        return START + timedelta(seconds=(time.monotonic() - self._began) * RATE + self._jumped.value)

    def jump(self, ahead: timedelta) -> None:
        """Let time pass at once, as it does while the service is down: nobody may be at work."""
        self._jumped.value += ahead.total_seconds()
