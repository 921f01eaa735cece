"""When a provider that fails is left alone, and how it is tried again: a circuit breaker."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from models.vocabulary import BreakerState


class Word(StrEnum):
    """What an answer says of the provider, and not of the message."""

    WELL = "well"
    FAILING = "failing"
    BUSY = "busy"  # it wants to be left alone for a while


FAILING = frozenset(
    {
        "no_connection",
        "connection_lost",
        "connection_lost_after_data",
        "answer_lost",
        "answer_not_understood",
        "provider_failed",
        "account_refused",
        "sign_in_failed",
        "sender_refused",
        "certificate_not_trusted",
        "encryption_not_offered",
        "outbox_not_writable",
        "outbox_write_failed",
    }
)
"""The reasons that speak of the provider: another message would have fared no better."""


@dataclass(frozen=True, slots=True)
class Health:
    """How one provider is doing. Nothing is handed to it before `ready_at`; `since` is when it was well last."""

    ready_at: datetime
    state: BreakerState = BreakerState.CLOSED
    failures: int = 0
    trips: int = 0
    since: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Breaker:
    """Opens after `failures` bad answers in a row, for `first`, then `factor` times longer each time, at most `longest`.

    Then `probes` messages are let through, and no more for `patience`: their answers decide. A provider that says how
    long it wants to be left alone is left alone for as long as that, at once.
    """

    failures: int = 5
    first: timedelta = timedelta(seconds=30)
    factor: int = 2
    longest: timedelta = timedelta(minutes=10)
    probes: int = 2
    patience: timedelta = timedelta(minutes=2)
    longest_asked: timedelta = timedelta(days=1)

    def most(self, health: Health, at: datetime) -> int | None:
        """How many messages the provider may be handed now; None for any number.

        >>> from datetime import UTC
        >>> noon = datetime(2026, 7, 6, 12, tzinfo=UTC)
        >>> Breaker().most(Health(noon), noon) is None
        True
        """
        if health.state is BreakerState.CLOSED:
            return None
        return self.probes if at >= health.ready_at else 0

    def tried(self, health: Health, at: datetime) -> Health:
        """After some messages were let through to a provider that was left alone."""
        if health.state is BreakerState.CLOSED:
            return health
        return replace(health, state=BreakerState.HALF_OPEN, ready_at=at + self.patience)

    def after(
        self, health: Health, word: Word, at: datetime, *, reason: str, wait: timedelta | None = None
    ) -> Health:
        """After an answer came at `at`. `wait` is how long a busy provider wants to be left alone, if it says so.

        What comes while it is open was asked before that, and tells nothing new; but for a longer wait.
        """
        if word is Word.BUSY:
            return self._busy(health, at, reason, wait)
        if health.state is BreakerState.OPEN:
            return health
        if word is Word.WELL:
            well = at if health.state is BreakerState.HALF_OPEN else health.ready_at
            return Health(well)
        failures = health.failures + 1
        if health.state is BreakerState.CLOSED and failures < self.failures:
            return replace(health, failures=failures, since=health.since or at, reason=reason)
        return self._opened(health, at, reason, self._wait(health.trips + 1))

    def _busy(self, health: Health, at: datetime, reason: str, wait: timedelta | None) -> Health:
        asked = timedelta(0) if wait is None else min(wait, self.longest_asked)
        if health.state is BreakerState.OPEN:
            return replace(health, ready_at=max(health.ready_at, at + asked))
        return self._opened(health, at, reason, asked or self._wait(health.trips + 1))

    def _opened(self, health: Health, at: datetime, reason: str, wait: timedelta) -> Health:
        # While half open, `ready_at` is when somebody else might have tried: the answer has come, so it holds no more.
        closed = health.state is BreakerState.CLOSED
        return Health(
            ready_at=max(health.ready_at, at + wait) if closed else at + wait,
            state=BreakerState.OPEN,
            failures=0,
            trips=health.trips + 1,
            since=health.since or at,
            reason=reason,
        )

    def _wait(self, trips: int) -> timedelta:
        wait = self.first
        for _ in range(trips - 1):
            wait = min(wait * self.factor, self.longest)
        return wait
