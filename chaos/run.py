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
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from chaos import people
from chaos.clock import SharedClock
from chaos.peer import LATE, TAKEN, serve
from chaos.verdict import Verdict, judge
from chaos.workers import Crew, end, forked
from jobs.timetable import next_due, run_due
from models.base import is_one_of
from models.duties import Duty
from models.messages import Message
from models.running import Lease
from models.vocabulary import MessageState
from notify.cli.database import upgrade_at
from notify.wiring import Services

WORKERS = 3
HANDS = 2  # that enrol victims
PACE = 4.0  # kills in a second
ONE_IN_LONG, LONG = (
    10,
    3.0,
)  # pauses between two kills; real seconds, in which what the dead left behind is settled
EARLY = 0.4  # of the kills of a burst: while its first messages are made
ALMOST = 0.99  # of a burst; the rest is done in quiet
LOOK = 0.4  # real seconds between two looks at how far a burst is
DOWN = (6, 25)  # minutes for which the service is down after everything failed at once
A_WHILE = timedelta(minutes=1)
BETWEEN = timedelta(hours=2)
"""From one burst to the next: a victim hears from us once an hour at most."""
WAITING = (MessageState.HELD, MessageState.QUEUED)
LONGEST = 3_600.0  # real seconds for the bursts of one run
LEFT = (
    select(func.count(), func.min(Duty.compose_at)).where(Duty.compose_at.is_not(None)),
    select(func.count()).where(is_one_of(Message.state, *WAITING)),
    select(func.count(), func.min(Message.lease_until)).where(
        is_one_of(Message.state, MessageState.CLAIMED, MessageState.UNCERTAIN),
        Message.lease_until.is_not(None),
    ),
)
"""How much waits to be composed, to be sent and to be looked up, and from when on the first and the last."""


class ChaosError(Exception):
    """The test itself could not be run."""


