"""Two acts at the same moment."""

from collections.abc import Callable
from threading import Thread

from sqlalchemy.exc import SQLAlchemyError

from notify.errors import NotifyError
from notify.ledger.acts import Act
from tests.make import World

SOON = 0.5
"""Seconds in which whoever need not wait is done."""

Step = Callable[[World, Act], object]


def at_once(world: World, first: Step, second: Step) -> bool:
    """The second begins when the first has done all that it does, and has not committed. Whether it had to wait."""
    faults: list[Exception] = []

    def go() -> None:
        try:
            with world.acting() as act:
                second(world, act)
        except (SQLAlchemyError, NotifyError) as fault:
            faults.append(fault)

    other = Thread(target=go)
    with world.acting() as act:
        first(world, act)
        act.session.flush()
        other.start()
        other.join(timeout=SOON)
        waited = other.is_alive()
    other.join()
    assert not faults
    return waited
