"""Handing over on the staff pages: who deals with a case, who may pass it on, and to whom."""

import re

import pytest

from models.cases import Case, CaseUnit, HandOver
from models.duties import Duty
from models.milestones import Milestone
from models.staff import Unit
from models.vocabulary import Agency, Role
from tests.make import World, close, make_case, make_staff, make_unit, make_victim, record
from tests.web.staff.kit import Desk, faults, give_password, make_colleague

REASON = "She has moved to the south"


@pytest.fixture
def office(desk: Desk) -> Desk:
    """With a victim who is owed something, and a team of Witness Care."""
    make_victim(desk.world, name="Ada Example")
    record(desk.world, "arrest")
    make_unit(desk.world, "CARE", name="Care Team", agency=Agency.WITNESS_CARE)
    make_staff(desk.world, "carer", unit="CARE", name="Carer (fictional)")
    give_password(desk.world, "carer")
    return desk


def unit_id(world: World, ref: str) -> str:
    return str(world.row(Unit, ref=ref).id)


def hand_over_page(desk: Desk, unit: str = "", case: str = "C-1") -> str:
    path = f"/cases/{desk.world.row(Case, ref=case).id}/hand-over"
    return f"{path}?unit={unit_id(desk.world, unit)}" if unit else path


def to(desk: Desk, officer: str = "stranger", reason: str = REASON) -> dict[str, str]:
    return {"officer": str(desk.world.staff[officer].id) if officer else "", "reason": reason}


def test_a_case_is_handed_to_another_team_and_its_page_says_so(office: Desk) -> None:
    visitor = office.sign_in()
    assert "Hand over" in visitor.get(f"/cases/{office.world.row(Case).id}").text
    first = visitor.get(hand_over_page(office)).text
    assert "South Team" in first
    assert "Care Team" in first

    answer = visitor.post(hand_over_page(office, "U-2"), to(office))

    assert answer.status_code == 303
    page = office.sign_in("stranger").get(f"/cases/{office.world.row(Case).id}").text
    assert "South Team" in page
    assert "From Police, North Team, Officer (fictional) to Police, South Team, Officer (fictional)" in page
    assert REASON in page
    assert office.world.row(Case).officer_id == office.world.staff["stranger"].id


def test_whoever_hands_a_case_away_is_led_where_they_may_go(office: Desk) -> None:
    visitor = office.sign_in("supervisor")

    answer = visitor.post(hand_over_page(office, "U-2"), to(office))

    assert answer.headers["Location"] == "/cases"
    assert visitor.get("/cases").status_code == 200
    assert visitor.get(f"/cases/{office.world.row(Case).id}").status_code == 404


def test_another_agencys_part_needs_no_person_of_its_own(office: Desk) -> None:
    visitor = office.sign_in()

    answer = visitor.post(hand_over_page(office, "CARE"), to(office, ""))

    assert answer.status_code == 303
    line = office.world.row(CaseUnit)
    assert (line.agency, line.officer_id) == (Agency.WITNESS_CARE, None)
    assert "Care Team" in visitor.get(f"/cases/{office.world.row(Case).id}").text
    assert office.sign_in("carer").get(f"/cases/{office.world.row(Case).id}").status_code == 200


@pytest.mark.parametrize(
    ("unit", "officer", "reason", "where"),
    [
        ("U-2", "stranger", "", "reason"),
        ("U-2", "officer", REASON, "officer"),
        ("U-2", "", REASON, "officer"),
    ],
)
def test_what_is_missing_or_wrong_is_said_beside_its_field(
    office: Desk, unit: str, officer: str, reason: str, where: str
) -> None:
    answer = office.sign_in().post(hand_over_page(office, unit), to(office, officer, reason))

    assert [anchor for anchor, _ in faults(answer.text)] == [where]
    assert office.world.rows(HandOver) == []


def test_the_form_sent_twice_hands_over_once(office: Desk) -> None:
    visitor = office.sign_in()
    visitor.post(hand_over_page(office, "CARE"), to(office, ""))

    again = visitor.post(hand_over_page(office, "CARE"), to(office, ""))

    assert "deals with it already" in again.text
    assert len(office.world.rows(HandOver)) == 1


@pytest.mark.parametrize("unit", ["", "nowhere", "00000000-0000-0000-0000-000000000000", "x" * 5000])
def test_an_address_that_names_no_unit_asks_for_one(office: Desk, unit: str) -> None:
    path = f"{hand_over_page(office)}?unit={unit}"

    answer = office.sign_in().post(path, to(office))

    assert answer.status_code == 200
    assert "Which unit is to deal with it?" in answer.text
    assert office.world.rows(HandOver) == []


