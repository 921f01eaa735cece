"""Whose overdue duties a supervisor sees to: their own unit's, and those of each beneath with nobody on duty."""

from datetime import timedelta

import pytest

from models.cases import Case
from models.staff import Unit
from models.vocabulary import Agency
from notify.oversight.queries import due_list, open_tasks, overdue_list
from notify.oversight.ways import Whose, units_in_care
from notify.presence import away, unwatched_units
from tests.integration.oversight.offices import (
    make_absent,
    make_dealt_with,
    make_leave,
    make_unit_beneath,
    make_viewer,
)
from tests.make import START, make_case, make_staff, make_victim, record, run_ticks, when

LATER = when("Wed 4 Feb 2026 10:00")
DAY = timedelta(days=1)


@pytest.fixture
def force(world):
    """U-1 beneath D-1 beneath F-1, and U-2 beside it; the officer's C-1 is U-1's."""
    make_unit_beneath(world, "F-1", None)
    make_unit_beneath(world, "D-1", "F-1")
    make_unit_beneath(world, "U-2", "D-1")
    with world.services.sessions.begin() as session:
        session.get_one(Unit, world.row(Unit, ref="U-1").id).parent_id = world.row(Unit, ref="D-1").id
    return world


def in_care(world, ref, at=START):
    looking = make_viewer(world, ref)
    with world.services.reading() as session:
        found = units_in_care(session, looking, at)
    return {unit.ref for unit in world.rows(Unit) if unit.id in found}


def overdue(world, ref, at=LATER):
    looking = make_viewer(world, ref)
    with world.services.reading() as session:
        return [
            (line.case.ref, line.alert and line.alert.level.value)
            for line in overdue_list(session, looking, at=at)
        ]


def test_while_all_are_on_duty_each_supervisor_has_her_own_unit_alone(force):
    assert in_care(force, "supervisor") == {"U-1"}
    assert in_care(force, "supervisor of D-1") == {"D-1"}
    assert in_care(force, "supervisor of F-1") == {"F-1"}


def test_a_unit_with_nobody_on_duty_goes_up_one_level_and_no_further(force):
    make_absent(force, "supervisor")

    assert in_care(force, "supervisor of D-1") == {"D-1", "U-1"}
    assert in_care(force, "supervisor of F-1") == {"F-1"}
    assert in_care(force, "supervisor of U-2") == {"U-2"}


def test_it_goes_up_as_many_levels_as_have_nobody(force):
    make_absent(force, "supervisor")
    make_absent(force, "supervisor of D-1")

    assert in_care(force, "supervisor of F-1") == {"F-1", "D-1", "U-1"}


def test_a_unit_that_is_watched_over_is_not_passed_over_to_those_beneath(force):
    make_unit_beneath(force, "S-1", "U-1")
    make_absent(force, "supervisor of S-1")

    assert in_care(force, "supervisor of D-1") == {"D-1"}
    assert in_care(force, "supervisor") == {"U-1", "S-1"}


def test_an_absence_counts_from_its_first_instant_until_before_its_end(force):
    make_absent(force, "supervisor", START, START + DAY)

    assert in_care(force, "supervisor of D-1", START - timedelta(microseconds=1)) == {"D-1"}
    assert in_care(force, "supervisor of D-1", START) == {"D-1", "U-1"}
    assert in_care(force, "supervisor of D-1", START + DAY - timedelta(microseconds=1)) == {"D-1", "U-1"}
    assert in_care(force, "supervisor of D-1", START + DAY) == {"D-1"}


def test_a_second_supervisor_keeps_the_unit(force):
    make_staff(force, "second", force.staff["supervisor"].role)
    make_absent(force, "supervisor")

    assert in_care(force, "supervisor of D-1") == {"D-1"}


def test_one_who_left_is_not_on_duty(force):
    make_leave(force, "supervisor")

    assert in_care(force, "supervisor of D-1") == {"D-1", "U-1"}


def test_officers_and_auditors_have_their_own_unit(force):
    make_absent(force, "supervisor")
    make_staff(force, "officer of D-1", unit="D-1")

    assert in_care(force, "officer of D-1") == {"D-1"}


def test_overdue_alerts_are_seen_by_the_first_above_who_is_there_and_go_back_when_the_absence_ends(force):
    make_victim(force, mobile=None)
    record(force)
    run_ticks(force, LATER)
    assert overdue(force, "supervisor") == [("C-1", "escalated")]
    assert overdue(force, "supervisor of D-1") == []

    make_absent(force, "supervisor", START, LATER + DAY)

    assert overdue(force, "supervisor of D-1") == [("C-1", "escalated")]
    assert overdue(force, "supervisor of U-2") == []
    assert overdue(force, "supervisor of F-1") == []
    assert overdue(force, "supervisor of D-1", LATER + DAY) == []
    assert overdue(force, "supervisor", LATER + DAY) == [("C-1", "escalated")]


