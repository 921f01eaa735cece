"""Asks what became of messages that left and of which no receipt came: the provider first, and then a person."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from models.base import is_one_of
from models.keyring import Keyring
from models.messages import Message
from models.vocabulary import Channel, DutyClass, DutyState, MessageState, ReceiptStatus
from notify.clock import Clock
from notify.delivery.carrying import Carried, carried, duties_of
from notify.delivery.providers.base import Became, ProviderError
from notify.delivery.providers.routes import Routes
from notify.delivery.receipts import Slip, take_receipt
from notify.delivery.reconcile import LOOK_AGAIN, ask_a_person
from notify.ledger.acts import acting
from notify.ledger.audit import THE_SERVICE

BATCH = 50
FINAL = frozenset({ReceiptStatus.DELIVERED, ReceiptStatus.UNDELIVERED, ReceiptStatus.FAILED})


@dataclass(frozen=True)
class Patience:
    """How long no receipt is no matter: for a message with immediate news, and for any other."""

    urgent: timedelta
    usual: timedelta


@dataclass(frozen=True)
class _Unheard:
    """A message of which nobody has said what became of it for too long."""

    message_id: UUID
    channel: Channel | None
    provider: str | None
    provider_ref: str | None


def ask_unheard(
    sessions: sessionmaker[Session],
    keys: Keyring,
    providers: Routes,
    patience: Patience,
    *,
    clock: Clock,
    limit: int = BATCH,
) -> int:
    """Ask about each message whose receipt is late: its provider, once, and then its officer. Never sends anything.

    Returns how many were looked at.
    """
    seen, unheard = _take(sessions, patience, at=clock(), limit=limit)
    for one in unheard:
        became = _ask(one, providers)
        if became is not None:
            # As if it had come by itself: when it comes after all, it is the same one.
            slip = Slip(one.provider or "", one.provider_ref, became.status, became.code, raw="asked for")
            take_receipt(sessions, keys, slip, message_id=one.message_id, at=clock())
        _settle(sessions, keys, one.message_id, at=clock())
    return seen


def _take(
    sessions: sessionmaker[Session], patience: Patience, *, at: datetime, limit: int
) -> tuple[int, list[_Unheard]]:
    with sessions.begin() as session:
        messages = session.scalars(
            select(Message)
            .where(is_one_of(Message.state, MessageState.ACCEPTED), Message.lease_until <= at)
            .order_by(Message.lease_until, Message.id)
            .limit(limit)
            .with_for_update(skip_locked=True, key_share=True)
        ).all()
        duties = carried(session, [message.id for message in messages])
        unheard = []
        for message in messages:
            wait = patience.urgent if _is_urgent(duties[message.id]) else patience.usual
            ask_at = (message.handed_over_at or at) + wait
            if at < ask_at:
                message.lease_until = ask_at
            else:
                message.lease_until = at + LOOK_AGAIN  # if this worker dies now
                unheard.append(_Unheard(message.id, message.channel, message.provider, message.provider_ref))
        return len(messages), unheard


def _is_urgent(duties: list[Carried]) -> bool:
    return any(duty.duty_class is DutyClass.IMMEDIATE and duty.state is DutyState.OPEN for duty in duties)


def _ask(one: _Unheard, providers: Routes) -> Became | None:
    """What the provider says became of it, if that is the end of it."""
    provider = None if one.channel is None else providers.carrier(one.channel, one.provider)
    if provider is None or one.provider_ref is None:
        return None
    try:
        became = provider.became(one.provider_ref)
    except ProviderError:
        return None  # a person has waited long enough
    return became if became is not None and became.status in FINAL else None


def _settle(sessions: sessionmaker[Session], keys: Keyring, message_id: UUID, *, at: datetime) -> None:
    """What is still unheard of is for its officer, if anything in it is still to be told; a later receipt counts."""
    with acting(sessions, keys, at=at, actor=THE_SERVICE) as act:
        message = act.session.get_one(Message, message_id, with_for_update={"key_share": True})
        if message.state is not MessageState.ACCEPTED:
            return
        message.lease_until = None
        owed = [
            duty for duty in duties_of(act.session, [message.id])[message.id] if duty.state is DutyState.OPEN
        ]
        if owed:
            act.log("no receipt came", message, owner=message.victim_id)
            ask_a_person(act, message, owed)
