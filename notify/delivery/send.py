"""Sends: claims due messages, hands each to its provider with no transaction open, and records what came of it."""

import logging
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, case, select, update
from sqlalchemy.orm import Session, sessionmaker

from models.duties import Duty
from models.keyring import Keyring, Place
from models.messages import Message, MessageDuty
from models.vocabulary import Channel, Detail, DutyClass, DutyState, MessageState, Outcome, Refusal
from notify.clock import Clock
from notify.delivery.facts import Standing, standings
from notify.delivery.providers.base import Accepted, Outgoing, Provider, ProviderError, Refused, TryLater
from notify.delivery.rules.gate import Decision, Hold, Refuse, Send, decide
from notify.delivery.rules.retry import Retry
from notify.delivery.writing import Writer, hashed
from notify.ledger.acts import Act, acting
from notify.ledger.audit import THE_SERVICE
from notify.ledger.contact_log import write_attempt

log = logging.getLogger(__name__)

BATCH = 100
LEASE = timedelta(minutes=5)
"""A claim older than this belongs to a worker that died: what it did is uncertain."""

RETRY = Retry()
WAITING = (MessageState.HELD, MessageState.QUEUED)

_DUE: Select[*tuple[Any, ...]] = (
    select(
        Message.id,
        Message.participation_id,
        Message.victim_id,
        Message.contact_point_id,
        Message.plan_id,
        Message.channel,
        Message.detail,
        Message.attempt,
        Message.text_sealed,
        Message.subject_sealed,
    )
    .where(Message.state.in_(WAITING), Message.not_before <= bindparam("now"))
    .order_by(Message.not_before, Message.created_at, Message.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_CARRIED: Select[*tuple[Any, ...]] = (
    select(MessageDuty.message_id, Duty.id, Duty.rule, Duty.duty_class, Duty.state, Duty.urgent_by)
    .join(Duty, Duty.id == MessageDuty.duty_id)
    .where(MessageDuty.message_id.in_(bindparam("ids", expanding=True)))
    .order_by(Duty.created_at, Duty.rule, Duty.id)
)
_CLAIM = (
    update(Message)
    .where(Message.id == bindparam("message"))
    .values(
        state=MessageState.CLAIMED,
        attempt=Message.attempt + 1,
        claimed_by=bindparam("worker"),
        claimed_at=bindparam("now"),
        lease_until=bindparam("until"),
        valid_until=bindparam("valid"),
        provider=bindparam("carrier"),
        callback_hash=bindparam("callback"),
    )
)
_HOLD = (
    update(Message)
    .where(Message.id == bindparam("message"))
    .values(state=MessageState.HELD, not_before=bindparam("until"))
)
_STOP = (
    update(Message)
    .where(Message.id == bindparam("message"))
    .values(
        state=MessageState.CANCELLED,
        refusal=bindparam("reason"),
        finished_at=bindparam("now"),
        not_before=None,
    )
)
_COMPOSE_AGAIN = (
    update(Duty)
    .where(Duty.id.in_(bindparam("ids", expanding=True)), Duty.state == DutyState.OPEN)
    .values(compose_at=bindparam("now"))
)
_ACCEPT = (
    update(Message)
    .where(Message.id == bindparam("message"))
    .values(
        # A receipt that came before the provider's answer is not overwritten.
        state=case(
            (Message.state.in_((MessageState.CLAIMED, MessageState.UNCERTAIN)), MessageState.ACCEPTED),
            else_=Message.state,
        ),
        provider_ref=bindparam("ref"),
        handed_over_at=bindparam("now"),
        lease_until=None,
        not_before=None,
    )
)
_DUTIES_OF = (
    select(MessageDuty.message_id, Duty)
    .join(Duty, Duty.id == MessageDuty.duty_id)
    .where(MessageDuty.message_id.in_(bindparam("ids", expanding=True)))
    .order_by(Duty.created_at, Duty.rule, Duty.id)
)
_LOCKED = (
    select(Message)
    .where(Message.id.in_(bindparam("ids", expanding=True)))
    .order_by(Message.id)
    .with_for_update()
    .execution_options(populate_existing=True)
)


@dataclass(frozen=True)
class _Due:
    """A message whose time has come, still sealed."""

    id: UUID
    participation_id: UUID
    victim_id: UUID
    contact_point_id: UUID | None
    plan_id: UUID | None
    channel: Channel
    detail: Detail
    attempt: int
    text_sealed: bytes
    subject_sealed: bytes | None


@dataclass(frozen=True)
class _Carried:
    """A duty that a message passes on."""

    id: UUID
    rule: str
    duty_class: DutyClass
    state: DutyState
    urgent_by: datetime | None


@dataclass(frozen=True)
class Claim:
    """One message that this worker, and no other, may hand over once."""

    outgoing: Outgoing
    provider: Provider
    until: datetime
    """After this the claim is too old to be acted on."""


Answer = Accepted | ProviderError


def send_due(
    sessions: sessionmaker[Session],
    keys: Keyring,
    writer: Writer,
    providers: Mapping[Channel, Provider],
    *,
    clock: Clock,
    worker: str,
    limit: int = BATCH,
) -> int:
    """Claim, hand over and record one batch. Returns how many messages were looked at."""
    seen, claims = _claim(sessions, keys, writer, providers, at=clock(), worker=worker, limit=limit)
    record(sessions, keys, [(claim.outgoing, _hand_over(claim, clock)) for claim in claims], at=clock)
    return seen


def _hand_over(claim: Claim, clock: Clock) -> Answer:
    """Ask the provider once. No transaction is open meanwhile."""
    now = clock()
    if now >= claim.until:
        # A slow provider has used up the lease: what was not handed over yet is given back while that is certain.
        return TryLater("no_time_left_in_lease")
    try:
        return claim.provider.send(claim.outgoing, at=now)
    except ProviderError as answer:
        return answer


def _claim(
    sessions: sessionmaker[Session],
    keys: Keyring,
    writer: Writer,
    providers: Mapping[Channel, Provider],
    *,
    at: datetime,
    worker: str,
    limit: int,
) -> tuple[int, list[Claim]]:
    """Ask the gate again, on facts read now, and commit the claim before any provider hears of the message."""
    with acting(sessions, keys, at=at, actor=THE_SERVICE) as act:
        rows = act.session.connection().execute(_DUE, {"now": at, "most": limit})
        messages = [_Due(*row) for row in rows]
        if not messages:
            return 0, []
        duties = _carried(act.session, [message.id for message in messages])
        now = standings(act.session, {message.participation_id for message in messages}, at=at)
        claims = []
        for message in messages:
            standing = now[message.participation_id]
            decision = _decide(standing, message, duties[message.id], at)
            if isinstance(decision, Send):
                claims.append(_claimed(act, writer, providers, standing, message, decision, worker))
            else:
                _not_now(act, message, duties[message.id], decision)
        return len(messages), claims


def _carried(session: Session, message_ids: list[UUID]) -> defaultdict[UUID, list[_Carried]]:
    found: defaultdict[UUID, list[_Carried]] = defaultdict(list)
    for message_id, *duty in session.connection().execute(_CARRIED, {"ids": message_ids}):
        found[message_id].append(_Carried(*duty))
    return found


def duties_of(session: Session, message_ids: list[UUID]) -> defaultdict[UUID, list[Duty]]:
    """The duties that each message passes on."""
    found: defaultdict[UUID, list[Duty]] = defaultdict(list)
    for message_id, duty in session.execute(_DUTIES_OF, {"ids": message_ids}):
        found[message_id].append(duty)
    return found


def _decide(standing: Standing, message: _Due, duties: list[_Carried], at: datetime) -> Decision:
    """The gate's word on this very message: its own contact point, and only what was agreed when it was written."""
    if standing.plan_id is None or message.plan_id != standing.plan_id:
        return Refuse(Refusal.NOT_IN_PLAN, message.contact_point_id)
    refused: Decision = Refuse(Refusal.DUTY_CLOSED, None)
    for duty in duties:
        decision = decide(standing.facts(duty, only=message.contact_point_id), at)
        if isinstance(decision, Refuse):
            refused = decision
        elif decision.detail is message.detail:
            return decision
    return refused


def _claimed(
    act: Act,
    writer: Writer,
    providers: Mapping[Channel, Provider],
    standing: Standing,
    message: _Due,
    decision: Send,
    worker: str,
) -> Claim:
    address = standing.addresses[decision.channel.contact_point]
    token = writer.new_token()
    provider = providers[message.channel]
    act.run(
        _CLAIM,
        message=message.id,
        worker=worker,
        now=act.at,
        until=act.at + LEASE,
        valid=decision.valid_until,
        carrier=provider.name,
        callback=hashed(token),
    )
    key = act.key(message.victim_id)
    place = Place("messages", message.id)
    subject = message.subject_sealed
    outgoing = Outgoing(
        message_id=message.id,
        channel=message.channel,
        to=key.open_value(address.value_sealed, Place("contact_points", address.point_id), "value_sealed"),
        subject=None if subject is None else key.open_value(subject, place, "subject_sealed"),
        text=key.open_value(message.text_sealed, place, "text_sealed"),
        valid_until=decision.valid_until,
        attempt=message.attempt + 1,
        callback_token=token,
    )
    return Claim(outgoing, provider, act.at + LEASE / 2)


def _not_now(act: Act, message: _Due, duties: list[_Carried], decision: Hold | Refuse) -> None:
    """Held for the next window; or cancelled, and what is still owed is composed anew on the facts of now."""
    if isinstance(decision, Hold):
        act.run(_HOLD, message=message.id, until=decision.until)
        return
    act.run(_STOP, message=message.id, reason=decision.reason, now=act.at)
    place = Place("messages", message.id)
    act.log("message stopped", place, owner=message.victim_id, reason_code=decision.reason)
    act.run(_COMPOSE_AGAIN, ids=[duty.id for duty in duties], now=act.at)


def record(
    sessions: sessionmaker[Session],
    keys: Keyring,
    answers: Sequence[tuple[Outgoing, Answer]],
    *,
    at: Clock,
) -> None:
    """Write down what the providers answered to one batch of hand-overs."""
    if not answers:
        return
    with acting(sessions, keys, at=at(), actor=THE_SERVICE) as act:
        ids = [outgoing.message_id for outgoing, _ in answers]
        messages = {message.id: message for message in act.session.scalars(_LOCKED, {"ids": ids})}
        rules = {
            message_id: [d.rule for d in duties] for message_id, duties in _carried(act.session, ids).items()
        }
        for outgoing, answer in answers:
            message = messages[outgoing.message_id]
            if message.attempt == outgoing.attempt:
                _record_one(act, message, rules[message.id], answer)
            else:
                log.error(
                    "an answer came for an attempt that was given up", extra={"message_id": str(message.id)}
                )


def _record_one(act: Act, message: Message, rules: Sequence[str], answer: Answer) -> None:
    if isinstance(answer, Accepted):
        accept(act, message, rules, answer.provider_ref)
    elif message.state is not MessageState.CLAIMED:
        return  # a receipt was faster and knows better
    elif isinstance(answer, TryLater):
        _try_later(act, message, answer)
    elif isinstance(answer, Refused):
        give_up(act, message, MessageState.FAILED, answer.code)
    else:
        message.state, message.lease_until = MessageState.UNCERTAIN, act.at
        message.error_code = answer.reason
        act.log("message uncertain", message, owner=message.victim_id)


def accept(act: Act, message: Message, rules: Sequence[str], provider_ref: str | None) -> None:
    """The provider has it."""
    act.run(_ACCEPT, message=message.id, ref=provider_ref, now=act.at)
    write_attempt(act, message, Outcome.MESSAGE_ACCEPTED, rules)
    act.log(
        "message sent",
        message,
        owner=message.victim_id,
        channel=str(message.channel),
        detail=str(message.detail),
    )


def give_up(act: Act, message: Message, state: MessageState, code: str | None) -> None:
    """This message will not arrive: log it, and let the duty go on by other means."""
    message.state, message.error_code = state, code
    message.finished_at, message.lease_until, message.not_before = act.at, None, None
    duties = _carried(act.session, [message.id])[message.id]
    write_attempt(act, message, Outcome.MESSAGE_UNDELIVERED, [duty.rule for duty in duties])
    act.log("message not delivered", message, owner=message.victim_id, state=state)
    act.run(_COMPOSE_AGAIN, ids=[duty.id for duty in duties], now=act.at)


def _try_later(act: Act, message: Message, answer: TryLater) -> None:
    when = RETRY.next_try(
        message.attempt,
        act.at,
        not_after=None,
        retry_after=answer.retry_after,
        jitter=random.random(),  # noqa: S311 - spreads load
    )
    if when is None:
        give_up(act, message, MessageState.EXPIRED, answer.reason)
        return
    message.state, message.not_before, message.lease_until = MessageState.QUEUED, when, None
    message.error_code = answer.reason
