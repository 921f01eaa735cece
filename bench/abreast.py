"""Runs one piece of work in several processes that begin it together, and says how long it takes until all have ended it."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from threading import BrokenBarrierError
from typing import Any, Final

from bench.report import BenchError
from bench.servers import LONGEST_START, LONGEST_STOP
from notify.memory import seldom_collected

Prepare = Callable[..., AbstractContextManager[Callable[[], None]]]
"""Makes ready, in a process of its own, and gives what is then to be done there. It is imported there by its name."""

LONGEST: Final = 900  # seconds


def seconds_abreast(processes: int, prepare: Prepare, *given: Any) -> float:
    """Seconds from when all are ready until the last is done; `given` is what each is prepared with. Raises BenchError."""
    spawn = get_context("spawn")  # a copy of this process would share its connections
    line = spawn.Barrier(processes + 1)
    team = [spawn.Process(target=_take_part, args=(line, prepare, given)) for _ in range(processes)]
    for process in team:
        process.start()
    try:
        line.wait(LONGEST_START)
        began = time.perf_counter()
        line.wait(LONGEST)
        return time.perf_counter() - began
    except BrokenBarrierError as fault:
        raise BenchError(f"{prepare.__name__}: a process ended before its work was done") from fault
    finally:
        for process in team:
            process.join(LONGEST_STOP)
            process.kill()  # does nothing to one that has ended


def _take_part(line: Barrier, prepare: Prepare, given: tuple[Any, ...]) -> None:
    try:
        with prepare(*given) as work, seldom_collected():  # as in a worker
            line.wait()
            work()
            line.wait()
    except BaseException:
        line.abort()  # nobody waits for it; what was wrong is printed as of any process
        raise
