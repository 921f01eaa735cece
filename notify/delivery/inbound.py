"""Inbound texts and mail: from whoever holds the phone, so nothing is answered and a person follows up."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from models.keyring import SERVICE, Keyring, SealBroken
from models.messages import Inbound
from models.people import ContactPoint
from models.vocabulary import CodeWord, ContactPointKind, Reading
from notify.delivery.code_words import AT_ONCE, FIRST, READ_AS, agreed_from, obey, said_in
from notify.delivery.follow_ups import Asked, concerned, follow_up, points_like
from notify.delivery.owed_again import believed, lock_those_told_at, owed_again
from notify.delivery.rules.inbound import SUSPENDING, is_too_long, reading_of
from notify.ledger.acts import Act, acting
from notify.ledger.audit import THE_SERVICE
from notify.ledger.suspending import lock_points, suspend
from notify.phone import BadContactValue, index_key, normalise
from notify.wording.discreet import folded

KEPT_ONLY = (text("not inbound.applied"),)
"""What marks a text that waits to be understood."""

SETTLED = timedelta(minutes=5)
"""After which a provider's own record of a text that came in may go: it may be writing it still while it tells us of it."""

WHY_SUSPENDED = {
    Reading.OPTED_OUT: "asked to stop by reply, and opted out at the provider: texts are refused (21610) until START comes",
    Reading.WRONG_NUMBER: "a reply said that it is the wrong number",
    Reading.UNSAFE: "a reply said that it may not be safe",
    Reading.STOP: "asked to stop by reply",
}
LOST = "something came in that cannot be read"


@dataclass(frozen=True)
class Came:
    """What came in.

    `provider_says` is what the provider itself took it for; `automatic`: a machine wrote it; `provider` is who keeps a
    record of it, if somebody does.
    """

    sender: str = field(repr=False)
    text: str = field(repr=False)
    provider_ref: str | None = None
    provider_says: Reading | None = None
    automatic: bool = False
    provider: str | None = None


@dataclass(frozen=True)
class _Heard:
    """What came in, opened."""

    sender: str = field(repr=False)
    text: str = field(repr=False)
    reading: Reading


def receive(sessions: sessionmaker[Session], keys: Keyring, came: Came, *, at: datetime) -> None:
    """Keep what came in, whatever it says; then act on it. A repeat is kept once and changes nothing.

    Nothing is ever sent in answer.
    """
    try:
        with acting(sessions, keys, at=at, actor=THE_SERVICE) as act:
            inbound = _keep(act, came)
            inbound_id = inbound.id if inbound else None
    except IntegrityError:
        with sessions() as session:
            if not _is_kept(session, came):
                raise
        return  # the same one came twice at the same moment, and the other was kept
    if inbound_id is not None:
        with acting(sessions, keys, at=at, actor=THE_SERVICE) as act:
            _apply(act, inbound_id)


def apply_kept(sessions: sessionmaker[Session], keys: Keyring, *, at: datetime, limit: int = 100) -> int:
    """Act on what was kept when the process died before it understood it. Returns how many were seen."""
    with sessions() as session:
        waiting = session.scalars(
            select(Inbound.id).where(*KEPT_ONLY).order_by(Inbound.received_at, Inbound.id).limit(limit)
        ).all()
    for inbound_id in waiting:
        with acting(sessions, keys, at=at, actor=THE_SERVICE) as act:
            _apply(act, inbound_id)
    return len(waiting)


def take_inbound(act: Act, *, sender: str, text: str, provider_ref: str | None = None) -> Inbound | None:
    """Keep what came in and act on it, in one act. None when the provider told us of the same text before."""
    inbound = _keep(act, Came(sender, text, provider_ref))
    if inbound is not None:
        _apply(act, inbound.id)
    return inbound


def _is_kept(session: Session, came: Came) -> bool:
    known = select(Inbound.id).where(Inbound.provider_ref == came.provider_ref)
    return came.provider_ref is not None and session.scalars(known).first() is not None


def _keep(act: Act, came: Came) -> Inbound | None:
    """Seal it as it came; None when the same one was kept before."""
    if _is_kept(act.session, came):
        return None
    inbound = Inbound(
        received_at=act.at, provider=came.provider, provider_ref=came.provider_ref, applied=False
    )
    if came.provider is not None and came.provider_ref is not None:
        inbound.redact_at = act.at + SETTLED
    reading = reading_of(came.text, provider_says=came.provider_says, automatic=came.automatic)
    points = _points(act, came.sender)
    _seal(act, inbound, points[0] if points else None, _Heard(came.sender, came.text, reading))
    act.session.add(inbound)
    act.session.flush()
    act.log("inbound", inbound)
    return inbound


