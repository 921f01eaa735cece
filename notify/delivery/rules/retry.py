"""When to try a hand-over again that was certainly not accepted."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Retry:
    """Exponential waits: `first`, then `factor` times longer each, at most `longest`; `attempts` tries in all."""

    first: timedelta = timedelta(seconds=30)
    factor: int = 2
    longest: timedelta = timedelta(minutes=15)
    attempts: int = 6

    def next_try(
        self,
        attempt: int,
        at: datetime,
        *,
        not_after: datetime | None,
        retry_after: timedelta | None = None,
        jitter: float,
    ) -> datetime | None:
        """When to try again after try number `attempt` (from 1) failed at `at`, or None: it is over.

        `jitter` (0 to 1, drawn by the caller) spreads the wait between its half and its whole, so that messages
        that failed together don't come back together. A provider's `retry_after` is never undercut, even beyond
        `longest`. Over means that all tries are used or the next would come later than `not_after`.
        ValueError for an `attempt` or a `jitter` out of range.

        >>> from datetime import UTC
        >>> noon = datetime(2026, 7, 6, 12, tzinfo=UTC)
        >>> Retry().next_try(2, noon, not_after=None, jitter=1).isoformat()
        '2026-07-06T12:01:00+00:00'
        >>> Retry().next_try(6, noon, not_after=None, jitter=1) is None
        True
        """
        if attempt < 1 or not 0 <= jitter <= 1:
            msg = "attempt counts from 1 and jitter lies between 0 and 1"
            raise ValueError(msg)
        if attempt >= self.attempts:
            return None
        wait = min(self.first * self.factor ** (attempt - 1), self.longest) * (0.5 + jitter / 2)
        wait = max(wait, retry_after or timedelta(0))
        try:
            when = at + wait
        except OverflowError:  # a provider may ask for any wait, even one past the calendar
            return None
        return None if not_after is not None and when > not_after else when
