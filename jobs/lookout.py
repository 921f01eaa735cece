"""The lookout of a worker: wakes the ticks that have something to do when a signal comes, or the next due time does."""

import logging
import os
from collections.abc import Callable
from contextlib import suppress
from select import select
from threading import Event

from jobs.timetable import next_due
from models.signals import Listener, listen
from notify.wiring import Services

log = logging.getLogger(__name__)

BETWEEN = 0.02
"""Seconds between two looks at least: however many signals come, they are few looks."""


class Lookout:
    """Asks for all ticks in one question which of them are due, and calls `wake` with the name of each."""

    def __init__(self, services: Services, wake: Callable[[str], None]) -> None:
        self._services = services
        self._wake = wake
        self._longest = float(services.settings.worker_tick_seconds)
        self._listener: Listener | None = None
        self._out, self._in = os.pipe()
        for end in (self._out, self._in):
            os.set_blocking(end, False)

    def nudge(self) -> None:
        """A signal from within this worker: one of its ticks did something, and another may go on from there."""
        with suppress(BlockingIOError):  # full: there are signals enough
            os.write(self._in, b".")

    def watch(self, stopping: Event) -> None:
        """Look after each signal, and when something is due next, until the worker is stopping and nudges."""
        seconds = 0.0
        while not stopping.is_set():
            try:
                self._wait(seconds)
                if not stopping.is_set():
                    seconds = self._look()
                stopping.wait(BETWEEN)
            except (
                Exception
            ):  # without a lookout each tick would wait for its interval: it goes on, and not too fast
                log.exception("the lookout failed")
                stopping.wait(self._longest)
        self._deafen()

    def close(self) -> None:
        """Once nothing nudges any more."""
        os.close(self._out)
        os.close(self._in)

    def _wait(self, seconds: float) -> None:
        """Wait for a signal, or so long. After the listener has begun there is no wait: what came before was not heard."""
        if self._listener is None and self._begins_to_listen():
            return
        heard: list[Listener | int] = [self._out]
        if self._listener is not None:
            heard.append(self._listener)
        ready, _, _ = select(heard, [], [], seconds)
        if self._out in ready:
            os.read(self._out, 65_536)
        if self._listener in ready:
            self._take(self._listener)

    def _begins_to_listen(self) -> bool:
        try:
            self._listener = listen(self._services.database.engine)
        except OSError as fault:
            log.warning("signals are not heard for now: %s", fault)
        return self._listener is not None

    def _take(self, listener: Listener) -> None:
        try:
            listener.take()
        except OSError as fault:
            log.warning("signals are not heard for now: %s", fault)
            self._deafen()

    def _deafen(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def _look(self) -> float:
        """Wake what is due; seconds until something is next, or until the longest time without a look is over."""
        with self._services.reading() as session:
            due = next_due(session)
        now = self._services.clock()
        later = [self._longest]
        for name, when in due.items():
            if when is None:
                continue
            if when <= now:
                self._wake(name)
            else:
                later.append((when - now).total_seconds())
        return min(later)
