"""Sends texts through the worker's own steps, beside the bare Twilio client and Procrastinate doing as much.

All three call the same peer on this machine. Ours claims, asks the gate, opens the seals, hands over and records; the
bare client calls `messages.create` in a loop on its default transport and keeps nothing; Procrastinate runs a job for
each text that makes the same call and updates one row.
"""

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any, Final
from urllib.parse import urlencode

import aiohttp
from procrastinate import App, PsycopgConnector
from procrastinate.types import JSONValue
from sqlalchemy import create_engine, func, make_url, select, text
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from bench.lean_peer import ACCOUNT
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

CONCURRENCIES: Final = (1, 4, 10, 32)
"""How many of its jobs Procrastinate runs at once: the best counts."""


@dataclass(frozen=True)
class Size:
    """How many texts each sends in a repeat."""

    texts: int
    jobs: int
    repeats: int


SHORT: Final = Size(texts=1_500, jobs=1_000, repeats=3)
WHOLE: Final = Size(texts=3_000, jobs=3_000, repeats=5)


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
        repeats[SERVER] = measure(url, peer, size, procrastinate=True)
        repeats[EMBEDDED] = measure(f"sqlite:///{Path(folder) / 'notify.db'}", peer, size)
    sizes = {"texts": size.texts, "jobs": size.jobs, "repeats": size.repeats}
    notes = [
        "cpu_ratio: processor time for one text, ours by the bare client's",
        "throughput_ratio: texts a second, ours by Procrastinate's at its best concurrency (PostgreSQL only)",
    ]
    return Report("delivery", sizes, repeats, (before, load_now()), postgresql=version, notes=notes)


def measure(url: str, peer: str, size: Size, *, procrastinate: bool = False) -> list[Measured]:
    """Every repeat on one database: ours, the bare client, and Procrastinate if asked for."""
    clock = _Clock()
    services = _services(url, peer, clock)
    measured: list[Measured] = []
    try:
        add_people(services, size.texts)
        for _ in range(size.repeats):
            _queue(services, clock, size.texts)
            figures = _figures(services, peer, size)
            if procrastinate:
                each = [asyncio.run(_procrastinate(url, peer, size.jobs, n)) for n in CONCURRENCIES]
                figures["procrastinate_per_second"] = max(each)
                figures["throughput_ratio"] = figures["messages_per_second"] / max(each)
            measured.append(figures)
    finally:
        services.database.engine.dispose()
    return measured


def _figures(services: Services, peer: str, size: Size) -> dict[str, float]:
    cpu, seconds = _timed(lambda: _send(services, size.texts))
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


def _send(services: Services, texts: int) -> None:
    """The worker's own runner of the tick, until nothing is left."""
    [send] = [tick for tick in TIMETABLE if tick.name == "send"]
    before = _sent(services)
    Runner(send, services, "bench", Event()).look()
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
        messages.create(to=TO, from_=SENDER, body="There is news. Please ring me.")


async def _procrastinate(url: str, peer: str, jobs: int, at_once: int) -> float:
    """Jobs a second, each with the same call and an update of its row; a fresh schema each time."""
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA IF EXISTS queue CASCADE"))
        connection.execute(text("CREATE SCHEMA queue"))
        connection.execute(text("CREATE TABLE queue.texts (id int PRIMARY KEY, ref text)"))
        connection.execute(text("INSERT INTO queue.texts SELECT generate_series(1, :n)"), {"n": jobs})
    engine.dispose()
    connector = PsycopgConnector(
        conninfo=plain, kwargs={"options": "-c search_path=queue"}, min_size=at_once, max_size=at_once + 2
    )
    app = App(connector=connector)
    async with aiohttp.ClientSession() as session:

        @app.task(queue="texts")
        async def send(number: int) -> None:
            form = urlencode({"To": TO, "From": SENDER, "Body": "There is news. Please ring me."})
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            path = f"{peer}/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
            async with session.post(path, data=form, headers=headers) as answer:
                sid = (await answer.json())["sid"]
            await connector.execute_query_async(
                "UPDATE texts SET ref = %(ref)s WHERE id = %(id)s", ref=sid, id=number
            )

        async with app.open_async():
            await app.schema_manager.apply_schema_async()
            batch: list[dict[str, JSONValue]] = [{"number": number} for number in range(1, jobs + 1)]
            await send.batch_defer_async(*batch)
            began = time.perf_counter()
            await app.run_worker_async(concurrency=at_once, wait=False, install_signal_handlers=False)
            return jobs / (time.perf_counter() - began)


def _services(url: str, peer: str, clock: "_Clock") -> Services:
    upgrade_at(url)
    return make_services(Settings.from_env(settings_for(url, peer)), clock=clock)


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
