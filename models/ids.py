"""Ids made by us: random, or in a replay counted, so that the same history gives the same rows."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count
from uuid import UUID, uuid4

FIRST_COUNTED = 1000
"""Below this lie the fixed ids of the service's own keys."""

_source: ContextVar[Callable[[], UUID]] = ContextVar("ids", default=uuid4)


def new_id() -> UUID:
    """The id of a new row."""
    return _source.get()()


@contextmanager
def counted_ids(numbers: Iterator[int] | None = None) -> Iterator[None]:
    """Within this block, rows made by this thread are numbered in the order of their making, by `numbers` if given."""
    numbers = count(FIRST_COUNTED) if numbers is None else numbers
    token = _source.set(lambda: UUID(int=next(numbers)))
    try:
        yield
    finally:
        _source.reset(token)
