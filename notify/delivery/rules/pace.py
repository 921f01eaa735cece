"""How many messages may leave by one sender now, where its provider sets a rate (GCRA, the leaky bucket as a meter)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

AT_ONCE = timedelta(seconds=1)
"""What has gathered while nothing was sent may leave together, up to what this time allows."""


@dataclass(frozen=True, slots=True)
class Pace:
    """So many messages in such a time."""

    count: int
    per: timedelta

    @property
    def step(self) -> timedelta:
        return self.per / self.count

    @property
    def together(self) -> int:
        """How many may leave at one instant, at the most."""
        return max(1, AT_ONCE // self.step)

    def room(self, ready_at: datetime, at: datetime) -> int:
        """How many may leave at `at`, when the next one may leave at `ready_at` or later.

        >>> from datetime import UTC
        >>> noon = datetime(2026, 7, 6, 12, tzinfo=UTC)
        >>> Pace(10, timedelta(seconds=1)).room(noon, noon + timedelta(milliseconds=200))
        3
        """
        if at < ready_at:
            return 0
        return min((at - ready_at) // self.step + 1, self.together)

    def after(self, ready_at: datetime, at: datetime, taken: int) -> datetime:
        """When the next one may leave after `taken` of them left at `at`."""
        earliest = max(ready_at, at - (self.together - 1) * self.step)
        return earliest + taken * self.step
