"""The passwords of staff: set by an administrator, checked at the staff door, locked after wrong tries."""

from datetime import timedelta

from sqlalchemy import select, update

from models.staff import Staff, StaffSession
from notify.errors import FieldFault
from notify.hashing import hash_of, matches
from notify.ledger.acts import Act
from notify.ledger.audit import Actor, Record

PASSWORD_LENGTH = (12, 200)
"""Characters, at least and at most: a long text is hashed for as long as a short one, but it is read first."""

MOST_TRIES = 5
LOCKED_FOR = timedelta(minutes=15)


def set_password(act: Act, staff: Staff, password: str) -> None:
    """Keep a new password, hashed; every sign-in under the old one ends. Raises FieldFault."""
    shortest, longest = PASSWORD_LENGTH
    if not shortest <= len(password) <= longest:
        raise FieldFault("password", f"must have {shortest} to {longest} characters")
    staff.password_hash = hash_of(password)
    staff.failed_sign_ins, staff.locked_until = 0, None
    act.session.execute(
        update(StaffSession)
        .where(StaffSession.staff_id == staff.id, StaffSession.ended_at.is_(None))
        .values(ended_at=act.at)
    )
    act.log("password set", staff)


def check_password(act: Act, ref: str, password: str) -> Staff | None:
    """The member of staff whose reference and password these are, and who acts from here on; else None.

    Wrong tries are counted in the row, locked for the check, and lock the account for a while. A hash is compared
    in every case, so that the time taken tells nobody whether there is such an account, or a lock.
    """
    staff = act.session.scalars(select(Staff).where(Staff.ref == ref).with_for_update()).first()
    right = matches(staff.password_hash if staff else None, password)
    if staff is None:
        act.records.append(Record(act.logged_at, act.actor, "sign-in refused", Staff.__tablename__, None))
        return None
    if not staff.active or (staff.locked_until is not None and staff.locked_until > act.at):
        act.log("sign-in refused", staff, active=staff.active, locked=staff.active)
        return None
    if right:
        staff.failed_sign_ins, staff.locked_until = 0, None
        act.actor = Actor("staff", staff.id)
        act.log("signed in", staff)
        return staff
    staff.failed_sign_ins += 1
    locked = staff.failed_sign_ins >= MOST_TRIES
    if locked:
        staff.failed_sign_ins, staff.locked_until = 0, act.at + LOCKED_FOR
    act.log("sign-in refused", staff, active=True, locked=locked)
    return None
