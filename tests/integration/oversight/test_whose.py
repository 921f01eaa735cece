"""Whose list a duty or a task is on: its carrier's, and for the officer in the case what others carry there."""

from datetime import timedelta

import pytest

from models.cases import Case
from models.duties import Duty
from models.staff import Unit
from models.vocabulary import Agency, Role
from notify.oversight.queries import due_list, open_tasks, visible_cases
from notify.oversight.ways import Whose
from tests.integration.oversight.offices import make_dealt_with, make_unit_beneath, make_viewer
from tests.make import START, make_case, make_staff, make_unit, make_victim, pause, record, when

LATER = when("Wed 4 Feb 2026 10:00")


@pytest.fixture
def office(world):
    """C-1 is the officer's, with a police duty and one that W-1 carries and the carer there; each has a call to make."""
    make_unit_beneath(world, "W-1", None, Agency.WITNESS_CARE)
    make_staff(world, "carer", unit="W-1")
    make_staff(world, "second carer", unit="W-1")
    make_staff(world, "colleague")
    make_staff(world, "auditor", Role.AUDITOR)
    make_unit(world, "U-2")
    make_dealt_with(world, world.row(Case).id, "W-1", "carer")
    make_victim(world)
    record(world, "police_no_further_action")
    record(world, "verdict", owner=Agency.WITNESS_CARE)
    return world


def owners(world, ref, whose):
    """The owners of the duties on a list; the tasks about them must be on the same list."""
    looking = make_viewer(world, ref)
    with world.services.reading() as session:
        duties = due_list(session, looking, at=START, until=LATER, whose=whose)
        tasks = open_tasks(session, looking, at=START, whose=whose)
    about = {line.task.duty_id for line in tasks} - {None}
    assert about == {line.duty.id for line in duties if line.duty.duty_class == "officer_first"}
    return [line.duty.owner.value for line in duties]


@pytest.mark.parametrize(
    ("who", "mine", "others", "unit"),
    [
        ("officer", ["police"], ["witness_care"], ["police"]),
        ("colleague", [], [], ["police"]),
        ("supervisor", [], [], ["police"]),
        ("carer", ["witness_care"], ["police"], ["witness_care"]),
        ("second carer", [], [], ["witness_care"]),
        ("supervisor of W-1", [], [], ["witness_care"]),
        ("auditor", [], [], ["police", "witness_care"]),
    ],
)
def test_a_duty_is_on_its_carriers_lists_and_the_officer_sees_what_others_carry(
    office, who, mine, others, unit
):
    assert sorted(set(owners(office, who, Whose.MINE))) == mine
    assert sorted(set(owners(office, who, Whose.OTHERS))) == others
    assert sorted(set(owners(office, who, Whose.UNIT))) == unit


def test_an_officer_in_the_case_of_another_unit_has_its_duties_on_the_own_list(office):
    with office.services.sessions.begin() as session:
        session.get_one(Case, office.row(Case).id).officer_id = office.staff["carer"].id
        session.get_one(Case, office.row(Case).id).unit_id = office.row(Unit, ref="U-1").id

    assert sorted(set(owners(office, "carer", Whose.MINE))) == ["police", "witness_care"]
    assert owners(office, "carer", Whose.OTHERS) == []
    assert owners(office, "officer", Whose.MINE) == []


def test_a_restricted_case_that_one_is_not_let_into_is_on_no_list_even_of_who_deals_with_it(office):
    case = make_case(office, "C-restricted", allow=())
    make_dealt_with(office, case.id, "W-1", "carer")
    make_victim(office, "V-2", case="C-restricted")
    record(office, "verdict", case="C-restricted", owner=Agency.WITNESS_CARE)

    looking = make_viewer(office, "carer")
    with office.services.reading() as session:
        for whose in Whose:
            lines = due_list(session, looking, at=START, until=LATER, whose=whose)
            tasks = open_tasks(session, looking, at=START, whose=whose)
            assert {line.case.ref for line in lines} | {line.case.ref for line in tasks} <= {"C-1"}


def test_who_is_let_into_a_restricted_case_of_another_unit_has_its_work_on_the_unit_list(office):
    make_case(office, "C-restricted", allow=("carer",))
    make_victim(office, "V-2", case="C-restricted")
    record(office, case="C-restricted")

    looking = make_viewer(office, "carer")
    with office.services.reading() as session:
        lines = due_list(session, looking, at=START, until=LATER, whose=Whose.UNIT)
    assert [line.case.ref for line in lines].count("C-restricted") == 1


def test_the_list_runs_across_units_by_deadline_alone_each_duty_once(office):
    for n, days in ((3, 0), (4, 7), (5, 3)):
        make_case(office, f"C-{n}", allow=("officer", "colleague") if n == 4 else None)
        make_victim(office, f"V-{n}", case=f"C-{n}", mobile=None)
        record(office, case=f"C-{n}", learned_at=START - timedelta(days=days))

    looking = make_viewer(office, "colleague")
    with office.services.reading() as session:
        lines = due_list(session, looking, at=START, until=LATER, whose=Whose.UNIT)

    deadlines = [line.duty.deadline for line in lines]
    assert deadlines == sorted(deadlines)
    assert len({line.duty.id for line in lines}) == len(lines)
    assert [line.case.ref for line in lines if line.case.ref != "C-1"] == ["C-4", "C-5", "C-3"]


def test_who_asked_for_quiet_is_on_none_of_them(office):
    pause(office)

    for who in ("officer", "carer", "supervisor", "auditor"):
        looking = make_viewer(office, who)
        with office.services.reading() as session:
            for whose in Whose:
                assert due_list(session, looking, at=START, until=LATER, whose=whose) == []


def test_the_cases_one_deals_with_are_among_ones_own(office):
    make_case(office, "C-2")

    looking = make_viewer(office, "carer")
    with office.services.reading() as session:
        assert [case.ref for case in visible_cases(session, looking, own_only=True)] == ["C-1"]
        assert [case.ref for case in visible_cases(session, looking, own_only=False)] == ["C-1"]
    assert len(office.rows(Duty)) >= 2
