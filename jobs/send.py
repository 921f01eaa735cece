"""Hands messages over when their time has come."""

from sqlalchemy import func, select

from jobs.tick import Tick
from models.base import is_one_of
from models.messages import Message
from notify.delivery.claiming import WAITING
from notify.delivery.send import send_due
from notify.wiring import Services


def run(services: Services, worker: str) -> int:
    """Claim and hand over one batch."""
    return send_due(
        services.sessions,
        services.database.reads,
        services.keys,
        services.writer,
        services.providers,
        clock=services.clock,
        worker=worker,
    )


TICK = Tick(
    "send",
    run,
    select(func.min(Message.not_before)).where(is_one_of(Message.state, *WAITING)).scalar_subquery(),
)
