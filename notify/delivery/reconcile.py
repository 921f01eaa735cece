"""Reconciles: a send with no certain outcome is looked up at the provider before anything is sent again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, union_all
from sqlalchemy.orm import Session, sessionmaker

from models.base import is_one_of
from models.duties import Duty
from models.keyring import Keyring, SealBroken
from models.messages import Message
from models.people import ContactPoint, Participation
from models.vocabulary import Channel, DutyClass, DutyState, MessageState, TaskKind
from notify.clock import Clock
from notify.delivery.carrying import duties_of
from notify.delivery.claiming import LEASE
from notify.delivery.providers.base import (
    Adopted,
    CannotTell,
    Found,
    NotFound,
    Outgoing,
    Provider,
    ProviderError,
)
from notify.delivery.send import Taken, accept
from notify.ledger.acts import Act, acting
from notify.ledger.audit import THE_SERVICE
from notify.ledger.tasks import open_duty_task, open_task

BATCH = 50
LOOK_AGAIN = timedelta(minutes=5)
AROUND = timedelta(minutes=2)
"""How far clocks may differ when messages of about the same time are compared."""

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


@dataclass(frozen=True)
class _Question:
    """One message whose outcome is unknown, with all that a look-up needs."""

    outgoing: Outgoing
    provider: str | None
    since: datetime
    known_refs: frozenset[str]


def reconcile(
    sessions: sessionmaker[Session],
    keys: Keyring,
    providers: Mapping[Channel, Provider],
    *,
    clock: Clock,
    limit: int = BATCH,
) -> int:
    """Settle what can be settled of the messages whose outcome is unknown. Returns how many were looked at."""
    questions = _take(sessions, keys, at=clock(), limit=limit)
    for question in questions:
        found = _ask(question, providers[question.outgoing.channel], at=clock())
        if found is not None:
            _settle(sessions, keys, question.outgoing, found, at=clock())
    return len(questions)


def _ask(question: _Question, provider: Provider, *, at: datetime) -> Found | None:
    """What the provider says; None when it cannot be asked now, and is asked again when the lease has run out."""
    if provider.name != question.provider:
        return CannotTell()  # another provider is set up now: that it knows nothing proves nothing
    try:
        return provider.look_up(
            question.outgoing, since=question.since, at=at, known_refs=question.known_refs
        )
    except ProviderError:
        return None


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
            if message.state is MessageState.CLAIMED:
                message.state = MessageState.UNCERTAIN
                act.log("message uncertain", message, owner=message.victim_id)
            message.lease_until = at + LOOK_AGAIN
            since = message.claimed_at or message.created_at
            known = _known_refs(act.session, since)
            try:
                taken.append(_Question(_outgoing(act, message), message.provider, since, known))
            except SealBroken:  # no look-up is possible without her number; the others go on
                _cannot_tell(act, message, duties_of(act.session, [message.id])[message.id])
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


def _known_refs(session: Session, since: datetime) -> frozenset[str]:
    """The provider's names that messages of ours hold already, of those claimed at about that time or later."""
    refs = session.scalars(
        select(Message.provider_ref).where(
            Message.claimed_at >= since - AROUND, Message.provider_ref.is_not(None)
        )
    )
    return frozenset(ref for ref in refs if ref is not None)


def _may_be_of(act: Act, message: Message, ref: str) -> set[MessageState]:
    """The states of other messages that what the provider has may be: whose it is already, or lost on the way to that number.

    Two victims may share a phone, and a provider looks up by number.
    """
    # One that was claimed much earlier left before this one did, if at all, and its record is not among those asked for.
    since = (message.claimed_at or message.created_at) - LEASE
    values = {"message": message.id, "point": message.contact_point_id, "ref": ref, "since": since}
    return set(act.session.scalars(_OTHERS, values))


def _settle(
    sessions: sessionmaker[Session], keys: Keyring, outgoing: Outgoing, found: Found, *, at: datetime
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
            accept(act, [Taken(message, found.provider_ref, [duty.rule for duty in duties])])
        elif isinstance(found, NotFound):
            message.state, message.not_before, message.lease_until = MessageState.QUEUED, at, None
            act.log("message certainly not sent", message, owner=message.victim_id)
        elif isinstance(found, CannotTell):
            _cannot_tell(act, message, duties)


def _cannot_tell(act: Act, message: Message, duties: list[Duty]) -> None:
    """A receipt or a person settles it now."""
    message.lease_until = None
    participation = act.session.get_one(Participation, message.participation_id)
    owed = [duty for duty in duties if duty.state is DutyState.OPEN]
    open_task(
        act, participation, TaskKind.CHECK_DELIVERY, about=message.id, rules=[duty.rule for duty in owed]
    )
    for duty in owed:
        if duty.duty_class is DutyClass.IMMEDIATE:
            open_duty_task(act, participation, TaskKind.CALL, duty)
