"""What is counted: what a person answers for, in what the one who asks may see, and never a reminder of her own times."""

from datetime import timedelta

import pytest

from models.cases import Case
from models.duties import Duty
from models.vocabulary import Agency, DutyClass, DutyState, Role
from notify.oversight.counts import count_cases_left_alone, count_own_work
from notify.oversight.pages import Wanted, duties_page
from notify.oversight.queries import due_list
from notify.oversight.reports import summarise
from notify.oversight.team import team
from notify.oversight.ways import Whose
from notify.web.staff.owed import owed_by_part
from tests.integration.oversight.offices import (
    make_absent,
    make_dealt_with,
    make_leave,
    make_unit_beneath,
    make_viewer,
)
from tests.make import (
    START,
    ChannelPlan,
    World,
    close,
    contact,
    decline,
    make_case,
    make_plan,
    make_staff,
    make_victim,
    make_window,
    record,
    run_ticks,
    when,
)

TOLD = when("Tue 6 Jan 2026 15:00")
REMINDED = when("Sat 21 Feb 2026 12:00")
ENDED = when("Wed 8 Apr 2026 00:00")
LATER = when("Wed 4 Feb 2026 10:00")


@pytest.fixture
def reminding(world: World) -> World:
    """V-1 was told that her case was dropped; a reminder that she may ask for a review waits for a safe moment."""
    make_victim(world)
    make_plan(world, ChannelPlan(windows=(make_window("mon", "09:00-10:00"),)))
    record(world, "police_no_further_action")
    world.clock.now = TOLD
    contact(world)
    run_ticks(world, REMINDED)
    assert [duty.duty_class for duty in world.rows(Duty, state=DutyState.OPEN)] == [DutyClass.VICTIM_WINDOW]
    return world


@pytest.mark.parametrize(
    ("ref", "whose"), [("officer", Whose.MINE), ("officer", Whose.UNIT), ("supervisor", Whose.UNIT)]
)
def test_a_reminder_is_on_no_due_list(reminding, ref, whose):
    looking = make_viewer(reminding, ref)
    with reminding.services.reading() as session:
        assert due_list(session, looking, at=REMINDED, until=ENDED, whose=whose) == []


def test_a_reminder_is_counted_for_nobody_before_its_time_and_after(reminding):
    officer, supervisor = make_viewer(reminding, "officer"), make_viewer(reminding, "supervisor")
    with reminding.services.reading() as session:
        for at in (REMINDED, ENDED):
            work = count_own_work(session, officer, at, end_of_today=ENDED)
            assert (work.overdue, work.due_today) == (0, 0)
            assert {one.staff.ref: one.overdue for one in team(session, supervisor, at=at)} == {
                "officer": 0,
                "supervisor": 0,
            }
            counts = summarise(session, at=at).duties
            assert (counts.open, counts.overdue) == (0, 0)
        part = reminding.rows(Duty)[0].participation_id
        assert owed_by_part(session, [part]) == {}


def test_a_report_counts_no_reminder_that_she_did_without(reminding):
    decline(reminding)

    assert reminding.row(Duty, duty_class=DutyClass.VICTIM_WINDOW).state is not DutyState.OPEN
    with reminding.services.reading() as session:
        assert summarise(session, at=REMINDED).duties.waived == 0


def test_machines_are_told_of_a_reminder_among_all_duties_and_not_among_those_due_by_a_time(reminding):
    looking = make_viewer(reminding, "officer")
    with reminding.services.reading() as session:
        every = duties_page(session, looking, Wanted(50), state=DutyState.OPEN)
        due = duties_page(session, looking, Wanted(50), state=DutyState.OPEN, due_before=ENDED)

    assert [row[0].duty_class for row in every.rows] == [DutyClass.VICTIM_WINDOW]
    assert due.rows == []


def test_of_a_case_that_is_hidden_from_her_a_supervisor_learns_that_it_is_there_and_no_more(world):
    make_unit_beneath(world, "W-1", None, Agency.WITNESS_CARE)
    make_staff(world, "carer", unit="W-1")
    for number, allow in enumerate(((), ("supervisor", "supervisor of W-1"))):
        ref = f"C-hidden-{number}"
        make_dealt_with(world, make_case(world, ref, allow=allow).id, "W-1", "carer")
        make_victim(world, f"V-{number}", case=ref, mobile=None)
        for kind, owner in (("arrest", Agency.POLICE), ("hearing_listed", Agency.WITNESS_CARE)):
            record(world, kind, case=ref, owner=owner)

    def told(ref, of):
        with world.services.reading() as session:
            found = team(session, make_viewer(world, ref), at=LATER)
        return next((one.cases, one.hidden, one.overdue) for one in found if one.staff.ref == of)

    assert told("supervisor", "officer") == (3, 1, 1)
    assert told("supervisor of W-1", "carer") == (2, 1, 1)


def left_alone(world: World, ref: str) -> int:
    looking = make_viewer(world, ref)
    with world.services.reading() as session:
        return count_cases_left_alone(session, looking, START)


@pytest.fixture
def cared_for(world: World) -> World:
    """Witness Care's part of the officer's C-1 is the carer's, in W-1."""
    make_unit_beneath(world, "W-1", None, Agency.WITNESS_CARE)
    make_staff(world, "carer", unit="W-1")
    make_dealt_with(world, world.row(Case).id, "W-1", "carer")
    return world


@pytest.mark.parametrize("goes", [make_absent, make_leave])
def test_a_case_is_left_alone_where_the_one_who_deals_with_it_for_another_agency_is_gone(cared_for, goes):
    assert left_alone(cared_for, "supervisor of W-1") == 0

    goes(cared_for, "carer")

    assert left_alone(cared_for, "supervisor of W-1") == 1
    assert left_alone(cared_for, "supervisor") == 0


def test_a_part_with_nobody_named_is_left_alone_by_nobody(cared_for):
    make_dealt_with(cared_for, cared_for.row(Case).id, "W-1", None)
    make_absent(cared_for, "officer")

    assert left_alone(cared_for, "supervisor of W-1") == 0
    assert left_alone(cared_for, "supervisor") == 1


def test_a_case_that_is_left_alone_twice_counts_once(cared_for):
    make_staff(cared_for, "second", Role.CASE_OFFICER)
    make_dealt_with(cared_for, cared_for.row(Case).id, "U-1", "second")
    make_absent(cared_for, "second")
    make_absent(cared_for, "officer")

    assert left_alone(cared_for, "supervisor") == 1


def test_a_closed_case_is_left_alone_while_something_is_owed_in_it(world):
    make_victim(world, mobile=None)
    record(world)
    close(world)
    make_absent(world, "officer")
    assert left_alone(world, "supervisor") == 1

    make_case(world, "C-empty")
    close(world, "C-empty")

    assert left_alone(world, "supervisor") == 1


def test_a_restricted_case_is_left_alone_for_those_on_its_list_alone(world):
    make_case(world, "C-hidden", allow=())
    make_absent(world, "officer", START - timedelta(days=1))

    assert left_alone(world, "supervisor") == 1  # C-1
