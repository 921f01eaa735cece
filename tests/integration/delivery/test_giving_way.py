"""A message that waits gives way to one that the plan puts first or that is there in time, and to nothing else."""

import pytest

from models.messages import Message, MessageDuty, PrivateLink, SealedUpdate
from models.vocabulary import Detail
from tests.make import (
    ANY_TIME,
    OFFICE_HOURS,
    ChannelPlan,
    make_contact_point,
    make_plan,
    make_victim,
    make_window,
    pause,
    record,
    resume,
    run_ticks,
    suspend_point,
    verify_point,
    when,
)

SATURDAY = when("Sat 10 Jan 2026 12:00")
LATER = when("Sat 10 Jan 2026 13:00")
MONDAY = when("Mon 12 Jan 2026 09:00")
MONTH_LATER = when("Wed 11 Feb 2026 10:00")
MOBILE, EMAIL = "+447700900001", "v1@example.org"
SUNDAYS = (make_window("sun", "12:00-18:00"),)


def test_it_gives_way_to_the_contact_point_that_she_put_first(world):
    agreed(world, ChannelPlan(windows=ANY_TIME), ChannelPlan("V-1-email", windows=OFFICE_HOURS))
    suspend_point(world)
    waiting(world, "arrest")

    verify_point(world)
    run_ticks(world, MONTH_LATER)

    assert left(world) == [(MOBILE, LATER)]
    assert world.states() == ["accepted", "cancelled"]


def test_it_gives_way_to_the_contact_point_that_she_put_first_even_if_that_is_later(world):
    only_mondays = ChannelPlan(windows=OFFICE_HOURS)
    agreed(world, only_mondays, ChannelPlan("V-1-email", windows=SUNDAYS))
    suspend_point(world)
    waiting(world, "arrest")

    verify_point(world)
    run_ticks(world, MONTH_LATER)

    assert left(world) == [(MOBILE, MONDAY)]


def test_it_does_not_give_way_to_a_contact_point_that_she_put_second(world):
    agreed(world, ChannelPlan(windows=OFFICE_HOURS), ChannelPlan("V-1-email", windows=ANY_TIME))
    suspend_point(world, "V-1-email")
    waits = waiting(world, "arrest")

    verify_point(world, "V-1-email")
    run_ticks(world, MONTH_LATER)

    assert left(world) == [(MOBILE, MONDAY)]
    assert world.row(Message).id == waits.id


def test_release_gives_way_to_whatever_is_there_in_time(world):
    agreed(world, ChannelPlan(windows=OFFICE_HOURS), ChannelPlan("V-1-email", windows=ANY_TIME))
    suspend_point(world, "V-1-email")
    waiting(world, "bail_granted")

    verify_point(world, "V-1-email")
    run_ticks(world, MONTH_LATER)

    assert left(world) == [(EMAIL, LATER)]
    assert world.states() == ["accepted", "cancelled"]


def test_what_else_it_carried_is_not_lost_with_it(world):
    agreed(world, ChannelPlan(windows=OFFICE_HOURS), ChannelPlan("V-1-email", windows=ANY_TIME))
    suspend_point(world, "V-1-email")
    waits = waiting(world, "arrest", "bail_granted")
    assert len(world.rows(MessageDuty, message_id=waits.id)) == 2

    verify_point(world, "V-1-email")
    run_ticks(world, MONTH_LATER)

    assert left(world) == [(EMAIL, LATER), (MOBILE, MONDAY)]
    assert carried(world, world.arrived[0]) == {world.duty("R6-BAIL").id}
    assert carried(world, world.arrived[1]) == {world.duty("R6-ARREST").id}


def test_what_comes_in_at_that_moment_is_not_put_on_the_message_that_was_given_up(world):
    agreed(world, ChannelPlan(windows=OFFICE_HOURS), ChannelPlan("V-1-email", windows=ANY_TIME))
    suspend_point(world, "V-1-email")
    waiting(world, "bail_granted")

    verify_point(world, "V-1-email")
    record(world, "charge")
    run_ticks(world, MONTH_LATER)

    assert left(world) == [(EMAIL, LATER), (MOBILE, MONDAY)]
    assert carried(world, world.arrived[1]) == {world.duty("R6-CHARGE").id}


def another_number(world):
    make_contact_point(world, "other", "07700 900009")


def a_pause_and_its_end(world):
    pause(world)
    resume(world)


def the_same_number_again(world):
    suspend_point(world)
    verify_point(world)


def nothing_but_another_look(world):
    """Her other contact point, which comes second, is in doubt and then is not."""
    suspend_point(world, "V-1-email")
    verify_point(world, "V-1-email")


@pytest.mark.parametrize(
    "happens", [another_number, a_pause_and_its_end, the_same_number_again, nothing_but_another_look]
)
@pytest.mark.parametrize("detail", list(Detail))
def test_it_stays_as_it_is_when_what_was_decided_still_holds(world, happens, detail):
    agreed(world, ChannelPlan(detail=detail, windows=OFFICE_HOURS), ChannelPlan("V-1-email"))
    waits = waiting(world, "arrest")
    links, pages = world.rows(PrivateLink), world.rows(SealedUpdate)

    happens(world)
    run_ticks(world)

    still = world.row(Message)
    assert (still.id, still.state, still.not_before) == (waits.id, waits.state, MONDAY)
    assert [row.id for row in world.rows(PrivateLink)] == [row.id for row in links]
    assert [row.id for row in world.rows(SealedUpdate)] == [row.id for row in pages]
    run_ticks(world, MONTH_LATER)
    assert left(world) == [(MOBILE, MONDAY)]


def agreed(world, *channels):
    world.clock.now = SATURDAY
    make_victim(world, email=EMAIL)
    make_plan(world, *channels)


def waiting(world, *kinds):
    """The one message that these pieces of news made, an hour later and still waiting."""
    for kind in kinds:
        record(world, kind)
    run_ticks(world, LATER)
    message = world.row(Message)
    assert (message.state, world.arrived) == ("held", [])
    return message


def left(world):
    return [(one.to, one.at) for one in world.arrived]


def carried(world, arrived):
    return {row.duty_id for row in world.rows(MessageDuty, message_id=arrived.outgoing.message_id)}
