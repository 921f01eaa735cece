"""Worklists: what is due, overdue or to be done, within what the viewer may see. Takes a Session, never commits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, func, select, union_all
from sqlalchemy.orm import Session

from models.base import is_one_of
from models.cases import Case, CaseUnit
from models.duties import Duty
from models.messages import Inbound
from models.oversight import Alert, Task
from models.people import Participation, Victim
from models.vocabulary import AlertLevel, AlertState, DutyState, RiskLevel, Role, TaskState
from notify.access import Viewer, visible
from notify.in_hand import counts_as_owed
from notify.oversight.ways import (
    OVERSEEN,
    Columns,
    Found,
    Whose,
    alert_ways,
    case_ways,
    each_way,
    is_live,
    one_page,
    own_ways,
    work_ways,
)

PAGE = 50
UNKNOWN_SHOWN = timedelta(days=30)
"""How long what came in from a number that nobody knows stays on the overdue page."""
LEVELS = (AlertLevel.DUE_SOON, *OVERSEEN)
"""Every level, the highest last."""
WEIGHTS = {2 * n + unseen: (level, bool(unseen)) for n, level in enumerate(LEVELS) for unseen in (0, 1)}
"""How much an alert weighs, by its level and by whether nobody has looked at it yet: one number, so that one maximum tells both."""
_WEIGHT = case({level.value: 2 * n for n, level in enumerate(LEVELS)}, value=Alert.level) + case(
    (Alert.state == AlertState.OPEN, 1), else_=0
)


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
    session: Session,
    viewer: Viewer,
    *,
    at: datetime,
    until: datetime,
    whose: Whose,
    offset: int = 0,
    limit: int = PAGE,
) -> list[DutyLine]:
    """Open duties due by `until`, the earliest deadline first; `at` tells which units are in a supervisor's care."""
    found = due_found(session, viewer, at=at, until=until, whose=whose)
    page = one_page(found, lambda c: (c.deadline, c.id), offset=offset, limit=limit)
    query = _lines().join(page, page.c.id == Duty.id).order_by(page.c.deadline, page.c.id)
    return [DutyLine(*row) for row in session.execute(query)]


def due_found(session: Session, viewer: Viewer, *, at: datetime, until: datetime, whose: Whose) -> Found:
    """The whole of the due list, each duty once: (id, deadline)."""
    found: Select[*tuple[Any, ...]] = (
        select(Duty.id, Duty.deadline)
        .select_from(Duty)
        .join(Participation, Participation.id == Duty.participation_id)
        .join(Case, Case.id == Participation.case_id)
        .where(
            is_one_of(Duty.state, DutyState.OPEN),
            counts_as_owed(),
            Duty.deadline <= until,
            Participation.paused_at.is_(None),
            visible(viewer),
        )
    )
    return each_way(found, work_ways(session, viewer, Duty.unit_id, whose, at))


def overdue_list(
    session: Session,
    viewer: Viewer,
    *,
    at: datetime,
    level: AlertLevel | None = None,
    unseen: bool = False,
    offset: int = 0,
    limit: int = PAGE,
) -> list[DutyLine]:
    """Duties with a live alert that is this viewer's to see to, one line each with its highest level.

    Enhanced rights first, then risk, then age. What is due soon is among them where no officer is there at `at`.
    Of one highest level alone, or only those whose highest alert nobody has looked at, when asked.
    """
    highest = highest_alerts(session, viewer, at)
    if level is not None or unseen:
        wanted = [w for w, (of, is_unseen) in WEIGHTS.items() if level in (None, of) and is_unseen >= unseen]
        highest = highest.having(highest.selected_columns.weight.in_(wanted))
    page = one_page(highest, _most_pressing, offset=offset, limit=limit)
    found = case({weight: level.value for weight, (level, _) in WEIGHTS.items()}, value=page.c.weight)
    query = (
        _lines()
        .join(page, page.c.id == Duty.id)
        .join(Alert, and_(Alert.duty_id == Duty.id, Alert.level == found))
        .add_columns(Alert)
        .order_by(*_most_pressing(page.c))
    )
    return [DutyLine(*row) for row in session.execute(query)]


