"""The people a supervisor answers for: who is away, who has left with cases in hand, and how much each of them carries."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, false, func, or_, select
from sqlalchemy.orm import Session

from models.base import is_one_of
from models.cases import Case, CaseUnit
from models.duties import Duty
from models.people import Participation
from models.staff import Absence, Staff
from models.vocabulary import DutyState, Role
from notify.access import WRITERS, Viewer, one_of, visible
from notify.in_hand import counts_as_owed, in_hand


@dataclass(frozen=True)
class Member:
    """One person of the team. `hidden` of their `cases` are restricted, and not open to whoever asks.

    That is all that is told of those: `overdue` leaves their duties out.
    """

    staff: Staff
    absences: Sequence[Absence]
    cases: int
    hidden: int
    overdue: int

    def away(self, at: datetime) -> Absence | None:
        """The absence that lasts at `at`."""
        return next((one for one in self.absences if one.starts_at <= at), None)


def team(session: Session, viewer: Viewer, *, at: datetime) -> list[Member]:
    """Who may carry cases in the viewer's unit and in those beneath it, by reference; nobody for whoever is no supervisor.

    Whoever has left stays in the list while a case of theirs waits for somebody else. Absences that are over are left out.
    """
    people = session.scalars(select(Staff).where(_of_the_team(viewer)).order_by(Staff.ref)).all()
    ids = [one.id for one in people]
    absences = session.scalars(
        select(Absence)
        .where(Absence.staff_id.in_(ids), or_(Absence.ends_at.is_(None), Absence.ends_at > at))
        .order_by(Absence.starts_at, Absence.id)
    ).all()
    cases, seen = _cases(session, ids), _cases(session, ids, visible(viewer))
    overdue = _overdue(session, ids, at, visible(viewer))
    return [
        Member(
            staff=one,
            absences=[absence for absence in absences if absence.staff_id == one.id],
            cases=cases[one.id],
            hidden=cases[one.id] - seen[one.id],
            overdue=overdue[one.id],
        )
        for one in people
        if one.active or cases[one.id]
    ]


def member(session: Session, viewer: Viewer, staff_id: UUID) -> Staff | None:
    """One person of the team, who may have left."""
    return session.scalars(select(Staff).where(Staff.id == staff_id, _of_the_team(viewer))).first()


def absence_of_the_team(session: Session, viewer: Viewer, absence_id: UUID) -> Absence | None:
    """One absence of somebody in the team."""
    return session.scalars(
        select(Absence)
        .join(Staff, Staff.id == Absence.staff_id)
        .where(Absence.id == absence_id, _of_the_team(viewer))
    ).first()


def takers(session: Session, viewer: Viewer, giver: Staff) -> Sequence[Staff]:
    """Who in the team may take over the cases of one of them, by reference."""
    return session.scalars(
        select(Staff).where(_of_the_team(viewer), Staff.active, Staff.id != giver.id).order_by(Staff.ref)
    ).all()


def _of_the_team(viewer: Viewer) -> ColumnElement[bool]:
    if viewer.role is not Role.SUPERVISOR:
        return false()
    return one_of(Staff.unit_id, viewer.units) & Staff.role.in_(WRITERS)


def _cases(session: Session, ids: Collection[UUID], *conditions: ColumnElement[bool]) -> Counter[UUID]:
    """How many cases each has in hand, as the officer in the case or as another agency's officer in it."""
    own = select(Case.officer_id, Case.id).where(Case.officer_id.in_(ids), in_hand(), *conditions)
    others = (
        select(CaseUnit.officer_id, Case.id)
        .join(Case, Case.id == CaseUnit.case_id)
        .where(CaseUnit.officer_id.in_(ids), in_hand(), *conditions)
    )
    found = own.union(others).subquery()
    officer, case_id = found.c
    return Counter(dict(session.execute(select(officer, func.count(case_id)).group_by(officer)).all()))


def _overdue(
    session: Session, ids: Collection[UUID], at: datetime, *conditions: ColumnElement[bool]
) -> Counter[UUID]:
    """How many duties past their time each carries: those of their agency in their cases; a pause counts nobody's."""
    late = (
        select(func.count(Duty.id))
        .join(Participation, Participation.id == Duty.participation_id)
        .join(Case, Case.id == Participation.case_id)
        .where(
            is_one_of(Duty.state, DutyState.OPEN),
            counts_as_owed(),
            Duty.deadline <= at,
            Participation.paused_at.is_(None),
            *conditions,
        )
    )
    line = and_(CaseUnit.case_id == Participation.case_id, CaseUnit.agency == Duty.owner)
    own = (
        late.add_columns(Case.officer_id)
        .where(Case.officer_id.in_(ids), ~exists().where(line))
        .group_by(Case.officer_id)
    )
    others = (
        late.add_columns(CaseUnit.officer_id)
        .join(CaseUnit, line)
        .where(CaseUnit.officer_id.in_(ids))
        .group_by(CaseUnit.officer_id)
    )
    counts: Counter[UUID] = Counter()
    for query in (own, others):
        for count, officer_id in session.execute(query):
            counts[officer_id] += count
    return counts
