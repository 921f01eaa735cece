"""Looks up messages whose outcome is unknown."""

from sqlalchemy import func, select

from jobs.tick import Tick
from models.base import is_one_of
from models.messages import Message
from models.vocabulary import MessageState
from notify.delivery.reconcile import reconcile
from notify.wiring import Services


def run(services: Services, _worker: str) -> int:
    """Settle what can be settled."""
    return reconcile(services.sessions, services.keys, services.providers, clock=services.clock)


TICK = Tick(
    "reconcile",
    run,
    select(func.min(Message.lease_until))
    .where(is_one_of(Message.state, MessageState.CLAIMED, MessageState.UNCERTAIN))
    .scalar_subquery(),
)
