"""A phone that buzzes again and again draws looks: how far apart a victim's messages are kept."""

from datetime import timedelta
from threading import Barrier, Thread

from models.messages import Message
from models.oversight import Task
from notify.delivery.claiming import claim_due
from notify.delivery.compose import compose
from notify.delivery.providers.base import Refused
from notify.planning import people
from notify.planning.queries import case_by_ref
from tests.fakes import Answer
from tests.make import (
    START,
    ChannelPlan,
    World,
    make_case,
    make_plan,
    make_victim,
    make_window,
    record,
    run_ticks,
    when,
)

HOUR = timedelta(hours=1)


def in_two_cases(world: World) -> None:
    """One victim, one phone, two cases with a plan each."""
    make_case(world, "C-2")
    make_victim(world)
    with world.acting() as act:
        people.enrol_victim(act, ref="V-1", case=case_by_ref(act.session, "C-2"), name="Example Person")
    for case in ("C-1", "C-2"):
        make_plan(world, case=case)


def times(world: World) -> list[timedelta]:
    """When messages reached her, counted from the start."""
    return [one.at - START for one in world.arrived]


def test_a_victim_in_two_cases_is_never_sent_two_texts_in_the_same_hour(world):
    in_two_cases(world)
    record(world, "arrest", case="C-1")
    record(world, "charge", case="C-2")

    run_ticks(world, START + timedelta(hours=3))

    assert times(world) == [timedelta(0), HOUR]


def test_the_second_update_of_an_hour_waits_until_the_hour_is_over(world):
    make_victim(world)
    make_plan(world)
    record(world, "arrest")
    run_ticks(world, START + timedelta(minutes=20))
    record(world, "charge")

    run_ticks(world, START + timedelta(hours=3))

    assert times(world) == [timedelta(0), HOUR]


def test_updates_that_wait_for_the_same_moment_go_as_one(world):
    make_victim(world)
    make_plan(world)
    record(world, "arrest")
    run_ticks(world, START + timedelta(minutes=10))
    record(world, "charge")
    run_ticks(world, START + timedelta(minutes=20))
    record(world, "hearing_listed")

    run_ticks(world, START + timedelta(hours=3))

    assert times(world) == [timedelta(0), HOUR]


def test_a_message_that_certainly_did_not_arrive_keeps_no_other_back(world):
    make_victim(world)
    make_plan(world)
    world.sms.answers.append(Answer(Refused("30003", "unreachable handset"), arrives=False))
    record(world, "arrest")
    run_ticks(world)
    record(world, "charge")
    run_ticks(world)

    assert [outgoing.attempt for outgoing in world.sms.asked] == [1, 1]


def test_urgent_news_that_would_come_too_late_because_of_an_earlier_text_is_told_by_a_person(world):
    make_victim(world)
    make_plan(world, ChannelPlan(windows=[make_window(hours="10:00-10:50")]))
    record(world, "charge")
    run_ticks(world, START + timedelta(minutes=10))
    record(world, "bail_granted")

    run_ticks(world, START + timedelta(minutes=20))

    assert times(world) == [timedelta(0)]
    assert "call" in [task.kind for task in world.rows(Task)]


def test_that_nothing_has_changed_is_not_said_on_the_day_of_another_update(world):
    make_victim(world)
    make_plan(world, every_days=1)
    world.clock.now = when("Mon 5 Jan 2026 23:30")
    record(world, "arrest")
    run_ticks(world, when("Mon 5 Jan 2026 23:59"))
    record(world, "charge")  # waits for its hour, into the day of the no-change duty

    run_ticks(world, when("Wed 7 Jan 2026 12:00"))

    assert [one.at for one in world.arrived][:2] == [
        when("Mon 5 Jan 2026 23:30"),
        when("Tue 6 Jan 2026 00:30"),
    ]
    days = [one.at.date() for one in world.arrived[1:]]
    assert len(set(days)) == len(days)


def test_two_workers_at_the_same_moment_do_not_both_text_her(world, second):
    in_two_cases(world)
    for case in ("C-1", "C-2"):
        record(world, "arrest", case=case)
    services = world.services
    stuck = services.rulebook.policy.stuck
    compose(services.sessions, services.keys, services.writer, at=START, stuck=stuck)
    claimed: list[int] = []
    together = Barrier(2)

    def claim(worker: World) -> None:
        services = worker.services
        together.wait()
        _, claims = claim_due(
            services.sessions,
            services.keys,
            services.writer,
            services.providers,
            at=START,
            worker="any",
            limit=1,
        )
        claimed.append(len(claims))

    threads = [Thread(target=claim, args=(one,)) for one in (world, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(claimed) == 1
    assert [message.state for message in world.rows(Message)].count("claimed") == 1


def test_urgent_news_does_not_wait_with_a_message_that_waits_for_tomorrow(world):
    """Her other case's text puts off the word that nothing has changed; a release goes when its own hour has come."""
    in_two_cases(world)
    make_plan(world, ChannelPlan(windows=[make_window(hours="09:00-17:00")]), every_days=1, case="C-1")
    run_ticks(world, when("Tue 6 Jan 2026 08:30"))  # the no-change message of C-1 waits for nine
    record(world, "arrest", case="C-2")
    run_ticks(world, when("Tue 6 Jan 2026 10:30"))  # and at nine for Wednesday
    before = len(world.arrived)
    record(world, "released_without_charge", case="C-1")

    run_ticks(world, when("Tue 6 Jan 2026 12:00"))

    assert [one.at for one in world.arrived[before:]] == [when("Tue 6 Jan 2026 10:30")]


def test_urgent_news_behind_an_older_duty_of_the_same_message_is_still_told_by_a_person(world):
    in_two_cases(world)
    make_plan(world, ChannelPlan(windows=[make_window(hours="11:00-11:30")]), case="C-1")
    record(world, "arrest", case="C-1")
    run_ticks(world, START + timedelta(minutes=20))
    record(world, "released_without_charge", case="C-1")
    run_ticks(world, START + timedelta(minutes=50))
    record(world, "arrest", case="C-2")

    run_ticks(world, START + timedelta(hours=2))

    assert times(world) == [timedelta(minutes=50)]
    assert "call" in [task.kind for task in world.rows(Task)]
