"""Looks up messages whose outcome is unknown, and those that left and of which nothing was heard."""

from datetime import timedelta

from sqlalchemy import func, select

from jobs.tick import Tick
from models.messages import Message
from notify.delivery.reconcile import reconcile
from notify.delivery.unheard import Patience, ask_unheard
from notify.wiring import Services


def run(services: Services, _worker: str) -> int:
    """Settle what can be settled."""
    sessions, keys, providers = services.sessions, services.keys, services.providers
    reads = services.database.reads
    policy = services.rulebook.policy
    patience = Patience(
        timedelta(hours=policy.no_receipt_urgent_hours), timedelta(hours=policy.no_receipt_hours)
    )
    return reconcile(sessions, reads, keys, providers, clock=services.clock) + ask_unheard(
        sessions, keys, providers, patience, clock=services.clock
    )


# Not null, in so many words: the index holds only those, and SQLite uses it only then.
_NEXT_DUE = select(func.min(Message.lease_until)).where(Message.lease_until.is_not(None)).scalar_subquery()

TICK = Tick("reconcile", run, _NEXT_DUE)
