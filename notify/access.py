"""Who may see which case: one condition that every query of cases carries."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_, select, true

from models.cases import Case, CaseAccess
from models.vocabulary import Role


@dataclass(frozen=True)
class Viewer:
    """The member of staff (or the token acting as one) for whom a query is made."""

    staff_id: UUID
    unit_id: UUID
    role: Role


WRITERS = (Role.CASE_OFFICER, Role.SUPERVISOR)
"""Roles that may change a case they can see."""


def visible(viewer: Viewer) -> ColumnElement[bool]:
    """The condition on `cases` that holds for what `viewer` may see.

    Officers see their own and their unit's cases, supervisors their unit's, auditors all; an administrator sees none.
    A restricted case is seen by its allow list alone, whatever the role.
    """
    if viewer.role is Role.ADMIN:
        return false()
    allowed = select(CaseAccess.case_id).where(CaseAccess.staff_id == viewer.staff_id)
    reach = (
        true()
        if viewer.role is Role.AUDITOR
        else or_(Case.unit_id == viewer.unit_id, Case.officer_id == viewer.staff_id)
    )
    return or_(and_(Case.restricted.is_(False), reach), and_(Case.restricted.is_(True), Case.id.in_(allowed)))
