"""Workers that are made in a moment and killed at any: each is the real one, in a process of its own."""

import logging
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from sqlalchemy.exc import OperationalError

from jobs.worker import Worker
from notify.wiring import Services

TRY_AGAIN = 0.2  # real seconds


class Crew:
    """Some workers, always as many alive. Whoever asks for one must have no connection and no thread."""

    def __init__(self, services: Services, size: int, log: Path) -> None:
        self._services, self._size, self._log = services, size, log
        self.alive: list[int] = []

    @property
    def names(self) -> set[str]:
        """As those who are alive call themselves."""
        return {_name(pid) for pid in self.alive}

    def fill(self) -> None:
        """Put a new worker in the place of each that is gone."""
        while len(self.alive) < self._size:
            self.alive.append(forked(lambda: work(self._services), self._log))

    def kill(self, which: int) -> None:
        """Kill one outright, wherever it stands."""
        end(self.alive.pop(which))

    def kill_all(self) -> int:
        """The same for all; how many there were."""
        gone = len(self.alive)
        for pid in self.alive:
            os.kill(pid, signal.SIGKILL)
        for pid in self.alive:
            _wait(pid)
        self.alive.clear()
        return gone


def work(services: Services) -> None:
    """Be a worker until killed."""
    logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
    services.database.engine.dispose(close=False)  # what it knows of statements stays
    while True:
        try:
            Worker(services, _name(os.getpid())).run()
        except OperationalError:  # its database is being restarted: in service, too, somebody starts it again
            time.sleep(TRY_AGAIN)


def _name(pid: int) -> str:
    return f"worker {pid}"


def forked(act: Callable[[], None], log: Path) -> int:
    """The process id of a copy of this process that does one thing; what it says goes into the log."""
    pid = os.fork()
    if pid == 0:
        _become(act, log)
    return pid


def end(pid: int) -> None:
    """Kill a process of ours outright. Raises ChildProcessError if it had ended by itself."""
    os.kill(pid, signal.SIGKILL)
    _wait(pid)


def _wait(pid: int) -> None:
    _, status = os.waitpid(pid, 0)
    if not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL):
        raise ChildProcessError(f"a process ended by itself, with status {status}")


def _become(act: Callable[[], None], log: Path) -> NoReturn:
    code = 1
    try:
        with log.open("a", buffering=1) as told:
            os.dup2(told.fileno(), sys.stdout.fileno())
            os.dup2(told.fileno(), sys.stderr.fileno())
        logging.basicConfig(
            level=logging.WARNING, stream=sys.stderr, format="%(asctime)s %(process)d %(message)s"
        )
        act()
        code = 0
    except BaseException:  # noqa: BLE001 - nothing of the parent may run on in its copy
        traceback.print_exc()
    finally:
        os._exit(code)
