"""What the API answers. Answers to a POST hold references, ids, times and states only, since they are kept for repeats:
names, numbers and texts are given to whoever asks for the thing itself.

Long because every answer is here, one under the other.
"""

from collections.abc import Callable
from enum import Enum
from typing import Any
from uuid import UUID

from marshmallow import Schema, fields

from models.cases import Case
from models.duties import Duty
from models.vocabulary import (
    Agency,
    AlertLevel,
    AlertState,
    CodeWord,
    ContactPointKind,
    ContactPointState,
    Detail,
    DutyClass,
    DutyState,
    EnhancedRight,
    LateReason,
    MilestoneKind,
    NextStep,
    Outcome,
    RiskLevel,
    Role,
    Sender,
    Supports,
    TaskKind,
    TaskState,
    Weekday,
)
from notify.oversight.pages import Page
from notify.web.api.finding import Found


def text(**kwargs: Any) -> fields.String:
    return fields.String(required=True, **kwargs)


def word(vocabulary: type[Enum], **kwargs: Any) -> fields.Enum[Any]:
    return fields.Enum(vocabulary, by_value=True, required=True, **kwargs)


def moment(**kwargs: Any) -> fields.DateTime:
    return fields.DateTime(format="iso", required=True, **kwargs)


def our_id(**kwargs: Any) -> fields.UUID:
    return fields.UUID(required=True, **kwargs)


def flag(**kwargs: Any) -> fields.Boolean:
    return fields.Boolean(required=True, **kwargs)


def number() -> fields.Integer:
    return fields.Integer(required=True)


def several(inner: type[Schema] | fields.Field[Any]) -> fields.List[Any]:
    return fields.List(fields.Nested(inner) if isinstance(inner, type) else inner, required=True)


class CaseSchema(Schema):
    id = our_id()
    case = text()
    unit = text()
    officer = text()
    restricted = flag()
    opened_at = moment()
    closed_at = moment(allow_none=True)


class CaseInFullSchema(CaseSchema):
    offence = text()


class PartSchema(Schema):
    case = text()
    victim = text()


class ParticipationSchema(PartSchema):
    id = our_id()
    victim_id = our_id()
    enhanced = several(word(EnhancedRight))
    risk = word(RiskLevel)
    language = text()
    supports = word(Supports, allow_none=True)
    enrolled_at = moment()
    paused_at = moment(allow_none=True)
    declined_at = moment(allow_none=True)
    wants_releases = flag(
        allow_none=True,
        metadata={"description": "What she who declined said of releases and bail; null: she was not asked"},
    )
    last_reached_at = moment(allow_none=True)


class ContactPointSchema(Schema):
    id = our_id()
    contact_point = text()
    victim = text()
    kind = word(ContactPointKind)
    state = word(ContactPointState)


class MaskedContactPointSchema(ContactPointSchema):
    masked = text(metadata={"description": "Enough of the number or address to recognise it"})


class ParticipationInFullSchema(ParticipationSchema):
    name = text()
    date_of_birth = fields.Date(required=True, allow_none=True)
    contact_points = several(MaskedContactPointSchema)


class PlanSchema(PartSchema):
    id = our_id()
    version = number()
    agreed_at = moment()
    agreed_by = text()
    every_days = number()
    automatic = flag()
    officer_first_nudge = flag()
    never_dates = several(fields.Date())
    code_words = several(word(CodeWord))  # for which meanings one is agreed: the words are never told


class AgreedWindowSchema(Schema):
    days = several(word(Weekday))
    opens = text(data_key="from")
    closes = text(data_key="to")


class AgreedChannelSchema(Schema):
    contact_point = text()
    detail = word(Detail)
    sender = word(Sender)
    counts_as_told = flag()
    windows = several(AgreedWindowSchema)
    cover_text = text(allow_none=True)


class PlanInFullSchema(PlanSchema):
    reason = text(allow_none=True)
    channels = several(AgreedChannelSchema)


