"""Which provider is handed messages now: what all workers know of each is read before a claim and written after the answers."""

import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from models.running import ProviderHealth
from models.vocabulary import BreakerState, Channel, Sender
from notify.delivery.providers.base import (
    Accepted,
    Answer,
    NotAsked,
    Provider,
    Refused,
    SlowDown,
    TryLater,
)
from notify.delivery.providers.routes import Route, Routes
from notify.delivery.rules.breaker import FAILING, Breaker, Health, Word

log = logging.getLogger(__name__)

BREAKER = Breaker()

Key = tuple[Channel, str]
"""A channel, and the name of a provider."""

Way = tuple[Provider, bool]
"""A provider, and whether anything was amiss with it of late."""

_KEPT: Select[*tuple[Any, ...]] = select(
    ProviderHealth.channel,
    ProviderHealth.name,
    ProviderHealth.ready_at,
    ProviderHealth.state,
    ProviderHealth.failures,
    ProviderHealth.trips,
    ProviderHealth.since,
    ProviderHealth.reason,
).order_by(ProviderHealth.channel, ProviderHealth.name)
_LOCKED = _KEPT.with_for_update()
_KEEP = (
    update(ProviderHealth)
    .where(ProviderHealth.channel == bindparam("by"), ProviderHealth.name == bindparam("called"))
    .values(
        ready_at=bindparam("ready"),
        state=bindparam("word"),
        failures=bindparam("bad"),
        trips=bindparam("opened"),
        since=bindparam("began"),
        reason=bindparam("why"),
    )
)


_LET_GO = delete(ProviderHealth).where(
    ProviderHealth.channel == bindparam("by"), ProviderHealth.name == bindparam("called")
)


@dataclass
class _Opening:
    """One route, and how many more messages may go by it in this claim (None: any number)."""

    route: Route
    health: Health
    left: int | None
    taken: int = 0


class Openings:
    """What may be claimed now, by which route."""

    def __init__(
        self, session: Session, routes: Routes, healths: dict[Key, Health], *, at: datetime, limit: int
    ) -> None:
        self._session, self._routes, self._at, self._limit = session, routes, at, limit
        self._standing_by: list[tuple[Route, Health]] = []
        self._open: dict[Channel, list[_Opening]] = {channel: [] for channel in Channel}
        for route in routes.routes:
            health = healths.get(route.key) or Health(at)
            if any(one.health.state is BreakerState.CLOSED for one in self._open[route.channel]):
                self._standing_by.append((route, health))
                continue
            left = BREAKER.most(health, at)
            if left is None and route.pace:
                left = route.pace.room(health.ready_at, at)
            if left != 0 or health.state is BreakerState.CLOSED:
                self._open[route.channel].append(_Opening(route, health, left))

    def most(self, channel: Channel) -> int:
        """How many messages of a channel may be claimed, up to the limit."""
        rooms = [self._limit if one.left is None else one.left for one in self._open[channel]]
        return min(sum(rooms), self._limit)

    def know(self, channel: Channel, sender: Sender) -> bool:
        """Whether any provider of the channel, open or not, has this sender."""
        return any(sender in route.provider.senders for route in self._routes.of(channel))

    def take(self, channel: Channel, sender: Sender) -> Way | None:
        """The way of one message more; None when no provider that has this sender has room."""
        able = (one for one in self._open[channel] if one.left != 0 and sender in one.route.provider.senders)
        opening = next(able, None)
        if opening is None:
            return None
        opening.taken += 1
        if opening.left is not None:
            opening.left -= 1
        return opening.route.provider, bool(opening.health.failures or opening.health.trips)

    def settle(self) -> None:
        """Keep what was taken, where that holds others back."""
        for opening in (one for openings in self._open.values() for one in openings if one.taken):
            route, health = opening.route, BREAKER.tried(opening.health, self._at)
            if health.state is BreakerState.CLOSED and route.pace:
                health = replace(health, ready_at=route.pace.after(health.ready_at, self._at, opening.taken))
                self._hold_back(route.channel, health.ready_at)
            if health != opening.health:
                _keep(self._session, route.key, health)

    def _hold_back(self, channel: Channel, ready_at: datetime) -> None:
        """Who stands by for a provider that is well is not handed what waits for its pace."""
        for route, health in self._standing_by:
            if route.channel is channel and health.ready_at < ready_at:
                _keep(self._session, route.key, replace(health, ready_at=ready_at))


def openings(session: Session, routes: Routes, *, at: datetime, limit: int) -> Openings:
    """Read what may be claimed now. Rows that this claim will write stay locked until it is committed."""
    paced = [route.key for route in routes.routes if route.pace]
    healths = _read(session, _LOCKED if paced else _KEPT)
    if not healths.keys() >= set(paced):
        _begin(session, routes, healths, at)
        healths = _read(session, _LOCKED)
    elif not paced and any(health.state is not BreakerState.CLOSED for health in healths.values()):
        healths = _read(session, _LOCKED)
    return Openings(session, routes, healths, at=at, limit=limit)


