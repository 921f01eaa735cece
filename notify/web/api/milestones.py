"""Milestones: recorded with the duties that follow from them, listed and corrected."""

import json
from typing import Any

from sqlalchemy import select

from models.cases import Case
from models.duties import Duty
from models.milestones import Milestone
from models.people import Victim
from notify.fields import ref
from notify.ledger.acts import Act
from notify.oversight.pages import milestones_page
from notify.planning.api_tokens import Bearer, Scope
from notify.planning.corrections import correct_milestone, withdraw_milestone
from notify.planning.milestones import (
    Happening,
    corrected,
    read_happening,
    record_milestone,
)
from notify.shapes import CorrectionShape, MilestoneShape, ReasonShape
from notify.web.api.answers import (
    MilestoneInFullSchema,
    MilestoneSchema,
    RecordedMilestoneSchema,
    listed,
    told,
    told_duty,
    told_page,
)
from notify.web.api.finding import find_case, find_milestone
from notify.web.api.operations import Part
from notify.web.api.queries import PageQuery, wanted
from notify.web.context import current_services

part = Part("milestones", "What happened in a case")


class MilestoneBody(MilestoneShape):
    milestone = ref(required=True)


class CorrectionBody(CorrectionShape):
    pass


class WithdrawalBody(ReasonShape):
    pass


@part.act(
    "/cases/<case>/milestones",
    Scope.MILESTONES_WRITE,
    RecordedMilestoneSchema,
    body=MilestoneBody,
    status=201,
)
def record(act: Act, caller: Bearer, body: dict[str, Any], case: str) -> dict[str, Any]:
    """Record what happened, under your own id for it; every victim in the case is then owed what the Code says."""
    row = find_case(act, caller, case, lock=True)
    external_id = body.pop("milestone")
    milestone, duties = record_milestone(
        act, current_services().rulebook, row.id, Happening(**body), external_id=external_id
    )
    return _told(act, milestone, row, duties)


@part.look("/cases/<case>/milestones", Scope.CASES_READ, listed(MilestoneInFullSchema), query=PageQuery)
def list_milestones(act: Act, caller: Bearer, query: dict[str, Any], case: str) -> dict[str, Any]:
    """List what happened in a case, in the order in which it was recorded."""
    row = find_case(act, caller, case)
    page = milestones_page(act.session, row, wanted(query))
    act.log("milestones viewed", row, owner=row.id, count=len(page.rows))
    key = act.key(row.id)

    def told_in_full(milestone: Milestone) -> dict[str, Any]:
        facts = key.open_or_none(milestone, "facts_sealed")
        return _told_milestone(milestone, row) | {
            "suspect": key.open_or_none(milestone, "suspect_sealed"),
            "facts": json.loads(facts) if facts else {},
        }

    return told_page(page, told_in_full)


@part.act(
    "/milestones/<milestone>/corrections",
    Scope.MILESTONES_WRITE,
    RecordedMilestoneSchema,
    body=CorrectionBody,
    status=201,
)
def correct(act: Act, caller: Bearer, body: dict[str, Any], milestone: str) -> dict[str, Any]:
    """Put a milestone right: the earlier facts are kept, and what is still owed is planned anew."""
    row, case = find_milestone(act, caller, milestone)
    reason = body.pop("reason")
    happening = corrected(read_happening(act, row), **body)
    duties = correct_milestone(act, current_services().rulebook, row, happening, reason=reason)
    return _told(act, row, case, duties)


@part.act(
    "/milestones/<milestone>/withdrawal",
    Scope.MILESTONES_WRITE,
    RecordedMilestoneSchema,
    body=WithdrawalBody,
    status=200,
)
def withdraw(act: Act, caller: Bearer, body: dict[str, Any], milestone: str) -> dict[str, Any]:
    """Say that it never happened or was recorded twice: it is kept, and whoever was told is owed a correction."""
    row, case = find_milestone(act, caller, milestone)
    duties = withdraw_milestone(act, current_services().rulebook, row, reason=body["reason"])
    return _told(act, row, case, duties)


def _told(act: Act, milestone: Milestone, case: Case, duties: list[Duty]) -> dict[str, Any]:
    ids = {duty.victim_id for duty in duties}
    refs = dict(act.session.execute(select(Victim.id, Victim.ref).where(Victim.id.in_(ids))).all())
    return _told_milestone(milestone, case) | {
        "duties": [told_duty(duty, refs[duty.victim_id], case.ref, milestone.external_id) for duty in duties]
    }


def _told_milestone(milestone: Milestone, case: Case) -> dict[str, Any]:
    return told(milestone, MilestoneSchema) | {"milestone": milestone.external_id, "case": case.ref}
