"""Who is on duty, and whose units have nobody: read from absences at the moment of asking, never copied anywhere."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, CompoundSelect, func, or_, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from models.cases import Case, CaseAccess
from models.staff import Absence, Staff, Unit
from models.vocabulary import Role


def is_absent(staff_id: InstrumentedAttribute[UUID], at: datetime) -> ColumnElement[bool]:
    """The condition that the member of staff in this column is absent at `at`, from its start until before its end."""
    return (
        select(Absence.id)
        .where(
            Absence.staff_id == staff_id,
            Absence.starts_at <= at,
            or_(Absence.ends_at.is_(None), Absence.ends_at > at),
        )
        .exists()
    )


def who_is_away(at: datetime) -> CompoundSelect[UUID]:
    """The ids of all for whom `is_away` holds, some of them twice; found by indexes, however many are there."""
    absent = select(Absence.staff_id).where(Absence.starts_at <= at)
    return union_all(
        select(Staff.id).where(Staff.active.is_(False)),
        absent.where(Absence.ends_at.is_(None)),
        absent.where(Absence.ends_at > at),
    )


def is_away(at: datetime) -> ColumnElement[bool]:
    """The condition on `staff` that somebody else must see to their work: they have left, or are absent at `at`."""
    return or_(Staff.active.is_(False), is_absent(Staff.id, at))


def away(session: Session, staff_ids: Collection[UUID], at: datetime) -> set[UUID]:
    """Those of these members of staff who have left or are absent at `at`."""
    return set(session.scalars(select(Staff.id).where(Staff.id.in_(staff_ids), is_away(at))))


def on_duty(
    session: Session, unit_ids: Collection[UUID], at: datetime, *, role: Role = Role.SUPERVISOR
) -> list[Staff]:
    """Staff of these units in this role who have not left and are not absent at `at`, by their reference."""
    query = select(Staff).where(Staff.unit_id.in_(unit_ids), Staff.role == role, ~is_away(at))
    return list(session.scalars(query.order_by(Staff.ref)))


def units_in_care(session: Session, unit_id: UUID, at: datetime) -> frozenset[UUID]:
    """This unit, and each beneath it that no supervisor nearer to it is on duty for at `at`.

    A unit without a supervisor on duty is in the care of the first unit above that has one.
    """
    seen, upper = {unit_id}, {unit_id}
    while upper:
        lower = set(session.scalars(select(Unit.id).where(Unit.parent_id.in_(upper)))) - seen
        upper = lower - {one.unit_id for one in on_duty(session, lower, at)} if lower else set()
        seen |= upper
    return frozenset(seen)


def unwatched_units(session: Session, at: datetime) -> list[Unit]:
    """Units with no supervisor on duty at `at`, neither their own nor one of any unit above; by their reference."""
    units = {unit.id: unit for unit in session.scalars(select(Unit))}
    watched = {one.unit_id for one in on_duty(session, units, at)}

    def is_watched(unit: Unit | None, below: frozenset[UUID] = frozenset()) -> bool:
        if unit is None or unit.id in below:
            return False
        above = units.get(unit.parent_id) if unit.parent_id else None
        return unit.id in watched or is_watched(above, below | {unit.id})

    return sorted((unit for unit in units.values() if not is_watched(unit)), key=lambda unit: unit.ref)


def restricted_unwatched(session: Session, at: datetime) -> int:
    """How many open restricted cases nobody on duty at `at` may see to: their allow list has only people who are away."""
    there = (
        select(CaseAccess.case_id)
        .join(Staff, Staff.id == CaseAccess.staff_id)
        .where(
            CaseAccess.case_id == Case.id,
            Staff.role.in_((Role.CASE_OFFICER, Role.SUPERVISOR)),
            ~is_away(at),
        )
        .exists()
    )
    query = select(func.count()).select_from(Case).where(Case.restricted, Case.closed_at.is_(None), ~there)
    return session.scalar(query) or 0
