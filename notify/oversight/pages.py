"""Lists for machines, a page at a time: each page starts after the last row of the one before, so none is lost or repeated."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, or_, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from models.base import is_one_of
from models.cases import Case, HandOver
from models.duties import Duty
from models.milestones import Milestone
from models.oversight import Alert, Task
from models.people import Participation, Victim
from models.staff import Staff, Unit
from models.vocabulary import AlertLevel, AlertState, DutyState, TaskState
from notify.access import Viewer, visible
from notify.errors import FieldFault
from notify.in_hand import counts_as_owed
from notify.oversight.ways import case_ways, one_page

Rows = Select[*tuple[Any, ...]]


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
    found = select(Case.id, Case.opened_at.label("time"))
    if is_open is not None:
        found = found.where(Case.closed_at.is_(None) if is_open else Case.closed_at.is_not(None))
    query = (
        select(Case, Unit.ref, Staff.ref)
        .join(Unit, Unit.id == Case.unit_id)
        .join(Staff, Staff.id == Case.officer_id)
    )
    return _page(session, viewer, wanted, found, query, (Case.opened_at, Case.id))


def milestones_page(session: Session, case: Case, wanted: Wanted) -> Page:
    """Milestones of one case that the viewer is known to see, by when they were recorded: (Milestone,)."""
    query = select(Milestone).where(Milestone.case_id == case.id)
    return _of_one_case(session, query, Milestone.recorded_at, Milestone.id, wanted)


def hand_overs_page(session: Session, case: Case, wanted: Wanted) -> Page:
    """Hand-overs of one case that the viewer is known to see, by when they were made: (HandOver,)."""
    query = select(HandOver).where(HandOver.case_id == case.id)
    return _of_one_case(session, query, HandOver.at, HandOver.id, wanted)


def duties_page(
    session: Session,
    viewer: Viewer,
    wanted: Wanted,
    *,
    state: DutyState | None = None,
    due_before: datetime | None = None,
) -> Page:
    """Duties by when they are due: (Duty, the victim's reference, the case's, the milestone's or None).

    All of them; but what is asked for as due before a time is without reminders, which are late for nobody.
    """
    found = _in_a_case(select(Duty.id, Duty.due_at.label("time")), Duty.participation_id)
    found = found.where(*_given(Duty.state, state))
    if due_before is not None:
        found = found.where(Duty.due_at < due_before, counts_as_owed())
    query = _of_a_victim(select(Duty, Victim.ref, Case.ref, Milestone.external_id), Duty.participation_id)
    query = query.outerjoin(Milestone, Milestone.id == Duty.milestone_id)
    return _page(session, viewer, wanted, found, query, (Duty.due_at, Duty.id))


def alerts_page(
    session: Session,
    viewer: Viewer,
    wanted: Wanted,
    *,
    state: AlertState | None = None,
    level: AlertLevel | None = None,
) -> Page:
    """Alerts by when they were raised: (Alert, Duty, the victim's reference, the case's)."""
    found = _in_a_case(select(Alert.id, Alert.raised_at.label("time")), Alert.participation_id)
    found = found.where(*_given(Alert.state, state), *_given(Alert.level, level))
    query = _of_a_victim(select(Alert, Duty, Victim.ref, Case.ref), Alert.participation_id)
    query = query.join(Duty, Duty.id == Alert.duty_id)
    return _page(session, viewer, wanted, found, query, (Alert.raised_at, Alert.id))


def tasks_page(session: Session, viewer: Viewer, wanted: Wanted, *, state: TaskState | None = None) -> Page:
    """Tasks by when they were opened: (Task, the victim's reference, the case's)."""
    found = _in_a_case(select(Task.id, Task.created_at.label("time")), Task.participation_id)
    query = _of_a_victim(select(Task, Victim.ref, Case.ref), Task.participation_id)
    given = found.where(*_given(Task.state, state))
    return _page(session, viewer, wanted, given, query, (Task.created_at, Task.id))


def _in_a_case(found: Rows, participation_id: InstrumentedAttribute[UUID]) -> Rows:
    return found.join(Participation, Participation.id == participation_id).join(
        Case, Case.id == Participation.case_id
    )


def _of_a_victim(query: Rows, participation_id: InstrumentedAttribute[UUID]) -> Rows:
    return _in_a_case(query, participation_id).join(Victim, Victim.id == Participation.victim_id)


def _given(column: InstrumentedAttribute[Any], word: StrEnum | None) -> list[ColumnElement[bool]]:
    return [] if word is None else [is_one_of(column, word)]


def _page(
    session: Session,
    viewer: Viewer,
    wanted: Wanted,
    found: Rows,
    query: Rows,
    keys: tuple[InstrumentedAttribute[datetime], InstrumentedAttribute[UUID]],
) -> Page:
    """One page in the order of a time that never changes: `found` names its rows (id, time), `query` says more of them.

    Raises FieldFault when `after` names no row.
    """
    time, row_id = keys
    found = found.where(*_after(session, wanted, time, row_id))
    all_ways = union_all(*(found.where(way) for way in case_ways(viewer)))
    page = one_page(all_ways, lambda c: (c.time, c.id), limit=wanted.limit + 1)
    query = query.join(page, page.c.id == row_id).where(visible(viewer)).order_by(page.c.time, page.c.id)
    rows = session.execute(query).all()
    return Page(rows[: wanted.limit], more=len(rows) > wanted.limit)


def _of_one_case(
    session: Session,
    query: Rows,
    time: InstrumentedAttribute[datetime],
    row_id: InstrumentedAttribute[UUID],
    wanted: Wanted,
) -> Page:
    after = _after(session, wanted, time, row_id)
    rows = session.execute(query.where(*after).order_by(time, row_id).limit(wanted.limit + 1)).all()
    return Page(rows[: wanted.limit], more=len(rows) > wanted.limit)


def _after(
    session: Session,
    wanted: Wanted,
    time: InstrumentedAttribute[datetime],
    row_id: InstrumentedAttribute[UUID],
) -> list[ColumnElement[bool]]:
    """The condition on what comes after the row that was last seen. Raises FieldFault when there is none such."""
    if wanted.after is None:
        return []
    start = session.scalar(select(time).where(row_id == wanted.after))
    if start is None:
        raise FieldFault("after", "is not known")
    return [or_(time > start, and_(time == start, row_id > wanted.after))]
