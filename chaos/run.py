"""One run: bursts on one database, workers killed and everything failing in the midst of them, then quiet, then the verdict."""

import json
import os
import random
import socket
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import NullPool, create_engine, func, select
from sqlalchemy.exc import DBAPIError

from chaos import people
from chaos.clock import SharedClock
from chaos.peer import TAKEN, serve
from chaos.verdict import Verdict, judge
from chaos.workers import Crew, end, forked
from jobs.timetable import next_due, run_due
from models.base import is_one_of
from models.duties import Duty
from models.messages import Message
from models.vocabulary import MessageState
from notify.cli.database import upgrade_at
from notify.wiring import Services

WORKERS = 3
PACE = 4.0  # kills in a second
ONE_IN_LONG, LONG = 10, 3.0  # pauses between two kills; real seconds, in which what the dead left behind is settled
LOOK = 0.4  # real seconds between two looks at how far a burst is
DOWN = (6, 25)  # minutes for which the service is down after everything failed at once
BETWEEN = timedelta(hours=2)
"""From one burst to the next: a victim hears from us once an hour at most."""
WAITING = (MessageState.HELD, MessageState.QUEUED)
IN_FLIGHT = (MessageState.CLAIMED, MessageState.UNCERTAIN)
LONGEST = 1_500.0  # real seconds for the bursts of one run
QUIET = ("compose", "send", "reconcile")
"""The ticks that must have nothing left to do before the books are compared."""


class ChaosError(Exception):
    """The test itself could not be run."""


@dataclass(frozen=True)
class Size:
    """How many messages there are in a burst, and how many kills in a run: bursts follow until it has seen them."""

    messages: int
    kills: int


@dataclass
class Failing:
    """What may fail beside workers. `restart` restarts the database, `fail_over` loses it to its standby, once."""

    restart: Callable[[], None] | None = None
    fail_over: Callable[[], None] | None = None


