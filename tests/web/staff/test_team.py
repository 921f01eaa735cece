"""The team page: who is away, who left with cases in hand, and passing them on."""

from collections.abc import Iterable
from datetime import date

import pytest
from sqlalchemy import select

from models.cases import Case, HandOver
from models.staff import Absence, Staff, Unit
from models.vocabulary import Agency, Role
from notify.ledger.audit import THE_SERVICE
from notify.planning import staff_changes
from tests.make import make_case, make_staff, make_unit, make_victim, record, when
from tests.web.staff.kit import Desk, faults, give_password, make_colleague
from tests.web.staff.test_hand_overs import unit_id

DAYS = ("first_day", "last_day")


@pytest.fixture
def office(desk: Desk) -> Desk:
    """The officer has cases C-1 and C-2 in U-1; a colleague and a supervisor work there, a stranger in U-2."""
    make_colleague(desk)
    make_case(desk.world, "C-2")
    make_victim(desk.world, name="Ada Example")
    record(desk.world, "arrest")
    return desk


def days(*given: date) -> dict[str, str]:
    """The boxes of the absence form."""
    return {
        f"{name}-{part}": str(getattr(day, part))
        for name, day in zip(DAYS, given, strict=False)
        for part in ("day", "month", "year")
    }


def row_of(page: str, ref: str) -> str:
    """The words of one person's row of the table."""
    return next(row for row in page.split("<tr ") if f", {ref}</div>" in row)


def leave(desk: Desk, ref: str = "officer") -> None:
    with desk.world.services.acting(THE_SERVICE) as act:
        staff_changes.leave(act, act.session.get_one(Staff, desk.world.staff[ref].id))


def taking(desk: Desk, taker: str, cases: Iterable[str]) -> dict[str, object]:
    return {
        "to": str(desk.world.staff[taker].id),
        "reason": "is away for long",
        "cases": [str(desk.world.row(Case, ref=ref).id) for ref in cases],
    }


def holders(desk: Desk) -> dict[str, str]:
    refs = {row.id: ref for ref, row in desk.world.staff.items()}
    return {case.ref: refs[case.officer_id] for case in desk.world.rows(Case)}


def test_the_page_counts_what_each_person_carries(office: Desk) -> None:
    office.world.clock.now = when("Wed 14 Jan 2026 10:00")

    page = office.sign_in("supervisor").get("/team").text

    cells = row_of(page, "officer")
    assert ">2<" in cells
    assert "1\n" in cells.split("govuk-tag--red")[1]
    assert ">0<" in row_of(page, "colleague")
    assert all(f", {ref}</div>" not in page for ref in ("stranger", "auditor", "admin"))
    assert [entry.detail["list"] for entry in office.audit("listed")] == ["team"]


def test_an_officer_of_another_agency_is_counted_for_that_agencys_duties_alone(office: Desk) -> None:
    world = office.world
    make_unit(world, "CARE", name="Care Team", agency=Agency.WITNESS_CARE)
    for ref, role in {"carer": Role.CASE_OFFICER, "care supervisor": Role.SUPERVISOR}.items():
        make_staff(world, ref, role, unit="CARE")
        give_password(world, ref)
    path = f"/cases/{world.row(Case, ref='C-1').id}/hand-over?unit={unit_id(world, 'CARE')}"
    office.sign_in().post(path, {"officer": str(world.staff["carer"].id), "reason": "charged"})
    for _ in range(2):
        record(world, "hearing_listed", owner=Agency.WITNESS_CARE)
    world.clock.now = when("Wed 14 Jan 2026 10:00")

    theirs = row_of(office.sign_in("care supervisor").get("/team").text, "carer")
    ours = row_of(office.sign_in("supervisor").get("/team").text, "officer")

    assert "2\n" in theirs.split("govuk-tag--red")[1]
    assert "1\n" in ours.split("govuk-tag--red")[1]


