"""Turns duties that wait into messages, or into tasks for a person."""

from sqlalchemy import func, select

from jobs.tick import Tick
from models.duties import Duty
from notify.delivery.compose import compose
from notify.wiring import Services


def run(services: Services, _worker: str) -> int:
    """Look at every duty that waits for delivery."""
    return compose(
        services.sessions,
        services.keys,
        services.writer,
        at=services.clock(),
        stuck=services.rulebook.policy.stuck,
    )


# Not null, in so many words: the index holds only those, and SQLite uses it only then.
_NEXT_DUE = select(func.min(Duty.compose_at)).where(Duty.compose_at.is_not(None)).scalar_subquery()

# Single: two composers at once could write two messages where one was enough.
TICK = Tick("compose", run, _NEXT_DUE, single=True)
