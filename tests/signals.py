"""Ears for signals: what a test hears of what workers are told."""

from collections.abc import Iterator
from contextlib import contextmanager
from select import select

from models.session import Database
from models.signals import Listener, listen

LONGEST_WAIT = 60.0  # seconds, on a machine with much else to do


@contextmanager
def listening(database: Database) -> Iterator[Listener]:
    """Hears the signals of a database for as long as the block lasts."""
    listener = listen(database.engine)
    assert listener is not None
    try:
        yield listener
    finally:
        listener.close()


def hears(listener: Listener, *, within: float = LONGEST_WAIT) -> bool:
    """Whether a signal comes; it is then taken, and all that came with it."""
    heard = bool(select([listener], [], [], within)[0])
    if heard:
        listener.take()
    return heard
