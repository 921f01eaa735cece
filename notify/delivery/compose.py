"""Composes: for each duty that waits, asks the gate and either makes a message or says what a person must do."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, sessionmaker

from models.duties import Duty
from models.keyring import Keyring
from models.messages import Message, MessageDuty
from models.milestones import Milestone
from models.vocabulary import DutyClass, DutyState, MessageState, Refusal, TaskKind
from notify.delivery.facts import Standing, standings
from notify.delivery.rules.gate import Hold, Refuse, Send, decide
from notify.delivery.sealed_updates import seal_update
from notify.delivery.writing import Writer, write_message
from notify.ledger.acts import Act, acting
from notify.ledger.audit import THE_SERVICE
from notify.ledger.tasks import open_duty_task, open_task

BATCH = 200
WAITING = frozenset({MessageState.HELD, MessageState.QUEUED})
GONE = frozenset(
    {MessageState.CLAIMED, MessageState.UNCERTAIN, MessageState.ACCEPTED, MessageState.DELIVERED}
)
"""The message left, or may have: nothing more is sent for this duty."""
FAILED = frozenset({MessageState.UNDELIVERED, MessageState.FAILED, MessageState.EXPIRED})
"""The message certainly did not arrive: the next contact point is tried."""

TASK_FOR = {
    Refusal.NOT_AUTOMATIC: TaskKind.CALL,
    Refusal.NO_CHANNEL: TaskKind.CALL,
    Refusal.NO_SAFE_WINDOW: TaskKind.CALL,
    Refusal.ALREADY_TRIED: TaskKind.CALL,
    Refusal.CASE_CLOSED: TaskKind.CALL,
    Refusal.DECLINED: TaskKind.CALL,
}
"""What a person must do about a refusal, one task a duty; the others are in `_ask_a_person`."""

_WAITING_DUTIES = (
    select(Duty)
    .where(Duty.compose_at <= bindparam("now"))
    .order_by(Duty.compose_at, Duty.created_at, Duty.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_MESSAGES_OF = (
    select(MessageDuty.duty_id, Message)
    .join(Message, Message.id == MessageDuty.message_id)
    .where(MessageDuty.duty_id.in_(bindparam("ids", expanding=True)))
    .order_by(Message.created_at, Message.id)
)
_MILESTONES = select(Milestone).where(Milestone.id.in_(bindparam("ids", expanding=True)))
_WAITING_MESSAGES = select(Message).where(
    Message.participation_id.in_(bindparam("ids", expanding=True)),
    Message.state.in_(WAITING),
    Message.plan_id.is_not(None),
)


@dataclass
class _Batch:
    """The duties of one look, with everything that deciding on them needs."""

    act: Act
    writer: Writer
    standings: dict[UUID, Standing]
    milestones: dict[UUID, Milestone]
    messages: defaultdict[UUID, list[Message]]
    waiting: dict[tuple[UUID, UUID, str], Message] = field(default_factory=dict)


def compose(
    sessions: sessionmaker[Session],
    keys: Keyring,
    writer: Writer,
    *,
    at: datetime,
    limit: int = BATCH,
) -> int:
    """Look once at every duty whose `compose_at` has come. Returns how many were seen."""
    with acting(sessions, keys, at=at, actor=THE_SERVICE) as act:
        duties = act.session.scalars(_WAITING_DUTIES, {"now": at, "most": limit}).all()
        if not duties:
            return 0
        batch = _read(act, writer, duties)
        for duty in duties:
            duty.compose_at = None
            if duty.state is DutyState.OPEN:
                _compose_one(batch, duty)
        return len(duties)


def _read(act: Act, writer: Writer, duties: Sequence[Duty]) -> _Batch:
    messages: defaultdict[UUID, list[Message]] = defaultdict(list)
    for duty_id, message in act.session.execute(_MESSAGES_OF, {"ids": [duty.id for duty in duties]}):
        messages[duty_id].append(message)
    ids = list({duty.milestone_id for duty in duties if duty.milestone_id})
    milestones = act.session.scalars(_MILESTONES, {"ids": ids}) if ids else ()
    batch = _Batch(
        act=act,
        writer=writer,
        standings=standings(act.session, {duty.participation_id for duty in duties}),
        milestones={milestone.id: milestone for milestone in milestones},
        messages=messages,
    )
    for message in act.session.scalars(_WAITING_MESSAGES, {"ids": list(batch.standings)}):
        _remember_waiting(batch, message)
    return batch


def _remember_waiting(batch: _Batch, message: Message) -> None:
    """Only what says nothing by itself can carry a second duty along: a full text is about one thing."""
    if message.plan_id and message.contact_point_id and message.detail and message.detail != "full":
        batch.waiting[message.plan_id, message.contact_point_id, message.detail] = message


def _compose_one(batch: _Batch, duty: Duty) -> None:
    standing = batch.standings[duty.participation_id]
    tried = set()
    for message in batch.messages[duty.id]:
        if message.state in GONE:
            return
        if message.state in WAITING:
            if (
                standing.plan is not None
                and message.plan_id == standing.plan.id
                and _usable(standing, message)
            ):
                return
            _cancel(batch, message)
        if message.state in FAILED and message.contact_point_id is not None:
            tried.add(message.contact_point_id)
    decision = decide(standing.facts(duty, but=tried), batch.act.at)
    if isinstance(decision, Refuse):
        reason = Refusal.ALREADY_TRIED if tried and decision.reason is Refusal.NO_CHANNEL else decision.reason
        _refuse(batch, standing, duty, reason, decision.contact_point)
    else:
        _make(batch, standing, duty, decision)


def _usable(standing: Standing, message: Message) -> bool:
    """Whether the contact point a message waits for is still one that messages may go to."""
    pair = standing.channels.get(message.contact_point_id) if message.contact_point_id else None
    return pair is not None and pair[1].state == "verified"


def _cancel(batch: _Batch, message: Message) -> None:
    message.state, message.finished_at, message.not_before = MessageState.CANCELLED, batch.act.at, None
    if message.plan_id and message.contact_point_id and message.detail:
        batch.waiting.pop((message.plan_id, message.contact_point_id, message.detail), None)


def _make(batch: _Batch, standing: Standing, duty: Duty, decision: Send | Hold) -> None:
    act = batch.act
    assert standing.plan is not None  # noqa: S101 - the gate lets nothing go without one
    milestone = batch.milestones.get(duty.milestone_id) if duty.milestone_id else None
    where = (standing.plan.id, decision.channel.contact_point, decision.detail)
    message = batch.waiting.get(where)
    if message is None:
        message = write_message(act, batch.writer, standing, duty, milestone, decision)
        _remember_waiting(batch, message)
    act.write(MessageDuty(message_id=message.id, duty_id=duty.id))
    if decision.detail != "full" and duty.duty_class is not DutyClass.OFFICER_FIRST:
        seal_update(act, batch.writer, standing, duty, milestone)
    if not decision.in_time:
        _no_safe_moment(act, standing, duty)
    if batch.writer.speaks(standing.victim.language) is False:
        # English stands in for her language: a person makes sure that she was understood.
        open_duty_task(act, standing.participation, TaskKind.CALL, duty)


def _refuse(batch: _Batch, standing: Standing, duty: Duty, reason: Refusal, point: UUID | None) -> None:
    act = batch.act
    plan_id = standing.plan.id if standing.plan else None
    said_already = any(
        m.state is MessageState.REFUSED and m.refusal is reason and m.plan_id == plan_id
        for m in batch.messages[duty.id]
    )
    if not said_already:
        message = Message(
            participation_id=duty.participation_id,
            victim_id=duty.victim_id,
            contact_point_id=point,
            plan_id=plan_id,
            kind=duty.kind,
            state=MessageState.REFUSED,
            refusal=reason,
            created_at=act.at,
            finished_at=act.at,
            attempt=0,
            counts_as_told=False,
        )
        act.write(message, MessageDuty(message_id=message.id, duty_id=duty.id))
        act.log("message refused", message, owner=duty.victim_id, reason_code=reason)
    _ask_a_person(act, standing, duty, reason, point)


def _ask_a_person(act: Act, standing: Standing, duty: Duty, reason: Refusal, point: UUID | None) -> None:
    """What the gate keeps back, a person must do."""
    who = standing.participation
    if reason is Refusal.NO_PLAN:
        open_task(act, who, TaskKind.AGREE_PLAN, about=who.id, rules=[duty.rule], due_at=duty.deadline)
    elif reason in (Refusal.NOT_VERIFIED, Refusal.SUSPENDED) and point is not None:
        open_task(act, who, TaskKind.VERIFY_CONTACT, about=point, rules=[duty.rule], due_at=duty.deadline)
    elif reason in TASK_FOR:
        open_duty_task(act, who, TASK_FOR[reason], duty)
    if duty.duty_class is DutyClass.IMMEDIATE:
        _no_safe_moment(act, standing, duty)


def _no_safe_moment(act: Act, standing: Standing, duty: Duty) -> None:
    """Immediate news with no safe moment in time: a call, or where she asked for no contact a person's decision."""
    paused = standing.participation.paused_at is not None
    open_duty_task(
        act, standing.participation, TaskKind.EXPLAIN_NO_CONTACT if paused else TaskKind.CALL, duty
    )
    if duty.no_safe_moment_at is None:
        duty.no_safe_moment_at = duty.next_alert_at = act.at
