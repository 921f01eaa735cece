"""What is in somebody's hands: the duties that a person answers for, and the cases in which something may still come."""

from uuid import UUID

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session

from models.base import is_one_of
from models.cases import Case, CaseUnit
from models.duties import Duty
from models.oversight import Task
from models.people import Participation
from models.vocabulary import DutyClass, DutyState, TaskState


def counts_as_owed() -> ColumnElement[bool]:
    """The condition on `duties` that a person answers for one, so that it is listed as due, counted and reported.

    A reminder of what the victim may ask for until a date is late for nobody: until then it waits for a safe moment.
    """
    return Duty.duty_class != DutyClass.VICTIM_WINDOW


def cases_in_hand(session: Session, staff_id: UUID, *conditions: ColumnElement[bool]) -> list[Case]:
    """The cases in which this person is the officer for any agency and something may still come, the oldest first."""
    lines = select(CaseUnit.case_id).where(CaseUnit.officer_id == staff_id)
    theirs = or_(Case.officer_id == staff_id, Case.id.in_(lines))
    query = select(Case).where(theirs, in_hand(), *conditions)
    return list(session.scalars(query.order_by(Case.opened_at, Case.ref)))


def in_hand() -> ColumnElement[bool]:
    """The condition on `cases` that one is open, or closed with a duty or a task left in it."""
    part = Participation.case_id == Case.id
    duty = exists().where(
        part, Duty.participation_id == Participation.id, is_one_of(Duty.state, DutyState.OPEN)
    )
    task = exists().where(
        part, Task.participation_id == Participation.id, is_one_of(Task.state, TaskState.OPEN)
    )
    return or_(Case.closed_at.is_(None), duty, task)