@dataclass(frozen=True)
class Size:
    """How many messages there are in a burst, and how many bursts and kills in a run; if need be there are more bursts."""

    messages: int
    bursts: int
    kills: int

    @property
    def kills_of_a_burst(self) -> int:
        return -(-self.kills // self.bursts)


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
    peer: str
    kills: int = 0
    _until: float = 0.0

    def bursts(self, crowd: people.Crowd) -> int:
        """Burst after burst until there were enough kills; how many bursts."""
        self._until = time.monotonic() + LONGEST
        nth = 0
        while nth < self.size.bursts or self.kills < self.size.kills:
            self._be_down(BETWEEN)
            people.burst(self.services, crowd, nth)
            self.services.database.engine.dispose()
            self._live_through(self.kills + self.size.kills_of_a_burst)
            nth += 1
        return nth

    def _live_through(self, most: int) -> None:
        """Kill, restart and fail while a burst is under way, until there were `most` kills or hardly any of it is left.

        Most kills wait until the burst has come some way, so that every part of the path is under way at some of them.
        """
        before, looked, done = self.kills, 0.0, 0.0
        while True:
            self.crew.fill()
            allowed = before + (most - before) * min(1.0, EARLY + done)
            time.sleep(self._pause() if self.kills < allowed else LOOK)
            if time.monotonic() - looked > LOOK:
                looked = time.monotonic()
                left = self._left()
                if left is not None:
                    done = 1 - left.all / self.size.messages
                    if done > ALMOST or self.kills >= most:
                        break
                    if left.next is not None and left.next > self.clock():
                        self._pass_time(left.next)
                        continue
            if self.kills < allowed:
                self._fail()
            if looked > self._until:
                raise ChaosError(f"{self.name}: a burst does not end")
        self.crew.kill_all()

    def _pause(self) -> float:
        """Real seconds until the next fault: mostly a moment, now and then long enough to get something done."""
        return LONG if not self.chances.randrange(ONE_IN_LONG) else self.chances.expovariate(PACE)

    def _fail(self) -> None:
        chance = self.chances.random()
        if self.failing.fail_over and self.kills >= self.size.kills // 2:
            self.failing.fail_over()
            self.failing.fail_over = None
        elif chance < 0.06:  # one in 16: everything at once, and down for a while
            self.kills += self.crew.kill_all()
            if self.failing.restart:
                self.failing.restart()
            self._be_down(timedelta(minutes=self.chances.uniform(*DOWN)))
        elif chance < 0.1 and self.failing.restart:  # one in 25
            self.failing.restart()
        else:
            self.crew.kill(self.chances.randrange(len(self.crew.alive)))
            self.kills += 1

    def _pass_time(self, until: datetime) -> None:
        """Nothing is due: what waits for a window, a retry or a lease need not wait in real time."""
        self.crew.kill_all()  # idle: this counts for nothing
        self._be_down(max(until - self.clock(), A_WHILE))

    def _be_down(self, long: timedelta) -> None:
        """Let time pass with no worker alive; what the dead have asked of the peer reaches it first, as it would."""
        for _ in range(2):  # what was sent before the first answer is dealt with by the second
            while _asked(self.peer, LATE):
                time.sleep(LOOK / 4)
        self.clock.jump(long)

    def _left(self) -> "_Left | None":
        """How much of a burst is not over yet; None while the database cannot say."""
        try:
            with self.services.reading() as session:
                composing, waiting, flying = (session.execute(question).one() for question in LEFT)
                sending_from = next_due(session)["send"]  # later, while the provider is left alone
                lease = session.get(Lease, "compose")
        except DBAPIError:
            return None
        finally:
            self.services.database.engine.dispose()
        composed_from = composing[1]
        if composed_from is not None and lease is not None and lease.holder not in self.crew.names:
            composed_from = max(composed_from, lease.until)  # its holder is dead
        moments = [at for at in (composed_from, sending_from, flying[1]) if at is not None]
        return _Left(composing[0] + waiting[0] + flying[0], min(moments, default=None))

    def settle(self) -> None:
        """All quiet: one worker alone does what is due, moment after moment, until nothing of the bursts is left."""
        self.services.database.engine.dispose(close=False)
        self._be_down(timedelta(minutes=6))  # past every lease of the dead
        until = time.monotonic() + LONGEST
        while True:
            run_due(self.services, "the last")
            left = self._left()
            if left is None or time.monotonic() > until:
                raise ChaosError("too much is left")
            if not left.all or left.next is None:
                self._be_down(timedelta())  # whatever was asked for is in the peer's book by now
                return
            self.clock.jump(max(left.next - self.clock(), timedelta()) + timedelta(seconds=1))


@dataclass(frozen=True)
class _Left:
    """How many duties and messages, and when there is next something to do for them."""

    all: int
    next: datetime | None


def run(name: str, url: str, size: Size, failing: Failing, *, seed: int, folder: Path) -> Verdict:
    """Everything on one new database. Raises ChaosError."""
    clock = SharedClock()
    with _peer(clock, f"{seed} {name} peer", folder / "peer.log") as peer:
        upgrade_at(url)
        services = people.make(url, peer, clock)
        crowd = _enrol(services, size.messages, folder / f"{name}.log")
        crew = Crew(services, WORKERS, folder / f"{name}.log")
        chances = random.Random(f"{seed} {name}")
        hand = Run(name, services, clock, crew, chances, failing, size, peer)
        try:
            bursts = hand.bursts(crowd)
        finally:
            crew.kill_all()
        settling = forked(hand.settle, folder / f"{name}.log")  # it opens what no fork may inherit
        if os.waitpid(settling, 0)[1]:
            raise ChaosError(f"{name}: it does not come to rest")
        verdict = Verdict(name, kills=hand.kills)
        with services.reading() as session:
            judge(verdict, session, crowd, _asked(peer, TAKEN), owed=bursts * size.messages)
        services.database.engine.dispose()
        return verdict


def _enrol(services: Services, victims: int, log: Path) -> people.Crowd:
    """By several processes where the database takes more than one writer."""
    people.add_officer(services)
    hands = 1 if services.database.engine.dialect.name == "sqlite" else HANDS
    services.database.engine.dispose()
    shares = [partial(people.enrol, services, victims, share=(mine, hands)) for mine in range(hands)]
    pids = [forked(share, log) for share in shares]
    if any(status for _, status in [os.waitpid(pid, 0) for pid in pids]):
        raise ChaosError("the victims could not be enrolled")
    crowd = people.crowd(services)
    services.database.engine.dispose()
    return crowd


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


def _asked(peer: str, what: str) -> Any:
    with urllib.request.urlopen(peer + what) as answer:  # noqa: S310 - our own peer
        return json.load(answer)
