"""Contact points: added as pending, used only once somebody has verified them."""

from sqlalchemy import bindparam, select, update

from models.base import is_one_of
from models.oversight import Task
from models.people import ContactPoint, Representative, Victim
from models.vocabulary import ContactPointKind, ContactPointState, TaskKind, TaskState
from notify.certificates import BadCertificate, as_pem, read_certificate
from notify.errors import Conflict, FieldFault
from notify.ledger.acts import Act
from notify.ledger.suspending import note_change
from notify.ledger.waking import wake_victim
from notify.phone import BadContactValue, index_key, normalise

_DONE = (
    update(Task)
    .where(
        is_one_of(Task.kind, TaskKind.VERIFY_CONTACT),
        Task.subject_id == bindparam("point"),
        is_one_of(Task.state, TaskState.OPEN),
    )
    .values(state=TaskState.DONE, done_at=bindparam("now"), done_by_id=bindparam("by"))
)


def add_contact_point(
    act: Act,
    victim: Victim,
    *,
    ref: str,
    kind: ContactPointKind,
    value: str,
    representative: Representative | None = None,
) -> ContactPoint:
    """Add a way to reach the victim. It stays pending, and unused, until somebody verifies it."""
    if act.session.scalars(select(ContactPoint.id).where(ContactPoint.ref == ref)).first() is not None:
        raise Conflict("contact_point", "is used already")
    if representative is not None and representative.victim_id != victim.id:
        raise FieldFault("representative", "is not a representative of this victim")
    try:
        normal = normalise(kind, value)
    except BadContactValue as fault:
        raise FieldFault("value", str(fault)) from None
    point = ContactPoint(
        ref=ref,
        victim_id=victim.id,
        representative_id=representative.id if representative else None,
        kind=kind,
        value_index=act.keys.blind_index(act.session, index_key(kind, normal)),
        state=ContactPointState.PENDING,
        added_at=act.at,
    )
    point.value_sealed = act.key(victim.id).seal(point, "value_sealed", normal)
    act.session.add(point)
    act.session.flush()
    note_change(act, point, "added")
    return point


def set_certificate(act: Act, point: ContactPoint, pem: str | None, *, reason: str) -> None:
    """From now on e-mail to this address of a representative is sealed with the certificate; None takes it away.

    Raises FieldFault when it cannot be used.
    """
    if point.kind is not ContactPointKind.EMAIL or point.representative_id is None:
        raise FieldFault("certificate", "is only for the e-mail address of a representative")
    key = act.key(point.victim_id)
    if pem is None:
        point.certificate_sealed = None
    else:
        try:
            certificate = read_certificate(pem, key.open(point, "value_sealed"), act.at)
        except BadCertificate as fault:
            raise FieldFault("certificate", str(fault)) from None
        point.certificate_sealed = key.seal(point, "certificate_sealed", as_pem(certificate))
    act.log(
        "certificate removed" if pem is None else "certificate set",
        point,
        owner=point.victim_id,
        reason=reason,
    )


def verify(act: Act, point: ContactPoint, *, reason: str) -> None:
    """Somebody made sure, by a safe route, that this reaches the victim. A suspended one comes back the same way, and one that is
    verified already may be verified again: that it was checked anew is worth knowing.
    """
    point.state = ContactPointState.VERIFIED
    note_change(act, point, reason)
    act.run(_DONE, point=point.id, now=act.at, by=act.staff_id)
    wake_victim(act, point.victim_id)