class DutySchema(PartSchema):
    id = our_id()
    milestone = text(allow_none=True)
    rule = text()
    edition = text()
    policy = text(metadata={"description": "The version of the force's policy by which its times were set"})
    kind = text()
    duty_class = word(DutyClass, data_key="class")
    owner = word(Agency)
    enhanced = flag()
    due_at = moment()
    urgent_by = moment(allow_none=True)
    state = word(DutyState)
    closed_at = moment(allow_none=True)
    late = flag(allow_none=True)


class MilestoneSchema(Schema):
    id = our_id()
    milestone = text(allow_none=True)
    case = text()
    kind = word(MilestoneKind)
    happened_at = moment()
    learned_at = moment()
    owner = word(Agency)
    recorded_at = moment()
    withdrawn_at = moment(allow_none=True)


class RecordedMilestoneSchema(MilestoneSchema):
    duties = several(DutySchema)


class MilestoneInFullSchema(MilestoneSchema):
    suspect = text(allow_none=True)
    facts = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class HandOverSchema(Schema):
    id = our_id()
    case = text()
    duty_id = our_id(data_key="duty", allow_none=True)
    at = moment()
    by = text(allow_none=True)
    from_agency = word(Agency)
    from_unit = text()
    from_officer = text(allow_none=True)
    to_agency = word(Agency)
    to_unit = text()
    to_officer = text(allow_none=True)


class HandOverInFullSchema(HandOverSchema):
    reason = text()


class SuspectSchema(Schema):
    suspect = text()
    unconcerned = our_id(
        allow_none=True,
        metadata={"description": "What says that they do not concern this victim; null: they do"},
    )


class SuspectsSchema(Schema):
    items = several(SuspectSchema)


class UnconcernedSuspectSchema(PartSchema):
    id = our_id()
    at = moment()
    ended_at = moment(allow_none=True)


class ContactSchema(PartSchema):
    id = our_id()
    at = moment()
    outcome = word(Outcome)
    reached = flag()
    rules = several(text())


class WaiverSchema(Schema):
    duties = several(DutySchema)


class AlertSchema(PartSchema):
    id = our_id()
    duty = our_id()
    rule = text()
    kind = text()
    owner = word(Agency)
    level = word(AlertLevel)
    to_role = word(Role)
    raised_at = moment()
    state = word(AlertState)
    acknowledged_at = moment(allow_none=True)
    due_at = moment()
    urgent_by = moment(allow_none=True)
    reason_late = word(LateReason, allow_none=True)
    next_step = word(NextStep, allow_none=True)
    next_step_by = moment(allow_none=True)


class TaskSchema(PartSchema):
    id = our_id()
    task = word(TaskKind)
    rules = several(text())
    due_at = moment(allow_none=True)
    created_at = moment()
    state = word(TaskState)


def listed(item: type[Schema]) -> type[Schema]:
    """A page of these: `next` is what to give as `after` for the page that follows; null on the last."""
    name = item.__name__.removesuffix("Schema") + "PageSchema"
    schema: type[Schema] = Schema.from_dict(
        {"items": several(item), "next": fields.UUID(required=True, allow_none=True)}, name=name
    )
    return schema


def told_page(page: Page, told: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """A page as it is answered; the first of each row is what has the id."""
    last: UUID | None = page.rows[-1][0].id if page.more else None
    return {"items": [told(*row) for row in page.rows], "next": last}


def told_case(case: Case, unit: str, officer: str) -> dict[str, Any]:
    return told(case, CaseSchema) | {"case": case.ref, "unit": unit, "officer": officer}


def told_part(found: Found) -> dict[str, Any]:
    return told(found.participation, ParticipationSchema) | {
        "case": found.case.ref,
        "victim": found.victim.ref,
        "language": found.victim.language,
        "enhanced": [EnhancedRight(right) for right in found.participation.enhanced],
    }


def told_duty(duty: Duty, victim: str, case: str, milestone: str | None) -> dict[str, Any]:
    return told(duty, DutySchema) | {"victim": victim, "case": case, "milestone": milestone}


def told(row: object, schema: type[Schema]) -> dict[str, Any]:
    """Those columns of a row that the answer names."""
    return {name: getattr(row, name) for name in schema._declared_fields if hasattr(row, name)}  # noqa: SLF001
