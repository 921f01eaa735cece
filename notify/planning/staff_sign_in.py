"""The passwords of staff: set by an administrator, checked at the staff door, locked after wrong tries."""

from datetime import timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select, update

from models.staff import Staff, StaffSession
from notify.errors import FieldFault
from notify.ledger.acts import Act
from notify.ledger.audit import Actor, Record

PASSWORD_LENGTH = (12, 200)
"""Characters, at least and at most: a long text is hashed for as long as a short one, but it is read first."""

MOST_TRIES = 5
LOCKED_FOR = timedelta(minutes=15)

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
"""Argon2id with the OWASP minimum."""

_NOBODYS = _hasher.hash("nobody has this password")
"""Compared when there is no such member of staff, so that the answer takes as long."""


def set_password(act: Act, staff: Staff, password: str) -> None:
    """Keep a new password, hashed; every sign-in under the old one ends. Raises FieldFault."""
    shortest, longest = PASSWORD_LENGTH
    if not shortest <= len(password) <= longest:
        raise FieldFault("password", f"must have {shortest} to {longest} characters")
    staff.password_hash = _hasher.hash(password)
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
    right = _matches(staff.password_hash if staff else None, password)
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


def _matches(kept: str | None, password: str) -> bool:
    try:
        _hasher.verify(kept or _NOBODYS, password)
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None
