"""What staff pages show of people: opened names, and beside every victim the signs that change how to treat her."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from models.keyring import SERVICE, SealBroken
from models.messages import Inbound
from models.oversight import Task
from models.people import ContactPoint, Representative, Victim
from models.staff import Staff, Unit
from models.vocabulary import ContactPointKind, RiskLevel, TaskKind
from notify.ledger.acts import Act
from notify.phone import masked
from notify.web.staff.lookups import Part
from notify.web.staff.words import said

CONTACT = {
    ContactPointKind.MOBILE: "Mobile",
    ContactPointKind.EMAIL: "E-mail",
    ContactPointKind.LANDLINE: "Landline",
    ContactPointKind.POST: "Postal address",
}


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
    """What a victim, or whoever holds her phone, said that led to a task; None when nobody did."""
    if task.kind is TaskKind.FOLLOW_UP_INBOUND:
        came_in = act.session.get(Inbound, task.subject_id)
        if came_in is not None:
            return f"“{inbound_text(act, came_in)}”"
        return "Said on the private page that it is not safe to be contacted as agreed"
    if task.kind is TaskKind.CALL and task.subject_id == task.victim_id:
        return "Asked on the private page to be called"
    return None


def inbound_text(act: Act, row: Inbound) -> str:
    """Sealed under the key of whose number it came from, or the service's own when nobody knew the number."""
    point = act.session.get(ContactPoint, row.contact_point_id) if row.contact_point_id else None
    return act.key(point.victim_id if point else SERVICE).open(row, "text_sealed")


def unknown_shown(act: Act, row: Inbound) -> UnknownShown:
    """Open what came in from an unknown number; one whose seal is broken must not take the whole list away."""
    key = act.key(SERVICE)
    try:
        return UnknownShown(
            row.received_at, masked(key.open(row, "sender_sealed")), key.open(row, "text_sealed")
        )
    except SealBroken:
        return UnknownShown(row.received_at, "Cannot be read", "Cannot be read")