@dataclass
class Run:
    """One run in hand."""

    name: str
    services: Services
    clock: SharedClock
    crew: Crew
    chances: random.Random
    failing: Failing
    size: Size
    kills: int = 0
    _until: float = 0.0

    def bursts(self, crowd: people.Crowd) -> int:
        """Burst after burst until there were enough kills; how many bursts."""
        self._until = time.monotonic() + LONGEST
        nth = 0
        while nth == 0 or self.kills < self.size.kills:
            self.clock.jump(BETWEEN)
            people.burst(self.services, crowd, nth)
            self.services.database.engine.dispose()
            self._live_through(len(crowd.participations))
            nth += 1
        return nth

    def _live_through(self, messages: int) -> None:
        """Kill, restart and fail while a burst is under way, until hardly anything of it is left."""
        looked = 0.0
        while True:
            self.crew.fill()
            time.sleep(self._pause())
            if time.monotonic() - looked > LOOK:
                looked = time.monotonic()
                left = self._left()
                if left is not None and left.all <= messages // 100:
                    break
                if left is not None and not left.due:
                    self._pass_time(left.next)
                    continue
            if self.kills < self.size.kills:
                self._fail()
            if time.monotonic() > self._until:
                raise ChaosError(f"{self.name}: a burst does not end")
        self.crew.kill_all()

    def _pause(self) -> float:
        """Real seconds until the next fault: mostly a moment, now and then long enough to get something done."""
        if self.kills >= self.size.kills:
            return LOOK
        return LONG if not self.chances.randrange(ONE_IN_LONG) else self.chances.expovariate(PACE)

    def _fail(self) -> None:
        chance = self.chances.random()
        if self.failing.fail_over and self.kills >= self.size.kills // 2:
            self.failing.fail_over()
            self.failing.fail_over = None
        elif chance < 0.04:  # noqa: PLR2004 - one in 25: everything at once, and down for a while
            self.kills += self.crew.kill_all()
            if self.failing.restart:
                self.failing.restart()
            self.clock.jump(timedelta(minutes=self.chances.uniform(*DOWN)))
        elif chance < 0.06 and self.failing.restart:  # noqa: PLR2004 - one in 50
            self.failing.restart()
        else:
            self.crew.kill(self.chances.randrange(len(self.crew.alive)))
            self.kills += 1

    def _pass_time(self, until: datetime | None) -> None:
        """Nothing is due: what waits for a window, a retry or a lease need not wait in real time."""
        self.crew.kill_all()  # idle: this counts for nothing
        if until is not None:
            self.clock.jump(max(until - self.clock(), timedelta()) + timedelta(seconds=1))

    def _left(self) -> "_Left | None":
        """How much of a burst is not over yet; None while the database cannot say."""
        now = self.clock()
        waits = func.min(Message.not_before)
        try:
            with self.services.reading() as session:
                composing = session.scalar(
                    select(func.count()).select_from(Duty).where(Duty.compose_at.is_not(None))
                )
                waiting, first = session.execute(
                    select(func.count(), waits).where(is_one_of(Message.state, *WAITING))
                ).one()
                flying, lease = session.execute(
                    select(func.count(), func.min(Message.lease_until)).where(
                        is_one_of(Message.state, *IN_FLIGHT), Message.lease_until.is_not(None)
                    )
                ).one()
        except DBAPIError:
            return None
        finally:
            self.services.database.engine.dispose()
        times = [at for at in (first, lease) if at is not None]
        due = bool(composing) or any(at <= now for at in times)
        return _Left((composing or 0) + waiting + flying, due, min(times, default=None))

    def settle(self) -> None:
        """All quiet: one worker alone does what is due, moment after moment, until nothing of the bursts is left."""
        self.services.database.engine.dispose(close=False)
        self.clock.jump(timedelta(minutes=6))  # past every lease of the dead
        until = time.monotonic() + LONGEST
        while True:
            run_due(self.services, "the last")
            with self.services.reading() as session:
                due = next_due(session)
            if time.monotonic() > until:
                raise ChaosError("too much is left")
            moments = [at for name in QUIET if (at := due[name]) is not None]
            if not moments:
                return
            self.clock.jump(max(min(moments) - self.clock(), timedelta()) + timedelta(seconds=1))


@dataclass(frozen=True)
class _Left:
    all: int
    due: bool
    next: datetime | None


def run(name: str, url: str, size: Size, failing: Failing, *, seed: int, folder: Path) -> Verdict:
    """Everything on one new database. Raises ChaosError."""
    clock = SharedClock()
    with _peer(clock, f"{seed} {name} peer", folder / "peer.log") as peer:
        upgrade_at(url)
        services = people.make(url, peer, clock)
        crowd = people.enrol(services, size.messages)
        services.database.engine.dispose()
        crew = Crew(services, WORKERS, folder / f"{name}.log")
        chances = random.Random(f"{seed} {name}")
        hand = Run(name, services, clock, crew, chances, failing, size)
        try:
            bursts = hand.bursts(crowd)
        finally:
            crew.kill_all()
        settling = forked(hand.settle, folder / f"{name}.log")  # it opens what no fork may inherit
        if os.waitpid(settling, 0)[1]:
            raise ChaosError(f"{name}: it does not come to rest")
        verdict = Verdict(name, kills=hand.kills)
        with services.reading() as session:
            judge(verdict, session, crowd, _taken(peer), owed=bursts * size.messages)
        services.database.engine.dispose()
        return verdict


@contextmanager
def _peer(clock: SharedClock, seed: str, log: Path) -> Iterator[str]:
    listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
    port = listening.getsockname()[1]
    pid = forked(lambda: serve(listening, clock, seed), log)
    listening.close()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        end(pid)


def _taken(peer: str) -> list[dict[str, Any]]:
    with urllib.request.urlopen(peer + TAKEN) as answer:  # noqa: S310 - our own peer
        found: list[dict[str, Any]] = json.load(answer)
    return found
