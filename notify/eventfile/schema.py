"""The fields of each kind of event, their limits and their defaults: what docs/event-file.md says in words."""

from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, post_load, validates_schema

from models.vocabulary import (
    PERSON_OUTCOMES,
    Agency,
    ContactPointKind,
    Detail,
    EnhancedRight,
    MilestoneKind,
    Outcome,
    ReceiptStatus,
    RiskLevel,
    Role,
    Supports,
    Weekday,
)
from notify.eventfile import events
from notify.eventfile.fields import (
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
MOST_NTH = 1_000_000
CHANGEABLE = ("kind", "happened_at", "learned_at", "owner", "suspect", "facts")
LEARNED_FIRST = "must not be before happened_at"


class _Strict(Schema):
    """Refuses what it does not know, in words that repeat nothing of the line."""

    error_messages = {"unknown": "is not a known field", "type": "must be an object"}  # noqa: RUF012 (marshmallow's)


class EventSchema(_Strict):
    """The fields of every event; `makes` is the class that the rest of the line becomes."""

    makes: ClassVar[type[Any]]

    at = moment(required=True)
    id = ref(load_default=None, allow_none=False)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """The values as the arguments of `makes`: lists become tuples."""
        return {name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}


class UnitSchema(EventSchema):
    makes = events.UnitEvent
    unit = ref(required=True)
    name = words(required=True, longest=LONGEST_NAME)
    agency = choice(Agency, required=True)


class StaffSchema(EventSchema):
    makes = events.StaffEvent
    staff = ref(required=True)
    name = words(required=True, longest=LONGEST_NAME)
    role = choice(Role, required=True)
    unit = ref(required=True)


class CaseSchema(EventSchema):
    makes = events.CaseEvent
    case = ref(required=True)
    unit = ref(required=True)
    officer = ref(required=True)
    offence = words(required=True, longest=LONGEST_NAME)
    restricted = flag(load_default=False)
    allow = several(ref(), most=1_000, load_default=())


class VictimSchema(EventSchema):
    makes = events.VictimEvent
    victim = ref(required=True)
    case = ref(required=True)
    name = words(required=True, longest=LONGEST_NAME)
    enhanced = several(choice(EnhancedRight), most=len(EnhancedRight), load_default=())
    risk = choice(RiskLevel, load_default=RiskLevel.STANDARD)
    language = language_tag(load_default="en")
    date_of_birth = day(load_default=None, allow_none=False)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return data | {"enhanced": frozenset(data["enhanced"])}


class ContactPointSchema(EventSchema):
    makes = events.ContactPointEvent
    contact_point = ref(required=True)
    victim = ref(required=True)
    kind = choice(ContactPointKind, required=True)
    value = words(required=True, longest=LONGEST_VALUE)
    verified = flag(load_default=False)
    verified_by = ref(load_default=None, allow_none=False)


class _ContactPointChange(EventSchema):
    contact_point = ref(required=True)
    by = ref(required=True)
    reason = words(required=True)


class VerifySchema(_ContactPointChange):
    makes = events.VerifyEvent


class SuspendSchema(_ContactPointChange):
    makes = events.SuspendEvent


class WindowSchema(_Strict):
    days = several(choice(Weekday), least=1, most=len(Weekday), required=True)
    opens = wall_time(required=True, data_key="from")
    closes = wall_time(required=True, data_key="to")

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> WindowTerms:
        return WindowTerms(frozenset(data["days"]), data["opens"], data["closes"])


class ChannelSchema(_Strict):
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
    def make(self, data: dict[str, Any], **_: Any) -> events.PlanChannel:
        return events.PlanChannel(**data | {"windows": tuple(data["windows"])})


class _AboutVictim(EventSchema):
    """What a member of staff records about one victim in one case."""

    victim = ref(required=True)
    case = ref(required=True)
    by = ref(required=True)


class PlanSchema(_AboutVictim):
    makes = events.PlanEvent
    every_days = whole(least=1, most=LONGEST_SILENCE, required=True)
    channels = several(nested(ChannelSchema), most=MOST_CHANNELS, required=True)
    never_dates = several(day(), most=1_000, load_default=())
    automatic = flag(load_default=True)
    officer_first_nudge = flag(load_default=False)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return data | {"channels": tuple(data["channels"]), "never_dates": frozenset(data["never_dates"])}


class _WishSchema(_AboutVictim):
    reason = words(required=True)


class PauseSchema(_WishSchema):
    makes = events.PauseEvent


class ResumeSchema(_WishSchema):
    makes = events.ResumeEvent


class DeclineSchema(_WishSchema):
    makes = events.DeclineEvent


class SupportSchema(_AboutVictim):
    makes = events.SupportEvent
    supports = choice(Supports, required=True)
    reason = words(load_default=None, allow_none=False)


class MilestoneSchema(EventSchema):
    makes = events.MilestoneEvent
    case = ref(required=True)
    kind = choice(MilestoneKind, required=True)
    happened_at = moment(required=True)
    learned_at = moment(load_default=None, allow_none=False)
    by = ref(required=True)
    owner = choice(Agency, load_default=Agency.POLICE)
    suspect = words(load_default=None, allow_none=False, longest=LONGEST_NAME)
    facts = fact_texts(load_default=dict)

    @validates_schema
    def check_learned(self, data: dict[str, Any], **_: Any) -> None:
        if data["learned_at"] and data["learned_at"] < data["happened_at"]:
            raise ValidationError(LEARNED_FIRST, "learned_at")

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return data | {"learned_at": data["learned_at"] or data["happened_at"]}


class CorrectSchema(EventSchema):
    makes = events.CorrectEvent
    milestone = ref(required=True)
    by = ref(required=True)
    reason = words(required=True)
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


class ContactSchema(_AboutVictim):
    makes = events.ContactEvent
    outcome = choice(Outcome, among=PERSON_OUTCOMES, required=True)
    covers = covered_rules(load_default=None, allow_none=False)
    note = words(load_default=None, allow_none=False)


class WaiveSchema(_AboutVictim):
    makes = events.WaiveEvent
    rule = ref(required=True)
    reason = words(required=True)


class InboundSchema(EventSchema):
    makes = events.InboundEvent
    sender = words(required=True, data_key="from", longest=LONGEST_VALUE)
    text = words(required=True, shortest=0)


class MatchSchema(_Strict):
    victim = ref(required=True)
    nth = whole(least=1, most=MOST_NTH, load_default=1)


class ReceiptSchema(EventSchema):
    makes = events.ReceiptEvent
    match = nested(MatchSchema, required=True)
    status = choice(ReceiptStatus, required=True)
    code = ref(load_default=None, allow_none=False)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        match: dict[str, Any] = data.pop("match")
        return data | match


class ReadSchema(EventSchema, MatchSchema):
    makes = events.ReadEvent


class CloseSchema(EventSchema):
    makes = events.CloseEvent
    case = ref(required=True)
    by = ref(required=True)
    reason = words(required=True)
