"""Redacts: what a provider still keeps of a message, its text and her number, is emptied there once nothing more comes of it.

So is what it keeps of a text that came in, once we have that.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Update, bindparam, select, update
from sqlalchemy.orm import Session, sessionmaker

from models.keyring import SERVICE, Keyring, Place
from models.messages import Inbound, Message
from models.vocabulary import Channel, MessageState
from notify.clock import Clock
from notify.delivery.providers.base import Provider, ProviderError, TryLater
from notify.delivery.providers.routes import Routes
from notify.ledger.acts import acting
from notify.ledger.audit import THE_SERVICE

log = logging.getLogger(__name__)

T = TypeVar("T", Message, Inbound)

BATCH = 50
UNKNOWN = (MessageState.CLAIMED, MessageState.UNCERTAIN)
"""The provider may have the message, and its name for it is not known yet."""

ASK_AGAIN = timedelta(hours=1)
"""When another look is made: also at what a worker that died had in hand, since to empty a record twice harms nothing."""
LOOK_AGAIN = timedelta(days=1)
"""When a message whose outcome is unknown is looked at again."""

GIVE_UP = timedelta(days=7)
"""How long after the hand-over a provider that cannot be asked is asked."""


def _settling(table: type[Message | Inbound]) -> Update:
    # What was claimed anew meanwhile, or has had its last receipt, has another time to be looked at, and keeps it.
    mine = (table.id == bindparam("record"), table.redact_at == bindparam("taken"))
    return update(table).where(*mine).values(redact_at=bindparam("again"))


_SETTLE = {table: _settling(table) for table in (Message, Inbound)}


@dataclass(frozen=True)
class _Record:
    """What a provider may keep of one message of ours, or of one to us."""

    table: type[Message | Inbound]
    id: UUID
    owner: UUID
    channel: Channel
    provider: str | None
    provider_ref: str | None
    since: datetime
    taken: datetime
    """Its time to be looked at, as it was set when it was taken in hand."""


def redact_due(
    sessions: sessionmaker[Session],
    keys: Keyring,
    providers: Routes,
    *,
    clock: Clock,
    limit: int = BATCH,
) -> int:
    """Have emptied what is due, with no transaction open meanwhile. Returns how many messages were looked at."""
    seen, records = _take(sessions, at=clock(), limit=limit)
    for record in records:
        failure = _redact(record, providers.carrier(record.channel, record.provider))
        _settle(sessions, keys, record, failure, at=clock())
    return seen


def _is_unknown(message: Message) -> bool:
    return message.provider_ref is None and message.state in UNKNOWN


def _take(sessions: sessionmaker[Session], *, at: datetime, limit: int) -> tuple[int, list[_Record]]:
    taken = at + ASK_AGAIN
    with sessions.begin() as session:
        messages = _due(session, Message, at, limit)
        inbound = _due(session, Inbound, at, limit)
        for message in messages:
            message.redact_at = at + LOOK_AGAIN if _is_unknown(message) else taken
        for one in inbound:
            one.redact_at = taken
        records = [
            _Record(
                Message,
                message.id,
                message.victim_id,
                message.channel,
                message.provider,
                message.provider_ref,
                message.handed_over_at or message.created_at,
                taken,
            )
            for message in messages
            if message.channel is not None and not _is_unknown(message)
        ]
        came_in = [
            _Record(
                Inbound, one.id, SERVICE, Channel.SMS, one.provider, one.provider_ref, one.received_at, taken
            )
            for one in inbound
        ]
        return len(messages) + len(inbound), records + came_in


def _due(session: Session, table: type[T], at: datetime, limit: int) -> Sequence[T]:
    return session.scalars(
        select(table)
        .where(table.redact_at <= at)
        .order_by(table.redact_at, table.id)
        .limit(limit)
        .with_for_update(skip_locked=True, key_share=True)
    ).all()


def _redact(record: _Record, provider: Provider | None) -> ProviderError | None:
    """What kept the record from being emptied; None when nothing is kept there any more."""
    if record.provider_ref is None:
        return None  # it never took the message
    if provider is None:
        return ProviderError("provider_not_set_up")
    try:
        provider.redact(record.provider_ref)
    except ProviderError as failure:
        return failure
    return None


def _settle(
    sessions: sessionmaker[Session],
    keys: Keyring,
    record: _Record,
    failure: ProviderError | None,
    *,
    at: datetime,
) -> None:
    if isinstance(failure, TryLater) and at - record.since < GIVE_UP:
        again = at + max(ASK_AGAIN, failure.retry_after or ASK_AGAIN)
        with sessions.begin() as session:
            values = {"record": record.id, "taken": record.taken, "again": again}
            session.connection().execute(_SETTLE[record.table], values)
        return
    with acting(sessions, keys, at=at, actor=THE_SERVICE) as act:
        act.run(_SETTLE[record.table], record=record.id, taken=record.taken, again=None)
        if record.provider_ref is not None:
            what = "message" if record.table is Message else "inbound"
            done = f"{what} redacted" if failure is None else f"{what} not redacted"
            place = Place(record.table.__tablename__, record.id)
            act.log(done, place, owner=record.owner, why=failure.reason if failure else "done")
    if failure is not None:
        log.error(
            "a provider keeps what it should not",
            extra={"record_id": str(record.id), "reason": failure.reason},
        )
