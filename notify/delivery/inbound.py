"""Inbound texts and mail: from whoever holds the phone, so nothing is answered and a person follows up."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from models.keyring import SERVICE, Keyring, SealBroken
from models.messages import Inbound
from models.people import ContactPoint, Participation
from models.plans import Plan
from models.vocabulary import CodeWord, ContactPointKind, Outcome, Reading
from notify.delivery.follow_ups import Asked, concerned, follow_up, points_like
from notify.delivery.private_page import participations_of
from notify.delivery.rules.inbound import SUSPENDING, is_too_long, reading_of, word_in
from notify.ledger.acts import Act, acting
from notify.ledger.audit import THE_SERVICE
from notify.ledger.contact_log import write_entry
from notify.ledger.suspending import lock_points, suspend
from notify.phone import BadContactValue, index_key, normalise
from notify.wording.discreet import folded

KEPT_ONLY = (text("not inbound.applied"),)
"""What marks a text that waits to be understood."""

WHY_SUSPENDED = {
    Reading.OPTED_OUT: "asked to stop by reply, and opted out at the provider: texts are refused (21610) until START comes",
    Reading.WRONG_NUMBER: "a reply said that it is the wrong number",
    Reading.UNSAFE: "a reply said that it may not be safe",
    Reading.STOP: "asked to stop by reply",
}
NOT_SAFE = "the code word for not safe came in"
SHARED = "something came in from a number or address that two people share"
"""Of another victim's word nobody is told, not even that it was one."""
LOST = "something came in that cannot be read"

_READ_AS = {
    CodeWord.SAFE: Reading.SAFE_WORD,
    CodeWord.NOT_SAFE: Reading.NOT_SAFE_WORD,
    CodeWord.CALL_ME: Reading.CALL_ME_WORD,
}
_FIRST = (CodeWord.NOT_SAFE, CodeWord.CALL_ME, CodeWord.SAFE)
_AT_ONCE = frozenset({Reading.HELP, Reading.NOT_SAFE_WORD, Reading.CALL_ME_WORD})
"""What a person sees to before anything else: `help` may be a cry for it."""


@dataclass(frozen=True)
class Came:
    """What came in. `provider_says` is what the provider itself took it for; `automatic`: a machine wrote it."""

    sender: str = field(repr=False)
    text: str = field(repr=False)
    provider_ref: str | None = None
    provider_says: Reading | None = None
    automatic: bool = False


@dataclass(frozen=True)
class _Heard:
    """What came in, opened."""

    sender: str = field(repr=False)
    text: str = field(repr=False)
    reading: Reading


@dataclass(frozen=True)
class _Agreed:
    """The code words of one plan, and a contact point of that victim's own from which something came in."""

    participation: Participation
    point: ContactPoint
    words: Mapping[CodeWord, str] = field(repr=False)


@dataclass(frozen=True)
class _Said:
    """A code word, said from a number of the victim who agreed it for this participation."""

    participation: Participation
    point: ContactPoint
    meaning: CodeWord


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
    inbound = Inbound(received_at=act.at, provider_ref=came.provider_ref, applied=False)
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
    lock_points(act, {each.victim_id for each in points})
    if heard.reading in SUSPENDING:
        for each in points:
            suspend(act, each, reason=WHY_SUSPENDED[heard.reading])
    agreed = _agreed(act, points)
    said = _said(agreed, heard.text)
    if said:
        first = min(said, key=lambda each: _FIRST.index(each.meaning))
        _seal(act, inbound, first.point, replace(heard, reading=_READ_AS[first.meaning]))
    elif inbound.contact_point_id is None and points:  # a number that was not known yet when it came
        _seal(act, inbound, points[0], heard)
    asked = _obey(act, said, points)
    unsearched = agreed if _is_unsearched(heard) else ()
    for participation in (each.participation for each in unsearched):
        asked.setdefault(participation.id, Asked(participation, heard.reading, at_once=True))
    at_once = heard.reading in _AT_ONCE or CodeWord.NOT_SAFE in {each.meaning for each in said}
    for participation in concerned(act, points):
        asked.setdefault(participation.id, Asked(participation, heard.reading, at_once))
    for each_asked in asked.values():
        follow_up(act, inbound, each_asked)


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


def _obey(act: Act, said: Iterable[_Said], points: Sequence[ContactPoint]) -> dict[UUID, Asked]:
    """Do what the plan says of each code word that was said; tells whose officers are asked, and for what."""
    asked: dict[UUID, Asked] = {}
    for each in said:
        match each.meaning:
            case CodeWord.NOT_SAFE:
                _use_nothing(act, each.participation.victim_id, points)
                for participation in participations_of(act.session, each.participation.victim_id):
                    asked[participation.id] = Asked(participation, Reading.NOT_SAFE_WORD, at_once=True)
            case CodeWord.SAFE:
                write_entry(act, each.participation, Outcome.SAFE_WORD, [], contact_point_id=each.point.id)
        meant = _READ_AS[each.meaning]
        asked.setdefault(each.participation.id, Asked(each.participation, meant, meant in _AT_ONCE))
    return asked


def _use_nothing(act: Act, victim_id: UUID, points: Sequence[ContactPoint]) -> None:
    """No automatic message goes to her, or to anybody about her, until a person has checked each way anew; nor does one
    go to that phone for anybody else.
    """
    mine = select(ContactPoint).where(ContactPoint.victim_id == victim_id).order_by(ContactPoint.ref)
    for point in act.session.scalars(mine).all():
        suspend(act, point, reason=NOT_SAFE)
    for point in points:
        suspend(act, point, reason=SHARED)


def _agreed(act: Act, points: Sequence[ContactPoint]) -> list[_Agreed]:
    """The code words that may be heard from there: each from a number of the victim's own who agreed it."""
    own = {point.victim_id: point for point in reversed(points) if point.representative_id is None}
    if not own:
        return []
    plans = act.session.execute(
        select(Plan, Participation)
        .join(Participation, Participation.id == Plan.participation_id)
        .where(Participation.victim_id.in_(own), Plan.current, Plan.code_words_sealed.is_not(None))
        .order_by(Participation.enrolled_at, Participation.id)
    ).all()
    agreed = []
    for plan, participation in plans:
        try:
            words = plan.open_code_words(act.key(participation.victim_id))
        except SealBroken:
            continue  # words that are lost cannot be heard, and the rest is done all the same
        agreed.append(_Agreed(participation, own[participation.victim_id], words))
    return agreed


def _said(agreed: Iterable[_Agreed], text: str) -> list[_Said]:
    found = ((each, word_in(text, each.words, fold=folded)) for each in agreed)
    return [_Said(each.participation, each.point, meaning) for each, meaning in found if meaning is not None]


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
