"""Inbound texts and mail: from whoever holds the phone, so nothing is answered and a person follows up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import exists, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from models.keyring import SERVICE, Keyring, OwnerKey, SealBroken
from models.messages import Inbound
from models.oversight import Task
from models.people import ContactPoint, Participation
from models.plans import Plan, PlanChannel
from models.vocabulary import CodeWord, ContactPointKind, Outcome, Reading, TaskKind
from notify.delivery.private_page import participations_of
from notify.delivery.rules.inbound import SUSPENDING, reading_of, word_in
from notify.ledger.acts import Act, acting
from notify.ledger.audit import THE_SERVICE
from notify.ledger.contact_log import write_entry
from notify.ledger.suspending import suspend
from notify.ledger.tasks import open_task
from notify.phone import BadContactValue, index_key, normalise

KEPT_ONLY = (text("not inbound.applied"),)
"""What marks a text that waits to be understood."""

ONE_A_DAY = timedelta(days=1)
"""For so long after one task, answers by a machine open no other: "out of office" answers every mail."""

WHY_SUSPENDED = {
    Reading.OPTED_OUT: "asked to stop by reply, and opted out at the provider: texts are refused (21610) until START comes",
    Reading.WRONG_NUMBER: "a reply said that it is the wrong number",
    Reading.UNSAFE: "a reply said that it may not be safe",
    Reading.STOP: "asked to stop by reply",
}
NOT_SAFE = "the code word for not safe came in"

_READ_AS = {
    CodeWord.SAFE: Reading.SAFE_WORD,
    CodeWord.NOT_SAFE: Reading.NOT_SAFE_WORD,
    CodeWord.CALL_ME: Reading.CALL_ME_WORD,
}
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
    points = _points(act, came.sender)
    point, key = (points[0], _key(act, points[0].victim_id)) if points else (None, None)
    if key is None:  # nobody's number, or that of a victim who was erased
        point, key = None, act.key(SERVICE)
    inbound = Inbound(
        received_at=act.at,
        contact_point_id=point.id if point else None,
        provider_ref=came.provider_ref,
        applied=False,
    )
    reading = reading_of(came.text, provider_says=came.provider_says, automatic=came.automatic)
    inbound.sender_sealed = key.seal(inbound, "sender_sealed", came.sender)
    inbound.text_sealed = key.seal(inbound, "text_sealed", came.text)
    inbound.reading_sealed = key.seal(inbound, "reading_sealed", reading)
    act.session.add(inbound)
    act.session.flush()
    act.log("inbound", inbound)
    return inbound


def _apply(act: Act, inbound_id: UUID) -> None:
    """Suspend what its words ask to, hear the code words, and open a task for a person."""
    inbound = act.session.get_one(Inbound, inbound_id, with_for_update={"key_share": True})
    if inbound.applied:
        return
    inbound.applied = True
    point = act.session.get(ContactPoint, inbound.contact_point_id) if inbound.contact_point_id else None
    key = _key(act, point.victim_id if point else SERVICE)
    if key is None:
        return  # she was erased meanwhile: there is nobody left whom it is about
    said_by, words = key.open(inbound, "sender_sealed"), key.open(inbound, "text_sealed")
    reading = Reading(key.open(inbound, "reading_sealed"))
    points = [each for each in _points(act, said_by) if _key(act, each.victim_id)]
    if reading in SUSPENDING:
        for each in points:
            suspend(act, each, reason=WHY_SUSPENDED[reading])
    said = _code_words(act, points, words)
    if said:
        first = min(
            (each.meaning for each in said), key=(CodeWord.NOT_SAFE, CodeWord.CALL_ME, CodeWord.SAFE).index
        )
        inbound.reading_sealed = key.seal(inbound, "reading_sealed", _READ_AS[first])
    asked = _obey(act, said)
    for participation in _concerned(act, points):
        asked.setdefault(participation.id, (participation, reading))
    for participation, meant in asked.values():
        _ask_a_person(act, participation, inbound, meant, points)


def _key(act: Act, owner: UUID) -> OwnerKey | None:
    try:
        return act.key(owner)
    except SealBroken:
        return None


def _obey(act: Act, said: Iterable[_Said]) -> dict[UUID, tuple[Participation, Reading]]:
    """Do what the plan says of each code word that was said; tells whose officers are asked, and for what."""
    asked: dict[UUID, tuple[Participation, Reading]] = {}
    for each in said:
        match each.meaning:
            case CodeWord.NOT_SAFE:
                _use_nothing(act, each.participation.victim_id)
                for participation in participations_of(act.session, each.participation.victim_id):
                    asked[participation.id] = (participation, Reading.NOT_SAFE_WORD)
            case CodeWord.SAFE:
                write_entry(act, each.participation, Outcome.SAFE_WORD, [], contact_point_id=each.point.id)
        asked.setdefault(each.participation.id, (each.participation, _READ_AS[each.meaning]))
    return asked


def _use_nothing(act: Act, victim_id: UUID) -> None:
    """No automatic message goes to her, or to anybody about her, until a person has checked each way anew."""
    mine = select(ContactPoint).where(ContactPoint.victim_id == victim_id).order_by(ContactPoint.ref)
    for point in act.session.scalars(mine).all():
        suspend(act, point, reason=NOT_SAFE)


def _ask_a_person(
    act: Act, participation: Participation, inbound: Inbound, meant: Reading, points: Sequence[ContactPoint]
) -> None:
    """A call if she asked for one, else a look into what came in: the same kind of task whatever it said."""
    if meant is Reading.AUTOMATIC and _was_asked_today(act, participation, inbound, points):
        return
    kind = TaskKind.CALL if meant is Reading.CALL_ME_WORD else TaskKind.FOLLOW_UP_INBOUND
    open_task(act, participation, kind, about=inbound.id, due_at=act.at if meant in _AT_ONCE else None)


def _was_asked_today(
    act: Act, participation: Participation, inbound: Inbound, points: Sequence[ContactPoint]
) -> bool:
    same = exists().where(
        Task.participation_id == participation.id,
        Task.subject_id == Inbound.id,
        Inbound.contact_point_id.in_([point.id for point in points]),
        Inbound.received_at > inbound.received_at - ONE_A_DAY,
    )
    return bool(act.session.scalar(select(same)))


def _code_words(act: Act, points: Sequence[ContactPoint], words: str) -> list[_Said]:
    """The code words that were said, each from a number of the victim's own who agreed it."""
    own = {point.victim_id: point for point in reversed(points) if point.representative_id is None}
    if not own:
        return []
    agreed = act.session.execute(
        select(Plan, Participation)
        .join(Participation, Participation.id == Plan.participation_id)
        .where(Participation.victim_id.in_(own), Plan.current, Plan.code_words_sealed.is_not(None))
        .order_by(Participation.enrolled_at, Participation.id)
    ).all()
    said = []
    for plan, participation in agreed:
        try:
            meaning = word_in(words, plan.open_code_words(act.key(participation.victim_id)))
        except SealBroken:
            continue  # words that are lost cannot be heard, and the rest is done all the same
        if meaning is not None:
            said.append(_Said(participation, own[participation.victim_id], meaning))
    return said


