"""Has emptied what providers keep of messages that are final."""

from sqlalchemy import func, select

from jobs.tick import Tick
from models.messages import Message
from notify.delivery.redact import redact_due
from notify.wiring import Services


def run(services: Services, _worker: str) -> int:
    """Have one batch of records emptied."""
    return redact_due(services.sessions, services.keys, services.providers, clock=services.clock)


# Not null, in so many words: the index holds only those, and SQLite uses it only then.
_NEXT_DUE = select(func.min(Message.redact_at)).where(Message.redact_at.is_not(None)).scalar_subquery()

TICK = Tick("redact", run, _NEXT_DUE)
