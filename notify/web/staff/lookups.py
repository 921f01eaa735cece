"""Finding what a page is about, only among what the viewer may see: the rest is not found, as if it were not there."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from flask import abort
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from models.cases import Case
from models.duties import Duty
from models.milestones import Milestone
from models.oversight import Alert, Task
from models.people import ContactPoint, Participation, Representative, Victim
from notify.access import visible
from notify.oversight.queries import visible_case
from notify.web.staff.guard import viewer

T = TypeVar("T")


@dataclass(frozen=True)
class Part:
    """A victim's part in a case, with both ends of it."""

    participation: Participation
    victim: Victim
    case: Case


def the_case(session: Session, case_id: UUID, *, to_change: bool = False) -> Case:
    """One case; `to_change` locks it, so that what is sent twice at once comes one after the other."""
    case = _found(visible_case(session, viewer(), case_id))
    if to_change:
        session.refresh(case, with_for_update={"key_share": True})
    return case


def the_part(session: Session, participation_id: UUID, *, to_change: bool = False) -> Part:
    """One participation; `to_change` locks it, so that two people's changes come one after the other."""
    query = _parts().where(Participation.id == participation_id)
    if to_change:
        query = query.with_for_update(of=Participation)
    return Part(*_found(session.execute(query).first()))


def parts_of(session: Session, case: Case) -> list[Part]:
    """Every victim in a case that was found here."""
    rows = session.execute(
        _parts().where(Participation.case_id == case.id).order_by(Participation.enrolled_at, Participation.id)
    )
    return [Part(*row) for row in rows]


def the_point(session: Session, part: Part, point_id: UUID) -> ContactPoint:
    return _found(
        session.scalars(
            select(ContactPoint).where(ContactPoint.id == point_id, ContactPoint.victim_id == part.victim.id)
        ).first()
    )


def the_representative(session: Session, part: Part, representative_id: UUID) -> Representative:
    return _found(
        session.scalars(
            select(Representative).where(
                Representative.id == representative_id, Representative.victim_id == part.victim.id
            )
        ).first()
    )


def the_milestone(session: Session, milestone_id: UUID) -> tuple[Milestone, Case]:
    query: Select[Milestone, Case] = (
        select(Milestone, Case)
        .join(Case, Case.id == Milestone.case_id)
        .where(Milestone.id == milestone_id, visible(viewer()))
    )
    return _found(session.execute(query).first())


def the_duty(session: Session, duty_id: UUID, *, lock: bool = True) -> tuple[Duty, Part]:
    return _owed(session, Duty, lambda: Duty.participation_id, duty_id, lock=lock)


def the_task(session: Session, task_id: UUID) -> tuple[Task, Part]:
    return _owed(session, Task, lambda: Task.participation_id, task_id)


def the_alert(session: Session, alert_id: UUID) -> tuple[Alert, Part]:
    return _owed(session, Alert, lambda: Alert.participation_id, alert_id)


def _owed(
    session: Session, noun: type[Any], link: Callable[[], Any], row_id: UUID, *, lock: bool = True
) -> tuple[Any, Part]:
    """A row that belongs to a participation, locked unless told otherwise, with the participation."""
    query = (
        select(noun, Participation, Victim, Case)
        .join(Participation, Participation.id == link())
        .join(Victim, Victim.id == Participation.victim_id)
        .join(Case, Case.id == Participation.case_id)
        .where(noun.id == row_id, visible(viewer()))
    )
    found = _found(session.execute(query.with_for_update(of=noun) if lock else query).first())
    return found[0], Part(*found[1:])


def _parts() -> Select[Participation, Victim, Case]:
    return (
        select(Participation, Victim, Case)
        .join(Victim, Victim.id == Participation.victim_id)
        .join(Case, Case.id == Participation.case_id)
        .where(visible(viewer()))
    )


def _found(row: T | None) -> T:
    if row is None:
        abort(404)
    return row