def _points(act: Act, sender: str) -> list[ContactPoint]:
    """Every contact point with this number or address, whoever's it is."""
    kind = ContactPointKind.EMAIL if "@" in sender else ContactPointKind.MOBILE
    indexes = []
    for candidate in (kind, ContactPointKind.LANDLINE) if kind is ContactPointKind.MOBILE else (kind,):
        try:
            value = normalise(candidate, sender)
        except BadContactValue:
            continue
        indexes.append(act.keys.blind_index(act.session, index_key(candidate, value)))
    return list(
        act.session.scalars(
            select(ContactPoint)
            .where(ContactPoint.value_index.in_(indexes))
            .order_by(ContactPoint.added_at, ContactPoint.id)
        )
    )


def _concerned(act: Act, points: Iterable[ContactPoint]) -> list[Participation]:
    """The participations whose plan names a contact point; failing that, all of the victim's."""
    return [participation for point in points for participation in _concerned_by(act, point)]


def _concerned_by(act: Act, point: ContactPoint) -> list[Participation]:
    planned = list(
        act.session.scalars(
            select(Participation)
            .join(Plan, (Plan.participation_id == Participation.id) & Plan.current)
            .join(PlanChannel, PlanChannel.plan_id == Plan.id)
            .where(PlanChannel.contact_point_id == point.id)
            .order_by(Participation.enrolled_at, Participation.id)
        )
    )
    return planned or list(
        act.session.scalars(
            select(Participation)
            .where(Participation.victim_id == point.victim_id)
            .order_by(Participation.enrolled_at, Participation.id)
        )
    )
