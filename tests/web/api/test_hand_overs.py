"""Handing over through the API: the same rules, the same refusals, and who may see it afterwards."""

import pytest

from models.cases import Case, HandOver
from models.duties import Duty
from models.vocabulary import Agency, DutyState, Role
from notify.ledger.audit import THE_SERVICE
from notify.planning.people import add_staff, add_unit
from tests.web.api.kit import ARREST, Api, Caller

OVER = "/cases/C-1/hand-overs"
TO_SOUTH = {"agency": "police", "unit": "south", "officer": "stranger", "reason": "She has moved"}
TO_CARE = {"agency": "witness_care", "unit": "care", "reason": "charged"}


def make_care_team(api: Api) -> None:
    with api.services.acting(THE_SERVICE) as act:
        unit = add_unit(act, ref="care", name="Care Team", agency=Agency.WITNESS_CARE)
        add_staff(act, ref="carer", name="Carer (fictional)", role=Role.CASE_OFFICER, unit=unit)


def pointers(answer):
    return [fault["pointer"] for fault in answer.get_json()["errors"]]


def test_a_case_is_handed_over_and_the_hand_over_listed_with_its_reason(api: Api, officer: Caller) -> None:
    made = officer.done(OVER, TO_SOUTH)

    assert {name: made[name] for name in ("case", "duty", "by", "from_unit", "to_unit", "to_officer")} == {
        "case": "C-1",
        "duty": None,
        "by": "officer",
        "from_unit": "north",
        "to_unit": "south",
        "to_officer": "stranger",
    }
    assert "reason" not in made
    items = api.caller("stranger").get(OVER).get_json()["items"]
    assert [(item["id"], item["reason"]) for item in items] == [(made["id"], "She has moved")]
    assert officer.get("/cases/C-1").status_code == 404
    assert api.caller("stranger").get("/cases/C-1").get_json()["officer"] == "stranger"


def test_the_same_request_twice_is_one_hand_over(sqlite_api: Api, sqlite_officer: Caller) -> None:
    make_care_team(sqlite_api)

    first, again = (sqlite_officer.post(OVER, TO_CARE, key="once") for _ in range(2))

    assert first.get_json() == again.get_json()
    assert sqlite_officer.post(OVER, TO_CARE).status_code == 409
    assert len(sqlite_api.rows(HandOver)) == 1


@pytest.mark.parametrize(
    ("different", "pointer"),
    [
        ({"unit": "nowhere"}, "#/unit"),
        ({"agency": "cps"}, "#/unit"),
        ({"officer": "nobody"}, "#/officer"),
        ({"officer": "auditor"}, "#/officer"),
        ({"officer": "officer"}, "#/officer"),
        ({"agency": "courts"}, "#/agency"),
        ({"reason": ""}, "#/reason"),
    ],
)
def test_a_hand_over_that_makes_no_sense_is_refused_by_name_and_changes_nothing(
    sqlite_api: Api, sqlite_officer: Caller, different: dict[str, str], pointer: str
) -> None:
    before = sqlite_api.stored()

    answer = sqlite_officer.post(OVER, TO_SOUTH | different)

    assert (answer.status_code, pointers(answer)) == (422, [pointer])
    assert sqlite_api.stored() == before


def test_the_case_is_never_left_without_an_officer(sqlite_officer: Caller) -> None:
    body = {name: value for name, value in TO_SOUTH.items() if name != "officer"}

    answer = sqlite_officer.post(OVER, body)

    assert (answer.status_code, pointers(answer)) == (422, ["#/officer"])


def test_one_duty_is_handed_to_another_agency_with_its_deadline(api: Api, officer: Caller) -> None:
    make_care_team(api)
    officer.done(OVER, TO_CARE)
    officer.done("/cases/C-1/milestones", ARREST)
    (duty,) = officer.get("/duties").get_json()["items"]
    path = f"/duties/{duty['id']}/hand-overs"

    made = officer.done(path, {"to_agency": "witness_care", "reason": "they ring her next week"})

    assert (made["duty"], made["to_unit"], made["to_officer"]) == (duty["id"], "care", None)
    (now,) = officer.get("/duties").get_json()["items"]
    assert (now["owner"], now["due_at"]) == ("witness_care", duty["due_at"])
    assert officer.post(path, {"to_agency": "witness_care", "reason": "again"}).status_code == 409
    assert api.caller("carer").get("/duties").get_json()["items"] == [now]


def test_a_closed_case_is_handed_over_too(sqlite_officer: Caller) -> None:
    sqlite_officer.done("/cases/C-1/closure", {"reason": "done"})

    assert sqlite_officer.post(OVER, TO_SOUTH).status_code == 201


def test_a_duty_of_another_units_case_is_not_there_to_hand_over(
    sqlite_api: Api, sqlite_officer: Caller
) -> None:
    sqlite_officer.done("/cases/C-1/milestones", ARREST)
    duty = sqlite_api.rows(Duty)[0]
    stranger, body = sqlite_api.caller("stranger"), {"to_agency": "cps", "reason": "moved"}

    assert stranger.post(f"/duties/{duty.id}/hand-overs", body).status_code == 404
    assert stranger.post("/duties/nothing/hand-overs", body).status_code == 404
    assert sqlite_api.rows(HandOver) == []


@pytest.mark.parametrize("staff", ["auditor", "admin"])
def test_staff_who_may_not_change_cases_hand_none_over(
    sqlite_api: Api, sqlite_officer: Caller, staff: str
) -> None:
    assert sqlite_api.caller(staff).post(OVER, TO_SOUTH).status_code == 403
    assert sqlite_api.rows(HandOver) == []


def test_another_agency_acts_for_itself_alone(sqlite_api: Api, sqlite_officer: Caller) -> None:
    """Witness Care has a part in the case: what the police owe, and the case, stay in the hands of the police."""
    make_care_team(sqlite_api)
    arrest = sqlite_officer.done("/cases/C-1/milestones", ARREST)
    sqlite_officer.done(OVER, TO_CARE)
    carer = sqlite_api.caller("carer")
    duty = arrest["duties"][0]["id"]

    for path, body in (
        (OVER, TO_SOUTH),
        (f"/duties/{duty}/hand-overs", {"to_agency": "witness_care", "reason": "ours"}),
        ("/cases/C-1/victims/V-1/waivers", {"rule": "R6-ARREST", "reason": "no need"}),
        ("/cases/C-1/closure", {"reason": "over"}),
    ):
        assert carer.post(path, body).status_code == 422, path

    assert sqlite_api.rows(Case)[0].closed_at is None
    assert {row.state for row in sqlite_api.rows(Duty)} == {DutyState.OPEN}
    assert len(sqlite_api.rows(HandOver)) == 1
    back = {"agency": "witness_care", "unit": "care", "officer": "carer", "reason": "mine"}
    assert carer.post(OVER, back).status_code == 201
