"""The duty to be in touch though nothing has changed is never born overdue, however long ago its day was."""

import pytest

from models.duties import Duty
from models.vocabulary import Detail
from notify.planning import people
from tests.make import (
    ChannelPlan,
    make_plan,
    make_victim,
    pause,
    receipt,
    resume,
    run_ticks,
    when,
)

BY_HAND = ChannelPlan(windows=())
"""Nothing leaves by itself: a duty stays open until somebody closes it."""


def waived(world):
    make_plan(world, BY_HAND, every_days=7)
    run_ticks(world, when("Tue 20 Jan 2026 10:00"))
    waive(world)


def waived_in_spring(world):
    """The next opens when a London day begins, which in UTC is still the day before."""
    make_plan(world, BY_HAND, every_days=7)
    run_ticks(world, when("Tue 31 Mar 2026 10:00"))
    waive(world)


def told_and_then_bounced(world):
    """Her day was met, as we believed, and it turns out later that she was not reached: the day is long gone by."""
    make_plan(world, ChannelPlan(detail=Detail.FULL, counts_as_told=True), every_days=14)
    run_ticks(world, when("Mon 19 Jan 2026 10:00"))
    receipt(world, world.arrived[0], "delivered")
    assert world.duty("PLAN-NOCHANGE").state == "told"
    world.clock.now = when("Fri 30 Jan 2026 10:00")
    receipt(world, world.arrived[0], "undelivered")


def paused_for_long(world):
    make_plan(world, BY_HAND, every_days=7)
    pause(world)
    run_ticks(world, when("Fri 27 Mar 2026 23:59"))
    resume(world)


def no_worker_ran(world):
    make_plan(world, BY_HAND, every_days=7)
    world.clock.now = when("Fri 27 Mar 2026 23:59")


@pytest.mark.parametrize(
    "happens",
    [
        waived,
        waived_in_spring,
        told_and_then_bounced,
        paused_for_long,
        no_worker_ran,
    ],
)
def test_its_day_ends_after_it_was_made(world, happens):
    make_victim(world)
    happens(world)
    before = {duty.id for duty in world.rows(Duty, rule="PLAN-NOCHANGE")}

    run_ticks(world, when("Wed 8 Apr 2026 10:00"))

    made = [duty for duty in world.rows(Duty, rule="PLAN-NOCHANGE") if duty.id not in before]
    assert made != []
    assert [(duty.created_at, duty.due_at) for duty in made if duty.due_at <= duty.created_at] == []


def test_the_next_one_after_a_waiver_is_due_at_the_end_of_the_day_on_which_it_opens(world):
    make_victim(world)
    waived(world)

    run_ticks(world, when("Mon 26 Jan 2026 10:00"))

    duty = world.duty("PLAN-NOCHANGE", state="open")
    assert (duty.created_at, duty.due_at) == (when("Mon 26 Jan 2026 00:00"), when("Tue 27 Jan 2026 00:00"))


def waive(world):
    with world.about("V-1", "C-1") as (act, participation):
        people.waive(act, participation, "PLAN-NOCHANGE", reason="she rang us")
