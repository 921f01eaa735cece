"""Hands messages over when their time has come."""

from datetime import datetime

from sqlalchemy import Select, case, func, select, union_all

from jobs.tick import Tick
from models.base import is_one_of
from models.messages import Message
from models.running import ProviderHealth
from models.vocabulary import Channel
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


def _next(channel: Channel) -> Select[tuple[datetime]]:
    """When the first message of a channel may leave: not before one of its providers is ready for it."""
    first = (
        select(func.min(Message.not_before))
        .where(is_one_of(Message.state, *WAITING), is_one_of(Message.channel, channel))
        .scalar_subquery()
    )
    ready = (
        select(func.min(ProviderHealth.ready_at))
        .where(is_one_of(ProviderHealth.channel, channel))
        .scalar_subquery()
    )
    return select(case((ready > first, ready), else_=first).label("at"))


_first = union_all(*map(_next, Channel)).subquery()

# While one lane waits for the provider, the other asks the database or writes down what was said; a third only makes them wait.
TICK = Tick("send", run, select(func.min(_first.c.at)).scalar_subquery(), lanes=2)
