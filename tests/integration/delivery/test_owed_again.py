"""What we believed told, and was not, is owed again: it rings where somebody sees it."""

from datetime import timedelta

from sqlalchemy import select

from models.duties import Duty
from models.oversight import Alert
from models.staff import Staff, Unit
from models.vocabulary import Agency, Detail, DutyState, Role
from notify.access import viewer_of
from notify.oversight.queries import overdue_list
from notify.planning.hand_overs import hand_over_case
from notify.planning.queries import case_by_ref
from tests.make import (
    ChannelPlan,
    make_plan,
    make_staff,
    make_unit,
    make_victim,
    receipt,
    record,
    run_ticks,
)


def tell(world):
    """A victim told of an arrest by a full text that counts."""
    make_victim(world)
    make_plan(world, ChannelPlan(detail=Detail.FULL, counts_as_told=True))
    record(world)
    run_ticks(world)
    receipt(world, world.arrived[0], "delivered")
    assert world.duty().state is DutyState.TOLD


def overdue(world, ref):
    with world.services.reading() as session:
        staff = session.get_one(Staff, world.staff[ref].id)
        return [line.duty.rule for line in overdue_list(session, viewer_of(session, staff), at=world.clock())]


def test_it_rings_with_whoever_has_the_case_by_then(world):
    tell(world)
    make_unit(world, "U-2", name="South")
    make_staff(world, "south", unit="U-2")
    make_staff(world, "head", unit="U-2", role=Role.SUPERVISOR)
    with world.acting() as act:
        unit = act.session.scalars(select(Unit).where(Unit.ref == "U-2")).one()
        case, taker = case_by_ref(act.session, "C-1"), act.session.get_one(Staff, world.staff["south"].id)
        hand_over_case(act, case, agency=Agency.POLICE, unit=unit, officer=taker, reason="moved")

    receipt(world, world.arrived[0], "undelivered", "30003")
    run_ticks(world, world.clock() + timedelta(days=20))

    assert world.duty().unit_id == world.row(Unit, ref="U-2").id
    assert overdue(world, "head") == ["R6-ARREST"]


def test_what_was_overdue_before_she_was_thought_told_is_overdue_again(world):
    make_victim(world)
    make_plan(world, ChannelPlan(detail=Detail.FULL, counts_as_told=True))
    record(world)
    run_ticks(world)
    run_ticks(world, world.clock() + timedelta(days=20))
    receipt(world, world.arrived[0], "delivered")
    assert overdue(world, "supervisor") == []

    receipt(world, world.arrived[0], "undelivered", "30003")
    run_ticks(world)

    assert "R6-ARREST" in overdue(world, "supervisor")
    assert world.rows(Alert, duty_id=world.row(Duty, rule="R6-ARREST").id)
