"""A tick: one idempotent look at what is due, run again and again by any number of workers."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ScalarSelect

from notify.wiring import Services


@dataclass(frozen=True)
class Tick:
    """`run` looks once at a batch and returns how many rows it saw; `next_due` asks when there is next something to see.

    A `single` tick runs on one worker at a time, under a lease. In a long queue `lanes` batches go on at the same time:
    while one waits for its answers, another asks the database.
    """

    name: str
    run: Callable[[Services, str], int]
    next_due: ScalarSelect[datetime | None] | ScalarSelect[datetime]
    single: bool = False
    lanes: int = 1
