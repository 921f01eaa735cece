"""Hand-overs: an agency's part in a case to another unit or officer, and one duty to another agency."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import select

from models.cases import Case, HandOver
from models.staff import Staff, Unit
from models.vocabulary import Agency
from notify.fields import choice, ref
from notify.ledger.acts import Act
from notify.oversight.pages import hand_overs_page
from notify.planning.api_tokens import Bearer, Scope
from notify.planning.hand_overs import check_own, hand_over_case, hand_over_duty
from notify.planning.queries import staff_by_ref, unit_by_ref
from notify.shapes import ReasonShape
from notify.web.api.answers import HandOverInFullSchema, HandOverSchema, listed, told, told_page
from notify.web.api.finding import find_case, find_duty, in_the_body
from notify.web.api.operations import Part
from notify.web.api.queries import PageQuery, wanted

part = Part("hand-overs", "Who passed a case, or a duty of it, on to whom")

HAND_OVERS = "/cases/<case>/hand-overs"


class HandOverBody(ReasonShape):
    """`officer` may be left out for an agency that does not lead the case, unless the case is restricted."""

    agency = choice(Agency, required=True)
    unit = ref(required=True)
    officer = ref(load_default=None, allow_none=False)


class DutyHandOverBody(ReasonShape):
    to_agency = choice(Agency, required=True)


@part.act(HAND_OVERS, Scope.CASES_WRITE, HandOverSchema, body=HandOverBody, status=201)
def hand_over(act: Act, caller: Bearer, body: dict[str, Any], case: str) -> dict[str, Any]:
    """Pass all that an agency does in a case to a unit of it, and there to a person; deadlines stay as they are."""
    row = find_case(act, caller, case)
    with in_the_body():
        unit = unit_by_ref(act.session, body["unit"])
        officer = staff_by_ref(act.session, body["officer"], "officer") if body["officer"] else None
        check_own(act.session, caller.viewer, row, body["agency"])
    made = hand_over_case(act, row, agency=body["agency"], unit=unit, officer=officer, reason=body["reason"])
    return _told(act, [made], row)[0]


@part.look(HAND_OVERS, Scope.CASES_READ, listed(HandOverInFullSchema), query=PageQuery)
def list_hand_overs(act: Act, caller: Bearer, query: dict[str, Any], case: str) -> dict[str, Any]:
    """List the hand-overs of a case in the order in which they were made."""
    row = find_case(act, caller, case)
    page = hand_overs_page(act.session, row, wanted(query))
    act.log("hand-overs viewed", row, owner=row.id, count=len(page.rows))
    key = act.key(row.id)
    made = [one for (one,) in page.rows]
    shown = {one.id: told_one for one, told_one in zip(made, _told(act, made, row), strict=True)}
    return told_page(page, lambda one: shown[one.id] | {"reason": key.open(one, "reason_sealed")})


@part.act("/duties/<duty>/hand-overs", Scope.DUTIES_WRITE, HandOverSchema, body=DutyHandOverBody, status=201)
def hand_over_one(act: Act, caller: Bearer, body: dict[str, Any], duty: str) -> dict[str, Any]:
    """Pass one open duty to another agency; by when the victim must be told stays as it is."""
    row, _, case = find_duty(act, caller, duty, lock=False)
    check_own(act.session, caller.viewer, case, row.owner)
    made = hand_over_duty(act, row, to_agency=body["to_agency"], reason=body["reason"])
    return _told(act, [made], case)[0]


def _told(act: Act, rows: Collection[HandOver], case: Case) -> list[dict[str, Any]]:
    people = {one for row in rows for one in (row.by_id, row.from_officer_id, row.to_officer_id) if one}
    units = {one for row in rows for one in (row.from_unit_id, row.to_unit_id)}
    refs: dict[UUID | None, str | None] = {None: None}
    for noun, ids in ((Staff, people), (Unit, units)):
        refs |= dict(act.session.execute(select(noun.id, noun.ref).where(noun.id.in_(ids))).all())
    return [
        told(row, HandOverSchema)
        | {
            "case": case.ref,
            "by": refs[row.by_id],
            "from_unit": refs[row.from_unit_id],
            "from_officer": refs[row.from_officer_id],
            "to_unit": refs[row.to_unit_id],
            "to_officer": refs[row.to_officer_id],
        }
        for row in rows
    ]
