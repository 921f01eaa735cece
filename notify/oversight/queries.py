"""Worklists: what is due, overdue or to be done, within what the viewer may see. Takes a Session, never commits."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, case, select
from sqlalchemy.orm import Session

from models.base import is_one_of
from models.cases import Case
from models.duties import Duty
from models.messages import Inbound
from models.oversight import Alert, Task
from models.people import Participation, Victim
from models.vocabulary import AlertLevel, AlertState, DutyState, RiskLevel, Role, TaskState
from notify.access import Viewer, visible

PAGE = 50
UNKNOWN_SHOWN = timedelta(days=30)
"""How long what came in from a number that nobody knows stays on the overdue page."""
OVERSEEN = (AlertLevel.URGENT, AlertLevel.OVERDUE, AlertLevel.ESCALATED)


@dataclass(frozen=True)
class DutyLine:
    """One line of a due list, or of the overdue list with its alert."""

    duty: Duty
    participation: Participation
    victim: Victim
    case: Case
    alert: Alert | None = None


@dataclass(frozen=True)
class TaskLine:
    task: Task
    participation: Participation
    victim: Victim
    case: Case


def due_list(
    session: Session, viewer: Viewer, *, until: datetime, own_only: bool, offset: int = 0, limit: int = PAGE
) -> list[DutyLine]:
    """Open duties due by `until`, the earliest deadline first; an officer's own cases, or all that are visible."""
    query = _lines(viewer).where(
        is_one_of(Duty.state, DutyState.OPEN), Participation.paused_at.is_(None), Duty.deadline <= until
    )
    if own_only:
        query = query.where(Case.officer_id == viewer.staff_id)
    rows = session.execute(query.order_by(Duty.deadline, Duty.id).offset(offset).limit(limit))
    return [DutyLine(*row) for row in rows]


def overdue_list(session: Session, viewer: Viewer, *, offset: int = 0, limit: int = PAGE) -> list[DutyLine]:
    """Duties with a live alert for a supervisor, one line each with its highest level; enhanced rights, then risk, then age."""
    weight = case({level.value: n for n, level in enumerate(OVERSEEN)}, value=Alert.level)
    highest = (
        select(Alert.id)
        .where(Alert.duty_id == Duty.id, Alert.level.in_(OVERSEEN), Alert.state != AlertState.RESOLVED)
        .order_by(weight.desc())
        .limit(1)
        .correlate(Duty)
        .scalar_subquery()
    )
    by_risk = case({RiskLevel.HIGH.value: 0, RiskLevel.MEDIUM.value: 1}, value=Participation.risk, else_=2)
    query = (
        _lines(viewer)
        .join(Alert, Alert.id == highest)
        .add_columns(Alert)
        .where(is_one_of(Duty.state, DutyState.OPEN))
        .order_by(Duty.enhanced.desc(), by_risk, Duty.deadline, Duty.id)
    )
    return [DutyLine(*row) for row in session.execute(query.offset(offset).limit(limit))]


def unknown_inbound(
    session: Session, viewer: Viewer, *, at: datetime, offset: int = 0, limit: int = PAGE
) -> list[Inbound]:
    """What came in lately from numbers and addresses that are nobody's here, the newest first; for supervisors only.

    It belongs to no case, so every unit's supervisors see it: one of them may know whose it is.
    """
    if viewer.role is not Role.SUPERVISOR:
        return []
    query = (
        select(Inbound)
        .where(Inbound.contact_point_id.is_(None), Inbound.received_at > at - UNKNOWN_SHOWN)
        .order_by(Inbound.received_at.desc(), Inbound.id)
    )
    return list(session.scalars(query.offset(offset).limit(limit)))


def open_tasks(
    session: Session, viewer: Viewer, *, own_only: bool, offset: int = 0, limit: int = PAGE
) -> list[TaskLine]:
    """Tasks to do by hand, those with a time first."""
    query = (
        select(Task, Participation, Victim, Case)
        .join(Participation, Participation.id == Task.participation_id)
        .join(Victim, Victim.id == Participation.victim_id)
        .join(Case, Case.id == Participation.case_id)
        .where(is_one_of(Task.state, TaskState.OPEN), visible(viewer))
        .order_by(Task.due_at.is_(None), Task.due_at, Task.created_at, Task.id)
    )
    if own_only:
        query = query.where(Case.officer_id == viewer.staff_id)
    return [TaskLine(*row) for row in session.execute(query.offset(offset).limit(limit))]


def visible_cases(
    session: Session, viewer: Viewer, *, own_only: bool, offset: int = 0, limit: int = PAGE
) -> list[Case]:
    """Cases the viewer may see, the newest first, open ones before closed ones."""
    query = (
        select(Case)
        .where(visible(viewer))
        .order_by(Case.closed_at.is_not(None), Case.opened_at.desc(), Case.id)
    )
    if own_only:
        query = query.where(Case.officer_id == viewer.staff_id)
    return list(session.scalars(query.offset(offset).limit(limit)))


def visible_case(session: Session, viewer: Viewer, case_id: UUID) -> Case | None:
    """One case, if the viewer may see it."""
    return session.scalars(select(Case).where(Case.id == case_id, visible(viewer))).first()


def _lines(viewer: Viewer) -> Select[Duty, Participation, Victim, Case]:
    return (
        select(Duty, Participation, Victim, Case)
        .join(Participation, Participation.id == Duty.participation_id)
        .join(Victim, Victim.id == Duty.victim_id)
        .join(Case, Case.id == Participation.case_id)
        .where(visible(viewer))
    )
