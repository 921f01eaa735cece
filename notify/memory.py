"""How seldom the garbage collector looks through memory while much is done: nearly all that is new goes without its help."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

RARELY = 50_000
"""New objects between two rounds of the garbage collector."""


@contextmanager
def seldom_collected() -> Iterator[None]:
    """What is loaded by now stays, and is not looked through again and again: a whole round takes a tenth of a second."""
    held_before = gc.get_freeze_count()
    gc.collect()
    gc.freeze()
    usual = gc.get_threshold()
    gc.set_threshold(RARELY, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        if not held_before:
            gc.unfreeze()
