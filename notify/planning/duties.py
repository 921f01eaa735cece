"""Making duties: where one comes from, when it is due, whose it is, and what must be there from its first moment."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy import bindparam, select, update

from models.base import is_one_of
from models.duties import Duty
from models.messages import Message, MessageDuty, SealedUpdate
from models.oversight import AlertLook
from models.people import Participation
from models.vocabulary import Agency, DutyClass, DutyState, TaskKind
from notify.ledger.acts import Act
from notify.ledger.closing import GONE
from notify.ledger.tasks import open_duty_task
from notify.ledger.waking import SENT_BY_US, TOLD_BY_A_PERSON
from notify.ledger.wishes import DECLINED, goes_without
from notify.planning.policy import Policy
from notify.planning.rulebook import first_look

TASK_OF = {DutyClass.OFFICER_FIRST: TaskKind.CALL, DutyClass.STAFF_TASK: TaskKind.DO_DUTY}
"""What must be there for a person from the first moment of a duty."""


class Part(Protocol):
    """A participation, or what is known of one."""

    @property
    def id(self) -> UUID: ...
    @property
    def victim_id(self) -> UUID: ...
    @property
    def is_enhanced(self) -> bool: ...


@dataclass(frozen=True)
class Source:
    """Where a duty comes from: a rule of an edition and what happened, or the plan. `policy` is the version in force."""

    rule: str
    edition: str
    kind: str
    duty_class: DutyClass
    policy: str
    milestone_id: UUID | None = None


@dataclass(frozen=True)
class Carrier:
    """Whose duty it is: an agency's, and there a unit's."""

    owner: Agency
    unit_id: UUID


@dataclass(frozen=True)
class Clock:
    """When a duty began to be owed, and until when it is: urgent_by in the immediate class only."""

    start: datetime
    due_at: datetime
    urgent_by: datetime | None = None


def make_duty(part: Part, source: Source, carrier: Carrier, clock: Clock, at: datetime) -> Duty:
    """An open duty; no message is made for it until `compose_at` is set, and no alert until it has an `AlertLook`."""
    return Duty(
        participation_id=part.id,
        victim_id=part.victim_id,
        milestone_id=source.milestone_id,
        unit_id=carrier.unit_id,
        rule=source.rule,
        edition=source.edition,
        policy=source.policy,
        kind=source.kind,
        duty_class=source.duty_class,
        owner=carrier.owner,
        enhanced=part.is_enhanced,
        created_at=at,
        clock_start=clock.start,
        due_at=clock.due_at,
        urgent_by=clock.urgent_by,
        deadline=clock.urgent_by or clock.due_at,
        state=DutyState.OPEN,
    )


def write_duties(act: Act, policy: Policy, made: Collection[tuple[Participation, Duty]]) -> None:
    """Keep new duties, with what must be there for a person from their first moment."""
    act.write(*(duty for _, duty in made))
    act.write(
        *(
            AlertLook(duty_id=duty.id, at=duty.no_safe_moment_at or first_look(policy, duty))
            for _, duty in made
            if duty.state is DutyState.OPEN
        )
    )
    for participation, duty in made:
        if duty.state is DutyState.WAIVED:
            act.log("duty waived", duty, owner=duty.victim_id, reason=DECLINED, rule=duty.rule)
        elif duty.duty_class in TASK_OF:
            open_duty_task(act, participation, TASK_OF[duty.duty_class], duty, fresh=True)


_CARRIES_ON = (
    update(MessageDuty)
    .where(
        MessageDuty.duty_id == bindparam("old"),
        MessageDuty.message_id.in_(select(Message.id).where(is_one_of(Message.state, *GONE))),
    )
    .values(duty_id=bindparam("new"))
)
_SHOWN_AGAIN = (
    update(SealedUpdate)
    .where(SealedUpdate.duty_id == bindparam("old"), SealedUpdate.read_at.is_(None))
    .values(duty_id=bindparam("new"), withdrawn_at=None)
)


def replace_duties(act: Act, ended: Collection[Duty], made: Collection[Duty]) -> None:
    """Let new duties to say the same words go on where those that ended stood: what has left is not sent a second time.

    A message that left carries the new duty, so that its receipt counts, and a private page it leads to has its words.
    """
    new = {(duty.participation_id, duty.milestone_id, duty.rule): duty.id for duty in made}
    for duty in ended:
        after = new.get((duty.participation_id, duty.milestone_id, duty.rule))
        if after is not None:
            for statement in (_CARRIES_ON, _SHOWN_AGAIN):
                act.run(statement, old=duty.id, new=after)


def open_or_waive(act: Act, participation: Participation, duty: Duty) -> None:
    """Set a new duty going, unless it is among what she declined."""
    if goes_without(participation, duty):
        duty.state, duty.closed_at, duty.late = DutyState.WAIVED, act.at, act.at > duty.deadline
        duty.close_reason_sealed = act.seal(duty.victim_id, duty, "close_reason_sealed", DECLINED)
    else:
        is_sent = duty.duty_class in SENT_BY_US and duty.rule not in TOLD_BY_A_PERSON
        duty.compose_at = act.at if is_sent else None
