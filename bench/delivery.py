"""Sends texts through the worker's own steps, beside the bare Twilio client and Procrastinate doing as much.

All three call the same peer on this machine. Ours claims, asks the gate, opens the seals, hands over and records; the
bare client calls `messages.create` in a loop on its default transport and keeps nothing; Procrastinate runs a job for
each text that makes the same call and updates one row. Processor time is taken in one process; how many go in a second,
with one worker and with two, ours and Procrastinate's alike, each as it does best.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any, Final, TypeVar

from sqlalchemy import func, select
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from bench.abreast import seconds_abreast
from bench.lean_peer import ACCOUNT
from bench.queues import TEXT, a_queue_worker, left_undone, queue_jobs
from bench.report import EMBEDDED, SERVER, BenchError, Measured, Report, load_now
from bench.servers import a_server, version_of
from bench.texting import SENDER, TO, TOKEN, a_peer, add_people, settings_for
from config import Settings
from jobs.timetable import TIMETABLE
from jobs.worker import Runner
from models.cases import Case
from models.messages import Message
from models.staff import Staff
from models.vocabulary import MessageState, MilestoneKind
from notify.cli.database import upgrade_at
from notify.clock import utc_now
from notify.ledger.audit import THE_SERVICE, Actor
from notify.memory import seldom_collected
from notify.planning.milestones import Happening, record_milestone
from notify.wiring import Services, make_services

WAYS: Final = tuple((workers, at_once) for workers in (1, 2) for at_once in (4, 10, 32))
"""How many workers Procrastinate is given, and how many of its jobs each runs at once: the best counts."""

W = TypeVar("W", int, tuple[int, int])


@dataclass(frozen=True)
class Size:
    """How many texts each sends in a repeat, and the ways in which Procrastinate does."""

    texts: int
    repeats: int
    ways: Sequence[tuple[int, int]] = WAYS


SHORT: Final = Size(texts=2_000, repeats=3)
WHOLE: Final = Size(texts=3_000, repeats=5)


def run(*, full: bool, size: Size | None = None) -> Report:
    """Measure on PostgreSQL, then on SQLite; the others in turn with ours. Raises BenchError."""
    size = size or (WHOLE if full else SHORT)
    before = load_now()
    repeats: dict[str, list[Measured]] = {}
    with (
        a_peer() as peer,
        TemporaryDirectory(prefix="bench-") as folder,
        a_server() as url,
        seldom_collected(),  # as in a worker, and for all three alike
    ):
        version = version_of(url)
        repeats[SERVER] = measure(url, peer, size, beside=True)
        repeats[EMBEDDED] = measure(f"sqlite:///{Path(folder) / 'notify.db'}", peer, size)
    sizes = {"texts": size.texts, "repeats": size.repeats}
    notes = [
        "cpu_ratio: processor time for one text, ours by the bare client's",
        "messages_per_second, procrastinate_per_second: with as many workers, of one or two, and jobs at once as do best",
        "throughput_ratio: one by the other (PostgreSQL only)",
    ]
    return Report("delivery", sizes, repeats, (before, load_now()), postgresql=version, notes=notes)


def measure(url: str, peer: str, size: Size, *, beside: bool = False) -> list[Measured]:
    """Every repeat on one database: ours and the bare client, and with `beside` Procrastinate in turn with two workers of ours."""
    env, clock = settings_for(url, peer), _Clock()
    upgrade_at(url)
    services = make_services(Settings.from_env(env), clock=clock)
    measured: list[Measured] = []
    ours: list[Mapping[int, float]] = []
    theirs: list[Mapping[tuple[int, int], float]] = []
    try:
        add_people(services, size.texts)
        for _ in range(size.repeats):
            _queue(services, clock, size.texts)
            measured.append(figures := _figures(services, peer, size))
            if beside:
                ours.append({1: figures["messages_per_second"], 2: _with_two(services, env, clock, size)})
                theirs.append({way: _procrastinate(url, peer, size.texts, *way) for way in size.ways})
    finally:
        services.database.engine.dispose()
    best = at_best(ours, theirs) if beside else ({} for _ in measured)
    return [{**figures, **rates} for figures, rates in zip(measured, best, strict=True)]


def _with_two(services: Services, env: Mapping[str, str], clock: "_Clock", size: Size) -> float:
    """Texts a second that two workers send together."""
    _queue(services, clock, size.texts)
    before = _sent(services)
    seconds = seconds_abreast(2, a_worker_at, env, clock.ahead)
    _all_sent(services, before, size.texts)
    return size.texts / seconds


@contextmanager
def a_worker_at(env: Mapping[str, str], ahead: timedelta) -> Iterator[Callable[[], None]]:
    """The sending part of a worker, so far ahead of the real time."""
    services = make_services(Settings.from_env(env), clock=_Clock(ahead))
    try:
        yield lambda: _drain(services)
    finally:
        services.database.engine.dispose()


def _procrastinate(url: str, peer: str, jobs: int, workers: int, at_once: int) -> float:
    """Jobs a second that so many workers do together, each so many at once."""
    queue_jobs(url, jobs)
    seconds = seconds_abreast(workers, a_queue_worker, url, peer, at_once)
    if left := left_undone(url):
        raise BenchError(f"{left} jobs of {jobs} were not done")
    return jobs / seconds


def at_best(
    ours: Sequence[Mapping[int, float]], theirs: Sequence[Mapping[tuple[int, int], float]]
) -> Iterator[Measured]:
    """The rates of what did best over all repeats: the best of each repeat would be the one that had luck."""
    workers, way = _best(ours), _best(theirs)
    for rates, others in zip(ours, theirs, strict=True):
        yield {
            "messages_per_second": rates[workers],
            "one_worker_per_second": rates[1],
            "procrastinate_per_second": others[way],
            "throughput_ratio": rates[workers] / others[way],
            "workers": workers,
            "procrastinate_workers": way[0],
            "procrastinate_at_once": way[1],
        }


def _best(rates: Sequence[Mapping[W, float]]) -> W:
    return max(rates[0], key=lambda way: median(repeat[way] for repeat in rates))


def _figures(services: Services, peer: str, size: Size) -> dict[str, float]:
    before = _sent(services)
    cpu, seconds = _timed(lambda: _drain(services))
    _all_sent(services, before, size.texts)
    bare_cpu, bare_seconds = _timed(lambda: _bare(peer, size.texts))
    return {
        "cpu_us_per_message": cpu / size.texts * 1e6,
        "bare_client_cpu_us": bare_cpu / size.texts * 1e6,
        "cpu_ratio": cpu / bare_cpu,
        "messages_per_second": size.texts / seconds,
        "bare_per_second": size.texts / bare_seconds,
    }


def _timed(work: Any) -> tuple[float, float]:
    """Processor seconds of this process, and seconds."""
    cpu, began = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - cpu, time.perf_counter() - began


def _drain(services: Services) -> None:
    """The worker's own runner of the tick, until nothing is left."""
    [send] = [tick for tick in TIMETABLE if tick.name == "send"]
    Runner(send, services, f"bench-{os.getpid()}", Event()).look()


