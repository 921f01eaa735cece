"""What the gate keeps back, a person must do: the tasks that stand in for a message."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, update

from models.duties import Duty
from models.vocabulary import DutyClass, DutyState, Refusal, TaskKind
from notify.clock import in_words, local_date
from notify.delivery.facts import Standing
from notify.delivery.writing import open_facts
from notify.ledger.acts import Act
from notify.ledger.closing import close_duties
from notify.ledger.tasks import open_duty_task, open_task
from notify.ledger.waking import wake_oversight

NOT_ALLOWED = "what was agreed does not allow this reminder"

TASK_FOR = {
    Refusal.NOT_AUTOMATIC: TaskKind.CALL,
    Refusal.NO_CHANNEL: TaskKind.CALL,
    Refusal.NO_SAFE_WINDOW: TaskKind.CALL,
    Refusal.ALREADY_TRIED: TaskKind.CALL,
    Refusal.CASE_CLOSED: TaskKind.CALL,
    Refusal.DECLINED: TaskKind.CALL,
    # The duty cannot wait until somebody has checked why a way to her was stopped.
    Refusal.SUSPENDED: TaskKind.CALL,
}
"""What a person must do about a refusal, one task a duty; the others are in `ask_a_person`."""

_NO_SAFE_MOMENT = update(Duty).where(Duty.id == bindparam("duty")).values(no_safe_moment_at=bindparam("now"))


@dataclass(frozen=True)
class Waiting:
    """A duty that waits for a look, with the sealed facts of its milestone."""

    id: UUID
    participation_id: UUID
    rule: str
    kind: str
    duty_class: DutyClass
    state: DutyState
    due_at: datetime
    urgent_by: datetime | None
    no_safe_moment_at: datetime | None
    milestone_id: UUID | None
    case_id: UUID | None
    facts_sealed: bytes | None

    @property
    def deadline(self) -> datetime:
        return self.urgent_by or self.due_at

    def facts(self, act: Act) -> dict[str, str]:
        if self.duty_class is DutyClass.VICTIM_WINDOW:
            # It is due when her own time ends, and says nothing of the milestone but this.
            return {"review_until": in_words(local_date(self.due_at) - timedelta(days=1))}
        if self.milestone_id is None or self.case_id is None:
            return {}
        return open_facts(act, self.milestone_id, self.case_id, self.facts_sealed)


def ask_a_person(act: Act, standing: Standing, duty: Waiting, reason: Refusal, point: UUID | None) -> None:
    """What the gate keeps back, a person must do; a reminder of her own time is left out instead."""
    if duty.duty_class is DutyClass.VICTIM_WINDOW:
        _leave_out(act, duty)
        return
    if reason is Refusal.NO_PLAN:
        open_task(
            act, standing, TaskKind.AGREE_PLAN, about=standing.id, rules=[duty.rule], due_at=duty.deadline
        )
    if reason in (Refusal.NOT_VERIFIED, Refusal.SUSPENDED) and point is not None:
        open_task(
            act, standing, TaskKind.VERIFY_CONTACT, about=point, rules=[duty.rule], due_at=duty.deadline
        )
    if reason in TASK_FOR:
        open_duty_task(act, standing, TASK_FOR[reason], duty)
    if duty.duty_class is DutyClass.IMMEDIATE:
        no_safe_moment(act, standing, duty)


def _leave_out(act: Act, duty: Waiting) -> None:
    """She can see her own time on the private page: nobody is asked to ring her about it."""
    close_duties(act, [act.session.get_one(Duty, duty.id)], DutyState.WAIVED, reason=NOT_ALLOWED)


def no_safe_moment(act: Act, standing: Standing, duty: Waiting) -> None:
    """Immediate news with no safe moment in time: a call, or where she asked for no contact a person's decision."""
    kind = TaskKind.EXPLAIN_NO_CONTACT if standing.paused else TaskKind.CALL
    open_duty_task(act, standing, kind, duty)
    if duty.no_safe_moment_at is None:
        act.run(_NO_SAFE_MOMENT, duty=duty.id, now=act.at)
        wake_oversight(act, duty.id)
