"""Several suspects: which of a case concern a victim, recording that one does not, and that one does after all."""

from typing import Any
from uuid import UUID

from models.milestones import UnconcernedSuspect
from notify.fields import LONGEST_NAME, words
from notify.ledger.acts import Act
from notify.planning.api_tokens import Bearer, Scope
from notify.planning.suspects import end_unconcerned, set_unconcerned, suspects_of, unconcerned_row
from notify.shapes import ReasonShape
from notify.web.api.answers import SuspectsSchema, UnconcernedSuspectSchema, told
from notify.web.api.finding import Found, find_part, unknown
from notify.web.api.operations import Part
from notify.web.api.victims import ONE
from notify.web.context import current_services

part = Part("suspects", "Which suspects of a case concern a victim")


class UnconcernedSuspectBody(ReasonShape):
    suspect = words(required=True, longest=LONGEST_NAME)


class ConcernedSuspectBody(ReasonShape):
    pass


@part.look(f"{ONE}/suspects", Scope.CASES_READ, SuspectsSchema)
def list_suspects(act: Act, caller: Bearer, case: str, victim: str) -> dict[str, Any]:
    """List the suspects whom milestones of the case name, and which of them do not concern this victim."""
    found = find_part(act, caller, case, victim)
    suspects = suspects_of(act, found.case.id, found.participation)
    act.log("suspects viewed", found.case, owner=found.case.id, count=len(suspects))
    return {
        "items": [
            {"suspect": one.name, "unconcerned": one.unconcerned.id if one.unconcerned else None}
            for one in suspects
        ]
    }


@part.act(
    f"{ONE}/unconcerned-suspects",
    Scope.MILESTONES_WRITE,
    UnconcernedSuspectSchema,
    body=UnconcernedSuspectBody,
    status=201,
)
def unconcern(act: Act, caller: Bearer, body: dict[str, Any], case: str, victim: str) -> dict[str, Any]:
    """Say that a suspect does not concern a victim: she is told nothing of them, and what waits is cancelled."""
    found = find_part(act, caller, case, victim)
    row = set_unconcerned(
        act, current_services().rulebook, found.participation, body["suspect"], reason=body["reason"]
    )
    return _told(row, found)


@part.act(
    f"{ONE}/unconcerned-suspects/<unconcerned>/end",
    Scope.MILESTONES_WRITE,
    UnconcernedSuspectSchema,
    body=ConcernedSuspectBody,
)
def concern(
    act: Act, caller: Bearer, body: dict[str, Any], case: str, victim: str, unconcerned: str
) -> dict[str, Any]:
    """Say that the suspect does concern her after all: what she was not told is owed, by its own clock."""
    found = find_part(act, caller, case, victim)
    row = _unconcerned(act, found, unconcerned)
    end_unconcerned(act, current_services().rulebook, found.participation, row, reason=body["reason"])
    return _told(row, found)


def _unconcerned(act: Act, found: Found, row_id: str) -> UnconcernedSuspect:
    try:
        wanted = UUID(row_id)
    except ValueError:
        unknown("unconcerned")
    return unconcerned_row(act.session, found.participation, wanted) or unknown("unconcerned")


def _told(row: UnconcernedSuspect, found: Found) -> dict[str, Any]:
    return told(row, UnconcernedSuspectSchema) | {"case": found.case.ref, "victim": found.victim.ref}
