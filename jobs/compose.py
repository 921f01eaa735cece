"""Turns duties that wait into messages, or into tasks for a person."""

from sqlalchemy import func, select

from jobs.tick import Tick
from models.duties import Duty
from notify.delivery.compose import compose
from notify.wiring import Services


def run(services: Services, _worker: str) -> int:
    """Look at every duty that waits for delivery."""
    return compose(services.sessions, services.keys, services.writer, at=services.clock())


# Single: two composers at once could write two messages where one was enough.
TICK = Tick("compose", run, select(func.min(Duty.compose_at)).scalar_subquery(), single=True)
