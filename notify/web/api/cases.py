"""Cases: opened, listed, shown and closed."""

from typing import Any

from sqlalchemy import select

from models.cases import Case
from models.staff import Staff, Unit
from notify.errors import FieldFault, NotKnown
from notify.ledger.acts import Act
from notify.oversight.pages import cases_page
from notify.planning import case_closing, people
from notify.planning.api_tokens import Bearer, Scope
from notify.planning.hand_overs import check_own
from notify.planning.queries import agency_of, staff_by_ref, unit_by_ref
from notify.shapes import CaseShape, ReasonShape
from notify.web.api.answers import CaseInFullSchema, CaseSchema, listed, told_case, told_page
from notify.web.api.finding import find_case, in_the_body
from notify.web.api.operations import Part
from notify.web.api.queries import CasesQuery, wanted
from notify.web.context import current_services

part = Part("cases", "Investigations, each with a unit and an officer in the case")


class CaseBody(CaseShape):
    pass


class ClosureBody(ReasonShape):
    pass


@part.act("/cases", Scope.CASES_WRITE, CaseSchema, body=CaseBody, status=201)
def open_case(act: Act, caller: Bearer, body: dict[str, Any]) -> dict[str, Any]:
    """Open a case in the unit that the token acts in."""
    unit = _own_unit(act, caller, body["unit"])
    with in_the_body():
        officer = staff_by_ref(act.session, body["officer"], "officer")
        allow = [staff_by_ref(act.session, ref, f"allow[{n}]") for n, ref in enumerate(body["allow"])]
    case = people.open_case(
        act,
        ref=body["case"],
        unit=unit,
        officer=officer,
        offence=body["offence"],
        restricted=body["restricted"],
        allow=allow,
    )
    return told_case(case, unit.ref, officer.ref)


@part.look("/cases", Scope.CASES_READ, listed(CaseSchema), query=CasesQuery)
def list_cases(act: Act, caller: Bearer, query: dict[str, Any]) -> dict[str, Any]:
    """List the cases that the token's member of staff may see, in the order in which they were opened."""
    page = cases_page(act.session, caller.viewer, wanted(query), is_open=query["open"])
    act.log_list(Case.__tablename__, len(page.rows))
    return told_page(page, told_case)


@part.look("/cases/<case>", Scope.CASES_READ, CaseInFullSchema)
def show_case(act: Act, caller: Bearer, case: str) -> dict[str, Any]:
    """Show one case."""
    row = find_case(act, caller, case)
    act.log("viewed", row, owner=row.id)
    return _told(act, row) | {"offence": act.key(row.id).open(row, "offence_sealed")}


@part.act("/cases/<case>/closure", Scope.CASES_WRITE, CaseSchema, body=ClosureBody)
def close_case(act: Act, caller: Bearer, body: dict[str, Any], case: str) -> dict[str, Any]:
    """Close a case: nothing automatic leaves any more; what a victim is owed, and that it is closed, is a call to make."""
    row = find_case(act, caller, case, lock=True)
    check_own(act.session, caller.viewer, row, agency_of(act.session, row.unit_id))
    case_closing.close_case(act, current_services().rulebook, row, reason=body["reason"])
    return _told(act, row)


def _own_unit(act: Act, caller: Bearer, ref: str) -> Unit:
    """A case that its own caller could not see would be of no use: it is opened where the token acts."""
    try:
        unit = unit_by_ref(act.session, ref)
    except NotKnown:
        unit = None
    if unit is None or unit.id != caller.viewer.unit_id:
        raise FieldFault("unit", "is not the unit that this token acts in")
    return unit


def _told(act: Act, case: Case) -> dict[str, Any]:
    unit, officer = act.session.execute(
        select(Unit.ref, Staff.ref)
        .select_from(Case)
        .join(Unit, Unit.id == Case.unit_id)
        .join(Staff, Staff.id == Case.officer_id)
        .where(Case.id == case.id)
    ).one()
    return told_case(case, unit, officer)
