"""Sends a very long backlog with one worker: whether the last are sent as fast as the first, and what memory that takes.

The backlog is that of `bench/waiting.py`. The worker and the peer are processes of their own.
"""

import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from bench.report import EMBEDDED, SERVER, BenchError, Measured, Report, load_now
from bench.servers import a_server, version_of
from bench.texting import (
    a_peer,
    a_worker,
    calls_in,
    instants,
    memory_of,
    processor_seconds,
    settings_for,
)
from bench.waiting import fill
from config import Settings
from notify.cli.database import upgrade_at
from notify.wiring import make_services

LONGEST_PAUSE: Final = 120  # seconds; a worker that sends nothing for so long is not waited for
WATCHED_EVERY: Final = 0.5  # seconds
TENTH: Final = 10


@dataclass(frozen=True)
class Size:
    """How many messages wait."""

    messages: int


SHORT: Final = Size(messages=20_000)
WHOLE: Final = Size(messages=1_000_000)


def run(*, full: bool, size: Size | None = None, databases: tuple[str, ...] = (EMBEDDED, SERVER)) -> Report:
    """Send the backlog once from SQLite and once from PostgreSQL. Raises BenchError."""
    size = size or (WHOLE if full else SHORT)
    before, version = load_now(), None
    repeats: dict[str, list[Measured]] = {}
    with TemporaryDirectory(prefix="bench-") as folder:
        calls = Path(folder) / "calls"
        if EMBEDDED in databases:
            repeats[EMBEDDED] = [measure(f"sqlite:///{Path(folder) / 'notify.db'}", size, calls)]
        if SERVER in databases:
            calls.unlink(missing_ok=True)
            with a_server() as url:
                version = version_of(url)
                repeats[SERVER] = [measure(url, size, calls)]
    notes = [
        "first_rate, last_rate: messages a second in the first and in the last tenth; slowest and fastest: of all tenths",
        "first_cpu_us, last_cpu_us: the worker's own processor time for a message, in the same tenths",
        "last_to_first: last_rate by first_rate; 1 means that the length of the backlog makes no difference",
    ]
    sizes = {"messages": size.messages}
    return Report("backlog", sizes, repeats, (before, load_now()), postgresql=version, notes=notes)


def measure(url: str, size: Size, calls: Path) -> Measured:
    """One backlog on one database, from the first call of the provider to the last."""
    upgrade_at(url)
    with ExitStack() as stack:
        env = settings_for(url, stack.enter_context(a_peer(calls)))
        services = make_services(Settings.from_env(env))
        stack.callback(services.database.engine.dispose)
        fill(services, size.messages)
        worker = stack.enter_context(a_worker(services, env))
        looks = []
        before, until = 0, time.monotonic() + LONGEST_PAUSE
        while (sent := calls_in(calls)) < size.messages:
            looks.append(_Look(sent, memory_of(worker), processor_seconds(worker)))
            if sent > before:
                before, until = sent, time.monotonic() + LONGEST_PAUSE
            if worker.poll() is not None or time.monotonic() > until:
                raise BenchError(f"{sent} of {size.messages} messages were sent")
            time.sleep(WATCHED_EVERY)
        looks.append(_Look(sent, memory_of(worker), processor_seconds(worker)))
    called = instants(calls)
    if len(called) != size.messages:
        raise BenchError(f"{len(called)} texts came of {size.messages} messages")
    return _figures(called, looks)


@dataclass(frozen=True)
class _Look:
    """What a worker has done by a moment, and what it holds."""

    sent: int
    mib: float
    cpu: float


def _figures(called: list[float], looks: list[_Look]) -> Measured:
    tenth = len(called) // TENTH
    rates = [
        (tenth - 1) / (called[first + tenth - 1] - called[first]) for first in range(0, tenth * TENTH, tenth)
    ]
    marks = [next(look for look in looks if look.sent >= len(called) * nth // TENTH) for nth in range(11)]
    return {
        "first_rate": rates[0],
        "last_rate": rates[-1],
        "last_to_first": rates[-1] / rates[0],
        "slowest_rate": min(rates),
        "fastest_rate": max(rates),
        "first_cpu_us": _cpu_us(marks[0], marks[1]),
        "last_cpu_us": _cpu_us(marks[-2], marks[-1]),
        "peak_mib": max(look.mib for look in looks),
        "mib_at_tenth": marks[1].mib,
        "mib_at_half": marks[5].mib,
        "mib_at_end": looks[-1].mib,
    }


def _cpu_us(before: _Look, after: _Look) -> float:
    """The worker's own processor time for one message between two looks."""
    return (after.cpu - before.cpu) / max(after.sent - before.sent, 1) * 1e6
