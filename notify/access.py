"""Who may see which case: one condition that every query of cases carries."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from models.cases import Case, CaseAccess, CaseUnit
from models.staff import Staff, Unit
from models.vocabulary import Role


@dataclass(frozen=True)
class Viewer:
    """The member of staff (or the token acting as one) for whom a query is made."""

    staff_id: UUID
    unit_id: UUID
    role: Role
    beneath: frozenset[UUID] = frozenset()
    """A supervisor's units beneath the own one, to any depth."""

    @property
    def units(self) -> frozenset[UUID]:
        """Every unit whose cases the viewer sees for being of it, or above it."""
        return self.beneath | {self.unit_id}


WRITERS = (Role.CASE_OFFICER, Role.SUPERVISOR)
"""Roles that may change a case they can see."""


def viewer_of(session: Session, staff: Staff) -> Viewer:
    """The viewer that this member of staff is; a supervisor's units cost one small query."""
    beneath = units_beneath(session, staff.unit_id) if staff.role is Role.SUPERVISOR else frozenset()
    return Viewer(staff.id, staff.unit_id, staff.role, beneath)


def units_beneath(session: Session, unit_id: UUID) -> frozenset[UUID]:
    """Every unit beneath this one, to any depth; without itself."""
    found = select(Unit.id).where(Unit.parent_id == unit_id).cte("beneath", recursive=True)
    found = found.union(select(Unit.id).join(found, Unit.parent_id == found.c.id))
    return frozenset(session.scalars(select(found.c.id))) - {unit_id}


def visible(viewer: Viewer) -> ColumnElement[bool]:
    """The condition on `cases` that holds for what `viewer` may see.

    Officers see their own and their unit's cases, and those that another agency leads and their unit deals with;
    supervisors also those of every unit beneath theirs; auditors see all, an administrator none.
    A restricted case is seen by its allow list alone, whatever the role.
    """
    if viewer.role is Role.ADMIN:
        return false()
    allowed = (
        select(CaseAccess.case_id)
        .where(CaseAccess.case_id == Case.id, CaseAccess.staff_id == viewer.staff_id)
        .correlate(Case)
    )
    reach = (
        true()
        if viewer.role is Role.AUDITOR
        else or_(one_of(Case.unit_id, viewer.units), Case.officer_id == viewer.staff_id, _dealt_with(viewer))
    )
    return or_(and_(Case.restricted.is_(False), reach), and_(Case.restricted.is_(True), allowed.exists()))


def one_of(column: InstrumentedAttribute[UUID], units: Collection[UUID]) -> ColumnElement[bool]:
    """The condition that the column holds one of these; an equality where there is one alone, which keeps an index's order."""
    return column == next(iter(units)) if len(units) == 1 else column.in_(sorted(units))


def _dealt_with(viewer: Viewer) -> ColumnElement[bool]:
    """That a unit or the person of the viewer deals with the case for an agency. Asked case by case, by the primary key."""
    return (
        select(CaseUnit.case_id)
        .where(
            CaseUnit.case_id == Case.id,
            or_(one_of(CaseUnit.unit_id, viewer.units), CaseUnit.officer_id == viewer.staff_id),
        )
        .correlate(Case)
        .exists()
    )
