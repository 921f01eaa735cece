"""What may be said of a case, a victim, a plan, a milestone...: the fields that the event file and the API share."""

from dataclasses import dataclass, field
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, post_load, validates_schema

from models.vocabulary import (
    PERSON_OUTCOMES,
    Agency,
    ContactPointKind,
    Detail,
    EnhancedRight,
    MilestoneKind,
    Outcome,
    RiskLevel,
    Sender,
    Supports,
    Weekday,
)
from notify.fields import (
    LONGEST_NAME,
    REQUIRED,
    choice,
    covered_rules,
    day,
    fact_texts,
    flag,
    language_tag,
    moment,
    nested,
    ref,
    several,
    wall_time,
    whole,
    words,
)
from notify.planning.plans import LONGEST_SILENCE, MOST_CHANNELS, WindowTerms

LONGEST_VALUE = 500
CHANGEABLE = ("kind", "happened_at", "learned_at", "owner", "suspect", "facts")
LEARNED_FIRST = "must not be before happened_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanChannel:
    """One contact point of a plan, by its reference: how much may be said there, and when."""

    contact_point: str
    detail: Detail
    counts_as_told: bool
    windows: tuple[WindowTerms, ...] = field(repr=False)
    cover_text: str | None = field(repr=False)
    sender: Sender = Sender.NEUTRAL


class Shape(Schema):
    """Refuses what it does not know, in words that repeat nothing of what was sent."""

    error_messages = {"unknown": "is not a known field", "type": "must be an object"}  # noqa: RUF012 (marshmallow's)

    class Meta:
        unknown = RAISE


class CaseShape(Shape):
    case = ref(required=True)
    unit = ref(required=True)
    officer = ref(required=True)
    offence = words(required=True, longest=LONGEST_NAME)
    restricted = flag(load_default=False)
    allow = several(ref(), most=1_000, load_default=())


class VictimShape(Shape):
    victim = ref(required=True)
    name = words(required=True, longest=LONGEST_NAME)
    enhanced = several(choice(EnhancedRight), most=len(EnhancedRight), load_default=())
    risk = choice(RiskLevel, load_default=RiskLevel.STANDARD)
    language = language_tag(load_default="en")
    date_of_birth = day(load_default=None, allow_none=False)

    @post_load
    def settle(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return data | {"enhanced": frozenset(data["enhanced"])}


class ContactPointShape(Shape):
    contact_point = ref(required=True)
    kind = choice(ContactPointKind, required=True)
    value = words(required=True, longest=LONGEST_VALUE)


class ReasonShape(Shape):
    reason = words(required=True)


class WindowSchema(Shape):
    days = several(choice(Weekday), least=1, most=len(Weekday), required=True)
    opens = wall_time(required=True, data_key="from")
    closes = wall_time(required=True, data_key="to")

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> WindowTerms:
        return WindowTerms(frozenset(data["days"]), data["opens"], data["closes"])


class ChannelSchema(Shape):
    contact_point = ref(required=True)
    detail = choice(Detail, required=True)
    counts_as_told = flag(load_default=False)
    windows = several(nested(WindowSchema), most=50, required=True)
    cover_text = words(load_default=None, allow_none=False, longest=LONGEST_VALUE)

    @validates_schema
    def check_told(self, data: dict[str, Any], **_: Any) -> None:
        if data["counts_as_told"] and data["detail"] is not Detail.FULL:
            raise ValidationError("is only for detail full", "counts_as_told")

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> PlanChannel:
        return PlanChannel(**data | {"windows": tuple(data["windows"])})


class PlanShape(Shape):
    every_days = whole(least=1, most=LONGEST_SILENCE, required=True)
    channels = several(nested(ChannelSchema), most=MOST_CHANNELS, required=True)
    never_dates = several(day(), most=1_000, load_default=())
    automatic = flag(load_default=True)
    officer_first_nudge = flag(load_default=False)

    @post_load
    def settle(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return data | {"channels": tuple(data["channels"]), "never_dates": frozenset(data["never_dates"])}


class SupportShape(Shape):
    supports = choice(Supports, required=True)
    reason = words(load_default=None, allow_none=False)


class MilestoneShape(Shape):
    kind = choice(MilestoneKind, required=True)
    happened_at = moment(required=True)
    learned_at = moment(load_default=None, allow_none=False)
    owner = choice(Agency, load_default=Agency.POLICE)
    suspect = words(load_default=None, allow_none=False, longest=LONGEST_NAME)
    facts = fact_texts(load_default=dict)

    @validates_schema
    def check_learned(self, data: dict[str, Any], **_: Any) -> None:
        if data["learned_at"] and data["learned_at"] < data["happened_at"]:
            raise ValidationError(LEARNED_FIRST, "learned_at")

    @post_load
    def settle(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return data | {"learned_at": data["learned_at"] or data["happened_at"]}


class CorrectionShape(ReasonShape):
    """A milestone put right: what is not given stays as it was; one field at least is given."""

    kind = choice(MilestoneKind, load_default=None, allow_none=False)
    happened_at = moment(load_default=None, allow_none=False)
    learned_at = moment(load_default=None, allow_none=False)
    owner = choice(Agency, load_default=None, allow_none=False)
    suspect = words(load_default=None, allow_none=False, longest=LONGEST_NAME)
    facts = fact_texts(load_default=None, allow_none=False)

    @validates_schema
    def check_changes(self, data: dict[str, Any], **_: Any) -> None:
        if all(data[name] is None for name in CHANGEABLE):
            raise ValidationError(f"{REQUIRED}, or one of: {', '.join(CHANGEABLE[1:])}", CHANGEABLE[0])
        if data["learned_at"] and data["happened_at"] and data["learned_at"] < data["happened_at"]:
            raise ValidationError(LEARNED_FIRST, "learned_at")


class ContactShape(Shape):
    outcome = choice(Outcome, among=PERSON_OUTCOMES, required=True)
    covers = covered_rules(load_default=None, allow_none=False)
    note = words(load_default=None, allow_none=False)


class WaiverShape(ReasonShape):
    rule = ref(required=True)
