"""What has left for her phone does not leave again because we changed our records and not what she is told."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from models.milestones import Milestone, UnconcernedSuspect
from models.vocabulary import Agency, Detail, DutyState
from notify.planning.corrections import correct_milestone
from notify.planning.milestones import corrected, read_happening
from notify.planning.suspects import end_unconcerned, set_unconcerned
from tests.make import ChannelPlan, World, make_plan, make_victim, read_page, receipt, record, run_ticks


def put_right_who_learned(world: World) -> None:
    with world.acting() as act:
        milestone = act.session.scalars(select(Milestone)).one()
        says = corrected(read_happening(act, milestone), owner=Agency.CPS)
        correct_milestone(act, world.services.rulebook, milestone, says, reason="the CPS told us")


def mark_and_unmark(world: World) -> None:
    rulebook = world.services.rulebook
    with world.about("V-1", "C-1") as (act, part):
        set_unconcerned(act, rulebook, part, "Sam Doe", reason="another victim's")
    world.clock.pass_time(minutes=5)
    with world.about("V-1", "C-1") as (act, part):
        row = act.session.scalars(select(UnconcernedSuspect)).one()
        end_unconcerned(act, rulebook, part, row, reason="it was a slip")


CHANGES = pytest.mark.parametrize("change", [put_right_who_learned, mark_and_unmark])


@CHANGES
@pytest.mark.parametrize("detail", [Detail.NUDGE, Detail.LINK, Detail.FULL])
def test_she_is_sent_the_same_news_once(world: World, change, detail: Detail) -> None:
    make_victim(world)
    make_plan(world, ChannelPlan(detail=detail, counts_as_told=detail is Detail.FULL))
    record(world, suspect="Sam Doe")
    run_ticks(world)

    change(world)
    run_ticks(world, world.clock() + timedelta(hours=3))

    assert len(world.arrived) == 1


@CHANGES
def test_its_receipt_counts_as_before(world: World, change) -> None:
    make_victim(world)
    make_plan(world, ChannelPlan(detail=Detail.FULL, counts_as_told=True))
    record(world, suspect="Sam Doe")
    run_ticks(world)
    change(world)

    receipt(world, world.arrived[0], "delivered")

    assert sorted(duty.state for duty in world.rows(type(world.duty(state="told")))) == [
        DutyState.CANCELLED,
        DutyState.TOLD,
    ]


@CHANGES
def test_the_link_that_she_was_sent_still_leads_to_the_news(world: World, change) -> None:
    make_victim(world)
    make_plan(world, ChannelPlan(detail=Detail.LINK))
    record(world, suspect="Sam Doe")
    run_ticks(world)
    change(world)
    run_ticks(world)

    read_page(world)

    assert world.duty(state="told").late is False


def test_other_words_are_sent_of_course(world: World) -> None:
    make_victim(world)
    make_plan(world, ChannelPlan(detail=Detail.FULL))
    record(world, "interview_under_caution")
    run_ticks(world)
    with world.acting() as act:
        milestone = act.session.scalars(select(Milestone)).one()
        says = corrected(read_happening(act, milestone), facts={"note": "by video"})
        correct_milestone(act, world.services.rulebook, milestone, says, reason="more is known")

    run_ticks(world, world.clock() + timedelta(hours=3))

    assert len(world.arrived) == 2
