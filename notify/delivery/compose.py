"""Composes: for each duty that waits, asks the gate and either makes a message or says what a person must do.

Long because what a duty may join, what gives way to it and what is written anew is one decision.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import CompoundSelect, Select, bindparam, null, select, union_all, update
from sqlalchemy.orm import Session, sessionmaker

from models.base import is_one_of
from models.columns import among
from models.duties import Duty
from models.keyring import Keyring, Place, SealBroken
from models.messages import WORDLESS, Message, MessageDuty
from models.milestones import Milestone
from models.vocabulary import (
    Detail,
    DutyClass,
    DutyState,
    MessageState,
    Refusal,
    TaskKind,
)
from notify.delivery.asking import Waiting, ask_a_person, no_safe_moment
from notify.delivery.carrying import SENT_AGAIN
from notify.delivery.facts import Standing, standings
from notify.delivery.rules.gate import Decision, Hold, Refuse, Send, decide
from notify.delivery.sealed_updates import seal_update
from notify.delivery.senders import SENDER_WAITING, SENDER_WAITS
from notify.delivery.writing import Writer, write_message
from notify.ledger.acts import Act, acting
from notify.ledger.audit import THE_SERVICE
from notify.ledger.closing import GONE
from notify.ledger.tasks import open_duty_task

BATCH = 200
WAITING = (MessageState.HELD, MessageState.QUEUED)
IN_FLIGHT = frozenset({MessageState.CLAIMED, MessageState.UNCERTAIN})
FAILED = frozenset({MessageState.UNDELIVERED, MessageState.FAILED, MessageState.EXPIRED})
"""The message certainly did not arrive: the next contact point is tried."""

_WAITING_DUTIES: Select[*tuple[Any, ...]] = (
    select(
        Duty.id,
        Duty.participation_id,
        Duty.rule,
        Duty.kind,
        Duty.duty_class,
        Duty.state,
        Duty.due_at,
        Duty.urgent_by,
        Duty.no_safe_moment_at,
        Duty.milestone_id,
        Milestone.case_id,
        Milestone.facts_sealed,
    )
    .outerjoin(Milestone, Milestone.id == Duty.milestone_id)
    .where(Duty.compose_at <= bindparam("now"))
    .order_by(Duty.compose_at, Duty.created_at, Duty.id)
    .limit(bindparam("most"))
    .with_for_update(of=Duty, skip_locked=True, key_share=True)
)
_LOOKED_AT = update(Duty).where(among(Duty.id, "ids")).values(compose_at=None)
_LETTER = (
    Message.id,
    Message.plan_id,
    Message.contact_point_id,
    Message.detail,
    Message.state,
    Message.refusal,
    Message.not_before,
    Message.attempt,
    Message.claimed_at,
    Message.error_code,
)
_MESSAGES: CompoundSelect[*tuple[Any, ...]] = union_all(
    select(Message.created_at, MessageDuty.duty_id, *_LETTER)
    .join(MessageDuty, MessageDuty.message_id == Message.id)
    .where(among(MessageDuty.duty_id, "duties")),
    select(Message.created_at, null(), *_LETTER).where(
        among(Message.participation_id, "participations"),
        is_one_of(Message.state, *WAITING),
        Message.plan_id.is_not(None),
        Message.error_code.is_distinct_from(SENT_AGAIN),  # she may have it, and take it for the same
    ),
).order_by("created_at", "id")
"""What was made of these duties before; and, of no duty in particular, what waits for any of the victims concerned."""
_CANCEL = (
    update(Message)
    .where(Message.id == bindparam("message"), is_one_of(Message.state, *WAITING))
    .values(state=MessageState.CANCELLED, finished_at=bindparam("now"), not_before=None, **WORDLESS)
)
_HURRY = (
    update(Message)
    .where(
        among(Message.victim_id, "victims"),
        # What is in flight may come back to wait.
        is_one_of(Message.state, *WAITING, *IN_FLIGHT),
        ~Message.urgent,
    )
    .values(urgent=True)
)
"""Whatever waits for these victims, so that nothing overtakes what was written to them before."""
_LOOK_AT = update(Duty).where(Duty.id == bindparam("duty")).values(compose_at=bindparam("at"))
_LOOK_AGAIN = (
    update(Duty)
    .where(
        Duty.id.in_(select(MessageDuty.duty_id).where(MessageDuty.message_id == bindparam("message"))),
        is_one_of(Duty.state, DutyState.OPEN),
    )
    .values(compose_at=bindparam("now"))
)


@dataclass(frozen=True)
class _Letter:
    """A message made before."""

    created_at: datetime
    id: UUID
    plan_id: UUID | None
    contact_point_id: UUID | None
    detail: Detail | None
    state: MessageState
    refusal: Refusal | None
    not_before: datetime | None
    attempt: int
    claimed_at: datetime | None = None
    error_code: str | None = None

    @property
    def place(self) -> tuple[UUID | None, UUID | None, Detail | None]:
        return self.plan_id, self.contact_point_id, self.detail

    @property
    def may_be_there(self) -> bool:
        """Whether it waits to go once more: she may have it, so that nothing may stand in for it."""
        return self.state in WAITING and self.error_code == SENT_AGAIN

    def stuck_at(self, after: timedelta) -> datetime | None:
        """When it has been kept from leaving for so long; None once it left."""
        if self.state in IN_FLIGHT:
            since = self.claimed_at
        elif self.state in WAITING and (
            self.error_code == SENDER_WAITING
            or (self.state is MessageState.QUEUED and self.claimed_at is not None)
        ):
            since = self.created_at  # it was tried or looked at, and each time it waits for the next
        else:
            since = self.not_before if self.state in WAITING else None
        return None if since is None else since + after


@dataclass
class _Batch:
    """The duties of one look, with everything that deciding on them needs."""

    act: Act
    writer: Writer
    stuck: timedelta
    standings: dict[UUID, Standing]
    letters: defaultdict[UUID, list[_Letter]]
    waiting: dict[tuple[UUID | None, UUID | None, Detail | None], _Letter] = field(default_factory=dict)
    hurried: set[UUID] = field(default_factory=set)
    """The victims for whom something was written that must be told at once."""

    def remember(self, letter: _Letter) -> None:
        """Only what says nothing by itself can carry a second duty along: a full text is about one thing."""
        if letter.detail is not Detail.FULL:
            self.waiting[letter.place] = letter


def compose(
    sessions: sessionmaker[Session],
    keys: Keyring,
    writer: Writer,
    *,
    at: datetime,
    stuck: timedelta,
    limit: int = BATCH,
) -> int:
    """Look once at every duty whose `compose_at` has come. Returns how many were seen.

    What must be told at once is looked at again `stuck` after it could have left.
    """
    with acting(sessions, keys, at=at, actor=THE_SERVICE) as act:
        rows = act.connection.execute(_WAITING_DUTIES, {"now": at, "most": limit}).all()
        if not rows:
            return 0
        duties = [Waiting(*row) for row in rows]
        act.run(_LOOKED_AT, ids=[duty.id for duty in duties])
        batch = _read(act, writer, stuck, duties)
        for duty in duties:
            if duty.state is not DutyState.OPEN:
                continue
            try:
                _compose_one(batch, duty)
            except SealBroken:
                # Found before anything is written. One victim who cannot be read must not silence the others.
                open_duty_task(act, batch.standings[duty.participation_id], TaskKind.CALL, duty)
        if batch.hurried:  # last: it waits for whoever has one of these messages in hand
            act.run(_HURRY, victims=sorted(batch.hurried))
        return len(duties)


def _read(act: Act, writer: Writer, stuck: timedelta, duties: Sequence[Waiting]) -> _Batch:
    batch = _Batch(
        act,
        writer,
        stuck,
        standings(act.session, {duty.participation_id for duty in duties}, at=act.at),
        defaultdict(list),
    )
    act.keys.fetch(act.session, {standing.victim_id for standing in batch.standings.values()})
    asked = {"duties": [duty.id for duty in duties], "participations": list(batch.standings)}
    for created_at, duty_id, *letter in act.connection.execute(_MESSAGES, asked):
        if duty_id is None:
            batch.remember(_Letter(created_at, *letter))
        else:
            batch.letters[duty_id].append(_Letter(created_at, *letter))
    return batch


def _compose_one(batch: _Batch, duty: Waiting) -> None:
    standing = batch.standings[duty.participation_id]
    letters = batch.letters[duty.id]
    gone = [letter for letter in letters if letter.state in GONE]
    if gone:
        _watch(batch, standing, duty, gone[-1])
        return
    tried = {
        letter.contact_point_id for letter in letters if letter.state in FAILED and letter.contact_point_id
    }
    decision = decide(standing.facts(duty, but=tried), batch.act.at)
    for letter in letters:
        if letter.state in WAITING:
            if letter.may_be_there or _is_as_decided(batch, standing, letter, decision):
                _warn_if_late(batch, standing, duty, decision, letter)
                _watch(batch, standing, duty, letter)
                return
            if not _gave_up_waiting(batch, letter):
                return  # it was claimed a moment ago
    if isinstance(decision, Refuse):
        reason = Refusal.ALREADY_TRIED if tried and decision.reason is Refusal.NO_CHANNEL else decision.reason
        _refuse(batch, standing, duty, reason, decision.contact_point)
    else:
        _make(batch, standing, duty, decision)


def _warn_if_late(
    batch: _Batch, standing: Standing, duty: Waiting, decision: Decision, letter: _Letter
) -> None:
    """Urgent news that will not go in time is told by a person."""
    late = (
        duty.urgent_by is not None
        and letter.not_before is not None
        and letter.state in WAITING
        and letter.not_before > duty.urgent_by
    )
    if late or (isinstance(decision, Hold) and not decision.in_time):
        no_safe_moment(batch.act, standing, duty)


def _watch(batch: _Batch, standing: Standing, duty: Waiting, letter: _Letter) -> None:
    """What must be told at once and does not get away, for whatever fault of ours, is told by a person."""
    stuck_at = letter.stuck_at(batch.stuck) if duty.duty_class is DutyClass.IMMEDIATE else None
    if stuck_at is None:
        return
    if stuck_at <= batch.act.at:
        no_safe_moment(batch.act, standing, duty)
    else:
        batch.act.run(_LOOK_AT, duty=duty.id, at=stuck_at)


def _is_as_decided(batch: _Batch, standing: Standing, letter: _Letter, decision: Decision) -> bool:
    """Whether a waiting message is what the gate would have made now: same plan, same place, and no later."""
    if isinstance(decision, Refuse):
        return False
    here = (standing.plan_id, decision.channel.contact_point, decision.detail)
    if letter.place != here:
        return False
    return bool(letter.attempt) or _goes_by(letter, _moment(batch, decision))


def _moment(batch: _Batch, decision: Send | Hold) -> datetime:
    return batch.act.at if isinstance(decision, Send) else decision.until


def _goes_by(letter: _Letter, when: datetime) -> bool:
    if letter.error_code == SENDER_WAITING:
        when += SENDER_WAITS  # another one would wait for the same
    return letter.not_before is not None and letter.not_before <= when


def _to_join(batch: _Batch, standing: Standing, decision: Send | Hold) -> _Letter | None:
    """The waiting message that can carry this duty along: one that goes no later than the duty could by itself.

    A later one is given up, and what it carried joins the sooner one; but a provider that asked us to wait is not asked
    sooner.
    """
    letter = batch.waiting.get((standing.plan_id, decision.channel.contact_point, decision.detail))
    if letter is None or letter.attempt or _goes_by(letter, _moment(batch, decision)):
        return letter
    return None if _gave_up_waiting(batch, letter) else letter


def _gave_up_waiting(batch: _Batch, letter: _Letter) -> bool:
    """Cancel a message, unless it has just left; the other duties that it carried are looked at again."""
    if not batch.act.run(_CANCEL, message=letter.id, now=batch.act.at):
        return False
    batch.act.run(_LOOK_AGAIN, message=letter.id, now=batch.act.at)
    batch.waiting.pop(letter.place, None)
    return True


def _make(batch: _Batch, standing: Standing, duty: Waiting, decision: Send | Hold) -> None:
    act = batch.act
    facts = duty.facts(act)
    letter = _to_join(batch, standing, decision)
    tells_all = True
    if letter is None:
        message, tells_all = write_message(act, batch.writer, standing, duty, facts, decision)
        letter = _Letter(
            act.at,
            message.id,
            standing.plan_id,
            decision.channel.contact_point,
            decision.detail,
            message.state,
            None,
            message.not_before,
            0,
        )
        batch.remember(letter)
    act.write(MessageDuty(message_id=letter.id, duty_id=duty.id))
    if duty.duty_class is DutyClass.IMMEDIATE:
        batch.hurried.add(standing.victim_id)
    needs_page = decision.detail is not Detail.FULL or not tells_all
    if needs_page and duty.duty_class is not DutyClass.OFFICER_FIRST:
        seal_update(act, batch.writer, standing, duty, facts)
    _warn_if_late(batch, standing, duty, decision, letter)
    _watch(batch, standing, duty, letter)
    if not tells_all or not batch.writer.speaks(standing.language):
        # What was left out a person tells; and one makes sure that English was understood where it stands in for her language.
        open_duty_task(act, standing, TaskKind.CALL, duty)


def _refuse(batch: _Batch, standing: Standing, duty: Waiting, reason: Refusal, point: UUID | None) -> None:
    act = batch.act
    said_already = any(
        letter.state is MessageState.REFUSED
        and letter.refusal is reason
        and letter.plan_id == standing.plan_id
        for letter in batch.letters[duty.id]
    )
    if not said_already:
        message = Message(
            participation_id=standing.id,
            victim_id=standing.victim_id,
            contact_point_id=point,
            plan_id=standing.plan_id,
            kind=duty.kind,
            state=MessageState.REFUSED,
            refusal=reason,
            created_at=act.at,
            finished_at=act.at,
            attempt=0,
            counts_as_told=False,
            urgent=False,
        )
        act.write(message, MessageDuty(message_id=message.id, duty_id=duty.id))
        act.log(
            "message refused",
            Place("messages", message.id),
            owner=standing.victim_id,
            reason_code=reason,
        )
    ask_a_person(act, standing, duty, reason, point)
