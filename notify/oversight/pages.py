"""Lists for machines, a page at a time: each page starts after the last row of the one before, so none is lost or repeated."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from models.cases import Case
from models.duties import Duty
from models.milestones import Milestone
from models.oversight import Alert, Task
from models.people import Participation, Victim
from models.staff import Staff, Unit
from models.vocabulary import AlertLevel, AlertState, DutyState, TaskState
from notify.access import Viewer, visible
from notify.errors import FieldFault


@dataclass(frozen=True)
class Wanted:
    """Which page: at most `limit` rows after the row whose id is `after`; from the start when that is None."""

    limit: int
    after: UUID | None = None


@dataclass(frozen=True)
class Page:
    """Rows of a list; `more` tells whether others follow."""

    rows: Sequence[Any]
    more: bool


def cases_page(session: Session, viewer: Viewer, wanted: Wanted, *, is_open: bool | None = None) -> Page:
    """Cases by when they were opened: (Case, the unit's reference, the officer's)."""
    query = (
        select(Case, Unit.ref, Staff.ref)
        .join(Unit, Unit.id == Case.unit_id)
        .join(Staff, Staff.id == Case.officer_id)
        .where(visible(viewer))
    )
    if is_open is not None:
        query = query.where(Case.closed_at.is_(None) if is_open else Case.closed_at.is_not(None))
    return _page(session, query, Case.opened_at, Case.id, wanted)


def milestones_page(session: Session, case: Case, wanted: Wanted) -> Page:
    """Milestones of one case that the viewer is known to see, by when they were recorded: (Milestone,)."""
    query = select(Milestone).where(Milestone.case_id == case.id)
    return _page(session, query, Milestone.recorded_at, Milestone.id, wanted)


def duties_page(
    session: Session,
    viewer: Viewer,
    wanted: Wanted,
    *,
    state: DutyState | None = None,
    due_before: datetime | None = None,
) -> Page:
    """Duties by when they are due: (Duty, the victim's reference, the case's, the milestone's or None)."""
    query = (
        _of_a_victim(select(Duty, Victim.ref, Case.ref, Milestone.external_id), Duty.participation_id, viewer)
        .outerjoin(Milestone, Milestone.id == Duty.milestone_id)
        .where(*_given(Duty.state, state))
    )
    if due_before is not None:
        query = query.where(Duty.due_at < due_before)
    return _page(session, query, Duty.due_at, Duty.id, wanted)


def alerts_page(
    session: Session,
    viewer: Viewer,
    wanted: Wanted,
    *,
    state: AlertState | None = None,
    level: AlertLevel | None = None,
) -> Page:
    """Alerts by when they were raised: (Alert, Duty, the victim's reference, the case's)."""
    query = (
        _of_a_victim(select(Alert, Duty, Victim.ref, Case.ref), Alert.participation_id, viewer)
        .join(Duty, Duty.id == Alert.duty_id)
        .where(*_given(Alert.state, state), *_given(Alert.level, level))
    )
    return _page(session, query, Alert.raised_at, Alert.id, wanted)


def tasks_page(session: Session, viewer: Viewer, wanted: Wanted, *, state: TaskState | None = None) -> Page:
    """Tasks by when they were opened: (Task, the victim's reference, the case's)."""
    query = _of_a_victim(select(Task, Victim.ref, Case.ref), Task.participation_id, viewer)
    return _page(session, query.where(*_given(Task.state, state)), Task.created_at, Task.id, wanted)


def _of_a_victim(
    query: Select[*tuple[Any, ...]], participation_id: InstrumentedAttribute[UUID], viewer: Viewer
) -> Select[*tuple[Any, ...]]:
    """The query joined to its participation, and only where the viewer may see the case."""
    return (
        query.join(Participation, Participation.id == participation_id)
        .join(Victim, Victim.id == Participation.victim_id)
        .join(Case, Case.id == Participation.case_id)
        .where(visible(viewer))
    )


def _given(column: InstrumentedAttribute[Any], value: object | None) -> list[ColumnElement[bool]]:
    return [] if value is None else [column == value]


def _page(
    session: Session,
    query: Select[*tuple[Any, ...]],
    time: InstrumentedAttribute[datetime],
    row_id: InstrumentedAttribute[UUID],
    wanted: Wanted,
) -> Page:
    """One page in the order of a time that never changes. Raises FieldFault when `after` names no row."""
    if wanted.after is not None:
        start = session.scalar(select(time).where(row_id == wanted.after))
        if start is None:
            raise FieldFault("after", "is not known")
        query = query.where(or_(time > start, and_(time == start, row_id > wanted.after)))
    rows = session.execute(query.order_by(time, row_id).limit(wanted.limit + 1)).all()
    return Page(rows[: wanted.limit], more=len(rows) > wanted.limit)
