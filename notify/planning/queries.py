"""Questions about cases, people and plans. Takes a Session, never commits."""

from typing import TypeVar
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, selectinload

from models.cases import Case
from models.milestones import Milestone
from models.people import ContactPoint, Participation, Victim
from models.plans import Plan
from models.staff import Staff, Unit
from models.vocabulary import Agency
from notify.errors import NotKnown

T = TypeVar("T")

# Built once: building a query costs as much as asking it.
_UNIT = select(Unit).where(Unit.ref == bindparam("ref"))
_STAFF = select(Staff).where(Staff.ref == bindparam("ref"), Staff.active)
_CASE = select(Case).where(Case.ref == bindparam("ref"))
_VICTIM = select(Victim).where(Victim.ref == bindparam("ref"))
_CONTACT_POINT = select(ContactPoint).where(ContactPoint.ref == bindparam("ref"))
_MILESTONE = select(Milestone).where(Milestone.external_id == bindparam("external_id"))
_PARTICIPATION = select(Participation).where(
    Participation.case_id == bindparam("case_id"), Participation.victim_id == bindparam("victim_id")
)
_PARTICIPATIONS = (
    select(Participation)
    .where(Participation.case_id == bindparam("case_id"))
    .order_by(Participation.enrolled_at, Participation.id)
)


def unit_by_ref(session: Session, ref: str, field: str = "unit") -> Unit:
    """The unit with this reference. Raises NotKnown."""
    return _found(session.scalars(_UNIT, {"ref": ref}).first(), field)


def staff_by_ref(session: Session, ref: str, field: str = "by") -> Staff:
    """An active member of staff."""
    return _found(session.scalars(_STAFF, {"ref": ref}).first(), field)


def case_by_ref(session: Session, ref: str, field: str = "case") -> Case:
    """The case with this reference. Raises NotKnown."""
    return _found(session.scalars(_CASE, {"ref": ref}).first(), field)


def victim_by_ref(session: Session, ref: str, field: str = "victim") -> Victim:
    """The victim with this reference. Raises NotKnown."""
    return _found(session.scalars(_VICTIM, {"ref": ref}).first(), field)


def contact_point_by_ref(session: Session, ref: str, field: str = "contact_point") -> ContactPoint:
    """The contact point with this reference. Raises NotKnown."""
    return _found(session.scalars(_CONTACT_POINT, {"ref": ref}).first(), field)


def milestone_by_external_id(session: Session, external_id: str, field: str = "milestone") -> Milestone:
    """The milestone recorded under a case system's own id. Raises NotKnown."""
    return _found(session.scalars(_MILESTONE, {"external_id": external_id}).first(), field)


def participation_of(session: Session, case: Case, victim: Victim, field: str = "victim") -> Participation:
    """This victim's part in this case. Raises NotKnown when the victim is not in the case."""
    values = {"case_id": case.id, "victim_id": victim.id}
    return _found(session.scalars(_PARTICIPATION, values).first(), field)


def participations_in(session: Session, case_id: UUID) -> list[Participation]:
    """Every victim's part in one case."""
    return list(session.scalars(_PARTICIPATIONS, {"case_id": case_id}))


def agency_of(session: Session, unit_id: UUID) -> Agency:
    """The agency of a unit."""
    return session.scalars(select(Unit.agency).where(Unit.id == unit_id)).one()


def current_plan(session: Session, participation_id: UUID) -> Plan | None:
    """The plan in force, with its channels."""
    return session.scalars(
        select(Plan)
        .where(Plan.participation_id == participation_id, Plan.current)
        .options(selectinload(Plan.channels))
    ).first()


def _found(row: T | None, field: str) -> T:
    if row is None:
        raise NotKnown(field)
    return row
