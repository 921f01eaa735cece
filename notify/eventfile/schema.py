"""The fields of each kind of event, their limits and their defaults: what docs/event-file.md says in words."""

from typing import Any, ClassVar

from marshmallow import post_load

from models.vocabulary import Agency, ReceiptStatus, Role
from notify.eventfile import events
from notify.fields import LONGEST_NAME, choice, flag, moment, nested, ref, whole, words
from notify.shapes import (
    LONGEST_VALUE,
    CaseShape,
    ContactPointShape,
    ContactShape,
    CorrectionShape,
    MilestoneShape,
    PlanShape,
    ReasonShape,
    Shape,
    SupportShape,
    VictimShape,
    WaiverShape,
)

MOST_NTH = 1_000_000


class EventSchema(Shape):
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


class CaseSchema(EventSchema, CaseShape):
    makes = events.CaseEvent


class VictimSchema(EventSchema, VictimShape):
    makes = events.VictimEvent
    case = ref(required=True)


class ContactPointSchema(EventSchema, ContactPointShape):
    makes = events.ContactPointEvent
    victim = ref(required=True)
    verified = flag(load_default=False)
    verified_by = ref(load_default=None, allow_none=False)


class _ContactPointChange(EventSchema, ReasonShape):
    contact_point = ref(required=True)
    by = ref(required=True)


class VerifySchema(_ContactPointChange):
    makes = events.VerifyEvent


class SuspendSchema(_ContactPointChange):
    makes = events.SuspendEvent


class _AboutVictim(EventSchema):
    """What a member of staff records about one victim in one case."""

    victim = ref(required=True)
    case = ref(required=True)
    by = ref(required=True)


class PlanSchema(_AboutVictim, PlanShape):
    makes = events.PlanEvent


class PauseSchema(_AboutVictim, ReasonShape):
    makes = events.PauseEvent


class ResumeSchema(_AboutVictim, ReasonShape):
    makes = events.ResumeEvent


class DeclineSchema(_AboutVictim, ReasonShape):
    makes = events.DeclineEvent


class SupportSchema(_AboutVictim, SupportShape):
    makes = events.SupportEvent


class MilestoneSchema(EventSchema, MilestoneShape):
    makes = events.MilestoneEvent
    case = ref(required=True)
    by = ref(required=True)


class CorrectSchema(EventSchema, CorrectionShape):
    makes = events.CorrectEvent
    milestone = ref(required=True)
    by = ref(required=True)


class ContactSchema(_AboutVictim, ContactShape):
    makes = events.ContactEvent


class WaiveSchema(_AboutVictim, WaiverShape):
    makes = events.WaiveEvent


class InboundSchema(EventSchema):
    makes = events.InboundEvent
    sender = words(required=True, data_key="from", longest=LONGEST_VALUE)
    text = words(required=True, shortest=0)


class MatchSchema(Shape):
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


class CloseSchema(EventSchema, ReasonShape):
    makes = events.CloseEvent
    case = ref(required=True)
    by = ref(required=True)