def test_due_and_tasks_of_a_unit_with_nobody_on_duty_are_on_the_lists_above(force):
    make_victim(force)
    record(force, "police_no_further_action")

    def listed():
        looking = make_viewer(force, "supervisor of D-1")
        with force.services.reading() as session:
            lists = (
                due_list(session, looking, at=START, until=LATER, whose=Whose.UNIT),
                open_tasks(session, looking, at=START, whose=Whose.UNIT),
            )
            return [{line.case.ref for line in lines} for lines in lists]

    assert listed() == [set(), set()]
    make_absent(force, "supervisor")
    assert listed() == [{"C-1"}, {"C-1"}]


def test_a_restricted_case_does_not_go_up_with_its_unit(force):
    make_case(force, "C-restricted", allow=())
    make_victim(force, case="C-restricted", mobile=None)
    record(force, case="C-restricted")
    run_ticks(force, LATER)
    make_absent(force, "supervisor")

    assert overdue(force, "supervisor of D-1") == []


def test_a_supervisor_let_into_a_restricted_case_has_its_alerts_from_any_unit_once(force):
    for n, ref in enumerate(("supervisor", "supervisor of U-2"), start=1):
        make_case(force, f"C-restricted-{n}", allow=(ref,))
        make_victim(force, f"V-{n}", case=f"C-restricted-{n}", mobile=None)
        record(force, case=f"C-restricted-{n}")
    run_ticks(force, LATER)

    assert overdue(force, "supervisor of U-2") == [("C-restricted-2", "escalated")]
    assert overdue(force, "supervisor") == [("C-restricted-1", "escalated")]


def test_what_is_due_soon_is_the_supervisors_while_the_officer_is_absent(force):
    make_victim(force, mobile=None)
    record(force)
    soon = force.duty().deadline - timedelta(hours=1)
    run_ticks(force, soon)
    assert overdue(force, "supervisor", soon) == []

    make_absent(force, "officer", soon - DAY, soon + timedelta(minutes=10))

    assert overdue(force, "supervisor", soon) == [("C-1", "due_soon")]
    assert overdue(force, "supervisor of D-1", soon) == []
    assert overdue(force, "supervisor", soon + timedelta(minutes=10)) == []


def test_what_is_due_soon_is_the_supervisors_once_the_officer_has_left(force):
    make_victim(force, mobile=None)
    record(force)
    soon = force.duty().deadline - timedelta(hours=1)
    run_ticks(force, soon)

    make_leave(force, "officer")

    assert overdue(force, "supervisor", soon) == [("C-1", "due_soon")]


def test_for_a_duty_of_another_agency_it_is_that_agencys_officer_who_must_be_there(force):
    make_unit_beneath(force, "W-1", None, Agency.WITNESS_CARE)
    make_staff(force, "carer", unit="W-1")
    make_dealt_with(force, force.row(Case).id, "W-1", "carer")
    make_victim(force, mobile=None)
    record(force, "special_measures_decided", owner=Agency.WITNESS_CARE)
    soon = force.duty("R8-SPECIAL").deadline - timedelta(hours=1)
    run_ticks(force, soon)

    make_absent(force, "officer")
    assert overdue(force, "supervisor of W-1", soon) == []

    make_absent(force, "carer")
    assert overdue(force, "supervisor of W-1", soon) == [("C-1", "due_soon")]
    assert overdue(force, "supervisor", soon) == []


def test_what_is_due_soon_where_a_unit_named_nobody_is_its_supervisors_whoever_is_away_elsewhere(force):
    make_unit_beneath(force, "W-1", None, Agency.WITNESS_CARE)
    make_dealt_with(force, force.row(Case).id, "W-1", None)
    make_victim(force, mobile=None)
    record(force, "special_measures_decided", owner=Agency.WITNESS_CARE)
    soon = force.duty("R8-SPECIAL").deadline - timedelta(hours=1)
    run_ticks(force, soon)

    assert overdue(force, "supervisor of W-1", soon) == [("C-1", "due_soon")]
    make_absent(force, "officer")
    assert overdue(force, "supervisor of W-1", soon) == [("C-1", "due_soon")]
    assert overdue(force, "supervisor", soon) == []


def test_units_that_nobody_at_all_watches_are_known(force):
    def unwatched(at=START):
        with force.services.reading() as session:
            return [unit.ref for unit in unwatched_units(session, at)]

    assert unwatched() == []
    make_absent(force, "supervisor", START, START + DAY)
    make_absent(force, "supervisor of D-1")
    assert unwatched() == []  # the one of the whole force is there

    make_leave(force, "supervisor of F-1")

    assert unwatched() == ["D-1", "F-1", "U-1"]
    assert unwatched(START + DAY) == ["D-1", "F-1"]


def test_away_are_those_who_left_and_those_absent_now(force):
    make_absent(force, "supervisor", START, START + DAY)
    make_leave(force, "officer")
    ids = {one.id for one in force.staff.values()}

    with force.services.reading() as session:
        assert away(session, ids, START) == {force.staff["supervisor"].id, force.staff["officer"].id}
        assert away(session, ids, START + DAY) == {force.staff["officer"].id}
        assert away(session, {force.staff["supervisor of U-2"].id}, START) == set()
