"""Who sees a case: those who lead it, those who deal with it, and those above them; and nobody else."""

from itertools import product

import pytest
from sqlalchemy import select, union_all

from models.cases import Case, CaseAccess, CaseUnit
from models.staff import Unit
from models.vocabulary import Agency, Role
from notify.access import viewer_of, visible
from notify.oversight.queries import visible_case, visible_cases
from notify.oversight.ways import case_ways
from tests.integration.oversight.offices import make_dealt_with, make_unit_beneath, make_viewer
from tests.make import START, World, make_case, make_staff


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


def make_cases_of_every_sort(force: World) -> int:
    """A case for each unit that leads it, who its officer is, who deals with it, and whom its list names. Returns how many."""
    leads, officers = ("U-1", "U-2", "D-1", "W-1"), ("officer", "carer", "supervisor of D-1")
    parts = (None, ("W-1", None), ("W-1", "carer"), ("W-2", "officer"), ("U-2", "supervisor"))
    lists = (None, (), ("other carer", "auditor"), ("supervisor of F-1", "administrator", "carer"))
    with force.services.sessions.begin() as session:
        units = {unit.ref: unit.id for unit in session.scalars(select(Unit))}
        one = session.scalars(select(Case)).one()
        every = list(product(leads, officers, parts, lists))
        for number, (unit, officer, part, allowed) in enumerate(every):
            case = Case(
                ref=f"E-{number}",
                unit_id=units[unit],
                officer_id=force.staff[officer].id,
                offence_sealed=one.offence_sealed,
                opened_at=START,
                restricted=allowed is not None,
            )
            session.add(case)
            session.flush()
            session.add_all(
                CaseAccess(case_id=case.id, staff_id=force.staff[ref].id) for ref in allowed or ()
            )
            if part is not None:
                at, named = part
                session.add(
                    CaseUnit(
                        case_id=case.id,
                        agency=Agency.WITNESS_CARE,
                        unit_id=units[at],
                        officer_id=force.staff[named].id if named else None,
                        since=START,
                    )
                )
    return len(every) + 1


def test_the_ways_to_a_list_of_cases_find_what_its_viewer_may_see_and_nothing_else_each_once(force):
    make_staff(force, "auditor", Role.AUDITOR, unit="U-2")
    every = make_cases_of_every_sort(force)
    seen = {}
    for ref in force.staff:
        looking = make_viewer(force, ref)
        with force.services.reading() as session:
            may_see = session.scalars(select(Case.ref).where(visible(looking))).all()
            ways = (select(Case.ref).where(way) for way in case_ways(looking))
            listed = session.scalars(union_all(*ways)).all()
        assert sorted(listed) == sorted(may_see), ref
        seen[ref] = len(may_see)

    assert seen["administrator"] == 0
    assert min(count for ref, count in seen.items() if ref != "administrator") > 0
    assert max(seen.values()) < every
