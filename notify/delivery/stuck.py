"""Asks which messages may leave and do not: nobody claims them, or nobody settles what became of a claim."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.base import is_one_of
from models.messages import Message
from models.vocabulary import MessageState
from notify.delivery.claiming import LEASE
from notify.ledger.closing import WAITING

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
    in_hand = (
        select(Message.claimed_at.label("since"))
        .where(
            is_one_of(Message.state, MessageState.CLAIMED, MessageState.UNCERTAIN),
            # None of theirs is longer, and by it the index finds them; without one a person was asked.
            Message.lease_until <= at + LEASE,
            Message.claimed_at <= at - LEASE - after,
        )
        .order_by(Message.lease_until)
    )
    count, since = 0, None
    for which in (waiting.limit(MOST).subquery(), in_hand.limit(MOST).subquery()):
        some, first = session.execute(select(func.count(), func.min(which.c.since))).one()
        count += some
        since = first if since is None or (first is not None and first < since) else since
    return Stuck(min(count, MOST), since)
