"""Handing over: an agency's part in a case to another unit or officer, or one duty to another agency. It buys no time."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from models.base import is_one_of
from models.cases import Case, CaseAccess, CaseUnit, HandOver
from models.columns import among
from models.duties import Duty
from models.milestones import Milestone
from models.oversight import Alert, Task
from models.people import Participation
from models.staff import Staff, Unit
from models.vocabulary import Agency, AlertState, DutyState, TaskState
from notify.access import WRITERS, Viewer
from notify.errors import Conflict, FieldFault
from notify.ledger.acts import Act
from notify.planning.queries import agency_of

_MILESTONES = (
    select(Milestone.id).where(Milestone.case_id == bindparam("case")).with_for_update(key_share=True)
)
_PARTS = (
    select(Participation.id)
    .where(Participation.case_id == bindparam("case"))
    .order_by(Participation.id)
    .with_for_update(key_share=True)
)
_CASE_OF = (
    # The case before the duty, in the order in which handing over the whole case takes them.
    select(Case)
    .join(Participation, Participation.case_id == Case.id)
    .where(Participation.id == bindparam("part"))
    .with_for_update(of=Case, key_share=True)
)
_LAST_OF_OWN = select(func.max(HandOver.at)).where(
    HandOver.case_id == bindparam("case"),
    HandOver.duty_id.is_(None),
    HandOver.to_agency == select(Unit.agency).where(Unit.id == bindparam("unit")).scalar_subquery(),
)
_parts = select(Participation.id).where(Participation.case_id == bindparam("case"))
_DUTIES = (
    update(Duty)
    .where(
        Duty.participation_id.in_(_parts),
        is_one_of(Duty.state, DutyState.OPEN),
        among(Duty.owner, "agencies"),
    )
    .values(unit_id=bindparam("unit"))
)
_owned = select(Duty.id).where(
    Duty.participation_id.in_(_parts),
    is_one_of(Duty.state, DutyState.OPEN),
    among(Duty.owner, "agencies"),
)
_TASKS = (
    update(Task)
    .where(Task.duty_id.in_(_owned), is_one_of(Task.state, TaskState.OPEN))
    .values(unit_id=bindparam("unit"))
)
_ANEW = {
    "state": AlertState.OPEN,
    "acknowledged_at": None,
    "acknowledged_by_id": None,
    "resolved_at": None,
    "resolved_by_id": None,
}
"""Whoever takes a late duty over has not seen that it is late, whatever the giver made of it."""

_ALERTS = (
    update(Alert)
    .where(Alert.duty_id.in_(_owned), Alert.unit_id != bindparam("unit"))
    .values(unit_id=bindparam("unit"), **_ANEW)
)
_TASKS_OF_NO_DUTY = (
    update(Task)
    .where(Task.participation_id.in_(_parts), Task.duty_id.is_(None), is_one_of(Task.state, TaskState.OPEN))
    .values(unit_id=bindparam("unit"))
)
_TASKS_OF_ONE = (
    update(Task)
    .where(Task.duty_id == bindparam("duty"), is_one_of(Task.state, TaskState.OPEN))
    .values(unit_id=bindparam("unit"))
)
_ALERTS_OF_ONE = (
    update(Alert)
    .where(Alert.duty_id == bindparam("duty"), Alert.unit_id != bindparam("unit"))
    .values(unit_id=bindparam("unit"), **_ANEW)
)


@dataclass(frozen=True)
class Holder:
    """Who does an agency's part in a case: a unit, and the officer there if one was named."""

    agency: Agency
    unit_id: UUID
    officer_id: UUID | None
    since: datetime = field(compare=False)


def holders(session: Session, case: Case) -> list[Holder]:
    """Who deals with a case: first the case's own unit, then each agency whose part was handed to a unit of its own."""
    own = agency_of(session, case.unit_id)
    lines = session.scalars(select(CaseUnit).where(CaseUnit.case_id == case.id).order_by(CaseUnit.agency))
    return [
        Holder(own, case.unit_id, case.officer_id, _own_since(session, case)),
        *(Holder(line.agency, line.unit_id, line.officer_id, line.since) for line in lines),
    ]


def holder_of(session: Session, case: Case, agency: Agency) -> Holder:
    """Who does this agency's part; the case's own unit and officer while it was handed to nobody."""
    line = session.get(CaseUnit, (case.id, agency), populate_existing=True)
    if line is not None:
        return Holder(agency, line.unit_id, line.officer_id, line.since)
    return Holder(agency, case.unit_id, case.officer_id, _own_since(session, case))


def _own_since(session: Session, case: Case) -> datetime:
    """Since when the case's own unit and officer deal with it."""
    return session.scalar(_LAST_OF_OWN, {"case": case.id, "unit": case.unit_id}) or case.opened_at


def hand_over_case(
    act: Act,
    case: Case,
    *,
    agency: Agency,
    unit: Unit,
    officer: Staff | None = None,
    reason: str,
    expected: Holder | None = None,
) -> HandOver:
    """All that an agency does in a case passes to `unit`, and there to `officer`; deadlines stay where they are.

    A closed case passes too: what is still owed in it must be somebody's. The case's own part always has an officer,
    and so has every part of a restricted case: its allow list names people.
    Raises FieldFault for a unit of another agency and for an officer who may not take it, Conflict for no change and
    when the part is not in the hands of whom the giver `expected` any more.
    """
    _lock(act, case)
    own = agency_of(act.session, case.unit_id)
    if unit.agency is not agency:
        raise FieldFault("unit", "is not a unit of this agency")
    check_officer(officer, unit.id, needed=agency is own or case.restricted)
    before = holder_of(act.session, case, agency)
    if expected is not None and before != expected:
        raise Conflict("cases", "are in other hands already")
    after = Holder(agency, unit.id, officer.id if officer else None, act.at)
    if before == after:
        raise Conflict("unit", "deals with it already")
    if officer is not None and case.restricted:
        _allow(act, case, officer)
    if agency is own and officer is not None:
        case.unit_id, case.officer_id = unit.id, officer.id
        _move(act, case, _without_a_unit(act.session, case), unit.id)
        act.run(_TASKS_OF_NO_DUTY, case=case.id, unit=unit.id)
    else:
        _set_unit(act, case, after)
        _move(act, case, [agency], unit.id)
    return _write(act, case, before, after, reason)


