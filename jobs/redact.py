"""Has emptied what providers keep of messages that are final, and of what came in."""

from datetime import datetime

from sqlalchemy import Select, func, select, union_all

from jobs.tick import Tick
from models.messages import Inbound, Message
from notify.delivery.redact import redact_due
from notify.wiring import Services


def run(services: Services, _worker: str) -> int:
    """Have one batch of records emptied."""
    return redact_due(services.sessions, services.keys, services.providers, clock=services.clock)


def _next(table: type[Message | Inbound]) -> Select[datetime | None]:
    # Not null, in so many words: the index holds only those, and SQLite uses it only then.
    return select(func.min(table.redact_at).label("at")).where(table.redact_at.is_not(None))


_first = union_all(_next(Message), _next(Inbound)).subquery()

TICK = Tick("redact", run, select(func.min(_first.c.at)).scalar_subquery())
