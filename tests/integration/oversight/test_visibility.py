"""Who sees a case: those who lead it, those who deal with it, and those above them; and nobody else."""

import pytest
from sqlalchemy import select

from models.cases import Case
from models.staff import Unit
from models.vocabulary import Agency, Role
from notify.access import viewer_of
from notify.oversight.queries import visible_case, visible_cases
from tests.integration.oversight.offices import make_dealt_with, make_unit_beneath, make_viewer
from tests.make import make_case, make_staff


@pytest.fixture
def force(world):
    """U-1 leads C-1 and lies beneath D-1, which lies beneath F-1; U-2 lies beside it. W-1 and W-2 are Witness Care."""
    make_unit_beneath(world, "F-1", None)
    make_unit_beneath(world, "D-1", "F-1")
    make_unit_beneath(world, "U-2", "D-1")
    make_unit_beneath(world, "W-1", None, Agency.WITNESS_CARE)
    make_unit_beneath(world, "W-2", None, Agency.WITNESS_CARE)
    with world.services.sessions.begin() as session:
        units = {unit.ref: unit for unit in session.scalars(select(Unit))}
        units["U-1"].parent_id = units["D-1"].id
    make_staff(world, "carer", unit="W-1")
    make_staff(world, "second carer", unit="W-1")
    make_staff(world, "other carer", unit="W-2")
    make_staff(world, "officer of D-1", unit="D-1")
    make_staff(world, "administrator", Role.ADMIN, unit="D-1")
    return world


def sees(world, ref, case="C-1"):
    """Whether a case is found by itself; and whether it is on the list, which must say the same."""
    looking, wanted = make_viewer(world, ref), world.row(Case, ref=case)
    with world.services.reading() as session:
        found = visible_case(session, looking, wanted.id) is not None
        listed = [one.ref for one in visible_cases(session, looking, own_only=False)]
    assert listed.count(case) == int(found)
    return found


@pytest.mark.parametrize("ref", ["supervisor", "supervisor of D-1", "supervisor of F-1"])
def test_supervisors_see_the_cases_of_every_unit_beneath_theirs(force, ref):
    assert sees(force, ref)


@pytest.mark.parametrize("ref", ["supervisor of U-2", "supervisor of W-1", "carer", "officer of D-1"])
def test_a_unit_beside_one_of_another_agency_and_officers_above_do_not(force, ref):
    assert not sees(force, ref)


def test_a_unit_beneath_does_not_see_the_cases_of_the_one_above(force):
    force.by = "supervisor of D-1"
    make_case(force, "C-above", unit="D-1")

    assert sees(force, "supervisor of D-1", "C-above")
    assert not sees(force, "supervisor", "C-above")
    assert not sees(force, "officer", "C-above")


@pytest.mark.parametrize("ref", ["carer", "second carer", "supervisor of W-1"])
def test_all_of_a_unit_that_deals_with_a_case_see_it(force, ref):
    make_dealt_with(force, force.row(Case).id, "W-1", "carer")

    assert sees(force, ref)
    assert sees(force, "officer")


@pytest.mark.parametrize("ref", ["other carer", "supervisor of W-2", "supervisor of U-2"])
def test_no_other_unit_sees_it_for_that(force, ref):
    make_dealt_with(force, force.row(Case).id, "W-1", "carer")

    assert not sees(force, ref)


def test_who_deals_with_a_case_sees_it_from_another_unit_too(force):
    make_dealt_with(force, force.row(Case).id, "W-1", "other carer")

    assert sees(force, "other carer")
    assert not sees(force, "supervisor of W-2")


def test_a_unit_whose_part_went_to_another_sees_the_case_no_more(force):
    case = force.row(Case)
    make_dealt_with(force, case.id, "W-1", "carer")
    make_dealt_with(force, case.id, "W-2", "other carer")

    assert not sees(force, "carer")
    assert not sees(force, "supervisor of W-1")
    assert sees(force, "other carer")


def test_those_above_a_unit_that_deals_with_a_case_see_it(force):
    make_unit_beneath(force, "W-3", "W-2", Agency.WITNESS_CARE)
    make_dealt_with(force, force.row(Case).id, "W-3")

    assert sees(force, "supervisor of W-3")
    assert sees(force, "supervisor of W-2")
    assert not sees(force, "other carer")


@pytest.mark.parametrize(
    "ref", ["supervisor", "supervisor of D-1", "supervisor of F-1", "carer", "supervisor of W-1"]
)
def test_a_restricted_case_is_its_lists_alone_whoever_is_above_or_deals_with_it(force, ref):
    case = make_case(force, "C-restricted", allow=())
    make_dealt_with(force, case.id, "W-1", "carer")

    assert not sees(force, ref, "C-restricted")
    assert sees(force, "officer", "C-restricted")


def test_who_is_let_into_a_restricted_case_sees_it_from_any_unit(force):
    make_case(force, "C-restricted", allow=("other carer",))

    assert sees(force, "other carer", "C-restricted")


def test_an_administrator_sees_no_case_from_above(force):
    assert not sees(force, "administrator")


def test_units_that_lie_beneath_each_other_by_mistake_end_nowhere_else(force):
    with force.services.sessions.begin() as session:
        units = {unit.ref: unit for unit in session.scalars(select(Unit))}
        units["F-1"].parent_id = units["U-1"].id
    with force.services.reading() as session:
        looking = viewer_of(session, force.staff["supervisor"])

    assert {unit.ref for unit in force.rows(Unit) if unit.id in looking.units} == {
        "F-1",
        "D-1",
        "U-1",
        "U-2",
    }
