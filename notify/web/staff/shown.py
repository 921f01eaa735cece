"""What staff pages show of people: opened names, and beside every victim the signs that change how to treat her."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from markupsafe import Markup
from sqlalchemy import select

from models.keyring import SERVICE, OwnerKey, SealBroken
from models.messages import Inbound, Message
from models.oversight import Task
from models.people import ContactPoint, Representative, Victim
from models.staff import Staff, Unit
from models.vocabulary import ContactPointKind, MessageState, Reading, RiskLevel, TaskKind
from notify.delivery.follow_ups import joined
from notify.delivery.rules.inbound import is_too_long
from notify.ledger.acts import Act
from notify.phone import masked
from notify.web.staff.lookups import Part
from notify.web.staff.words import said, when
from notify.wording.discreet import folded

CONTACT = {
    ContactPointKind.MOBILE: "Mobile",
    ContactPointKind.EMAIL: "E-mail",
    ContactPointKind.LANDLINE: "Landline",
    ContactPointKind.POST: "Postal address",
}

READ_AS = {
    Reading.OPTED_OUT: "Asks to stop, and opted out: the number takes no texts until START comes from it. "
    "Check by another agreed way.",
    Reading.WRONG_NUMBER: "Says that it is the wrong number. Check by another agreed way.",
    Reading.UNSAFE: "May say that it is not safe, or that somebody else reads there. Check by another agreed way.",
    Reading.STOP: "Asks to stop. Check by another agreed way.",
    Reading.START: "Asks to start again. Nothing starts by itself: check by another agreed way.",
    Reading.HELP: "May ask for help, or what this is. See to it now.",
    Reading.AUTOMATIC: "Answered by a machine.",
    Reading.OTHER: "It may not be from the victim.",
    Reading.SAFE_WORD: "Has the code word for “safe”. It may not be from the victim.",
    Reading.NOT_SAFE_WORD: "Has the code word for “not safe”. Nothing is sent until each contact point is verified.",
    Reading.CALL_ME_WORD: "Has the code word for “call me”. It may not be the victim who answers.",
}
"""What the officer is told beside the words that came in."""

FOUND_OUT = {
    MessageState.UNCERTAIN: "Nobody can say whether it left. It is not sent again.",
    MessageState.ACCEPTED: "It left, and nobody has said since whether it arrived.",
    MessageState.DELIVERED: "It has arrived by now.",
    MessageState.UNDELIVERED: "It did not arrive.",
    MessageState.FAILED: "It was not taken. Ask those who run the service.",
    MessageState.CANCELLED: "It did not leave.",
}
"""What is known at this moment of a message whose delivery is to be checked."""

SHARED = "Something came in from a number or address that two people share. Check by another agreed way before it is used."
"""What is said to the officer of another victim than the one whose words they are."""

TOO_LONG = "It is too long to be searched for code words."

MOST_SHOWN = 100  # things that came in while one task was open: the newest
LONGEST_SHOWN = 1_600  # characters of what came in: as long as a text can be, and the beginning of a mail


@dataclass(frozen=True)
class VictimShown:
    """A victim as every page shows her: never a name without its signs. `id` is that of her part in the case."""

    id: UUID
    name: str = field(repr=False)
    rights: tuple[str, ...]
    risk: RiskLevel
    paused: bool
    declined: bool
    releases_only: bool
    """She who declined wants to be told of releases and bail."""

    @property
    def priority(self) -> bool:
        return bool(self.rights)


@dataclass(frozen=True)
class PointShown:
    """A contact point with its value opened; lists show `short`."""

    row: ContactPoint
    value: str = field(repr=False)

    @property
    def kind(self) -> str:
        return CONTACT[self.row.kind]

    @property
    def short(self) -> str:
        """Enough to know it by."""
        return f"{self.kind} {masked(self.value)}"


@dataclass(frozen=True)
class RepresentativeShown:
    """Somebody who may be told for the victim."""

    row: Representative
    name: str = field(repr=False)
    scope: str = field(repr=False)


@dataclass(frozen=True)
class UnknownShown:
    """What came in from a number that is nobody's here; enough of the number to know it by."""

    at: datetime
    sender: str
    text: str = field(repr=False)


def victim_shown(act: Act, part: Part) -> VictimShown:
    """Open the name of one victim."""
    return VictimShown(
        id=part.participation.id,
        name=victim_name(act, part.victim),
        rights=tuple(said(right) for right in part.participation.enhanced),
        risk=part.participation.risk,
        paused=part.participation.paused_at is not None,
        declined=part.participation.declined_at is not None,
        releases_only=part.participation.wants_releases is True,
    )


def victim_name(act: Act, victim: Victim) -> str:
    """The name; one whose seal is broken, or who was erased, must not take the whole list away."""
    try:
        return act.key(victim.id).open(victim, "name_sealed")
    except SealBroken:
        return "Cannot be read"


def offence(act: Act, part: Part) -> str:
    return act.key(part.case.id).open(part.case, "offence_sealed")