def test_a_team_with_nobody_who_may_take_it_is_not_offered_a_form(office: Desk) -> None:
    make_unit(office.world, "U-3", name="Empty Team")

    page = office.sign_in().get(hand_over_page(office, "U-3")).text

    assert "Nobody who works in this unit can take it over." in page


def test_a_closed_case_can_still_be_handed_over(office: Desk) -> None:
    close(office.world)

    assert office.sign_in().post(hand_over_page(office, "U-2"), to(office)).status_code == 303


def test_one_duty_is_handed_to_another_agency_from_where_it_is_owed(office: Desk) -> None:
    visitor, duty = office.sign_in(), office.world.duty()
    victim = f"/victims/{duty.participation_id}"
    assert f"/duties/{duty.id}/hand-over" in visitor.get(victim).text

    answer = visitor.post(f"/duties/{duty.id}/hand-over", {"to_agency": "cps", "reason": REASON})

    assert (answer.status_code, answer.headers["Location"]) == (303, victim)
    now = office.world.duty()
    assert (now.owner, now.deadline) == (Agency.CPS, duty.deadline)
    assert "owed by CPS" in visitor.get(victim).text
    page = visitor.get(f"/cases/{office.world.row(Case).id}").text
    assert "Arrest (R6-ARREST), Ada Example" in page
    again = visitor.post(f"/duties/{duty.id}/hand-over", {"to_agency": "cps", "reason": REASON})
    assert again.status_code == 200
    assert len(office.world.rows(HandOver)) == 1


@pytest.mark.parametrize("ref", ["stranger", "south supervisor", "auditor", "admin"])
def test_nobody_else_hands_over(office: Desk, ref: str) -> None:
    make_staff(office.world, "south supervisor", Role.SUPERVISOR, unit="U-2")
    give_password(office.world, "south supervisor")
    visitor = office.sign_in(ref)
    expected = 403 if ref in {"auditor", "admin"} else 404

    for path in (hand_over_page(office, "U-2"), f"/duties/{office.world.duty().id}/hand-over"):
        assert visitor.get(path).status_code == expected
        fields = to(office) | {"to_agency": "cps"}
        assert visitor.post(path, fields, on="/").status_code in {expected, 400}
    assert office.world.rows(HandOver) == []


def test_a_restricted_case_is_handed_over_by_its_list_alone(office: Desk) -> None:
    make_case(office.world, "C-9", allow=[])
    path = hand_over_page(office, "U-2", "C-9")
    assert office.sign_in("supervisor").get(path).status_code == 404

    assert office.sign_in().post(path, to(office)).status_code == 303

    assert office.sign_in("stranger").get(path).status_code == 200
    assert office.sign_in("supervisor").get(path).status_code == 404


def test_the_milestone_form_takes_it_that_ones_own_agency_learned_of_it(office: Desk) -> None:
    office.sign_in().post(hand_over_page(office, "CARE"), to(office, ""))
    case = office.world.row(Case).id
    chosen = {
        ref: re.search(
            r'name="owner"[^>]*value="(\w+)"[^>]*checked',
            office.sign_in(ref).get(f"/cases/{case}/milestones/new").text,
        )
        for ref in ("officer", "carer")
    }

    assert {ref: found[1] for ref, found in chosen.items() if found} == {
        "officer": "police",
        "carer": "witness_care",
    }


def test_the_milestone_belongs_to_whoever_learned_of_it(office: Desk) -> None:
    case = office.world.row(Case).id
    fields = {
        "kind": "charge",
        "happened_day-day": "5",
        "happened_day-month": "1",
        "happened_day-year": "2026",
        "happened_time": "09:00",
        "owner": "cps",
    }

    assert office.sign_in().post(f"/cases/{case}/milestones/new", fields).status_code == 303

    milestone = office.world.row(Milestone, kind="charge")
    assert milestone.owner is Agency.CPS
    assert {duty.owner for duty in office.world.rows(Duty, milestone_id=milestone.id)} == {Agency.CPS}


def test_the_case_page_says_when_its_officer_is_away(office: Desk) -> None:
    make_colleague(office, "boss", Role.SUPERVISOR)
    boss = office.sign_in("boss")
    officer = office.world.staff["officer"].id
    fields = {
        f"first_day-{part}": value
        for part, value in zip(("day", "month", "year"), ["5", "1", "2026"], strict=True)
    }

    assert boss.post(f"/team/{officer}/absences/new", fields).status_code == 303

    assert "Away" in boss.get(f"/cases/{office.world.row(Case).id}").text