@pytest.mark.parametrize("ref", ["officer", "auditor", "admin"])
def test_the_team_is_for_supervisors(office: Desk, ref: str) -> None:
    visitor = office.sign_in(ref)

    assert 'href="/team"' not in visitor.get("/").text
    assert visitor.get("/team").status_code == 403
    assert visitor.get(f"/team/{office.world.staff['officer'].id}/cases").status_code == 403
    assert visitor.get(f"/team/{office.world.staff['officer'].id}/absences/new").status_code == 403


def test_another_units_supervisor_neither_sees_nor_changes_this_team(office: Desk) -> None:
    make_staff(office.world, "south supervisor", Role.SUPERVISOR, unit="U-2")
    give_password(office.world, "south supervisor")
    officer = office.world.staff["officer"].id
    office.sign_in("supervisor").post(f"/team/{officer}/absences/new", days(date(2026, 1, 5)))
    absence = office.world.row(Absence)
    visitor = office.sign_in("south supervisor")

    assert ", officer</div>" not in visitor.get("/team").text
    assert visitor.get(f"/team/{officer}/absences/new").status_code == 404
    assert visitor.get(f"/team/{officer}/cases").status_code == 404
    fields = taking(office, "stranger", ["C-1"])
    assert visitor.post(f"/team/{officer}/cases", fields, on="/team").status_code == 404
    assert visitor.post(f"/absences/{absence.id}/end", on="/team").status_code == 404
    assert office.world.row(Absence).ends_at is None
    assert holders(office) == {"C-1": "officer", "C-2": "officer"}


def test_a_supervisor_answers_for_the_units_beneath_as_well(office: Desk) -> None:
    with office.world.services.acting(THE_SERVICE) as act:
        units = {unit.ref: unit for unit in act.session.scalars(select(Unit))}
        staff_changes.place_unit(act, units["U-2"], units["U-1"])

    page = office.sign_in("supervisor").get("/team").text

    assert "South Team" in row_of(page, "stranger")


def test_an_absence_is_recorded_shown_and_ended(office: Desk) -> None:
    visitor, officer = office.sign_in("supervisor"), office.world.staff["officer"].id

    answer = visitor.post(f"/team/{officer}/absences/new", days(date(2026, 1, 5), date(2026, 1, 9)))

    assert (answer.status_code, answer.headers["Location"]) == (303, "/team")
    absence = office.world.row(Absence)
    assert (absence.starts_at, absence.ends_at) == (office.world.clock(), when("Sat 10 Jan 2026 00:00"))
    row = row_of(visitor.get("/team").text, "officer")
    assert "Away until the end of Friday 9 January 2026" in row
    office.world.clock.pass_time(minutes=10)
    assert visitor.post(f"/absences/{absence.id}/end", on="/team").status_code == 303
    assert "On duty" in row_of(visitor.get("/team").text, "officer")
    assert visitor.post(f"/absences/{absence.id}/end", on="/team").status_code == 303
    assert office.world.row(Absence).ends_at == office.world.clock()


def test_somebody_who_comes_back_can_go_away_again_on_the_same_day(office: Desk) -> None:
    visitor, officer = office.sign_in("supervisor"), office.world.staff["officer"].id
    for _ in range(2):
        path = f"/team/{officer}/absences/new"
        assert visitor.post(path, days(date(2026, 1, 5))).status_code == 303
        office.world.clock.pass_time(minutes=10)
        (absence,) = [row for row in office.world.rows(Absence) if row.ends_at is None]
        visitor.post(f"/absences/{absence.id}/end", on="/team")
        office.world.clock.pass_time(minutes=10)

    assert len(office.world.rows(Absence)) == 2