def hand_over_duty(act: Act, duty: Duty, *, to_agency: Agency, reason: str) -> HandOver:
    """One duty becomes another agency's, and its people's; when it is due by stays as it is.

    The clock of whoever takes it would start now and end later: the earlier end is the one that the victim was owed.
    Raises Conflict for a duty that is closed, or that is this agency's already.
    """
    case = act.session.scalars(_CASE_OF, {"part": duty.participation_id}).one()
    act.session.refresh(duty, with_for_update={"key_share": True})
    if duty.state is not DutyState.OPEN:
        raise Conflict("duty", "is closed already")
    if duty.owner is to_agency:
        raise Conflict("to_agency", "owns it already")
    before, after = holder_of(act.session, case, duty.owner), holder_of(act.session, case, to_agency)
    duty.owner, duty.unit_id = to_agency, after.unit_id
    act.session.flush()
    act.run(_TASKS_OF_ONE, duty=duty.id, unit=after.unit_id)
    act.run(_ALERTS_OF_ONE, duty=duty.id, unit=after.unit_id)
    return _write(act, case, before, after, reason, duty)


def check_own(session: Session, viewer: Viewer, case: Case, agency: Agency) -> None:
    """Raise FieldFault unless it is theirs: who leads the case may do all in it, another agency what is its own."""
    leads = case.unit_id in viewer.units or case.officer_id == viewer.staff_id
    if not leads and agency_of(session, viewer.unit_id) is not agency:
        raise FieldFault("agency", "is not yours to act for in this case")


def check_officer(officer: Staff | None, unit_id: UUID, *, needed: bool = True) -> None:
    """Raise FieldFault for somebody who has left, may not change cases, or works elsewhere; for nobody where one is needed."""
    if officer is None:
        if needed:
            raise FieldFault("officer", "must be given")
        return
    if not officer.active:
        raise FieldFault("officer", "has left")
    if officer.role not in WRITERS:
        raise FieldFault("officer", "is not a case officer or supervisor")
    if officer.unit_id != unit_id:
        raise FieldFault("officer", "does not work in this unit")


def hand_overs_of(session: Session, case_id: UUID) -> Sequence[HandOver]:
    """Every hand-over in a case, the newest first."""
    return session.scalars(
        select(HandOver).where(HandOver.case_id == case_id).order_by(HandOver.at.desc(), HandOver.id.desc())
    ).all()


def _lock(act: Act, case: Case) -> None:
    """Whoever makes a duty of this case meanwhile is waited for, or waits: a milestone that is being recorded refers to
    the case, one that is being corrected is locked itself, and so is the part for which a no-change duty opens.
    """
    act.session.refresh(case, with_for_update=True)
    for query in (_MILESTONES, _PARTS):
        act.session.execute(query, {"case": case.id})


def _set_unit(act: Act, case: Case, holder: Holder) -> None:
    line = act.session.get(CaseUnit, (case.id, holder.agency))
    if line is None:
        line = CaseUnit(case_id=case.id, agency=holder.agency)
        act.session.add(line)
    line.unit_id, line.officer_id, line.since = holder.unit_id, holder.officer_id, holder.since


def _allow(act: Act, case: Case, officer: Staff) -> None:
    if act.session.get(CaseAccess, (case.id, officer.id)) is None:
        act.session.add(CaseAccess(case_id=case.id, staff_id=officer.id))
        act.log("case access given", case, owner=case.id, staff=str(officer.id))


def _without_a_unit(session: Session, case: Case) -> list[Agency]:
    """The agencies whose part the case's own unit does."""
    with_one = set(session.scalars(select(CaseUnit.agency).where(CaseUnit.case_id == case.id)))
    return [agency for agency in Agency if agency not in with_one]


def _move(act: Act, case: Case, agencies: Collection[Agency], unit_id: UUID) -> None:
    values = {"case": case.id, "agencies": list(agencies), "unit": unit_id}
    for statement in (_DUTIES, _TASKS, _ALERTS):
        act.run(statement, **values)


def _write(
    act: Act, case: Case, before: Holder, after: Holder, reason: str, duty: Duty | None = None
) -> HandOver:
    row = HandOver(
        case_id=case.id,
        duty_id=duty.id if duty else None,
        at=act.at,
        by_id=act.staff_id,
        from_agency=before.agency,
        from_unit_id=before.unit_id,
        from_officer_id=before.officer_id,
        to_agency=after.agency,
        to_unit_id=after.unit_id,
        to_officer_id=after.officer_id,
    )
    row.reason_sealed = act.key(case.id).seal(row, "reason_sealed", reason)
    act.write(row)
    act.log(
        "duty handed over" if duty else "case handed over",
        row,
        owner=case.id,
        reason=reason,
        case=str(case.id),
        from_agency=before.agency,
        to_agency=after.agency,
        unit=str(after.unit_id),
    )
    return row