def _all_sent(services: Services, before: int, texts: int) -> None:
    if (seen := _sent(services) - before) != texts:
        raise BenchError(f"{seen} texts were sent of {texts}")


def _sent(services: Services) -> int:
    with services.reading() as session:
        accepted = select(func.count()).select_from(Message).where(Message.state == MessageState.ACCEPTED)
        return session.scalars(accepted).one()


class _ToPeer(TwilioHttpClient):  # type: ignore[misc] # the library has no types
    """The client's default transport; only the host is another one."""

    def __init__(self, peer: str) -> None:
        super().__init__()
        self._peer = peer

    def request(self, method: str, url: str, *args: Any, **named: Any) -> Any:
        return super().request(method, url.replace("https://api.twilio.com", self._peer), *args, **named)


def _bare(peer: str, texts: int) -> None:
    messages = Client(ACCOUNT, TOKEN, http_client=_ToPeer(peer)).messages
    for _ in range(texts):
        messages.create(to=TO, from_=SENDER, body=TEXT)


def _queue(services: Services, clock: "_Clock", texts: int) -> None:
    """One text waiting for each victim, more than an hour after the one before."""
    clock.ahead += timedelta(hours=2)
    with services.acting(THE_SERVICE) as act:
        officer = act.session.scalars(select(Staff)).one()
        act.actor = Actor("staff", officer.id)
        happening = Happening(MilestoneKind.ARREST, act.at, act.at)
        for case_id in act.session.scalars(select(Case.id).order_by(Case.ref)).all():
            record_milestone(act, services.rulebook, case_id, happening)
    [compose] = [tick for tick in TIMETABLE if tick.name == "compose"]
    while compose.run(services, "bench"):
        pass
    with services.reading() as session:
        waiting = session.scalar(
            select(func.count()).select_from(Message).where(Message.state == MessageState.QUEUED)
        )
    if waiting != texts:
        raise BenchError(f"{waiting} texts wait, and not {texts}")


@dataclass
class _Clock:
    """The real time, and so much ahead of it."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.ahead
