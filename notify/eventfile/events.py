"""What one line of an event file says, as typed values: one frozen class per `do`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import ClassVar, TypeAlias

from models.vocabulary import (
    Agency,
    ContactPointKind,
    EnhancedRight,
    MilestoneKind,
    Outcome,
    ReceiptStatus,
    RiskLevel,
    Role,
    Supports,
)
from notify.shapes import PlanChannel


@dataclass(frozen=True, slots=True, kw_only=True)
class _Event:
    """What every event has.

    `at` is an aware UTC instant. `digest` is the SHA-256 (hex) of the line's canonical JSON, to tell "same id, same
    content" from "same id, different content". A number could be guessed from it: whoever stores it must key it first.
    Whatever is personal or free text stays out of `repr`.
    """

    at: datetime
    id: str | None = None
    digest: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitEvent(_Event):
    do: ClassVar[str] = "unit"
    unit: str
    name: str
    agency: Agency


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffEvent(_Event):
    do: ClassVar[str] = "staff"
    staff: str
    name: str = field(repr=False)
    role: Role
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEvent(_Event):
    """A case; a restricted one is open to the staff of `allow` only."""

    do: ClassVar[str] = "case"
    case: str
    unit: str
    officer: str
    offence: str = field(repr=False)
    restricted: bool
    allow: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VictimEvent(_Event):
    """A victim and their part in one case."""

    do: ClassVar[str] = "victim"
    victim: str
    case: str
    name: str = field(repr=False)
    enhanced: frozenset[EnhancedRight]
    risk: RiskLevel
    language: str
    date_of_birth: date | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactPointEvent(_Event):
    do: ClassVar[str] = "contact_point"
    contact_point: str
    victim: str
    kind: ContactPointKind
    value: str = field(repr=False)
    verified: bool
    verified_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyEvent(_Event):
    do: ClassVar[str] = "verify"
    contact_point: str
    by: str
    reason: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspendEvent(_Event):
    do: ClassVar[str] = "suspend"
    contact_point: str
    by: str
    reason: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanEvent(_Event):
    """What was agreed with the victim; `channels` in order of preference."""

    do: ClassVar[str] = "plan"
    victim: str
    case: str
    by: str
    every_days: int
    channels: tuple[PlanChannel, ...]
    never_dates: frozenset[date] = field(repr=False)
    automatic: bool
    officer_first_nudge: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _WishEvent(_Event):
    victim: str
    case: str
    by: str
    reason: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseEvent(_WishEvent):
    """The victim asked for no contact for now."""

    do: ClassVar[str] = "pause"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeEvent(_WishEvent):
    """The victim wants to hear from us again, after a pause or a decline."""

    do: ClassVar[str] = "resume"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclineEvent(_WishEvent):
    """The victim wants no further updates."""

    do: ClassVar[str] = "decline"


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportEvent(_Event):
    """Whether the victim supports the prosecution."""

    do: ClassVar[str] = "support"
    victim: str
    case: str
    by: str
    supports: Supports
    reason: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MilestoneEvent(_Event):
    """Something that happened in a case; `learned_at` is never before `happened_at`."""

    do: ClassVar[str] = "milestone"
    case: str
    kind: MilestoneKind
    happened_at: datetime
    learned_at: datetime
    by: str
    owner: Agency
    suspect: str | None = field(repr=False)
    facts: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectEvent(_Event):
    """A milestone put right: `milestone` is the id of its event; what is None stays as it was; one at least is given."""

    do: ClassVar[str] = "correct"
    milestone: str
    by: str
    reason: str = field(repr=False)
    kind: MilestoneKind | None
    happened_at: datetime | None
    learned_at: datetime | None
    owner: Agency | None
    suspect: str | None = field(repr=False)
    facts: Mapping[str, str] | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactEvent(_Event):
    """One attempt by a person. `covers` names the rules spoken about; None means every open duty."""

    do: ClassVar[str] = "contact"
    victim: str
    case: str
    by: str
    outcome: Outcome
    covers: tuple[str, ...] | None
    note: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiveEvent(_Event):
    do: ClassVar[str] = "waive"
    victim: str
    case: str
    rule: str
    by: str
    reason: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundEvent(_Event):
    """Something that came in. `sender` (`from` in the file) is a number or an address."""

    do: ClassVar[str] = "inbound"
    sender: str = field(repr=False)
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptEvent(_Event):
    """What a provider says about the `nth` message (1 is the first) to `victim`; `match` in the file."""

    do: ClassVar[str] = "receipt"
    victim: str
    nth: int
    status: ReceiptStatus
    code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadEvent(_Event):
    """The victim reads their `nth` sealed update (1 is the first) on the private page."""

    do: ClassVar[str] = "read"
    victim: str
    nth: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseEvent(_Event):
    do: ClassVar[str] = "close"
    case: str
    by: str
    reason: str = field(repr=False)


Event: TypeAlias = (
    UnitEvent
    | StaffEvent
    | CaseEvent
    | VictimEvent
    | ContactPointEvent
    | VerifyEvent
    | SuspendEvent
    | PlanEvent
    | PauseEvent
    | ResumeEvent
    | DeclineEvent
    | SupportEvent
    | MilestoneEvent
    | CorrectEvent
    | ContactEvent
    | WaiveEvent
    | InboundEvent
    | ReceiptEvent
    | ReadEvent
    | CloseEvent
)
