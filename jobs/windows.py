"""Looks at the times in which victims may ask for something: reckons their ends, and reminds once when half is over."""

from sqlalchemy import func, select

from jobs.tick import Tick
from models.windows import VictimWindow
from notify.planning.windows import look_at_windows
from notify.wiring import Services


def run(services: Services, _worker: str) -> int:
    """Look at every window whose time has come."""
    return look_at_windows(services.sessions, services.keys, services.rulebook, at=services.clock())


# Not null, in so many words: the index holds only those, and SQLite uses it only then.
_NEXT_DUE = (
    select(func.min(VictimWindow.next_look_at))
    .where(VictimWindow.next_look_at.is_not(None))
    .scalar_subquery()
)

TICK = Tick("windows", run, _NEXT_DUE)