def set_up(sessions: sessionmaker[Session], routes: Routes, *, at: datetime) -> None:
    """Begin a row for each provider in use and let go of all others: whether anything can leave now is read from these."""
    with sessions.begin() as session:
        healths = _read(session, _LOCKED)
        in_use = {route.key for route in routes.routes}
        for channel, name in healths.keys() - in_use:
            session.connection().execute(_LET_GO, {"by": channel, "called": name})
        if not healths.keys() >= in_use:
            _begin(session, routes, healths, at)


def note(
    sessions: sessionmaker[Session],
    routes: Routes,
    answers: Sequence[tuple[Key, Answer]],
    *,
    amiss: bool,
    at: datetime,
) -> None:
    """Keep what the answers say of the providers, in their order; while all is well that is nothing.

    `amiss` says that something was kept of one of them before.
    """
    said = [(key, word, answer) for key, answer in answers if (word := _word(answer)) is not None]
    if not amiss and all(word is Word.WELL for _, word, _ in said):
        return
    with sessions.begin() as session:
        healths = _read(session, _LOCKED)
        if not healths.keys() >= {key for key, _, _ in said}:
            _begin(session, routes, healths, at)
            healths = _read(session, _LOCKED)
        before = dict(healths)
        for key, word, answer in said:
            healths[key] = _after(healths[key], word, answer, at)
        for key, health in healths.items():
            if health != before[key]:
                _keep(session, key, health)
    for key, health in healths.items():
        _tell(key, before[key], health)


class Streaks:
    """How the providers do within one batch: one that fails again and again is not asked for the rest of it."""

    def __init__(self, at: datetime) -> None:
        self._at = at
        self._healths: dict[str, Health] = {}

    def saw(self, provider: Provider, answers: Iterable[Answer]) -> None:
        health = self._healths.get(provider.name) or Health(self._at)
        for answer in answers:
            if (word := _word(answer)) is not None:
                health = _after(health, word, answer, self._at)
        self._healths[provider.name] = health

    def leaves_alone(self, provider: Provider) -> bool:
        health = self._healths.get(provider.name)
        return health is not None and health.state is BreakerState.OPEN


@dataclass(frozen=True)
class Trouble:
    """A provider that is left alone."""

    channel: Channel
    name: str
    since: datetime | None
    reason: str | None
    next_try: datetime


def troubles(session: Session, routes: Routes) -> list[Trouble]:
    """The providers in use that are left alone at this moment."""
    used = {route.key for route in routes.routes}
    return [
        Trouble(channel, name, health.since, health.reason, health.ready_at)
        for (channel, name), health in _read(session, _KEPT).items()
        if health.state is not BreakerState.CLOSED and (channel, name) in used
    ]


def _word(answer: Answer) -> Word | None:
    """What an answer says of the provider; None when it says nothing."""
    if isinstance(answer, Accepted | Refused):
        return Word.WELL
    if isinstance(answer, NotAsked):
        return None
    if isinstance(answer, SlowDown):
        return Word.BUSY
    if answer.reason in FAILING:
        return Word.FAILING
    # Put off for the message's own sake, as a relay does with a recipient: it answered, and it is well.
    return Word.WELL if isinstance(answer, TryLater) else None


def _after(health: Health, word: Word, answer: Answer, at: datetime) -> Health:
    reason = "" if isinstance(answer, Accepted) else answer.reason
    wait: timedelta | None = answer.retry_after if isinstance(answer, SlowDown) else None
    return BREAKER.after(health, word, at, reason=reason, wait=wait)


def _read(session: Session, statement: Select[*tuple[Any, ...]]) -> dict[Key, Health]:
    rows = session.connection().execute(statement)
    return {(channel, name): Health(*health) for channel, name, *health in rows}


def _begin(session: Session, routes: Routes, known: Collection[Key], at: datetime) -> None:
    """A row for each route: of those of one channel the one that is ready first is what a worker waits for."""
    for route in routes.routes:
        if route.key in known:
            continue
        channel, name = route.key
        row = {"channel": channel, "name": name, "state": BreakerState.CLOSED, "failures": 0, "trips": 0}
        try:
            with session.begin_nested():
                session.connection().execute(insert(ProviderHealth), {**row, "ready_at": at})
        except IntegrityError:
            continue  # another worker was the first


def _keep(session: Session, key: Key, health: Health) -> None:
    values = {
        "by": key[0],
        "called": key[1],
        "ready": health.ready_at,
        "word": health.state,
        "bad": health.failures,
        "opened": health.trips,
        "began": health.since,
        "why": health.reason,
    }
    session.connection().execute(_KEEP, values)


def _tell(key: Key, before: Health, after: Health) -> None:
    more: dict[str, Any] = {"channel": key[0], "provider": key[1]}
    if after.state is BreakerState.OPEN and after != before:
        log.error("a provider is left alone", extra={**more, "reason": after.reason, "until": after.ready_at})
    elif after.state is BreakerState.CLOSED and before.state is not BreakerState.CLOSED:
        log.warning("a provider is used again", extra=more)
