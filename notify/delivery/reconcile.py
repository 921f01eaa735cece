"""Reconciles: a send with no certain outcome is looked up at the provider before anything is sent again."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import Select, bindparam, select, union_all
from sqlalchemy.orm import Session, sessionmaker

from models.base import is_one_of
from models.columns import among
from models.duties import Duty
from models.keyring import Keyring, SealBroken
from models.messages import Message
from models.people import ContactPoint, Participation
from models.vocabulary import Channel, DutyClass, DutyState, MessageState, TaskKind
from notify.clock import Clock
from notify.delivery.carrying import SENT_AGAIN, duties_of
from notify.delivery.claiming import LEASE
from notify.delivery.providers.base import (
    Adopted,
    CannotTell,
    Found,
    Known,
    Lost,
    NotFound,
    Outgoing,
    ProviderError,
)
from notify.delivery.providers.routes import Routes
from notify.delivery.send import Taken, accept
from notify.ledger.acts import Act, acting
from notify.ledger.audit import THE_SERVICE
from notify.ledger.contact_log import words_of
from notify.ledger.tasks import open_duty_task, open_task

BATCH = 50
LOOK_AGAIN = timedelta(minutes=5)
_SAME_PLACE = select(ContactPoint.value_index).where(ContactPoint.id == bindparam("point")).scalar_subquery()
_OTHERS = union_all(
    select(Message.state).where(Message.provider_ref == bindparam("ref"), Message.id != bindparam("message")),
    select(Message.state)
    .join(ContactPoint, ContactPoint.id == Message.contact_point_id)
    .where(
        ContactPoint.value_index == _SAME_PLACE,
        is_one_of(Message.state, MessageState.CLAIMED, MessageState.UNCERTAIN),
        Message.claimed_at >= bindparam("since"),
        Message.id != bindparam("message"),
    ),
)


_KNOWN: Select[*tuple[Any, ...]] = select(Message.provider_ref).where(among(Message.provider_ref, "refs"))


@dataclass(frozen=True)
class _Question:
    """One message whose outcome is unknown, with all that a look-up needs."""

    lost: Lost
    provider: str | None
    why: str | None
    """What was said when it became uncertain; empty where its worker died."""


@dataclass(frozen=True)
class _Repeat:
    """The provider cannot say, and its answer was certainly missing: the same message may go once more."""


def reconcile(
    sessions: sessionmaker[Session],
    reads: sessionmaker[Session],
    keys: Keyring,
    providers: Routes,
    *,
    clock: Clock,
    limit: int = BATCH,
) -> int:
    """Settle what can be settled of the messages whose outcome is unknown. Returns how many were looked at."""
    questions = sorted(_take(sessions, keys, at=clock(), limit=limit), key=_carrier)
    for (channel, name), same in groupby(questions, _carrier):
        asked = list(same)
        provider = providers.carrier(Channel(channel), name or None)
        if provider is None:  # others are set up now: that they know nothing proves nothing
            answers: list[Found | ProviderError] = [CannotTell()] * len(asked)
        else:
            answers = provider.look_up_all([one.lost for one in asked], at=clock(), known=_known(reads))
        repeated = provider.repeated_after if provider else ()
        receipts_come = provider is not None and provider.gives_receipts
        for question, found in zip(asked, answers, strict=True):
            # What cannot be asked now is asked again when the lease has run out.
            if not isinstance(found, ProviderError):
                again = isinstance(found, CannotTell) and question.why in repeated
                settled = _Repeat() if again else found
                _settle(
                    sessions, keys, question.lost.outgoing, settled, at=clock(), has_receipts=receipts_come
                )
    return len(questions)


def _carrier(question: _Question) -> tuple[str, str]:
    return question.lost.outgoing.channel, question.provider or ""


def _known(reads: sessionmaker[Session]) -> Known:
    """Asked of the few records that may be the lost ones: of all that was sent since, there may be very many."""

    def known(refs: Collection[str]) -> set[str]:
        with reads() as session:
            return set(session.scalars(_KNOWN, {"refs": list(refs)}))

    return known


def _take(sessions: sessionmaker[Session], keys: Keyring, *, at: datetime, limit: int) -> list[_Question]:
    """Messages claimed by a worker that died, and those already uncertain, with all that a look-up needs."""
    with acting(sessions, keys, at=at, actor=THE_SERVICE) as act:
        messages = act.session.scalars(
            select(Message)
            .where(
                is_one_of(Message.state, MessageState.CLAIMED, MessageState.UNCERTAIN),
                Message.lease_until <= at,
            )
            .order_by(Message.lease_until)
            .limit(limit)
            .with_for_update(skip_locked=True, key_share=True)
        ).all()
        taken = []
        for message in messages:
            if message.state is MessageState.CLAIMED:  # nobody knows how far its worker came
                message.state = MessageState.UNCERTAIN
                if message.error_code != SENT_AGAIN:
                    message.error_code = None
                act.log("message uncertain", message, owner=message.victim_id)
            message.lease_until = at + LOOK_AGAIN
            since = message.claimed_at or message.created_at
            try:
                outgoing = _outgoing(act, message)
            except SealBroken:  # no look-up is possible without her number; the others go on
                _cannot_tell(act, message, duties_of(act.session, [message.id])[message.id])
                continue
            taken.append(_Question(Lost(outgoing, since), message.provider, message.error_code))
        return taken


def _outgoing(act: Act, message: Message) -> Outgoing:
    assert message.channel is not None  # noqa: S101 - it was claimed, so it has both
    assert message.contact_point_id is not None  # noqa: S101 - as above
    key = act.key(message.victim_id)
    return Outgoing(
        message_id=message.id,
        channel=message.channel,
        to=key.open(act.session.get_one(ContactPoint, message.contact_point_id), "value_sealed"),
        subject=None,
        text="",
        valid_until=message.valid_until or act.at,
        attempt=message.attempt,
        callback_token="",
    )


def _may_be_of(act: Act, message: Message, ref: str) -> set[MessageState]:
    """The states of other messages that what the provider has may be: whose it is already, or lost on the way to that number.

    Two victims may share a phone, and a provider looks up by number.
    """
    # One that was claimed much earlier left before this one did, if at all, and its record is not among those asked for.
    since = (message.claimed_at or message.created_at) - LEASE
    values = {"message": message.id, "point": message.contact_point_id, "ref": ref, "since": since}
    return set(act.session.scalars(_OTHERS, values))


def _settle(
    sessions: sessionmaker[Session],
    keys: Keyring,
    outgoing: Outgoing,
    found: Found | _Repeat,
    *,
    at: datetime,
    has_receipts: bool,
) -> None:
    with acting(sessions, keys, at=at, actor=THE_SERVICE) as act:
        message = act.session.get_one(Message, outgoing.message_id, with_for_update={"key_share": True})
        if message.state is not MessageState.UNCERTAIN or message.attempt != outgoing.attempt:
            return
        duties = duties_of(act.session, [message.id])[message.id]
        if isinstance(found, Adopted) and (others := _may_be_of(act, message, found.provider_ref)):
            if MessageState.CLAIMED in others:
                return  # whoever has that one in hand knows in a moment: asked again when the lease has run out
            found = CannotTell()
        if isinstance(found, Adopted):
            rules, words = [duty.rule for duty in duties], words_of(act, message)
            accept(act, [Taken(message, found.provider_ref, rules, words, has_receipts)])
        elif isinstance(found, NotFound):
            message.state, message.not_before, message.lease_until = MessageState.QUEUED, at, None
            act.log("message certainly not sent", message, owner=message.victim_id)
        elif isinstance(found, _Repeat):
            message.state, message.not_before, message.lease_until = (
                MessageState.QUEUED,
                at + LOOK_AGAIN,
                None,
            )
            message.error_code = SENT_AGAIN
            act.log("message sent again", message, owner=message.victim_id)
        else:
            _cannot_tell(act, message, duties)


def _cannot_tell(act: Act, message: Message, duties: list[Duty]) -> None:
    """A receipt or a person settles it now."""
    message.lease_until = None
    ask_a_person(act, message, [duty for duty in duties if duty.state is DutyState.OPEN])


def ask_a_person(act: Act, message: Message, owed: list[Duty]) -> None:
    """Its officer finds out what became of it; what must be told at once is told by a call meanwhile."""
    participation = act.session.get_one(Participation, message.participation_id)
    open_task(
        act,
        participation,
        TaskKind.CHECK_DELIVERY,
        about=message.id,
        rules=[duty.rule for duty in owed],
        due_at=min((duty.deadline for duty in owed), default=None),
    )
    for duty in owed:
        if duty.duty_class is DutyClass.IMMEDIATE:
            open_duty_task(act, participation, TaskKind.CALL, duty)
