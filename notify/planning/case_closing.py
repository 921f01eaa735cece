"""Closing a case: nothing automatic leaves any more, and what each victim is still owed is told by a person."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import update

from models.base import is_one_of
from models.cases import Case
from models.duties import Duty
from models.oversight import Task
from models.people import Participation
from models.vocabulary import (
    CASE_CLOSED,
    FINAL_RULE,
    NO_CHANGE_RULE,
    Agency,
    DutyClass,
    DutyState,
    TaskKind,
    TaskState,
)
from notify.errors import Conflict
from notify.ledger.acts import Act
from notify.ledger.closing import close_duties, open_duties
from notify.ledger.tasks import open_duty_task
from notify.ledger.units import unit_of
from notify.planning.duties import Carrier, Clock, Source, make_duty, open_or_waive, write_duties
from notify.planning.no_change import PLAN_EDITION
from notify.planning.queries import participations_in
from notify.planning.rulebook import Rulebook
from notify.planning.rules.due import due_at

FOR_A_RUNNING_CASE = (TaskKind.AGREE_PLAN, TaskKind.AGREE_SECRET, TaskKind.VERIFY_CONTACT)
"""Tasks that prepare messages: none will go."""


def close_case(act: Act, rulebook: Rulebook, case: Case, *, reason: str) -> list[Duty]:
    """Close a case. What the victims are still owed stays owed, as calls to make; so is, to each, that it is closed.

    Returns these last duties. They are owed to everybody who was enrolled, plan or not: nobody finds out by chance.
    """
    act.session.refresh(
        case, with_for_update=True
    )  # who closes it a second time at this moment waits, and is told
    if case.closed_at is not None:
        raise Conflict("case", "is closed already")
    case.closed_at, case.closed_by_id = act.at, act.staff_id
    case.close_reason_sealed = act.seal(case.id, case, "close_reason_sealed", reason)
    act.log("case closed", case, owner=case.id, reason=reason)
    act.session.flush()
    participations = participations_in(act.session, case.id)
    for participation in participations:
        _end_what_runs(act, participation, reason)
    act.session.flush()
    last = [
        (participation, _last_duty(act, rulebook, case, participation)) for participation in participations
    ]
    write_duties(act, rulebook.policy, last)
    return [duty for _, duty in last]


def _end_what_runs(act: Act, participation: Participation, reason: str) -> None:
    participation.next_no_change_at = None
    duties = open_duties(act, participation)
    over = [d for d in duties if d.rule == NO_CHANGE_RULE or d.duty_class is DutyClass.VICTIM_WINDOW]
    close_duties(act, over, DutyState.CANCELLED, reason=reason)
    _cancel_tasks(act, participation.id, FOR_A_RUNNING_CASE)
    for duty in duties:
        if duty not in over and duty.duty_class is not DutyClass.STAFF_TASK:
            open_duty_task(act, participation, TaskKind.CALL, duty)


def _last_duty(act: Act, rulebook: Rulebook, case: Case, participation: Participation) -> Duty:
    """To tell her that the case is closed: by a person, because a closed case sends nothing by itself."""
    days = rulebook.policy.default_days(enhanced=participation.is_enhanced)
    duty = make_duty(
        participation,
        Source(FINAL_RULE, PLAN_EDITION, CASE_CLOSED, DutyClass.OFFICER_FIRST, rulebook.policy.version),
        Carrier(Agency.POLICE, unit_of(act.session, case.id, Agency.POLICE)),
        Clock(act.at, due_at(act.at, days, rulebook.calendar)),
        act.at,
    )
    open_or_waive(act, participation, duty)
    return duty


def _cancel_tasks(act: Act, participation_id: UUID, kinds: Collection[TaskKind]) -> None:
    act.session.execute(
        update(Task)
        .where(
            Task.participation_id == participation_id,
            Task.kind.in_(kinds),
            is_one_of(Task.state, TaskState.OPEN),
        )
        .values(state=TaskState.CANCELLED, done_at=act.at)
    )
