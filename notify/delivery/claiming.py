"""Claims due messages: the gate is asked once more, and the claim is committed before any provider hears of it.

Long because each answer that the gate, the ways out and the seals may give at the claim is acted on here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import LargeBinary, Select, String, bindparam, func, select, update
from sqlalchemy.orm import Session, sessionmaker

from models.base import is_one_of
from models.columns import among
from models.duties import Duty
from models.each import Each
from models.keyring import Keyring, Place, SealBroken
from models.messages import WORDLESS, Message, MessageDuty
from models.people import Victim
from models.types import UtcDateTime
from models.vocabulary import NO_CHANGE_RULE, Channel, Detail, DutyState, MessageState, Refusal, TaskKind
from notify.delivery.carrying import COMPOSE_AGAIN, SENT_AGAIN, Carried, carried
from notify.delivery.facts import Standing, standings
from notify.delivery.providers.base import Outgoing, Provider
from notify.delivery.providers.routes import Routes
from notify.delivery.routing import Openings, Way, openings
from notify.delivery.rules.gate import Decision, Hold, Refuse, Send, decide
from notify.delivery.rules.windows import next_day
from notify.delivery.senders import (
    PROVIDER_WAITS,
    SENDER_WAITING,
    SENDER_WAITS,
    ask_about_sender,
    call_about_urgent,
)
from notify.delivery.writing import Writer, hashed
from notify.ledger.acts import Act, acting
from notify.ledger.audit import THE_SERVICE
from notify.ledger.tasks import open_task

LEASE = timedelta(minutes=5)
"""A claim older than this belongs to a worker that died: what it did is uncertain."""

FORGET_AFTER = timedelta(days=1)
"""How long after a message could last arrive the provider's record of it is emptied, if nobody ever said what became of it."""

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
        Message.error_code,
    )
    .join(Victim, Victim.id == Message.victim_id)
    .where(is_one_of(Message.state, *WAITING), Message.not_before <= bindparam("now"))
    .order_by(Message.not_before, Message.created_at, Message.id)
    .limit(bindparam("most"))
    # The victim too: what another worker claims for her at this moment would come too soon after this.
    .with_for_update(of=(Message, Victim), skip_locked=True, key_share=True)
)
_URGENT_FIRST = [_DUE.where(Message.urgent), _DUE.where(~Message.urgent)]
_DUE_BY = {
    channel: [
        # Not asked for by its column: SQLite would take the index of the channel's queue, which may be very long.
        _URGENT_FIRST[0].where(func.coalesce(Message.channel, "") == channel),
        _URGENT_FIRST[1].where(is_one_of(Message.channel, channel)),
    ]
    for channel in Channel
}
_NEWS_WAITS = (
    select(Message.victim_id)
    .join(MessageDuty, MessageDuty.message_id == Message.id)
    .join(Duty, Duty.id == MessageDuty.duty_id)
    .where(
        among(Message.victim_id, "victims"),
        is_one_of(Message.state, *WAITING),
        Message.not_before < bindparam("tomorrow"),
        Duty.rule != NO_CHANGE_RULE,
        is_one_of(Duty.state, DutyState.OPEN),
    )
)
_CLAIM = Each(
    Message,
    {"valid": UtcDateTime(), "carrier": String(), "callback": LargeBinary(), "redact": UtcDateTime()},
    lambda given: {
        "state": MessageState.CLAIMED,
        "attempt": Message.attempt + 1,
        "claimed_by": bindparam("worker"),
        "claimed_at": bindparam("now"),
        "lease_until": bindparam("until"),
        "valid_until": given("valid"),
        "provider": given("carrier"),
        "callback_hash": given("callback"),
        "error_code": func.nullif(Message.error_code, SENDER_WAITING),
        "redact_at": given("redact"),
    },
)
_HOLD = (
    update(Message)
    .where(Message.id == bindparam("message"))
    .values(
        state=MessageState.HELD,
        not_before=bindparam("until"),
        error_code=func.nullif(Message.error_code, SENDER_WAITING),
    )
)
_WAIT_FOR_SENDER = _HOLD.values(error_code=SENDER_WAITING)
_DOUBT = (
    update(Message)
    .where(Message.id == bindparam("message"))
    .values(state=MessageState.UNCERTAIN, lease_until=bindparam("now"), not_before=None)
)
_STOP = (
    update(Message)
    .where(Message.id == bindparam("message"))
    .values(
        state=MessageState.CANCELLED,
        refusal=bindparam("reason"),
        finished_at=bindparam("now"),
        not_before=None,
        **WORDLESS,
    )
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
    error_code: str | None


@dataclass(frozen=True)
class Claim:
    """One message that this worker, and no other, may hand over once."""

    outgoing: Outgoing
    provider: Provider
    amiss: bool
    """Whether the provider failed of late."""
    at: datetime
    rules: tuple[str, ...]
    """Of the duties that it carries: from now on it takes no other along."""
    due: _Due = field(repr=False)

    @property
    def until(self) -> datetime:
        """After this the claim is too old to be acted on."""
        return self.at + LEASE / 2


def claim_due(
    sessions: sessionmaker[Session],
    keys: Keyring,
    writer: Writer,
    providers: Routes,
    *,
    at: datetime,
    worker: str,
    limit: int,
) -> tuple[int, list[Claim]]:
    """Ask the gate again, on facts read now, and commit the claim before any provider hears of the message."""
    with acting(sessions, keys, at=at, actor=THE_SERVICE) as act:
        ways, messages = _due(act, providers, limit)
        if not messages:
            return 0, []
        act.keys.fetch(act.session, {message.victim_id for message in messages})
        duties = carried(act.session, [message.id for message in messages])
        now = standings(act.session, {message.participation_id for message in messages}, at=at)
        outdone = _outdone(act, messages, duties)
        claims: list[Claim] = []
        spoken_to: set[UUID] = set()
        for message in messages:
            standing = now[message.participation_id]
            if message.victim_id in spoken_to:
                standing = replace(standing, last_sent_at=at)
            quiet_until = next_day(at) if message.victim_id in outdone else at
            decision = _decide(standing, message, duties[message.id], at, quiet_until)
            if not isinstance(decision, Send):
                _not_now(act, message, duties[message.id], decision)
                continue
            claim = _claimed(act, ways, standing, message, decision, duties[message.id], writer.new_token())
            if claim is not None:
                claims.append(claim)
                spoken_to.add(message.victim_id)
        act.run_each(_CLAIM, [_row(claim) for claim in claims], worker=worker, now=at, until=at + LEASE)
        ways.settle()
        return len(messages), claims


def _due(act: Act, routes: Routes, limit: int) -> tuple[Openings, list[_Due]]:
    """What may leave now, and by which ways, oldest first but for what is urgent; of a channel with little room no more than that."""
    ways = openings(act.session, routes, at=act.at, limit=limit)
    rooms = {channel: ways.most(channel) for channel in Channel}
    if all(room == limit for room in rooms.values()):
        return ways, _oldest(act, _URGENT_FIRST, limit)
    return ways, [
        due for channel, room in rooms.items() if room for due in _oldest(act, _DUE_BY[channel], room)
    ]


def _oldest(act: Act, queues: Sequence[Select[*tuple[Any, ...]]], room: int) -> list[_Due]:
    """As many as there is room for: of a later queue only what the ones before it leave."""
    found: list[_Due] = []
    for queue in queues:
        if len(found) < room:
            values = {"now": act.at, "most": room - len(found)}
            found += [_Due(*row) for row in act.connection.execute(queue, values)]
    return found


def _claimed(
    act: Act,
    ways: Openings,
    standing: Standing,
    message: _Due,
    decision: Send,
    duties: list[Carried],
    token: str,
) -> Claim | None:
    """The claim on a message that may go; None when a seal does not open, or no provider can take it now."""
    rules = tuple(duty.rule for duty in duties)
    try:
        outgoing = _outgoing(act, standing, message, decision, token)
    except SealBroken:
        _unreadable(act, standing, message, rules)
        return None
    way = _way(act, ways, standing, outgoing, duties)
    return None if way is None else Claim(outgoing, *way, act.at, rules, message)


def _way(
    act: Act, ways: Openings, standing: Standing, outgoing: Outgoing, duties: list[Carried]
) -> Way | None:
    """By which provider it goes; None, and it waits, while none that is well has the sender that it is to come from."""
    way = ways.take(outgoing.channel, outgoing.sender)
    if way is None:
        known = ways.know(outgoing.channel, outgoing.sender)
        until = act.at + (PROVIDER_WAITS if known else SENDER_WAITS)
        act.run(_WAIT_FOR_SENDER, message=outgoing.message_id, until=until)
        if known:
            call_about_urgent(act, standing, duties)
        else:
            ask_about_sender(act, standing, outgoing.message_id, duties)
    return way


def _outdone(act: Act, messages: list[_Due], duties: Mapping[UUID, list[Carried]]) -> set[UUID]:
    """The victims who are to be told that there is no news, and for whom news waits to leave today, about any case."""
    victims = {
        message.victim_id
        for message in messages
        if {duty.rule for duty in duties[message.id]} <= {NO_CHANGE_RULE}
    }
    if not victims:
        return set()
    values = {"victims": list(victims), "tomorrow": next_day(act.at)}
    return set(act.connection.execute(_NEWS_WAITS, values).scalars())


def _decide(
    standing: Standing, message: _Due, duties: list[Carried], at: datetime, quiet_until: datetime
) -> Decision:
    """The gate's word on this very message: its own contact point, and only what was agreed when it was written.

    That there is no news waits until `quiet_until`.
    """
    if standing.plan_id is None or message.plan_id != standing.plan_id:
        return Refuse(Refusal.NOT_IN_PLAN, message.contact_point_id)
    decision: Decision = Refuse(Refusal.DUTY_CLOSED, None)
    for duty in duties:
        facts = standing.facts(duty, only=message.contact_point_id)
        if duty.rule == NO_CHANGE_RULE:
            facts = replace(facts, quiet_until=max(facts.quiet_until or at, quiet_until))
        another = decide(facts, at)
        if isinstance(another, Refuse):
            decision = another if isinstance(decision, Refuse) else decision
        elif another.detail is message.detail:
            decision = _sooner(decision, another)
    return decision


def _sooner(one: Decision, other: Send | Hold) -> Decision:
    """A message goes as soon as one of its duties lets it."""
    if isinstance(one, Send) or (
        isinstance(one, Hold) and isinstance(other, Hold) and one.until <= other.until
    ):
        return one
    return other


def _row(claim: Claim) -> Mapping[str, object]:
    """What of a claim is kept."""
    outgoing, provider = claim.outgoing, claim.provider
    return {
        "id": outgoing.message_id,
        "valid": outgoing.valid_until,
        "carrier": provider.name,
        "callback": hashed(outgoing.callback_token),
        "redact": outgoing.valid_until + FORGET_AFTER if provider.keeps_records else None,
    }


def _outgoing(act: Act, standing: Standing, message: _Due, decision: Send, token: str) -> Outgoing:
    address = standing.addresses[decision.channel.contact_point]
    key = act.key(message.victim_id)
    place = Place("messages", message.id)
    point = Place("contact_points", address.point_id)
    subject, certificate = message.subject_sealed, address.certificate_sealed
    return Outgoing(
        message_id=message.id,
        channel=message.channel,
        to=key.open_value(address.value_sealed, point, "value_sealed"),
        subject=None if subject is None else key.open_value(subject, place, "subject_sealed"),
        text=key.open_value(message.text_sealed, place, "text_sealed"),
        valid_until=decision.valid_until,
        attempt=message.attempt + 1,
        callback_token=token,
        sender=address.sender,
        certificate=None if certificate is None else key.open_value(certificate, point, "certificate_sealed"),
    )


def still_safe(session: Session, claims: Sequence[Claim], at: datetime) -> set[UUID]:
    """Which of these messages the gate would let go at this moment: much may happen while others are handed over."""
    now = standings(session, {claim.due.participation_id for claim in claims}, at=at)
    duties = carried(session, [claim.due.id for claim in claims])
    return {
        due.id
        for due in (claim.due for claim in claims)
        if (standing := now.get(due.participation_id)) is not None
        # This claim itself is the last that she was sent.
        and isinstance(_decide(replace(standing, last_sent_at=None), due, duties[due.id], at, at), Send)
    }


def _unreadable(act: Act, standing: Standing, message: _Due, rules: Sequence[str]) -> None:
    """A seal does not open: this message cannot go, and must not keep the others from going."""
    if message.error_code == SENT_AGAIN:
        act.run(_DOUBT, message=message.id, now=act.at)
        return
    act.run(_STOP, message=message.id, reason=Refusal.UNREADABLE, now=act.at)
    act.log("message stopped", Place("messages", message.id), reason_code=Refusal.UNREADABLE)
    open_task(act, standing, TaskKind.CHECK_DELIVERY, about=message.id, rules=rules)


def _not_now(act: Act, message: _Due, duties: list[Carried], decision: Hold | Refuse) -> None:
    """Held for the next window; or cancelled, and what is still owed is composed anew on the facts of now."""
    if isinstance(decision, Hold):
        act.run(_HOLD, message=message.id, until=decision.until)
        late = [duty.id for duty in duties if duty.urgent_by is not None and duty.urgent_by < decision.until]
        if late:  # a person must tell her
            act.run(COMPOSE_AGAIN, ids=late, now=act.at)
        return
    if message.error_code == SENT_AGAIN:  # it may have arrived the first time: a person finds out
        act.run(_DOUBT, message=message.id, now=act.at)
        return
    act.run(_STOP, message=message.id, reason=decision.reason, now=act.at)
    place = Place("messages", message.id)
    act.log("message stopped", place, owner=message.victim_id, reason_code=decision.reason)
    act.run(COMPOSE_AGAIN, ids=[duty.id for duty in duties], now=act.at)
