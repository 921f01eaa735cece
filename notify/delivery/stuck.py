"""Asks which messages may leave and do not: nobody claims them, or nobody settles what became of a claim."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from models.base import is_one_of
from models.messages import Message
from models.vocabulary import MessageState
from notify.delivery.reconcile import LOOK_AGAIN
from notify.delivery.senders import SENDER_WAITING, SENDER_WAITS
from notify.ledger.closing import WAITING

SETTLES = timedelta(minutes=20)
"""For so long it is usual that nobody knows what became of a message: a provider's own lists may be late."""
MOST = 1000
"""So many are counted and no more: a backlog need not be counted to be known as one."""


@dataclass(frozen=True)
class Stuck:
    """How many messages are kept from leaving by a fault of ours, and since when the first of them."""

    count: int
    since: datetime | None

    @property
    def many(self) -> bool:
        """Whether there may be more than were counted."""
        return self.count >= MOST


def stuck(session: Session, *, at: datetime, after: timedelta) -> Stuck:
    """What could have left `after` ago and has not; asked of the tables, so that it is seen though no worker works."""
    waiting = (
        select(Message.not_before.label("since"))
        .where(is_one_of(Message.state, *WAITING), Message.not_before <= at - after)
        .order_by(Message.not_before)
    )
    kept_back = (
        select(Message.created_at.label("since"))
        .where(
            is_one_of(Message.state, *WAITING),
            # Each look moves it on, though no further than this: what is put off for longer waits for its window.
            Message.not_before > at - after,
            Message.not_before <= at + SENDER_WAITS,
            Message.error_code == SENDER_WAITING,
            Message.created_at <= at - after,
        )
        .order_by(Message.not_before)
    )
    outlived = and_(is_one_of(Message.state, MessageState.CLAIMED), Message.lease_until <= at - after)
    unknown = and_(
        is_one_of(Message.state, MessageState.UNCERTAIN), Message.claimed_at <= at - SETTLES - after
    )
    in_hand = (
        select(Message.claimed_at.label("since"))
        # No look at either is further off, and by it the index finds them; without one a person was asked.
        .where(Message.lease_until <= at + LOOK_AGAIN, or_(outlived, unknown))
        .order_by(Message.lease_until)
    )
    count, since = 0, None
    for query in (waiting, kept_back, in_hand):
        which = query.limit(MOST).subquery()
        some, first = session.execute(select(func.count(), func.min(which.c.since))).one()
        count += some
        since = first if since is None or (first is not None and first < since) else since
    return Stuck(min(count, MOST), since)
