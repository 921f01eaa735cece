"""Lives through the parts of an event file side by side, a process and a throw-away database for each."""

import os
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import FIRST_EXCEPTION, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from multiprocessing import get_context
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

from notify.eventfile.parse import bounded_lines
from notify.eventfile.parts import EVERY_PART, Split, split
from notify.eventfile.replay import Outcome, SimulatedClock, replay, replay_services, throw_away_database
from notify.eventfile.results import order_of_text, write_results
from notify.planning.policy import Policy
from notify.wiring import Services

Write = Callable[[Services], Generator[str, None, None]]
"""What to write of a replay that has ended: lines in the order of `order_of_text`."""

LOOK_EVERY = 0.2  # seconds between two looks at how far the parts are

_lived: "Synchronized[int]"
"""How many lines all parts have lived through so far; set when a part's process begins."""


def results_of(services: Services, *, after: datetime | None = None) -> Generator[str, None, None]:
    """Every line of the results of a replay, or those after a time."""
    with services.reading() as session:
        yield from write_results(session, services.keys, after=after)


@dataclass(frozen=True)
class _Part:
    """One part, as its process is told of it."""

    file: Path
    split: Split
    number: int
    until: datetime
    url: str | None
    policy: Policy | None
    write: Write
    results: Path


def split_file(file: Path, *, until: datetime | None) -> Split | None:
    """How to share a file out over this machine's processors; None when it is lived through in one piece."""
    if until is None or not file.is_file():
        return None  # where the end is depends on the last event that can be read
    with file.open("rb") as lines:
        return split(bounded_lines(lines), _cores(), until=until)


def _cores() -> int:
    """How many processors this process may use."""
    usable = getattr(os, "sched_getaffinity", None)  # not every system tells
    return len(usable(0)) if usable else os.cpu_count() or 1


def replay_side_by_side(
    file: Path,
    how: Split,
    folder: Path,
    *,
    until: datetime,
    url: str | None = None,
    policy: Policy | None = None,
    write: Write = results_of,
    progress: Callable[[int], None] = lambda _lines: None,
) -> tuple[Outcome, Iterator[str]]:
    """Live through all parts; returns what became of the lines, and what was written in the order of one replay."""
    parts = [
        _Part(file, how, number, until, url, policy, write, folder / f"results-{number}.ndjson")
        for number in range(how.parts)
    ]
    context = get_context("spawn")
    lived = context.Value("q", 0)
    with ProcessPoolExecutor(how.parts, mp_context=context, initializer=_begin, initargs=(lived,)) as pool:
        living: list[Future[Outcome]] = [pool.submit(_live, part) for part in parts]
        while wait(living, LOOK_EVERY, FIRST_EXCEPTION).not_done and not _failed(living):
            progress(lived.value)
        outcomes = [part.result() for part in living]
    whole = Outcome(
        applied=sum(outcome.applied for outcome in outcomes),
        beyond=sum(outcome.beyond for outcome in outcomes),
        refused=sorted(
            (refusal for outcome in outcomes for refusal in outcome.refused), key=lambda one: one.line
        ),
    )
    return whole, _merged([part.results for part in parts])


def _failed(living: list[Future[Outcome]]) -> bool:
    return any(part.done() and part.exception() is not None for part in living)


def _begin(lived: "Synchronized[int]") -> None:
    global _lived  # noqa: PLW0603 - how a pool hands something to its processes
    _lived = lived


def _live(part: _Part) -> Outcome:
    """Replay one part, in its own process. What all parts share is counted by the first alone."""
    clock = SimulatedClock()

    def report(_line: int, _now: datetime) -> None:
        with _lived.get_lock():
            _lived.value += 1

    with throw_away_database(part.url, None) as database:
        services = replay_services(database, clock, policy=part.policy)
        with part.file.open("rb") as lines:
            mine = part.split.lines(bounded_lines(lines), part.number)
            outcome = replay(services, clock, mine, until=part.until, progress=report)
        with part.results.open("w", encoding="utf-8") as results:
            results.writelines(f"{line}\n" for line in part.write(services))
    if part.number > 0:
        shared = part.split.part_of.count(EVERY_PART)
        kept = [one for one in outcome.refused if part.split.part_of[one.line - 1] != EVERY_PART]
        outcome.applied -= shared - (len(outcome.refused) - len(kept))
        outcome.refused = kept
    return outcome


def _merged(files: list[Path]) -> Iterator[str]:
    """The lines of all parts in time order: no victim is in two of them."""
    yield from merge(*(_lines(file) for file in files), key=order_of_text)


def _lines(file: Path) -> Iterator[str]:
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            yield line.removesuffix("\n")
