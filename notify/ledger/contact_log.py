"""The contact log: attempts and successes, and which duties a success closes (delivered is not told)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from sqlalchemy import bindparam, select, update

from models.duties import Duty
from models.ids import new_id
from models.keyring import Place, SealBroken
from models.ledger import ContactEntry
from models.messages import Message
from models.people import ContactPoint, Participation
from models.vocabulary import NO_CHANGE_RULE, REACHED, ContactPointKind, DutyState, Outcome
from notify.ledger.acts import Act
from notify.ledger.closing import close_duties, open_duties
from notify.ledger.suspending import suspend
from notify.ledger.tasks import Part

_REACHED = (
    update(Participation)
    .where(Participation.id == bindparam("participation"))
    .values(last_reached_at=bindparam("now"))
)


def record_contact(
    act: Act,
    participation: Part,
    outcome: Outcome,
    *,
    covers: Collection[str] | None = None,
    duty_ids: Collection[UUID] | None = None,
    note: str | None = None,
    contact_point_id: UUID | None = None,
) -> ContactEntry:
    """Log what a person did to reach the victim. `covers` names the rules told; None means all that is open.

    `duty_ids` says instead which duties exactly, for a person who ticked them in a list.

    A rule with no open duty is passed over: the contact happened all the same, and the entry says what it closed.
    """
    duties = open_duties(act, participation)
    covered = [
        duty
        for duty in duties
        if (covers is None or duty.rule in covers) and (duty_ids is None or duty.id in duty_ids)
    ]
    if outcome is Outcome.OTHER_PERSON_ANSWERED:
        _stop_using_phones(act, participation, contact_point_id)
    return write_entry(
        act, participation, outcome, covered, note=note, contact_point_id=contact_point_id, all_open=duties
    )


def write_entry(
    act: Act,
    participation: Part,
    outcome: Outcome,
    covered: Sequence[Duty],
    *,
    all_open: Sequence[Duty] = (),
    note: str | None = None,
    contact_point_id: UUID | None = None,
    message: Message | None = None,
) -> ContactEntry:
    """Write one line; when the victim was reached, close what was covered and any no-change duty among `all_open`."""
    reached = outcome in REACHED
    entry = ContactEntry(
        participation_id=participation.id,
        victim_id=participation.victim_id,
        at=act.at,
        outcome=outcome,
        reached=reached,
        by_id=act.staff_id,
        message_id=message.id if message else None,
        contact_point_id=contact_point_id,
        rules=sorted({duty.rule for duty in covered}),
    )
    entry.note_sealed = act.seal(participation.victim_id, entry, "note_sealed", note)
    act.write(entry)
    act.log("contact", entry, owner=participation.victim_id, outcome=outcome)
    if reached:
        act.run(_REACHED, participation=participation.id, now=act.at)
        # The no-change duty says "nobody has been in touch for so long": any real contact fulfils it.
        fulfilled = [duty for duty in all_open if duty.rule == NO_CHANGE_RULE and duty not in covered]
        close_duties(act, [*covered, *fulfilled], DutyState.TOLD, entry=entry)
    return entry


class Sent(Protocol):
    """What is asked of a message of which a line is written."""

    @property
    def id(self) -> UUID: ...
    @property
    def participation_id(self) -> UUID: ...
    @property
    def victim_id(self) -> UUID: ...
    @property
    def contact_point_id(self) -> UUID | None: ...


@dataclass(frozen=True)
class Words:
    """What a message says."""

    text: str = field(repr=False)
    subject: str | None = field(repr=False)


def words_of(act: Act, message: Message) -> Words | None:
    """What a message says that has not left yet; None when that is kept elsewhere by now, or does not open."""
    if message.text_sealed is None:
        return None
    try:
        key = act.key(message.victim_id)
        return Words(key.open(message, "text_sealed"), key.open_or_none(message, "subject_sealed"))
    except SealBroken:  # what became of it is written down all the same
        return None


def write_attempts(
    act: Act, outcome: Outcome, sent: Collection[tuple[Sent, Sequence[str], Words | None]]
) -> None:
    """Write the lines of messages that were passed on, or were not: attempts either way, which close nothing.

    With each message come the rules of the duties that it carries, and its words where no line has them yet.
    """
    act.write_values(ContactEntry, [_attempt(act, outcome, *one) for one in sent])


def _attempt(
    act: Act, outcome: Outcome, message: Sent, rules: Sequence[str], words: Words | None
) -> dict[str, object]:
    entry_id = new_id()
    subject, text = _sealed(act, message.victim_id, entry_id, words) if words else (None, None)
    return {
        "id": entry_id,
        "participation_id": message.participation_id,
        "victim_id": message.victim_id,
        "at": act.at,
        "outcome": outcome,
        "reached": False,
        "message_id": message.id,
        "contact_point_id": message.contact_point_id,
        "rules": sorted(set(rules)),
        "subject_sealed": subject,
        "text_sealed": text,
    }


def _sealed(act: Act, victim: UUID, entry_id: UUID, words: Words) -> tuple[bytes | None, bytes | None]:
    place = Place("contact_entries", entry_id)
    try:
        key = act.key(victim)
    except SealBroken:  # she was erased since: nobody may read what she was told
        return None, None
    subject = None if words.subject is None else key.seal(place, "subject_sealed", words.subject)
    return subject, key.seal(place, "text_sealed", words.text)


def _stop_using_phones(act: Act, participation: Part, contact_point_id: UUID | None) -> None:
    """Somebody else has the phone. If it was not said which one, no number of hers is safe until it is checked."""
    phones = select(ContactPoint).where(
        ContactPoint.victim_id == participation.victim_id,
        ContactPoint.kind.in_((ContactPointKind.MOBILE, ContactPointKind.LANDLINE)),
    )
    if contact_point_id is not None:
        phones = phones.where(ContactPoint.id == contact_point_id)
    for point in act.session.scalars(phones.order_by(ContactPoint.ref)).all():
        suspend(act, point, reason="another person answered")
