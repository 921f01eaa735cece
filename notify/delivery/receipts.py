"""Receipts: stored raw first, then applied under the message's row lock by the transition table."""

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from models.keyring import SERVICE, Keyring, SealBroken
from models.messages import Message, Receipt
from models.people import ContactPoint, Participation
from models.vocabulary import (
    ContactPointState,
    DutyState,
    MessageState,
    Outcome,
    ReceiptStatus,
    TaskKind,
)
from notify.delivery.carrying import SENT_AGAIN, carried, duties_of
from notify.delivery.giving_up import forget, give_up
from notify.delivery.owed_again import owed_again
from notify.delivery.rules.receipts import after_receipt
from notify.delivery.send import Taken, accept
from notify.delivery.writing import hashed
from notify.errors import NotKnown
from notify.ledger.acts import Act, acting
from notify.ledger.audit import Actor
from notify.ledger.closing import WAITING, open_duties
from notify.ledger.contact_log import words_of, write_entry
from notify.ledger.tasks import open_duty_task

KEPT_ONLY = (text("not receipts.applied"), Receipt.message_id.is_not(None), Receipt.status.is_not(None))
"""What marks a receipt that waits to be applied."""


@dataclass(frozen=True)
class Slip:
    """What came in, already in our words. `raw` is kept sealed; `status` is None when it says nothing new to us."""

    provider: str
    provider_ref: str | None
    status: ReceiptStatus | None
    code: str | None
    raw: str = field(repr=False)

    def digest(self, message_id: UUID | None) -> bytes:
        parts = (self.provider, self.provider_ref or "", str(message_id), self.status or "", self.code or "")
        return hashlib.sha256("|".join(parts).encode()).digest()


def check_callback(session: Session, message_id: UUID, token: str) -> str | None:
    """Who carries the message, if a receipt's address has the secret we gave for it. Raises NotKnown."""
    asked = select(Message.callback_hash, Message.provider).where(Message.id == message_id)
    expected, carrier = session.execute(asked).one_or_none() or (None, None)
    if expected is None or not hmac.compare_digest(expected, hashed(token)):
        raise NotKnown("message")
    return carrier


def take_receipt(
    sessions: sessionmaker[Session], keys: Keyring, slip: Slip, *, message_id: UUID | None, at: datetime
) -> None:
    """Keep the receipt, whatever it says; then apply it. A repeat is kept once and changes nothing."""
    try:
        with sessions.begin() as session:
            receipt = store(session, keys, slip, message_id=message_id, at=at)
            receipt_id = receipt.id if receipt else None
    except IntegrityError:
        with sessions() as session:
            if not _is_kept(session, slip, message_id):
                raise
        return  # the same one came twice at the same moment, and the other was kept
    if receipt_id is None or message_id is None:
        return
    with acting(sessions, keys, at=at, actor=Actor("service")) as act:
        apply(act, act.session.get_one(Receipt, receipt_id))


def apply_kept(sessions: sessionmaker[Session], keys: Keyring, *, at: datetime, limit: int = 100) -> int:
    """Apply receipts that were kept when the process died before it understood them. Returns how many were seen."""
    with acting(sessions, keys, at=at, actor=Actor("service")) as act:
        receipts = act.session.scalars(
            select(Receipt).where(*KEPT_ONLY).order_by(Receipt.received_at, Receipt.id).limit(limit)
        ).all()
        for receipt in receipts:
            apply(act, receipt)
        return len(receipts)


def store(
    session: Session, keys: Keyring, slip: Slip, *, message_id: UUID | None, at: datetime
) -> Receipt | None:
    """Keep one receipt raw; None when the same one was kept before. About a victim who was erased, only that it came."""
    if _is_kept(session, slip, message_id):
        return None
    message = session.get(Message, message_id) if message_id is not None else None
    receipt = Receipt(
        message_id=message.id if message else None,
        provider=slip.provider,
        provider_ref=slip.provider_ref,
        received_at=at,
        status=slip.status,
        code=slip.code,
        digest=slip.digest(message_id),
        applied=False,
    )
    try:
        key = keys.of(session, message.victim_id if message else SERVICE)
        receipt.raw_sealed = key.seal(receipt, "raw_sealed", slip.raw)
    except SealBroken:
        if message is None:
            raise
        receipt.applied = True  # there is nobody left whom it could move anything for
    session.add(receipt)
    session.flush()
    return receipt


def _is_kept(session: Session, slip: Slip, message_id: UUID | None) -> bool:
    known = select(Receipt.id).where(Receipt.digest == slip.digest(message_id))
    return session.scalars(known).first() is not None


def apply(act: Act, receipt: Receipt) -> None:
    """Move the message as the transition table says, and with it the duties it carries."""
    if receipt.applied or receipt.message_id is None or receipt.status is None:
        return
    receipt.applied = True
    message = act.session.get_one(Message, receipt.message_id, with_for_update={"key_share": True})
    if message.provider_ref is None:
        message.provider_ref = receipt.provider_ref
    before = _known_state(message)
    after = after_receipt(before, receipt.status)
    if after is None:
        return
    if message.handed_over_at is None:
        _left(act, message)
    if after is MessageState.UNDELIVERED:
        if before is MessageState.DELIVERED and message.counts_as_told:
            participation = act.session.get_one(Participation, message.participation_id)
            owed_again(act, participation, [message.id])
        give_up(act, message, after, receipt.code)
    elif after is MessageState.DELIVERED:
        message.state, message.lease_until, message.finished_at = after, None, act.at
        forget(message, act.at)
        _delivered(act, message)


def _known_state(message: Message) -> MessageState:
    """What waits to go once more went once, and the receipt is about that."""
    if message.state in WAITING and message.error_code == SENT_AGAIN:
        return MessageState.UNCERTAIN
    return message.state


def _left(act: Act, message: Message) -> None:
    """Its receipt is the first to say that the provider has it: the answer is late, or lost."""
    rules = [duty.rule for duty in carried(act.session, [message.id])[message.id]]
    words = words_of(act, message)
    accept(act, [Taken(message, message.provider_ref, rules, words, has_receipts=True)])
    act.session.refresh(message)


def _delivered(act: Act, message: Message) -> None:
    """Delivered is not told, except in full to a channel that the victim agreed counts, and that is in her hands still."""
    act.log("message delivered", message, owner=message.victim_id)
    if not message.counts_as_told:
        return
    # Held before the number is looked at: somebody may be saying at this moment that it is another's.
    participation = act.session.get_one(
        Participation, message.participation_id, with_for_update={"key_share": True}, populate_existing=True
    )
    covered = duties_of(act.session, [message.id])[message.id]
    point = None
    if message.contact_point_id is not None:
        point = act.session.get(ContactPoint, message.contact_point_id, populate_existing=True)
    if point is None or point.state is not ContactPointState.VERIFIED:
        for duty in covered:
            if duty.state is DutyState.OPEN:
                open_duty_task(act, participation, TaskKind.CALL, duty)
        return
    write_entry(
        act,
        participation,
        Outcome.MESSAGE_TOLD,
        covered,
        all_open=open_duties(act, participation),
        message=message,
        contact_point_id=message.contact_point_id,
    )
