"""The worker: looks for each tick's work when there is some, and at every interval whatever it was told, until it is to stop."""

import logging
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor as ThreadPool
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from queue import SimpleQueue
from threading import Event, Lock, Thread

from apscheduler.events import EVENT_SCHEDULER_STARTED
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.schedulers.blocking import BlockingScheduler
from sqlalchemy import select

from jobs import leases
from jobs.heartbeats import BETWEEN, beat
from jobs.lookout import Lookout
from jobs.tick import Tick
from jobs.timetable import TIMETABLE
from models.session import Database
from models.vocabulary import Sender
from notify.clock import utc_now
from notify.delivery.providers.base import (
    Accepted,
    Answer,
    Became,
    Found,
    Known,
    Lost,
    NotAsked,
    Outgoing,
    Provider,
    ProviderError,
)
from notify.delivery.routing import set_up
from notify.wiring import Services

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Draining:
    """A provider that takes nothing more once the worker is stopping: what it was not handed is certainly not sent."""

    provider: Provider
    stopping: Event

    @property
    def name(self) -> str:
        return self.provider.name

    @property
    def keeps_records(self) -> bool:
        return self.provider.keeps_records

    @property
    def senders(self) -> Collection[Sender]:
        return self.provider.senders

    def send(self, outgoing: Outgoing, *, at: datetime) -> Accepted:
        """Hand the message over, unless the worker is stopping. Raises as the provider does."""
        if self.stopping.is_set():
            raise NotAsked("worker_stopping")
        return self.provider.send(outgoing, at=at)

    @property
    def at_once(self) -> int:
        return self.provider.at_once

    @property
    def repeated_after(self) -> Collection[str]:
        return self.provider.repeated_after

    @property
    def gives_receipts(self) -> bool:
        return self.provider.gives_receipts

    def became(self, provider_ref: str) -> Became | None:
        return self.provider.became(provider_ref)

    def send_all(self, outgoing: Sequence[Outgoing], *, at: datetime) -> list[Answer]:
        """The same for several."""
        if self.stopping.is_set():
            return [NotAsked("worker_stopping") for _ in outgoing]
        return self.provider.send_all(outgoing, at=at)

    def look_up(self, outgoing: Outgoing, *, since: datetime, at: datetime, known: Known) -> Found:
        return self.provider.look_up(outgoing, since=since, at=at, known=known)

    def look_up_all(self, lost: Sequence[Lost], *, at: datetime, known: Known) -> list[Found | ProviderError]:
        return self.provider.look_up_all(lost, at=at, known=known)

    def redact(self, provider_ref: str) -> None:
        self.provider.redact(provider_ref)


@dataclass
class Runner:
    """Runs one tick, one look at a time; what goes wrong in a look is logged and counted, and the next look comes."""

    tick: Tick
    services: Services
    worker: str
    stopping: Event
    did: Callable[[], None] = lambda: None
    """Called after each batch that had something in it."""

    asked: Event = field(default_factory=Event)
    """Set when there may be something to do: a look that is going on is then followed by another."""

    failures: int = 0
    _turn: Lock = field(default_factory=Lock)
    _beat_at: datetime | None = None
    _held: leases.Held | None = None
    _fenced: Database | None = None

    def look(self) -> None:
        """Do what is due now, batch after batch, until nothing is or the worker is stopping; or leave it to the look going on."""
        self.asked.set()
        while self.asked.is_set() and self._turn.acquire(blocking=False):
            try:
                self.asked.clear()
                self._look_once()
            finally:
                self._turn.release()

    def _look_once(self) -> None:
        try:
            if self._is_due() and self._step():
                self._drain()
            self._beat()
        except Exception:  # one bad look must not end the worker: the next one comes at the next interval
            self.failures += 1
            log.exception("tick failed", extra={"tick": self.tick.name, "failures": self.failures})

    def _step(self) -> bool:
        """One batch; whether there was anything in it."""
        if self.stopping.is_set() or not self._run():
            return False
        self.did()
        self._beat()
        return True

    def _drain(self) -> None:
        """All that is due, in as many lanes as the tick has where batches do not wait for each other's writing.

        It is not asked again what is due: in a long queue that takes as long as a batch, and an empty batch says it too.
        """
        lanes = self.tick.lanes if self.services.database.engine.dialect.name == "postgresql" else 1
        with ThreadPool(lanes, "lane") as pool:
            for lane in [pool.submit(self._until_done) for _ in range(lanes)]:
                lane.result()

    def _until_done(self) -> None:
        while self._step():
            pass

    def let_go(self) -> None:
        """Give the lease back, if there is one, so that another worker need not wait for it to run out."""
        if self._held is not None:
            leases.release(self.services.sessions, self._held, at=self.services.clock())

    def _is_due(self) -> bool:
        with self.services.reading() as session:
            when: datetime | None = session.scalar(select(self.tick.next_due))
        return when is not None and when <= self.services.clock()

    def _run(self) -> int:
        if not self.tick.single:
            return self.tick.run(self.services, self.worker)
        database = self._under_lease()
        return (
            0 if database is None else self.tick.run(replace(self.services, database=database), self.worker)
        )

    def _under_lease(self) -> Database | None:
        """The database behind the fence of a lease just taken or renewed; None while another worker has it."""
        services = self.services
        held = leases.take(services.sessions, self.tick.name, self.worker, at=services.clock())
        if held != self._held:
            self._held, self._fenced = held, leases.fenced(services.database, held) if held else None
        return self._fenced

    def _beat(self) -> None:
        now = self.services.clock()
        if self._beat_at is None or now - self._beat_at >= BETWEEN:
            beat(self.services.sessions, self.tick.name, self.worker, at=now)
            self._beat_at = now


