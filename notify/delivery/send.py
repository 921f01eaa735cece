"""Sends: claims due messages, hands each to its provider with no transaction open, and records what came of it."""

import logging
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, sessionmaker

from models.duties import Duty
from models.keyring import Keyring
from models.messages import Message, MessageDuty
from models.vocabulary import Channel, DutyState, MessageState, Outcome, Refusal
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

_DUE = (
    select(Message)
    .where(Message.state.in_(WAITING), Message.not_before <= bindparam("now"))
    .order_by(Message.not_before, Message.created_at, Message.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
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
        messages = act.session.scalars(_DUE, {"now": at, "most": limit}).all()
        if not messages:
            return 0, []
        duties = duties_of(act.session, [message.id for message in messages])
        now = standings(act.session, {message.participation_id for message in messages})
        claims = []
        for message in messages:
            standing = now[message.participation_id]
            decision = _decide(standing, message, duties[message.id], at)
            if isinstance(decision, Send):
                claims.append(_claimed(act, writer, providers, standing, message, decision, worker))
            else:
                _not_now(act, message, duties[message.id], decision)
        return len(messages), claims


def duties_of(session: Session, message_ids: list[UUID]) -> defaultdict[UUID, list[Duty]]:
    """The duties that each message passes on."""
    found: defaultdict[UUID, list[Duty]] = defaultdict(list)
    for message_id, duty in session.execute(_DUTIES_OF, {"ids": message_ids}):
        found[message_id].append(duty)
    return found


def _decide(standing: Standing, message: Message, duties: list[Duty], at: datetime) -> Decision:
    """The gate's word on this very message: its own contact point, and only what was agreed when it was written."""
    if standing.plan is None or message.plan_id != standing.plan.id:
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
    message: Message,
    decision: Send,
    worker: str,
) -> Claim:
    assert message.channel is not None  # noqa: S101 - only a written message waits
    _, point = standing.channels[decision.channel.contact_point]
    token = writer.new_token()
    provider = providers[message.channel]
    message.state = MessageState.CLAIMED
    message.attempt += 1
    message.claimed_by, message.claimed_at, message.lease_until = worker, act.at, act.at + LEASE
    message.valid_until = decision.valid_until
    message.provider = provider.name
    message.callback_hash = hashed(token)
    key = act.key(message.victim_id)
    outgoing = Outgoing(
        message_id=message.id,
        channel=message.channel,
        to=key.open(point, "value_sealed"),
        subject=key.open_or_none(message, "subject_sealed"),
        text=key.open(message, "text_sealed"),
        valid_until=decision.valid_until,
        attempt=message.attempt,
        callback_token=token,
    )
    return Claim(outgoing, provider, act.at + LEASE / 2)


def _not_now(act: Act, message: Message, duties: list[Duty], decision: Hold | Refuse) -> None:
    """Held for the next window; or cancelled, and what is still owed is composed anew on the facts of now."""
    if isinstance(decision, Hold):
        message.state, message.not_before = MessageState.HELD, decision.until
        return
    message.state, message.refusal = MessageState.CANCELLED, decision.reason
    message.finished_at, message.not_before = act.at, None
    act.log("message stopped", message, owner=message.victim_id, reason_code=decision.reason)
    _compose_again(act, duties)


def _compose_again(act: Act, duties: list[Duty]) -> None:
    for duty in duties:
        if duty.state is DutyState.OPEN:
            duty.compose_at = act.at


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
        duties = duties_of(act.session, ids)
        for outgoing, answer in answers:
            message = messages[outgoing.message_id]
            if message.attempt == outgoing.attempt:
                _record_one(act, message, duties[message.id], answer)
            else:
                log.error(
                    "an answer came for an attempt that was given up", extra={"message_id": str(message.id)}
                )


def _record_one(act: Act, message: Message, duties: list[Duty], answer: Answer) -> None:
    if isinstance(answer, Accepted):
        accept(act, message, duties, answer.provider_ref)
    elif message.state is not MessageState.CLAIMED:
        return  # a receipt was faster and knows better
    elif isinstance(answer, TryLater):
        _try_later(act, message, duties, answer)
    elif isinstance(answer, Refused):
        give_up(act, message, duties, MessageState.FAILED, answer.code)
    else:
        message.state, message.lease_until = MessageState.UNCERTAIN, act.at
        message.error_code = answer.reason
        act.log("message uncertain", message, owner=message.victim_id)


def accept(act: Act, message: Message, duties: list[Duty], provider_ref: str | None) -> None:
    """The provider has it. A receipt that came before this answer is not overwritten."""
    message.provider_ref = provider_ref
    message.handed_over_at, message.lease_until, message.not_before = act.at, None, None
    if message.state in (MessageState.CLAIMED, MessageState.UNCERTAIN):
        message.state = MessageState.ACCEPTED
    write_attempt(act, message, Outcome.MESSAGE_ACCEPTED, duties)
    act.log(
        "message sent",
        message,
        owner=message.victim_id,
        channel=str(message.channel),
        detail=str(message.detail),
    )


def give_up(act: Act, message: Message, duties: list[Duty], state: MessageState, code: str | None) -> None:
    """This message will not arrive: log it, and let the duty go on by other means."""
    message.state, message.error_code = state, code
    message.finished_at, message.lease_until, message.not_before = act.at, None, None
    write_attempt(act, message, Outcome.MESSAGE_UNDELIVERED, duties)
    act.log("message not delivered", message, owner=message.victim_id, state=state)
    _compose_again(act, duties)


def _try_later(act: Act, message: Message, duties: list[Duty], answer: TryLater) -> None:
    when = RETRY.next_try(
        message.attempt,
        act.at,
        not_after=None,
        retry_after=answer.retry_after,
        jitter=random.random(),  # noqa: S311 - spreads load
    )
    if when is None:
        give_up(act, message, duties, MessageState.EXPIRED, answer.reason)
        return
    message.state, message.not_before, message.lease_until = MessageState.QUEUED, when, None
    message.error_code = answer.reason
