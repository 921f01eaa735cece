"""The timetable: every tick of the worker, in the order in which a row travels."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from jobs import alerts, compose, digest, inbound, no_change, receipts, reconcile, redact, send, windows
from jobs.tick import Tick
from notify.wiring import Services

TIMETABLE: tuple[Tick, ...] = (
    no_change.TICK,
    windows.TICK,
    compose.TICK,
    send.TICK,
    receipts.TICK,
    inbound.TICK,
    reconcile.TICK,
    redact.TICK,
    alerts.TICK,
    digest.TICK,
)

_NAMES = tuple(tick.name for tick in TIMETABLE)
_NEXT_DUE = select(*(tick.next_due for tick in TIMETABLE))


def next_due(session: Session) -> dict[str, datetime | None]:
    """When each tick next has something to see; None when nothing waits for it."""
    return dict(zip(_NAMES, session.connection().execute(_NEXT_DUE).one(), strict=True))


def run_due(services: Services, worker: str) -> int:
    """Run every tick that has something to see now, until none has. Returns how many rows were seen."""
    seen = 0
    while True:
        with services.reading() as session:
            due = next_due(session)
        now = services.clock()
        ready = [tick for tick in TIMETABLE if (when := due[tick.name]) is not None and when <= now]
        if not ready:
            return seen
        looked = sum(tick.run(services, worker) for tick in ready)
        if not looked:
            return seen  # what is due has to wait for something else, such as a provider that is left alone
        seen += looked
