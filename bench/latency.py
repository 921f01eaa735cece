"""How long it takes from a milestone, told through the API, to the call of the provider, when nothing else goes on.

The API's server, the worker and the peer are each a process of its own, as in production. The clock starts when the
request is sent, so that the time in which the milestone is accepted is part of what is measured.
"""

import http.client
import json
import random
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from bench.api import CREATED, percentile
from bench.report import EMBEDDED, SERVER, BenchError, Measured, Report, load_now
from bench.servers import a_server, free_port, serving, version_of
from bench.texting import (
    a_peer,
    a_worker,
    add_people,
    await_that,
    calls_in,
    instants,
    processor_seconds,
    settings_for,
)
from config import Settings
from models.vocabulary import MilestoneKind
from notify.cli.database import upgrade_at
from notify.clock import utc_now
from notify.ledger.audit import THE_SERVICE, Actor
from notify.planning.api_tokens import Scope, create_token
from notify.wiring import Services, make_services

PAUSE: Final = (0.05, 0.3)
"""Seconds between one text and the next milestone: drawn, so that they do not keep step with anything."""


@dataclass(frozen=True)
class Size:
    """How many milestones in a repeat, how many repeats, and how many seconds an idle worker is watched."""

    milestones: int
    repeats: int
    idle: int
    warm_up: int = 5


SHORT: Final = Size(milestones=40, repeats=3, idle=15)
WHOLE: Final = Size(milestones=200, repeats=5, idle=30)


def run(*, full: bool, size: Size | None = None, databases: tuple[str, ...] = (EMBEDDED, SERVER)) -> Report:
    """Measure on SQLite and on PostgreSQL. Raises BenchError."""
    size = size or (WHOLE if full else SHORT)
    before, version = load_now(), None
    repeats: dict[str, list[Measured]] = {}
    with TemporaryDirectory(prefix="bench-") as folder:
        if EMBEDDED in databases:
            repeats[EMBEDDED] = measure(
                f"sqlite:///{Path(folder) / 'notify.db'}", size, Path(folder) / "sqlite"
            )
        if SERVER in databases:
            with a_server() as url:
                version = version_of(url)
                repeats[SERVER] = measure(url, size, Path(folder) / "postgresql")
    sizes = {"milestones": size.milestones, "repeats": size.repeats, "idle_seconds": size.idle}
    notes = [
        "from the request that tells of a milestone to the call of the provider",
        "idle_cpu_percent: of one core, by a worker that has nothing to do",
    ]
    return Report("latency", sizes, repeats, (before, load_now()), postgresql=version, notes=notes)


def measure(url: str, size: Size, calls: Path) -> list[Measured]:
    """Every repeat on one database."""
    upgrade_at(url)
    port = free_port()
    count = size.warm_up + size.milestones * size.repeats
    with ExitStack() as stack:
        env = settings_for(url, stack.enter_context(a_peer(calls)), staff_port=port)
        services = make_services(Settings.from_env(env))
        stack.callback(services.database.engine.dispose)
        token = _token(services, count)
        stack.enter_context(serving("wsgi:staff", port, env))
        worker = stack.enter_context(a_worker(services, env))
        connection = stack.enter_context(closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)))
        milestones = _Milestones(connection, token, calls)
        milestones.tell(size.warm_up)
        idle = []
        for _ in range(size.repeats):
            used = processor_seconds(worker)
            time.sleep(size.idle / size.repeats)
            idle.append((processor_seconds(worker) - used) * 100 / (size.idle / size.repeats))
        return [_figures(milestones.tell(size.milestones)) | {"idle_cpu_percent": each} for each in idle]


def _figures(taken: list[float]) -> dict[str, float]:
    return {
        "p50_ms": percentile(taken, 50),
        "p99_ms": percentile(taken, 99),
        "least_ms": min(taken),
        "most_ms": max(taken),
    }


def _token(services: Services, victims: int) -> str:
    """A token that may record milestones in the cases of so many victims."""
    officer = add_people(services, victims)
    with services.acting(THE_SERVICE) as act:
        act.actor = Actor("staff", officer.id)
        return create_token(
            act, name="bench", staff=officer, scopes=[Scope.MILESTONES_WRITE], expires_at=None
        )


class _Milestones:
    """Tells of one milestone after the other, each about another victim, and waits for the text that follows."""

    def __init__(self, connection: http.client.HTTPConnection, token: str, calls: Path) -> None:
        self._connection = connection
        self._calls = calls
        self._headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        self._told = 0

    def tell(self, count: int) -> list[float]:
        """Milliseconds from each request to the call of the provider. Raises BenchError."""
        self._connection.close()  # the server has closed what was idle, and a request opens it again
        began = list(self._each(count))
        called = instants(self._calls)
        if len(called) != self._told:
            raise BenchError(f"{len(called)} texts came after {self._told} milestones")
        return [1000 * (then - at) for at, then in zip(began, called[-count:], strict=True)]

    def _each(self, count: int) -> Iterator[float]:
        for _ in range(count):
            time.sleep(random.uniform(*PAUSE))
            began = time.monotonic()
            self._record(self._told)
            self._told += 1
            await_that(lambda: calls_in(self._calls) >= self._told, 60, every=0.01)
            yield began

    def _record(self, number: int) -> None:
        happened = (utc_now() - timedelta(minutes=10)).isoformat()
        body = {"milestone": f"M-{number}", "kind": MilestoneKind.ARREST, "happened_at": happened}
        headers = self._headers | {"Idempotency-Key": f"bench-{number:016}"}
        self._connection.request("POST", f"/api/v1/cases/C-{number}/milestones", json.dumps(body), headers)
        answer = self._connection.getresponse()
        told = answer.read()
        if answer.status != CREATED:
            raise BenchError(f"a milestone was answered {answer.status}: {told[:500].decode()}")
