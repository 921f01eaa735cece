"""A message may leave and does not: it is seen though no worker works, and what cannot wait is told by a person."""

from datetime import timedelta

import pytest

from jobs import compose
from models.oversight import Alert, Task
from notify.delivery.providers.base import TryLater, Uncertain
from notify.delivery.stuck import Stuck, stuck
from notify.wiring import nothing_is_stuck
from tests.fakes import Answer
from tests.make import (
    OFFICE_HOURS,
    START,
    ChannelPlan,
    World,
    make_plan,
    make_victim,
    receipt,
    record,
    run_ticks,
    when,
)

FIVE_MINUTES = timedelta(minutes=5)
A_WEEK = START + timedelta(days=7)


class KilledError(BaseException):
    """The worker's process dies here: nothing after this line of it runs."""


def owed(world: World, kind: str = "arrest", plan: ChannelPlan = ChannelPlan()) -> World:  # noqa: B008 - it is frozen
    make_victim(world)
    make_plan(world, plan)
    record(world, kind)
    return world


def seen(world: World) -> Stuck:
    with world.services.reading() as session:
        return stuck(session, at=world.clock(), after=FIVE_MINUTES)


def asked(world: World) -> tuple[list[str], list[str]]:
    """Which tasks there are, and which urgent alerts to whom."""
    alerts = [str(alert.to_role) for alert in world.rows(Alert, level="urgent")]
    return sorted(task.kind for task in world.rows(Task)), alerts


def write_only(world: World) -> None:
    """A message is written, and nobody claims it."""
    compose.run(world.services, "worker-1")


def test_what_nobody_claims_is_seen_after_five_minutes_without_any_worker(world):
    write_only(owed(world))

    world.clock.pass_time(minutes=4, seconds=59)
    before = seen(world), nothing_is_stuck(world.services)
    world.clock.pass_time(seconds=1)

    assert before == (Stuck(0, None), True)
    assert seen(world) == Stuck(1, START)
    assert not nothing_is_stuck(world.services)


def test_a_claim_that_nobody_settles_is_seen_five_minutes_after_its_lease(world):
    owed(world)
    world.sms.answers.append(Answer(KilledError(), arrives=True))
    with pytest.raises(KilledError):
        run_ticks(world)

    world.clock.pass_time(minutes=9, seconds=59)
    before = seen(world)
    world.clock.pass_time(seconds=1)

    assert before == Stuck(0, None)
    assert seen(world) == Stuck(1, START)


def test_what_waits_for_its_window_is_not_stuck(world):
    world.clock.now = when("Mon 5 Jan 2026 18:00")
    write_only(owed(world, plan=ChannelPlan(windows=OFFICE_HOURS)))

    world.clock.now = when("Tue 6 Jan 2026 09:04")
    before = seen(world).count
    world.clock.now = when("Tue 6 Jan 2026 09:05")

    assert (before, seen(world).count) == (0, 1)


def test_what_left_is_not_stuck_whether_or_not_a_receipt_came(world):
    run_ticks(owed(world))

    world.clock.pass_time(days=1)

    assert seen(world) == Stuck(0, None)


def test_an_outcome_that_stays_unknown_is_seen_when_every_provider_should_know_it(world):
    world.sms.answers.append(Answer(Uncertain("timed_out")))
    world.sms.look_up = cannot_be_asked
    run_ticks(owed(world), START + timedelta(minutes=24))
    before = seen(world).count

    run_ticks(world, START + timedelta(minutes=25))

    assert (before, seen(world)) == (0, Stuck(1, START))


def test_what_a_person_was_asked_about_is_not_stuck(world):
    world.sms.blind = True
    world.sms.answers.append(Answer(Uncertain("timed_out")))
    run_ticks(owed(world), START + timedelta(days=1))

    assert world.states() == ["uncertain"]
    assert seen(world) == Stuck(0, None)


def test_a_release_that_is_not_taken_within_five_minutes_is_a_call_and_an_urgent_alert(world):
    world.sms.answers.extend([Answer(TryLater("busy", timedelta(hours=1)), arrives=False)])
    owed(world, "bail_granted")

    run_ticks(world, START + timedelta(minutes=4, seconds=59))
    before = asked(world)
    run_ticks(world, START + FIVE_MINUTES)

    assert before == ([], [])
    assert asked(world) == (["call"], ["supervisor"])


def test_the_text_goes_all_the_same_and_nobody_is_asked_twice(world):
    world.sms.answers.extend([Answer(TryLater("busy", timedelta(minutes=30)), arrives=False)])
    owed(world, "bail_granted")

    run_ticks(world, START + timedelta(hours=3))

    assert len(world.arrived) == 1
    assert asked(world) == (["call"], ["supervisor"])


def test_a_release_that_nobody_claims_is_a_call_by_whoever_works_next(world):
    write_only(owed(world, "bail_granted"))

    world.clock.pass_time(minutes=5)
    write_only(world)
    run_ticks(world)

    assert asked(world) == (["call"], ["supervisor"])


def test_a_release_whose_outcome_stays_unknown_is_a_call_before_the_provider_can_be_asked(world):
    world.sms.answers.append(Answer(Uncertain("timed_out")))
    world.sms.look_up = cannot_be_asked
    owed(world, "bail_granted")

    run_ticks(world, START + FIVE_MINUTES)

    assert world.states() == ["uncertain"]
    assert asked(world) == (["call"], ["supervisor"])


def test_other_news_rings_by_its_own_clock(world):
    world.sms.answers.extend([Answer(TryLater("busy", timedelta(hours=1)), arrives=False)])
    owed(world)

    run_ticks(world, START + timedelta(minutes=50))

    assert asked(world) == ([], [])


@pytest.mark.parametrize("status", [None, "delivered"])
def test_a_release_that_left_at_once_opens_nothing(world, status):
    owed(world, "bail_granted")
    run_ticks(world)
    if status:
        receipt(world, world.arrived[0], status)

    run_ticks(world, START + timedelta(hours=3))

    assert asked(world) == ([], [])


def test_a_release_that_waits_for_a_window_in_time_is_looked_at_after_it_opened(world):
    world.clock.now = when("Mon 5 Jan 2026 07:00")
    world.sms.answers.extend([Answer(TryLater("busy", timedelta(hours=1)), arrives=False)])
    owed(world, "bail_granted", ChannelPlan(windows=OFFICE_HOURS))

    run_ticks(world, when("Mon 5 Jan 2026 09:04"))
    before = asked(world)
    run_ticks(world, when("Mon 5 Jan 2026 09:05"))

    assert before == ([], [])
    assert asked(world) == (["call"], ["supervisor"])


def cannot_be_asked(*_, **__):
    raise TryLater("no_answer")
