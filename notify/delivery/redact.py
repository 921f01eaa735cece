"""Redacts: what a provider still keeps of a message, its text and her number, is emptied there once nothing more comes of it."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session, sessionmaker

from models.keyring import Keyring
from models.messages import Message
from models.vocabulary import Channel, MessageState
from notify.clock import Clock
from notify.delivery.providers.base import Provider, ProviderError, TryLater
from notify.delivery.providers.routes import Routes
from notify.ledger.acts import acting
from notify.ledger.audit import THE_SERVICE

log = logging.getLogger(__name__)

BATCH = 50
UNKNOWN = (MessageState.CLAIMED, MessageState.UNCERTAIN)
"""The provider may have the message, and its name for it is not known yet."""

ASK_AGAIN = timedelta(hours=1)
"""When another look is made: also at what a worker that died had in hand, since to empty a record twice harms nothing."""
LOOK_AGAIN = timedelta(days=1)
"""When a message whose outcome is unknown is looked at again."""

GIVE_UP = timedelta(days=7)
"""How long after the hand-over a provider that cannot be asked is asked."""

# What was claimed anew meanwhile, or has had its last receipt, has another time to be looked at, and keeps it.
_SETTLE = (
    update(Message)
    .where(Message.id == bindparam("message"), Message.redact_at == bindparam("taken"))
    .values(redact_at=bindparam("again"))
)


@dataclass(frozen=True)
class _Record:
    """What a provider may keep of one message of ours."""

    message_id: UUID
    victim_id: UUID
    channel: Channel
    provider: str | None
    provider_ref: str | None
    left_at: datetime
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
    with sessions.begin() as session:
        messages = session.scalars(
            select(Message)
            .where(Message.redact_at <= at)
            .order_by(Message.redact_at, Message.id)
            .limit(limit)
            .with_for_update(skip_locked=True, key_share=True)
        ).all()
        for message in messages:
            message.redact_at = at + (LOOK_AGAIN if _is_unknown(message) else ASK_AGAIN)
        taken = at + ASK_AGAIN
        return len(messages), [
            _Record(
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
    if isinstance(failure, TryLater) and at - record.left_at < GIVE_UP:
        again = at + max(ASK_AGAIN, failure.retry_after or ASK_AGAIN)
        with sessions.begin() as session:
            values = {"message": record.message_id, "taken": record.taken, "again": again}
            session.connection().execute(_SETTLE, values)
        return
    with acting(sessions, keys, at=at, actor=THE_SERVICE) as act:
        act.run(_SETTLE, message=record.message_id, taken=record.taken, again=None)
        if record.provider_ref is not None:
            message = act.session.get_one(Message, record.message_id)
            done = "message redacted" if failure is None else "message not redacted"
            act.log(done, message, owner=record.victim_id, why=failure.reason if failure else "done")
    if failure is not None:
        log.error(
            "a provider keeps what it should not",
            extra={"message_id": str(record.message_id), "reason": failure.reason},
        )