def _seal(act: Act, inbound: Inbound, point: ContactPoint | None, heard: _Heard) -> None:
    """Keep it under the key of the victim whose number it came from, or the service's own."""
    key = act.key(point.victim_id if point else SERVICE)
    inbound.contact_point_id = point.id if point else None
    inbound.sender_sealed = key.seal(inbound, "sender_sealed", heard.sender)
    inbound.text_sealed = key.seal(inbound, "text_sealed", heard.text)
    inbound.reading_sealed = key.seal(inbound, "reading_sealed", heard.reading)


def _open(act: Act, inbound: Inbound) -> _Heard:
    """Raises SealBroken."""
    point = act.session.get(ContactPoint, inbound.contact_point_id) if inbound.contact_point_id else None
    key = act.key(point.victim_id if point else SERVICE)
    return _Heard(
        key.open(inbound, "sender_sealed"),
        key.open(inbound, "text_sealed"),
        Reading(key.open(inbound, "reading_sealed")),
    )


def _apply(act: Act, inbound_id: UUID) -> None:
    """Suspend what its words ask to, hear the code words, and open a task for a person."""
    inbound = act.session.get_one(Inbound, inbound_id, with_for_update={"key_share": True})
    if inbound.applied:
        return
    inbound.applied = True
    try:
        heard = _open(act, inbound)
    except SealBroken:
        _apply_unread(act, inbound)
        return
    points = _points(act, heard.sender)
    agreed = agreed_from(act, points)
    said = said_in(agreed, heard.text)
    stop(act, heard.reading, points, hers={each.participation.victim_id for each in said})
    if said:
        first = min(said, key=lambda each: FIRST.index(each.meaning))
        _seal(act, inbound, first.point, replace(heard, reading=READ_AS[first.meaning]))
    elif inbound.contact_point_id is None and points:  # a number that was not known yet when it came
        _seal(act, inbound, points[0], heard)
    asked = obey(act, said, points)
    unsearched = agreed if _is_unsearched(heard) else ()
    for participation in (each.participation for each in unsearched):
        asked.setdefault(participation.id, Asked(participation, heard.reading, at_once=True))
    at_once = heard.reading in AT_ONCE or CodeWord.NOT_SAFE in {each.meaning for each in said}
    for participation in concerned(act, points):
        asked.setdefault(participation.id, Asked(participation, heard.reading, at_once))
    for each_asked in asked.values():
        follow_up(act, inbound, each_asked)


def stop(act: Act, reading: Reading, points: Sequence[ContactPoint], *, hers: Collection[UUID] = ()) -> None:
    """Stop using these numbers or addresses if such words ask for that.

    What a stranger was told there, she was not; but `hers` are the victims who have just shown that the phone is theirs.
    """
    mistaken = reading is Reading.WRONG_NUMBER
    if mistaken:
        lock_those_told_at(act, points)
    lock_points(act, {each.victim_id for each in points})
    if reading in SUSPENDING:
        for each in points:
            suspend(act, each, reason=WHY_SUSPENDED[reading])
    for participation, message_ids in (believed(act, points) if mistaken else {}).items():
        if participation.victim_id not in hers:
            owed_again(act, participation, message_ids)


def _apply_unread(act: Act, inbound: Inbound) -> None:
    """What does not open may have been the word for "not safe": its number is not used until a person has checked it."""
    points = [each for each in points_like(act.session, inbound) if _has_key(act, each)]
    lock_points(act, {each.victim_id for each in points})
    for point in points:
        suspend(act, point, reason=LOST)
    for participation in concerned(act, points):
        follow_up(act, inbound, Asked(participation, Reading.OTHER, at_once=True))


def _has_key(act: Act, point: ContactPoint) -> bool:
    """Whether the victim was not erased."""
    try:
        act.key(point.victim_id)
    except SealBroken:
        return False
    return True


def _is_unsearched(heard: _Heard) -> bool:
    """Whether she may have said a code word that we do not look for; what a machine wrote is not hers."""
    return heard.reading is not Reading.AUTOMATIC and is_too_long(heard.text, fold=folded)


def _points(act: Act, sender: str) -> list[ContactPoint]:
    """Every contact point with this number or address, whoever's it is; but not those of a victim who was erased."""
    kind = ContactPointKind.EMAIL if "@" in sender else ContactPointKind.MOBILE
    indexes = []
    for candidate in (kind, ContactPointKind.LANDLINE) if kind is ContactPointKind.MOBILE else (kind,):
        try:
            value = normalise(candidate, sender)
        except BadContactValue:
            continue
        indexes.append(act.keys.blind_index(act.session, index_key(candidate, value)))
    found = act.session.scalars(
        select(ContactPoint)
        .where(ContactPoint.value_index.in_(indexes))
        .order_by(ContactPoint.added_at, ContactPoint.id)
    ).all()
    return [point for point in found if _has_key(act, point)]