def staff_names(act: Act, ids: Iterable[UUID | None]) -> dict[UUID | None, str]:
    """Names of staff by id; None, which stands for the service itself, has its own."""
    wanted = {one for one in ids if one is not None}
    names: dict[UUID | None, str] = {None: "the service"}
    if wanted:
        key = act.key(SERVICE)
        for row in act.session.scalars(select(Staff).where(Staff.id.in_(wanted))):
            names[row.id] = key.open(row, "name_sealed")
    return names


def unit_name(act: Act, unit_id: UUID) -> str:
    return act.key(SERVICE).open(act.session.get_one(Unit, unit_id), "name_sealed")


def unit_names(act: Act, ids: Collection[UUID]) -> dict[UUID, str]:
    """Names of units by id."""
    key = act.key(SERVICE)
    rows = act.session.scalars(select(Unit).where(Unit.id.in_(ids)))
    return {row.id: key.open(row, "name_sealed") for row in rows}


def points_of(act: Act, victim_ids: Collection[UUID]) -> list[PointShown]:
    """All contact points of some victims, in the order in which they were added."""
    rows = act.session.scalars(
        select(ContactPoint)
        .where(ContactPoint.victim_id.in_(victim_ids))
        .order_by(ContactPoint.added_at, ContactPoint.ref)
    )
    return [point_shown(act, row) for row in rows]


def point_shown(act: Act, row: ContactPoint) -> PointShown:
    return PointShown(row, act.key(row.victim_id).open(row, "value_sealed"))


def representatives_of(act: Act, victim_id: UUID) -> list[RepresentativeShown]:
    """All who speak or spoke for a victim, the newest first."""
    key = act.key(victim_id)
    rows = act.session.scalars(
        select(Representative)
        .where(Representative.victim_id == victim_id)
        .order_by(Representative.starts_at.desc(), Representative.id)
    )
    return [
        RepresentativeShown(row, key.open(row, "name_sealed"), key.open(row, "scope_sealed")) for row in rows
    ]


def why_asked(act: Act, task: Task) -> str | None:
    """What led to a task: what is known of a message, or what a victim, or whoever holds her phone, said."""
    if task.kind is TaskKind.CHECK_DELIVERY:
        message = act.session.get(Message, task.subject_id)
        return FOUND_OUT.get(message.state) if message else None
    if task.kind not in {TaskKind.FOLLOW_UP_INBOUND, TaskKind.CALL} or task.duty_id is not None:
        return None
    came_in = act.session.get(Inbound, task.subject_id)
    if came_in is not None:
        return _all_that_came_in(act, task, came_in)
    if task.kind is TaskKind.FOLLOW_UP_INBOUND:
        return "Said on the private page that it is not safe to be contacted as agreed"
    return "Asked on the private page to be called" if task.subject_id == task.victim_id else None


def _all_that_came_in(act: Act, task: Task, first: Inbound) -> str:
    """What opened a task and, a line each, what came from the same number since then."""
    lines = [_came_in(act, task, first)]
    if task.kind is TaskKind.FOLLOW_UP_INBOUND:
        more = joined(act.session, task, first)
        if len(more) > MOST_SHOWN:
            lines.append(f"{len(more) - MOST_SHOWN} earlier ones are not shown here: read them in the case.")
        lines += [f"{when(row.received_at)}: {_came_in(act, task, row)}" for row in more[-MOST_SHOWN:]]
    return Markup("<br>").join(lines)  # which escapes each line


def _came_in(act: Act, task: Task, row: Inbound) -> str:
    """The words and what they were taken for; nothing of either to the officer of another victim with that number."""
    point = act.session.get(ContactPoint, row.contact_point_id) if row.contact_point_id else None
    if point is None or point.victim_id != task.victim_id:
        return SHARED
    return f"“{_begins(inbound_text(act, row))}” {inbound_read_as(act, row)}"


def _begins(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def inbound_text(act: Act, row: Inbound) -> str:
    """What came in, opened; what does not open must not take the page away."""
    try:
        return _inbound_key(act, row).open(row, "text_sealed")
    except SealBroken:
        return "Cannot be read"


def inbound_read_as(act: Act, row: Inbound) -> str:
    """What it was taken for, in a sentence or two."""
    try:
        key = _inbound_key(act, row)
        reading, text = Reading(key.open(row, "reading_sealed")), key.open(row, "text_sealed")
    except SealBroken:
        return "Check by another agreed way."
    return f"{READ_AS[reading]} {TOO_LONG}" if is_too_long(text, fold=folded) else READ_AS[reading]


def _inbound_key(act: Act, row: Inbound) -> OwnerKey:
    """Of whose number it came from, or the service's own when nobody knew the number."""
    point = act.session.get(ContactPoint, row.contact_point_id) if row.contact_point_id else None
    return act.key(point.victim_id if point else SERVICE)


def unknown_shown(act: Act, row: Inbound) -> UnknownShown:
    """Open what came in from an unknown number; one whose seal is broken must not take the whole list away."""
    key = act.key(SERVICE)
    try:
        return UnknownShown(
            row.received_at, masked(key.open(row, "sender_sealed")), _begins(key.open(row, "text_sealed"))
        )
    except SealBroken:
        return UnknownShown(row.received_at, "Cannot be read", "Cannot be read")
