"""Staff who are away, leave or pass on their cases, where their digests go, and how units stand to each other."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from models.cases import Case, HandOver
from models.keyring import SERVICE
from models.staff import Absence, ApiToken, Staff, StaffSession, Unit
from notify.errors import Conflict, FieldFault, NotKnown
from notify.in_hand import cases_in_hand
from notify.ledger.acts import Act
from notify.phone import BadContactValue, normalise_email
from notify.planning.api_tokens import revoke_token
from notify.planning.hand_overs import Holder, hand_over_case, holders

HAS_LEFT = "has left"


def anybody_by_ref(session: Session, ref: str) -> Staff:
    """A member of staff with this reference, who may have left. Raises NotKnown."""
    found = session.scalars(select(Staff).where(Staff.ref == ref)).first()
    if found is None:
        raise NotKnown("staff")
    return found


def record_absence(
    act: Act, staff: Staff, *, starts_at: datetime, ends_at: datetime | None = None
) -> Absence:
    """Somebody is away from `starts_at` until `ends_at`, or until they are back; others see to their work meanwhile.

    Raises FieldFault for times that cannot be, Conflict for somebody who has left and for two absences at once.
    """
    _lock(act, staff)
    if not staff.active:
        raise Conflict("staff", HAS_LEFT)
    if ends_at is not None and ends_at <= starts_at:
        raise FieldFault("ends_at", "must be later than starts_at")
    if ends_at is not None and ends_at <= act.at:
        raise FieldFault("ends_at", "has passed")
    meets = [or_(Absence.ends_at.is_(None), Absence.ends_at > starts_at)]
    if ends_at is not None:
        meets.append(Absence.starts_at < ends_at)
    if (
        act.session.scalars(select(Absence.id).where(Absence.staff_id == staff.id, *meets)).first()
        is not None
    ):
        raise Conflict("starts_at", "meets another absence")
    absence = Absence(
        staff_id=staff.id,
        starts_at=starts_at,
        ends_at=ends_at,
        recorded_at=act.at,
        recorded_by_id=act.staff_id,
    )
    act.session.add(absence)
    act.session.flush()
    act.log("absence recorded", absence, staff=str(staff.id))
    return absence


def end_absence(act: Act, absence: Absence) -> None:
    """They are back; an absence that was still to come is called off. Raises Conflict for one that is over."""
    act.session.refresh(absence, with_for_update=True)
    if absence.ends_at is not None and absence.ends_at <= act.at:
        raise Conflict("absence", "is over already")
    if absence.starts_at < act.at:
        absence.ends_at = act.at
        act.log("absence ended", absence, staff=str(absence.staff_id))
    else:
        act.session.delete(absence)
        act.log("absence called off", absence, staff=str(absence.staff_id))
    act.session.flush()


def absences_of(session: Session, staff_ids: Collection[UUID], at: datetime) -> Sequence[Absence]:
    """Absences that last at `at` or are still to come, the first first."""
    return session.scalars(
        select(Absence)
        .where(Absence.staff_id.in_(staff_ids), or_(Absence.ends_at.is_(None), Absence.ends_at > at))
        .order_by(Absence.starts_at, Absence.id)
    ).all()


def leave(act: Act, staff: Staff) -> int:
    """They work here no more: every sign-in and token of theirs ends. Returns how many cases wait for somebody else.

    What they had in hand stays where it is and is shown to their supervisors until it is passed on. Raises Conflict
    for somebody who has left already.
    """
    _lock(act, staff)
    if not staff.active:
        raise Conflict("staff", f"{HAS_LEFT} already")
    staff.active = False
    act.session.execute(
        update(StaffSession)
        .where(StaffSession.staff_id == staff.id, StaffSession.ended_at.is_(None))
        .values(ended_at=act.at)
    )
    theirs = select(ApiToken).where(ApiToken.staff_id == staff.id, ApiToken.revoked_at.is_(None))
    for token in act.session.scalars(theirs.order_by(ApiToken.name)):
        revoke_token(act, token, reason="the member of staff it acted as has left")
    waiting = len(cases_in_hand(act.session, staff.id))
    act.log("staff left", staff, cases=waiting)
    return waiting


def reassign_cases(
    act: Act, cases: Collection[Case], from_staff: Staff, to_staff: Staff, *, reason: str
) -> list[HandOver]:
    """Each part that one person has in these cases passes to another, with a hand-over for each; all of them or none.

    Raises FieldFault when the other one is of another agency or may not take it, Conflict when there is nothing to pass on.
    """
    if from_staff.id == to_staff.id:
        raise FieldFault("to", "is the same person")
    unit = act.session.get_one(Unit, to_staff.unit_id)
    parts = [
        (case, holder)
        for case in sorted(cases, key=lambda case: case.id)
        for holder in _parts_of(act.session, case, from_staff)
    ]
    if not parts:
        raise Conflict("cases", "are in other hands already")
    return [
        hand_over_case(
            act, case, agency=holder.agency, unit=unit, officer=to_staff, reason=reason, expected=holder
        )
        for case, holder in parts
    ]


def set_email(act: Act, staff: Staff, email: str | None) -> None:
    """Where the daily digest goes; nowhere when it is None. Raises FieldFault for what is no e-mail address."""
    try:
        normal = None if email is None else normalise_email(email)
    except BadContactValue as fault:
        raise FieldFault("email", f"is {fault.reason}") from None
    staff.email_sealed = act.seal(SERVICE, staff, "email_sealed", normal)
    act.session.flush()
    act.log("staff e-mail set" if normal else "staff e-mail removed", staff)


def place_unit(act: Act, unit: Unit, parent: Unit | None) -> None:
    """Put a unit under another of its agency, or under none. Raises FieldFault for another agency's, and for a circle."""
    units = {
        one.id: one
        for one in act.session.scalars(
            select(Unit).where(Unit.agency == unit.agency).order_by(Unit.id).with_for_update(key_share=True)
        )
    }
    above = parent
    while above is not None:
        if above.agency is not unit.agency:
            raise FieldFault("parent", "is a unit of another agency")
        if above.id == unit.id:
            raise FieldFault("parent", "is this unit, or stands under it")
        above = units.get(above.parent_id) if above.parent_id else None
    unit.parent_id = parent.id if parent else None
    act.session.flush()
    act.log("unit placed", unit, under=str(unit.parent_id))


def _parts_of(session: Session, case: Case, staff: Staff) -> list[Holder]:
    return [holder for holder in holders(session, case) if holder.officer_id == staff.id]


def _lock(act: Act, staff: Staff) -> None:
    act.session.refresh(staff, with_for_update={"key_share": True})
