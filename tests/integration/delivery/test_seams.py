"""Where parts of delivery meet: claims that look alike, senders whose provider is left alone, providers that are new, slow mail."""

from dataclasses import replace
from datetime import timedelta

import jobs.compose
import jobs.send
from models.oversight import Task
from models.vocabulary import Channel, Sender, TaskKind
from notify.delivery import send
from notify.delivery.claiming import claim_due
from notify.delivery.providers.base import Outgoing, SlowDown
from notify.delivery.providers.routes import Route, Routes
from notify.delivery.routing import set_up
from notify.delivery.stuck import stuck
from tests.fakes import Answer, RecordingProvider
from tests.make import (
    ChannelPlan,
    World,
    make_case,
    make_plan,
    make_victim,
    record,
    run_ticks,
)


def standby(world: World) -> RecordingProvider:
    """A second way for texts, which has the usual sender alone."""
    second = RecordingProvider()
    second.name = "second"
    second.senders = frozenset({Sender.NEUTRAL})
    routes = Routes(
        (
            Route(Channel.SMS, world.sms),
            Route(Channel.SMS, second),
            Route(Channel.EMAIL, world.email),
        )
    )
    world.services = replace(world.services, providers=routes)
    return second


def another(world: World) -> None:
    """News for another victim, over the usual sender."""
    make_case(world, "C-2")
    make_victim(world, "V-2", case="C-2", mobile="07700 900002")
    make_plan(world, ChannelPlan("V-2-mobile"), victim="V-2", case="C-2")
    record(world, case="C-2")


def test_an_answer_to_an_earlier_claim_is_not_taken_for_one_to_this(world):
    """The answer to a commit was lost, so what was recorded is recorded again; what was no attempt has the same number."""
    make_victim(world)
    make_plan(world)
    record(world)
    ours = world.services
    jobs.compose.run(ours, "worker-1")
    first, second, third = (
        lambda name=name: claim_due(
            ours.sessions, ours.keys, ours.writer, ours.providers, at=world.clock(), worker=name, limit=64
        )[1]
        for name in ("worker-1", "worker-2", "worker-3")
    )
    said = [(first()[0], SlowDown("too_many_requests"))]
    send.record(ours.sessions, ours.keys, said, at=world.clock)
    [claim] = second()
    claim.provider.send(claim.outgoing, at=world.clock())

    send.record(ours.sessions, ours.keys, said, at=world.clock)

    assert third() == []
    assert len(world.sms.arrived) == 1


def test_urgent_news_whose_sender_has_to_wait_is_told_by_a_person_and_seen_as_stuck(world):
    standby(world)
    make_victim(world)
    make_plan(world, ChannelPlan(sender=Sender.NAMED))
    another(world)
    world.sms.answers.append(Answer(SlowDown("too_many_requests", timedelta(days=1)), arrives=False))
    run_ticks(world)

    record(world, "release_from_custody")
    run_ticks(world)

    assert [task.kind for task in world.rows(Task)] == [TaskKind.CALL]
    run_ticks(world, world.clock() + timedelta(minutes=12))
    with world.services.reading() as session:
        assert stuck(session, at=world.clock(), after=timedelta(minutes=5)).count == 1
    assert len(world.rows(Task)) == 1


def test_who_waits_for_a_sender_that_is_gone_is_asked_about_once(world):
    make_victim(world)
    make_plan(world, ChannelPlan(sender=Sender.NAMED))
    world.sms.senders = frozenset({Sender.NEUTRAL})
    record(world, "release_from_custody")

    run_ticks(world, world.clock() + timedelta(hours=1))

    assert len(world.rows(Task, kind="check_delivery")) == 1
    assert world.states() == ["held"]


def test_a_provider_that_is_new_is_used_although_the_one_before_wants_to_be_left_alone(world):
    make_victim(world)
    make_plan(world)
    record(world)
    world.sms.answers.append(Answer(SlowDown("too_many_requests", timedelta(days=1)), arrives=False))
    run_ticks(world)
    second = standby(world)

    set_up(world.services.sessions, world.services.providers, at=world.clock())  # a worker begins
    run_ticks(world, world.clock() + timedelta(minutes=5))

    assert len(second.arrived) == 1


def test_a_text_does_not_wait_for_slow_mail(world):
    def slow(_outgoing: Outgoing, _at: object) -> None:
        world.clock.pass_time(seconds=20)

    world.email.witness = slow
    for n in range(1, 21):
        case = f"C-{n}"
        if n > 1:
            make_case(world, case)
        make_victim(world, f"V-{n}", case=case, mobile=None, email=f"v{n}@example.org")
        make_plan(world, ChannelPlan(f"V-{n}-email"), victim=f"V-{n}", case=case)
        record(world, case=case)
    jobs.compose.run(world.services, "worker-1")
    world.sms.at_once = 64
    make_case(world, "C-99")
    make_victim(world, "V-99", case="C-99", mobile="07700 900099")
    make_plan(world, victim="V-99", case="C-99")
    record(world, "release_from_custody", case="C-99")
    jobs.compose.run(world.services, "worker-1")
    before = world.clock()

    jobs.send.run(world.services, "worker-1")

    [text] = world.sms.arrived
    assert text.at == before


def test_one_mail_that_goes_wrong_as_none_should_takes_nothing_from_the_others(world):
    class Blows(RecordingProvider):
        def send(self, outgoing, *, at):
            if outgoing.to.startswith("v2"):
                raise ZeroDivisionError
            return super().send(outgoing, at=at)

    mail = Blows()
    mail.blind = True  # a mail server cannot be asked
    world.services = replace(
        world.services, providers=Routes.to({Channel.SMS: world.sms, Channel.EMAIL: mail})
    )
    for n in (1, 2, 3):
        case = f"C-{n}"
        if n > 1:
            make_case(world, case)
        make_victim(world, f"V-{n}", case=case, mobile=None, email=f"v{n}@example.org")
        make_plan(world, ChannelPlan(f"V-{n}-email"), victim=f"V-{n}", case=case)
        record(world, case=case)

    run_ticks(world)

    assert sorted(world.states()) == ["accepted", "accepted", "uncertain"]
