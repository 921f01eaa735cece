"""Counts of what needs a person, for the top of a list and for the daily digest. Takes a Session, never commits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from models.cases import Case, CaseUnit
from models.vocabulary import AlertLevel, TaskKind
from notify.access import Viewer, one_of, visible
from notify.in_hand import in_hand
from notify.oversight.queries import WEIGHTS, due_found, highest_alerts, tasks_found
from notify.oversight.ways import Whose, each_way, units_in_care
from notify.presence import who_is_away


@dataclass(frozen=True)
class AlertCounts:
    """How many duties are on the overdue list by the highest level of each, and how many of all nobody has looked at."""

    by_level: Mapping[AlertLevel, int]
    unseen: int

    @property
    def all(self) -> int:
        return sum(self.by_level.values())


def count_alerts(session: Session, viewer: Viewer, at: datetime) -> AlertCounts:
    """Count the whole of the viewer's overdue list, of which a page shows only a part."""
    highest = highest_alerts(session, viewer, at).subquery()
    rows = session.execute(select(highest.c.weight, func.count()).group_by(highest.c.weight))
    counted = [(*WEIGHTS[weight], count) for weight, count in rows]
    return AlertCounts(
        by_level={
            level: sum(count for of, _, count in counted if of is level) for level in reversed(AlertLevel)
        },
        unseen=sum(count for _, is_unseen, count in counted if is_unseen),
    )


@dataclass(frozen=True)
class WorkCounts:
    """What waits in somebody's own cases: duties overdue and due later today, calls to make, and other tasks."""

    overdue: int
    due_today: int
    calls: int
    other_tasks: int


def count_own_work(session: Session, viewer: Viewer, at: datetime, *, end_of_today: datetime) -> WorkCounts:
    """Count what the viewer's own due list and tasks hold."""
    due = due_found(session, viewer, at=at, until=end_of_today, whose=Whose.MINE).subquery()
    duties = select(func.count(), func.count().filter(due.c.deadline <= at)).select_from(due)
    all_due, overdue = session.execute(duties).one()
    open_tasks = tasks_found(session, viewer, at=at, whose=Whose.MINE).subquery()
    is_call = open_tasks.c.kind == TaskKind.CALL
    tasks = select(func.count(), func.count().filter(is_call)).select_from(open_tasks)
    all_tasks, calls = session.execute(tasks).one()
    return WorkCounts(overdue, all_due - overdue, calls, all_tasks - calls)


def count_cases_left_alone(session: Session, viewer: Viewer, at: datetime) -> int:
    """Cases in which something may still come and an officer has left or is absent, of a unit in this supervisor's care.

    The officer is the case's, or the one who deals with it for another agency. Each case counts once.
    """
    away = who_is_away(at)
    care = units_in_care(session, viewer, at)
    parts = select(CaseUnit.case_id).where(one_of(CaseUnit.unit_id, care), CaseUnit.officer_id.in_(away))
    ways = [and_(one_of(Case.unit_id, care), Case.officer_id.in_(away)), Case.id.in_(parts)]
    found = each_way(select(Case.id).where(in_hand(), visible(viewer)), ways).subquery()
    return session.scalar(select(func.count()).select_from(found)) or 0
