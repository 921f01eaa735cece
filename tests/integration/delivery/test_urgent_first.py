"""Where many messages wait for one way out, news that must be told at once does not wait behind the others."""

from dataclasses import replace
from datetime import timedelta

import pytest

from jobs.timetable import TIMETABLE
from models.messages import Message
from models.vocabulary import Channel, Detail
from notify.delivery.claiming import WAITING
from notify.delivery.providers.base import SlowDown
from notify.delivery.providers.routes import Route, Routes
from notify.delivery.rules.pace import Pace
from tests.fakes import Answer
from tests.make import (
    START,
    ChannelPlan,
    World,
    make_case,
    make_plan,
    make_victim,
    record,
    run_ticks,
    suspend_point,
)

SECOND = timedelta(seconds=1)
ROUTINE, URGENT = "interview_under_caution", "bail_granted"


@pytest.fixture
def paced(world: World) -> World:
    """One text a second."""
    routes = Routes((Route(Channel.SMS, world.sms, Pace(1, SECOND)), Route(Channel.EMAIL, world.email)))
    world.services = replace(world.services, providers=routes)
    return world


def owed(world: World, victim: int, kind: str, *channels: ChannelPlan) -> None:
    case, ref = f"C-{victim}", f"V-{victim}"
    if victim > 1:
        make_case(world, case)
    make_victim(world, ref, case=case, mobile=number(victim), email=f"v{victim}@example.org")
    make_plan(world, *(channels or (ChannelPlan(f"{ref}-mobile"),)), victim=ref, case=case)
    record(world, kind, case=case)
    compose(world)


def compose(world: World) -> None:
    """The texts are written, one victim's after the other's; there is no room for them yet, but for the very first."""
    run_ticks(world)
    world.clock.pass_time(milliseconds=1)


def number(victim: int) -> str:
    return f"07700 9000{victim:02}"


def told(world: World) -> list[int]:
    """Which victims, in the order in which their texts arrived."""
    return [int(one.to[-2:]) for one in world.sms.arrived]


def test_urgent_news_leaves_before_what_waited_longer(paced):
    for victim in (1, 2, 3):
        owed(paced, victim, ROUTINE)
    owed(paced, 4, URGENT)

    run_ticks(paced, START + 5 * SECOND)

    assert told(paced) == [1, 4, 2, 3]


def test_of_urgent_news_the_oldest_leaves_first(paced):
    owed(paced, 1, ROUTINE)
    for victim in (2, 3):
        owed(paced, victim, URGENT)

    run_ticks(paced, START + 5 * SECOND)

    assert told(paced) == [1, 2, 3]


def test_urgent_news_takes_along_what_waits_for_the_same_victim(paced):
    """A message that says nothing by itself carries both, and both leave early."""
    for victim in (1, 2, 3):
        owed(paced, victim, ROUTINE)
    record(paced, URGENT, case="C-3")

    run_ticks(paced, START + 5 * SECOND)

    assert told(paced) == [1, 3, 2]


def test_nothing_overtakes_what_was_written_to_her_before(paced):
    """Two full texts are two messages: the older one leaves early too, and first."""
    for victim in (1, 2):
        owed(paced, victim, ROUTINE)
    owed(paced, 3, ROUTINE, ChannelPlan("V-3-mobile", detail=Detail.FULL))
    record(paced, URGENT, case="C-3")

    run_ticks(paced, START + timedelta(hours=2))

    assert told(paced) == [1, 3, 2, 3]
    kinds = [message.kind for message in sorted(paced.rows(Message), key=lambda one: one.handed_over_at)]
    assert kinds == [ROUTINE, ROUTINE, ROUTINE, URGENT]


def test_urgent_news_is_as_safe_as_any(paced):
    """First in the queue, it is asked about at the gate like the others."""
    for victim in (1, 2):
        owed(paced, victim, ROUTINE)
    owed(paced, 3, URGENT)
    suspend_point(paced, "V-3-mobile")

    run_ticks(paced, START + 5 * SECOND)

    assert told(paced) == [1, 2]


def test_what_comes_back_to_the_queue_is_still_not_overtaken(paced):
    """Her older text was in flight when the urgent one was written, and its provider wanted to be left alone."""
    owed(paced, 1, ROUTINE)
    owed(paced, 2, ROUTINE)
    world = paced
    world.clock.pass_time(seconds=2)

    def more_news(_outgoing, _at):
        world.sms.witness = lambda *_: None
        record(world, URGENT, case="C-2")
        [compose] = [tick for tick in TIMETABLE if tick.name == "compose"]
        compose.run(world.services, "another")

    world.sms.witness = more_news
    world.sms.answers.append(Answer(SlowDown("too_many_requests", timedelta(seconds=30)), arrives=False))
    run_ticks(world)

    waiting = {one.kind: one.urgent for one in world.rows(Message) if one.state in WAITING}
    assert waiting == {ROUTINE: True, URGENT: True}
