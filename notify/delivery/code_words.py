"""Code words: what a victim agreed to write when she is safe, when she is not, and when she wants a call."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select

from models.keyring import SealBroken
from models.people import ContactPoint, Participation
from models.plans import Plan
from models.vocabulary import CodeWord, Outcome, Reading
from notify.delivery.follow_ups import Asked
from notify.delivery.private_page import participations_of
from notify.delivery.rules.inbound import word_in
from notify.ledger.acts import Act
from notify.ledger.contact_log import write_entry
from notify.ledger.suspending import suspend
from notify.wording.discreet import folded

NOT_SAFE = "the code word for not safe came in"
SHARED = "something came in from a number or address that two people share"
"""Of another victim's word nobody is told, not even that it was one."""

READ_AS = {
    CodeWord.SAFE: Reading.SAFE_WORD,
    CodeWord.NOT_SAFE: Reading.NOT_SAFE_WORD,
    CodeWord.CALL_ME: Reading.CALL_ME_WORD,
}
FIRST = (CodeWord.NOT_SAFE, CodeWord.CALL_ME, CodeWord.SAFE)
AT_ONCE = frozenset({Reading.HELP, Reading.NOT_SAFE_WORD, Reading.CALL_ME_WORD})
"""What a person sees to before anything else: `help` may be a cry for it."""


@dataclass(frozen=True)
class Agreed:
    """The code words of one plan, and a contact point of that victim's own from which something came in."""

    participation: Participation
    point: ContactPoint
    words: Mapping[CodeWord, str] = field(repr=False)


@dataclass(frozen=True)
class Said:
    """A code word, said from a number of the victim who agreed it for this participation."""

    participation: Participation
    point: ContactPoint
    meaning: CodeWord


def agreed_from(act: Act, points: Sequence[ContactPoint]) -> list[Agreed]:
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
        agreed.append(Agreed(participation, own[participation.victim_id], words))
    return agreed


def said_in(agreed: Iterable[Agreed], text: str) -> list[Said]:
    found = ((each, word_in(text, each.words, fold=folded)) for each in agreed)
    return [Said(each.participation, each.point, meaning) for each, meaning in found if meaning is not None]


def obey(act: Act, said: Iterable[Said], points: Sequence[ContactPoint]) -> dict[UUID, Asked]:
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
        meant = READ_AS[each.meaning]
        asked.setdefault(each.participation.id, Asked(each.participation, meant, meant in AT_ONCE))
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