@dataclass
class Worker:
    """All ticks under one timer, each in a thread of its own and never twice at a time.

    The timer has each of them look at every interval; the lookout has them look as soon as there is something to do.
    The timer goes by the clock of the machine, whatever clock the services have: told of a time long past, it would
    count all the intervals since then.
    """

    services: Services
    name: str
    timetable: tuple[Tick, ...] = TIMETABLE
    scheduler: BaseScheduler = field(default_factory=BlockingScheduler)
    stopping: Event = field(default_factory=Event)
    runners: list[Runner] = field(init=False)
    _lookout: Lookout = field(init=False)
    _told: SimpleQueue[None] = field(default_factory=SimpleQueue)

    def __post_init__(self) -> None:
        providers = self.services.providers.wrapped(lambda provider: Draining(provider, self.stopping))
        services = replace(self.services, providers=providers)
        self._lookout = Lookout(services, self._wake)
        self.runners = [
            Runner(tick, services, self.name, self.stopping, self._lookout.nudge) for tick in self.timetable
        ]

    def run(self) -> None:
        """Work until `stop` is called; then finish what is in hand. Raises what ended the timer, if something did."""
        set_up(self.services.sessions, self.services.providers, at=self.services.clock())
        self._set_up()
        ending = Thread(target=self._end_when_told, name="ending", daemon=True)
        watching = Thread(target=self._lookout.watch, args=(self.stopping,), name="lookout", daemon=True)
        for thread in (ending, watching):
            self.scheduler.add_listener(_starter(thread), EVENT_SCHEDULER_STARTED)
        log.info("worker started", extra={"worker": self.name})
        try:
            self.scheduler.start()
        except BaseException:
            self.stopping.set()  # or looks that go on would keep the process alive
            self._lookout.nudge()
            raise
        ending.join()
        watching.join()
        self._lookout.close()
        for runner in self.runners:
            runner.let_go()
        log.info("worker stopped", extra={"worker": self.name})

    def stop(self) -> None:
        """Claim nothing more. Safe in a signal handler, and more than once."""
        self._told.put(None)

    def _set_up(self) -> None:
        self.scheduler.configure(
            # Two of a tick, of which one only leaves word with the other that it is to look once more.
            executors={"default": ThreadPoolExecutor(len(self.runners) + 1)},
            job_defaults={"coalesce": True, "max_instances": 2, "misfire_grace_time": None},
            timezone="UTC",
        )
        for runner in self.runners:
            self.scheduler.add_job(
                runner.look,
                "interval",
                seconds=self.services.settings.worker_tick_seconds,
                id=runner.tick.name,
                next_run_time=utc_now(),  # an interval alone would begin with a wait
            )

    def _wake(self, tick: str) -> None:
        """Have one tick look now."""
        for runner in self.runners:
            if runner.tick.name == tick:
                runner.asked.set()
                with suppress(JobLookupError):  # the worker is stopping
                    self.scheduler.modify_job(tick, next_run_time=utc_now())

    def _end_when_told(self) -> None:
        """Ends the timer from a thread of its own: a signal handler could meet itself half way through it."""
        self._told.get()
        self.stopping.set()
        self._lookout.nudge()
        self.scheduler.remove_all_jobs()
        self.scheduler.shutdown(wait=True)


def _starter(thread: Thread) -> Callable[[object], None]:
    return lambda _event: thread.start()
