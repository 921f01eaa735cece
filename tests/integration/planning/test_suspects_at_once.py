"""A suspect who does not concern a victim, said at the very moment at which somebody records something of them."""

import pytest
from sqlalchemy import select

from models.duties import Duty
from models.messages import Message
from models.milestones import Milestone
from models.people import Participation
from models.vocabulary import DutyState, MilestoneKind
from notify.ledger.acts import Act
from notify.planning.corrections import correct_milestone
from notify.planning.milestones import Happening, corrected, read_happening, record_milestone
from notify.planning.queries import case_by_ref
from notify.planning.suspects import set_unconcerned
from tests.integration.planning.at_once import Step, at_once
from tests.make import World, make_plan, make_victim, record, run_ticks


def unconcern(world: World, act: Act) -> object:
    part = act.session.scalars(select(Participation)).one()
    return set_unconcerned(act, world.services.rulebook, part, "Sam Doe", reason="another matter")


def tell_of_them(world: World, act: Act) -> object:
    happening = Happening(MilestoneKind.ARREST, act.at, act.at, suspect="Sam Doe")
    return record_milestone(act, world.services.rulebook, case_by_ref(act.session, "C-1").id, happening)


def correct_to_them(world: World, act: Act) -> object:
    milestone = act.session.scalars(select(Milestone)).one()
    happening = corrected(read_happening(act, milestone), suspect="Sam Doe")
    return correct_milestone(act, world.services.rulebook, milestone, happening, reason="the other one")


@pytest.mark.parametrize("tell", [tell_of_them, correct_to_them])
@pytest.mark.parametrize("told_first", [True, False])
def test_whichever_comes_first_she_is_told_nothing_of_them(world: World, tell: Step, *, told_first: bool):
    make_victim(world)
    make_plan(world)
    if tell is correct_to_them:
        record(world, suspect="Alex Roe")

    assert at_once(world, *((tell, unconcern) if told_first else (unconcern, tell)))
    run_ticks(world)

    assert not world.rows(Duty, state=DutyState.OPEN)
    assert not world.rows(Message)
    assert not world.arrived