def highest_alerts(session: Session, viewer: Viewer, at: datetime) -> Select[*tuple[Any, ...]]:
    """The duties of the overdue list, each with the weight of its highest live alert (a key of WEIGHTS)."""
    found: Select[*tuple[Any, ...]] = (
        select(Duty.id, Duty.enhanced, Duty.deadline, _by_risk(), _WEIGHT.label("weight"))
        .select_from(Alert)
        .join(Duty, Duty.id == Alert.duty_id)
        .join(Participation, Participation.id == Alert.participation_id)
        .join(Case, Case.id == Alert.case_id)
        .where(is_live(), is_one_of(Duty.state, DutyState.OPEN), visible(viewer))
    )
    live = union_all(*(found.where(way) for way in alert_ways(session, viewer, at))).subquery()
    of_a_duty = (live.c.id, live.c.enhanced, live.c.risk, live.c.deadline)
    return select(*of_a_duty, func.max(live.c.weight).label("weight")).group_by(*of_a_duty)


def officers_of(session: Session, lines: Sequence[DutyLine]) -> dict[UUID, UUID | None]:
    """Who the officer for each of these duties is, by the duty's id; None where its agency's unit named nobody.

    Where the agency's part was handed to a unit of its own, it is that part's officer; else the case's.
    """
    parts = select(CaseUnit.case_id, CaseUnit.agency, CaseUnit.officer_id).where(
        CaseUnit.case_id.in_({line.case.id for line in lines})
    )
    named = {(case_id, agency): officer_id for case_id, agency, officer_id in session.execute(parts)}
    return {line.duty.id: named.get((line.case.id, line.duty.owner), line.case.officer_id) for line in lines}


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
    session: Session, viewer: Viewer, *, at: datetime, whose: Whose, offset: int = 0, limit: int = PAGE
) -> list[TaskLine]:
    """Tasks to do by hand, those with a time first; `at` tells which units are in a supervisor's care."""

    def order(c: Columns) -> tuple[ColumnElement[Any], ...]:
        return c.due_at.asc().nulls_last(), c.created_at, c.id

    found = tasks_found(session, viewer, at=at, whose=whose)
    page = one_page(found, order, offset=offset, limit=limit)
    query = (
        select(Task, Participation, Victim, Case)
        .join(Participation, Participation.id == Task.participation_id)
        .join(Victim, Victim.id == Task.victim_id)
        .join(Case, Case.id == Participation.case_id)
        .join(page, page.c.id == Task.id)
        .order_by(*order(page.c))
    )
    return [TaskLine(*row) for row in session.execute(query)]


def tasks_found(session: Session, viewer: Viewer, *, at: datetime, whose: Whose) -> Found:
    """The whole of the open tasks, each once: (id, due_at, created_at, kind)."""
    found: Select[*tuple[Any, ...]] = (
        select(Task.id, Task.due_at, Task.created_at, Task.kind)
        .select_from(Task)
        .join(Participation, Participation.id == Task.participation_id)
        .join(Case, Case.id == Participation.case_id)
        .where(is_one_of(Task.state, TaskState.OPEN), visible(viewer))
    )
    return each_way(found, work_ways(session, viewer, Task.unit_id, whose, at))


def visible_cases(
    session: Session, viewer: Viewer, *, own_only: bool, offset: int = 0, limit: int = PAGE
) -> list[Case]:
    """Cases the viewer may see: open ones, the newest first, then closed ones, the last closed first."""

    def order(c: Columns) -> tuple[ColumnElement[Any], ...]:
        return c.closed_at.desc().nulls_first(), c.opened_at.desc(), c.id.desc()

    found: Select[*tuple[Any, ...]] = select(Case.id, Case.closed_at, Case.opened_at)
    all_ways = (
        each_way(found.where(visible(viewer)), own_ways(viewer))
        if own_only
        else union_all(*(found.where(way) for way in case_ways(viewer, alone=True)))
    )
    page = one_page(all_ways, order, offset=offset, limit=limit)
    query = select(Case).join(page, page.c.id == Case.id).where(visible(viewer))
    return list(session.scalars(query.order_by(*order(page.c))))


def visible_case(session: Session, viewer: Viewer, case_id: UUID) -> Case | None:
    """One case, if the viewer may see it."""
    return session.scalars(select(Case).where(Case.id == case_id, visible(viewer))).first()


def _by_risk() -> ColumnElement[int]:
    return case(
        {RiskLevel.HIGH.value: 0, RiskLevel.MEDIUM.value: 1}, value=Participation.risk, else_=2
    ).label("risk")


def _most_pressing(c: Columns) -> tuple[ColumnElement[Any], ...]:
    return c.enhanced.desc(), c.risk, c.deadline, c.id


def _lines() -> Select[Duty, Participation, Victim, Case]:
    return (
        select(Duty, Participation, Victim, Case)
        .join(Participation, Participation.id == Duty.participation_id)
        .join(Victim, Victim.id == Duty.victim_id)
        .join(Case, Case.id == Participation.case_id)
    )
