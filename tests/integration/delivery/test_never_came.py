"""A message that we believed had told her, and that never came: what of it is still owed, and what is not any more."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from models.duties import Duty
from models.messages import SealedUpdate
from models.milestones import UnconcernedSuspect
from models.oversight import Alert, Task
from models.vocabulary import Detail, DutyState, TaskKind
from notify.planning.suspects import end_unconcerned, set_unconcerned
from tests.make import ChannelPlan, World, decline, make_plan, make_victim, receipt, record, run_ticks


@pytest.fixture
def told(world: World) -> World:
    """V-1, told in full by text message, as the provider says, of an arrest; an e-mail would be next."""
    make_victim(world, email="v1@example.org")
    make_plan(
        world,
        ChannelPlan(detail=Detail.FULL, counts_as_told=True),
        ChannelPlan("V-1-email", detail=Detail.FULL),
    )
    record(world, suspect="Sam Doe")
    run_ticks(world)
    receipt(world, world.arrived[0], "delivered")
    run_ticks(world)
    assert world.duty().state is DutyState.TOLD
    return world


def unconcern(world: World) -> None:
    with world.about("V-1", "C-1") as (act, part):
        set_unconcerned(act, world.services.rulebook, part, "Sam Doe", reason="another matter")


def bounce(world: World) -> None:
    world.clock.pass_time(hours=2)
    receipt(world, world.arrived[0], "undelivered")
    run_ticks(world, world.clock() + timedelta(days=3))


def test_it_is_owed_again_by_a_person(told: World):
    bounce(told)

    assert told.duty().state is DutyState.OPEN
    assert [task.kind for task in told.rows(Task, duty_id=told.duty().id)] == [TaskKind.CALL]


@pytest.mark.parametrize(("change", "state"), [(unconcern, DutyState.CANCELLED), (decline, DutyState.WAIVED)])
def test_what_she_is_not_to_be_told_any_more_is_neither_sent_nor_asked_of_a_person(
    told: World, change: Callable[[World], None], state: DutyState
):
    change(told)
    bounce(told)

    assert told.duty().state is state
    assert len(told.arrived) == 1
    assert not told.rows(Task, kind=TaskKind.CALL)
    assert not told.rows(Alert)
    assert not told.rows(SealedUpdate)


def test_when_the_suspect_concerns_her_after_all_it_is_owed_for_she_never_had_it(told: World):
    unconcern(told)
    bounce(told)

    with told.about("V-1", "C-1") as (act, part):
        row = act.session.scalars(select(UnconcernedSuspect)).one()
        made = end_unconcerned(act, told.services.rulebook, part, row, reason="a mistake")

    assert [duty.rule for duty in made] == ["R6-ARREST"]
    assert len(told.rows(Duty, state=DutyState.OPEN)) == 1