def test_an_absence_to_come_is_shown_and_can_be_called_off(office: Desk) -> None:
    visitor, officer = office.sign_in("supervisor"), office.world.staff["officer"].id
    visitor.post(f"/team/{officer}/absences/new", days(date(2026, 2, 2)))

    row = row_of(visitor.get("/team").text, "officer")
    assert "On duty" in row
    assert "Away from 2 February 2026" in row
    visitor.post(f"/absences/{office.world.row(Absence).id}/end", on="/team")

    assert office.world.rows(Absence) == []


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({}, "first_day-day"),
        (days(date(2026, 1, 9), date(2026, 1, 8)), "last_day-day"),
        (days(date(2025, 1, 1), date(2025, 1, 3)), "last_day-day"),
        (days(date(2026, 1, 7), date(2026, 1, 8)), "first_day-day"),
    ],
)
def test_an_absence_that_cannot_be_is_refused_beside_its_field(
    office: Desk, fields: dict[str, str], where: str
) -> None:
    visitor, officer = office.sign_in("supervisor"), office.world.staff["officer"].id
    visitor.post(f"/team/{officer}/absences/new", days(date(2026, 1, 8)))

    answer = visitor.post(f"/team/{officer}/absences/new", fields)

    assert [anchor for anchor, _ in faults(answer.text)] == [where]
    assert len(office.world.rows(Absence)) == 1


def test_all_cases_of_somebody_are_passed_on_at_once(office: Desk) -> None:
    visitor, officer = office.sign_in("supervisor"), office.world.staff["officer"].id

    answer = visitor.post(f"/team/{officer}/cases", taking(office, "colleague", ["C-1", "C-2"]))

    assert (answer.status_code, answer.headers["Location"]) == (303, "/team")
    assert holders(office) == {"C-1": "colleague", "C-2": "colleague"}
    assert len(office.world.rows(HandOver)) == 2


def test_only_the_chosen_cases_are_passed_on(office: Desk) -> None:
    visitor, officer = office.sign_in("supervisor"), office.world.staff["officer"].id

    visitor.post(f"/team/{officer}/cases", taking(office, "colleague", ["C-2"]))

    assert holders(office) == {"C-1": "officer", "C-2": "colleague"}


def test_whoever_left_stays_on_the_page_until_nothing_of_theirs_waits(office: Desk) -> None:
    leave(office)
    visitor, officer = office.sign_in("supervisor"), office.world.staff["officer"].id
    assert "Left" in row_of(visitor.get("/team").text, "officer")

    visitor.post(f"/team/{officer}/cases", taking(office, "colleague", ["C-1"]))
    assert row_of(visitor.get("/team").text, "officer")
    visitor.post(f"/team/{officer}/cases", taking(office, "colleague", ["C-2"]))

    assert ", officer</div>" not in visitor.get("/team").text


@pytest.mark.parametrize(("taker", "where"), [("stranger", "to"), ("auditor", "to"), ("officer", "to")])
def test_cases_pass_only_to_somebody_of_the_team_who_may_work_on_them(
    office: Desk, taker: str, where: str
) -> None:
    officer = office.world.staff["officer"].id

    answer = office.sign_in("supervisor").post(
        f"/team/{officer}/cases", taking(office, taker, ["C-1", "C-2"])
    )

    assert [anchor for anchor, _ in faults(answer.text)] == [where]
    assert set(holders(office).values()) == {"officer"}


def test_a_restricted_case_is_counted_but_neither_named_nor_passed_on(office: Desk) -> None:
    make_case(office.world, "C-9", allow=[])
    visitor, officer = office.sign_in("supervisor"), office.world.staff["officer"].id

    assert "1 of them restricted" in row_of(visitor.get("/team").text, "officer")
    assert "C-9" not in visitor.get(f"/team/{officer}/cases").text
    answer = visitor.post(f"/team/{officer}/cases", taking(office, "colleague", ["C-9"]))

    assert answer.status_code == 200
    assert holders(office)["C-9"] == "officer"


def test_no_case_ticked_passes_nothing_on(office: Desk) -> None:
    officer = office.world.staff["officer"].id

    answer = office.sign_in("supervisor").post(f"/team/{officer}/cases", taking(office, "colleague", []))

    assert answer.status_code == 200
    assert "There is a problem" in answer.text
    assert office.world.rows(HandOver) == []
