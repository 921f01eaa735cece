"""Providers that fail: they are left alone, the second one takes over, and what waits loses nothing by waiting.

Long because two accounts at two local Twilios, and every way in which either fails, are one story.
"""

import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from jobs.timetable import run_due
from models.messages import Message
from models.oversight import Task
from models.running import ProviderHealth
from models.vocabulary import BreakerState, Channel, MessageState
from notify.delivery.providers.base import SlowDown, TryLater, Uncertain
from notify.delivery.providers.routes import Route, Routes
from notify.delivery.providers.twilio_sms import SETTLING, TwilioSms
from notify.delivery.routing import BREAKER, troubles
from notify.delivery.rules.pace import Pace
from notify.dev import faults
from notify.dev.twilio_peer import TwilioPeer
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

ACCOUNTS = {"twilio": "AC" + "1" * 32, "twilio_2": "AC" + "2" * 32}
SECOND = timedelta(seconds=1)
NO_CONNECTION = Answer(TryLater("no_connection"), arrives=False)
MANY = BREAKER.failures + 3


@dataclass
class Two:
    """A world whose texts go by two accounts, each at a Twilio of its own."""

    world: World
    first: TwilioPeer
    second: TwilioPeer

    def carriers(self) -> Counter[str | None]:
        return Counter(message.provider for message in self.world.rows(Message))

    def took(self) -> tuple[int, int]:
        return len(self.first.accepted), len(self.second.accepted)


@pytest.fixture
def two(world: World) -> Iterator[Two]:
    with ExitStack() as open_peers:
        peers = {
            name: open_peers.enter_context(TwilioPeer(sid, f"token of {name}", world.clock))
            for name, sid in ACCOUNTS.items()
        }
        texts = [Route(Channel.SMS, make_account(name, peer)) for name, peer in peers.items()]
        go_by(world, *texts)
        yield Two(world, *peers.values())


def make_account(name: str, peer: TwilioPeer) -> TwilioSms:
    return TwilioSms(
        name=name,
        account_sid=peer.account_sid,
        auth_token=peer.auth_token,
        sender="+447700900999",
        public_url="https://updates.example.org",
        base_url=peer.url,
        timeout=2.0,
    )


def go_by(world: World, *texts: Route) -> None:
    """Texts go by these routes from now on."""
    mails = Route(Channel.EMAIL, world.email)
    world.services = replace(world.services, providers=Routes((*texts, mails)))


def owed(world: World, count: int = 1, *, first: int = 1, channel: ChannelPlan | None = None) -> None:
    """So many victims, each in a case of her own, are owed a text now."""
    for n in range(first, first + count):
        case, victim = f"C-{n}", f"V-{n}"
        if n > 1:
            make_case(world, case)
        make_victim(world, victim, case=case, mobile=f"07700 9000{n:02}", email=f"v{n}@example.org")
        make_plan(world, channel or ChannelPlan(f"{victim}-mobile"), victim=victim, case=case)
        record(world, case=case)


def health(world: World, name: str = "recording", channel: Channel = Channel.SMS) -> ProviderHealth:
    return world.row(ProviderHealth, name=name, channel=channel)


def in_their_order(world: World) -> bool:
    """Whether each left before those that were written after it."""
    written = sorted(world.rows(Message), key=lambda message: (message.created_at, message.id))
    return [one.outgoing.message_id for one in world.arrived] == [message.id for message in written]


def asked(world: World) -> int:
    return len(world.sms.asked)


# One provider


def test_while_all_is_well_nothing_is_kept_about_it(world):
    owed(world)

    run_ticks(world)

    assert (world.states(), world.rows(ProviderHealth)) == (["accepted"], [])


def test_one_that_fails_again_and_again_is_asked_no_more_and_those_behind_keep_place_and_attempts(world):
    owed(world, MANY)
    world.sms.answers.extend([NO_CONNECTION] * MANY)

    run_ticks(world)

    assert asked(world) == BREAKER.failures
    waiting = [message for message in world.rows(Message) if not message.attempt]
    assert len(waiting) == MANY - BREAKER.failures
    assert {(message.state, message.not_before) for message in waiting} == {(MessageState.QUEUED, START)}
    kept = health(world)
    assert (kept.state, kept.reason) == (BreakerState.OPEN, "no_connection")
    assert (kept.since, kept.ready_at) == (START, START + BREAKER.first)


def test_nothing_is_asked_of_it_until_its_time_and_then_a_few_and_then_all(world):
    owed(world, MANY)
    world.sms.answers.extend([NO_CONNECTION] * BREAKER.failures)
    run_ticks(world, START + BREAKER.first - SECOND)
    assert asked(world) == BREAKER.failures
    at_once: list[datetime] = []
    world.sms.witness = lambda _outgoing, at: at_once.append(health_at(world, at))

    run_ticks(world, START + BREAKER.first)

    # The second of those let through is handed over before the answer to the first is kept.
    assert at_once[: BREAKER.probes] == [BreakerState.HALF_OPEN] * BREAKER.probes
    assert set(at_once[BREAKER.probes :]) == {BreakerState.CLOSED}
    run_ticks(world, START + timedelta(minutes=5))
    assert world.states() == ["accepted"] * MANY
    assert Counter(one.to for one in world.arrived) == Counter({one.to for one in world.arrived})


def health_at(world, _at):
    return health(world).state


def test_one_that_fails_still_is_left_alone_for_longer(world):
    owed(world, MANY)
    world.sms.answers.extend([NO_CONNECTION] * 50)

    run_ticks(world, START + BREAKER.first)

    assert asked(world) == BREAKER.failures + BREAKER.probes
    assert health(world).ready_at == START + 3 * BREAKER.first
    run_ticks(world, START + timedelta(hours=1))
    assert asked(world) < 30  # without a breaker each of eight would have been tried six times


def test_what_others_do_meanwhile_is_not_held_up(world):
    """Texts cannot go; mails do, though texts are before them in the queue."""
    owed(world, MANY)
    world.sms.answers.extend([NO_CONNECTION] * MANY)
    run_ticks(world)
    owed(world, 2, first=40, channel=None)
    for n in (40, 41):
        make_plan(world, ChannelPlan(f"V-{n}-email"), victim=f"V-{n}", case=f"C-{n}", reason="mails")

    run_ticks(world)

    assert {one.to for one in world.email.arrived} == {"v40@example.org", "v41@example.org"}
    assert asked(world) == BREAKER.failures


def test_all_workers_know_of_it(world, second):
    owed(world, MANY)
    world.sms.answers.extend([NO_CONNECTION] * MANY)
    run_ticks(world)

    run_ticks(second, worker="other")

    assert asked(world) == BREAKER.failures


def test_a_worker_that_dies_while_it_tries_again_keeps_no_other_from_trying(world, second):
    class KilledError(BaseException):
        pass

    owed(world, MANY)
    world.sms.answers.extend([NO_CONNECTION] * BREAKER.failures + [Answer(KilledError(), arrives=False)])
    with pytest.raises(KilledError):
        run_ticks(world, START + BREAKER.first)
    run_due(second.services, "other")
    assert asked(world) == BREAKER.failures + 1

    run_ticks(second, START + timedelta(hours=1), worker="other")

    assert world.states() == ["accepted"] * MANY


def test_it_is_said_in_the_log_and_to_who_asks_and_so_is_the_end(world, caplog):
    owed(world, MANY)
    world.sms.answers.extend([NO_CONNECTION] * BREAKER.failures)
    run_ticks(world)
    with world.services.reading() as session:
        (trouble,) = troubles(session, world.services.providers)
    assert (trouble.name, trouble.channel, trouble.reason) == ("recording", Channel.SMS, "no_connection")

    run_ticks(world, START + timedelta(minutes=5))

    said = [line for line in caplog.records if line.name == "notify.delivery.routing"]
    assert [(line.levelname, line.message) for line in said] == [
        ("ERROR", "a provider is left alone"),
        ("WARNING", "a provider is used again"),
    ]
    with world.services.reading() as session:
        assert troubles(session, world.services.providers) == []


@pytest.fixture(autouse=True)
def _logs(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)


def test_failures_with_a_good_answer_between_them_leave_nobody_alone(world):
    owed(world, 3 * BREAKER.failures)
    for _ in range(3):
        world.sms.answers.extend([NO_CONNECTION] * (BREAKER.failures - 1) + [Answer()])

    run_ticks(world)

    assert asked(world) == 3 * BREAKER.failures


def test_too_many_at_once_is_no_attempt_and_nothing_goes_before_the_provider_allows(world):
    owed(world, 3)
    wait = timedelta(seconds=7)
    world.sms.answers.append(Answer(SlowDown("too_many_requests", wait), arrives=False))

    run_ticks(world, START + wait - SECOND)
    assert asked(world) == 1
    run_ticks(world, START + 2 * wait)

    assert {one.at for one in world.arrived} == {START + wait}
    assert {message.attempt for message in world.rows(Message)} == {1}
    assert in_their_order(world)


def test_a_try_that_would_come_after_the_window_is_not_made_and_the_next_way_agreed_is_used(world):
    world.clock.now = when("Mon 5 Jan 2026 16:55")
    make_victim(world, email="v1@example.org")
    office = [make_window("mon tue wed thu fri", "09:00-17:00")]
    make_plan(world, ChannelPlan(windows=office), ChannelPlan("V-1-email"))
    record(world)
    world.sms.answers.append(Answer(TryLater("busy", timedelta(minutes=10)), arrives=False))

    run_ticks(world, when("Tue 6 Jan 2026 16:00"))

    assert (asked(world), [one.to for one in world.arrived]) == (1, ["v1@example.org"])
    assert world.states() == ["accepted", "expired"]


def test_waiting_for_a_window_uses_up_no_attempt(world):
    world.clock.now = when("Sat 10 Jan 2026 12:00")
    owed(world, channel=ChannelPlan(windows=[make_window("mon", "09:00-17:00")]))

    run_ticks(world, when("Mon 12 Jan 2026 09:00"))

    assert world.row(Message).attempt == 1


# Two providers


def test_while_the_first_is_well_the_second_is_not_asked(two):
    owed(two.world, 3)

    run_ticks(two.world)

    assert two.took() == (3, 0)
    assert not two.second.http.exchanges
    assert two.carriers() == {"twilio": 3}


def test_when_the_first_is_left_alone_what_it_certainly_did_not_take_goes_by_the_second(two):
    owed(two.world, MANY)
    two.first.next_faults.extend([faults.FORBIDDEN] * 50)

    run_ticks(two.world, START + timedelta(minutes=1))

    assert two.took() == (0, MANY)
    assert two.world.states() == ["accepted"] * MANY
    # What was let through to try the first again is among those that the second took after all.
    assert two.carriers() == {"twilio_2": MANY}


def test_the_first_is_gone_altogether(two):
    owed(two.world, MANY)
    two.first.http.stop()

    run_ticks(two.world, START + timedelta(minutes=5))

    assert two.took() == (0, MANY)


def test_when_the_first_is_well_again_it_is_used_again(two):
    owed(two.world, MANY)
    two.first.next_faults.extend([faults.FORBIDDEN] * MANY)
    run_ticks(two.world, START + timedelta(minutes=3))
    owed(two.world, 4, first=40)
    before = two.took()[1]

    run_ticks(two.world)

    # Of the four the oldest two tried whether it is well, and the other two did not wait for that.
    assert two.took() == (2, before + 2)
    owed(two.world, 4, first=60)
    run_ticks(two.world)
    assert two.took() == (6, before + 2)
    assert health(two.world, "twilio").state is BreakerState.CLOSED


@pytest.mark.parametrize("taken", [True, False])
def test_what_is_uncertain_at_the_first_is_never_handed_to_the_second(two, taken):
    owed(two.world, MANY)
    lost = faults.DROP_AFTER_ACCEPTING if taken else faults.DROP_BEFORE_ACCEPTING
    two.first.next_faults.extend([lost] * MANY)

    run_ticks(two.world, START + SETTLING - SECOND)

    assert two.took() == (MANY if taken else 0, 0)
    assert not two.second.http.exchanges
    run_ticks(two.world, START + timedelta(hours=1))
    # Found there, or certainly not there: then it was queued, and any of the two may take it.
    assert sum(two.took()) == MANY
    assert two.world.states() == ["accepted"] * MANY
    assert {message.to for message in (*two.first.accepted, *two.second.accepted)} == {
        f"+4477009000{n:02}" for n in range(1, MANY + 1)
    }


def test_each_account_empties_what_it_carried(two):
    owed(two.world, 1)
    run_ticks(two.world)
    two.first.next_faults.extend([faults.FORBIDDEN] * 50)
    owed(two.world, MANY, first=40)
    run_ticks(two.world, START + timedelta(minutes=1))
    for peer in (two.first, two.second):
        for message in peer.accepted:
            peer.advance(message.sid, "delivered")
    with two.world.services.sessions.begin() as session:
        for message in session.query(Message):
            message.redact_at = two.world.clock()

    run_ticks(two.world)

    assert two.took() == (1, MANY)
    assert all(message.emptied for message in (*two.first.accepted, *two.second.accepted))


def test_what_an_account_carried_that_is_not_set_up_any_more_is_for_a_person(two):
    owed(two.world, 1)
    two.first.next_faults.append(faults.DROP_AFTER_ACCEPTING)
    two.first.faults["list"].append(faults.BROKEN)
    run_ticks(two.world)
    assert two.world.states() == ["uncertain"]
    only_second = [route for route in two.world.services.providers.routes if route.key[1] == "twilio_2"]
    go_by(two.world, *only_second)

    run_ticks(two.world, START + timedelta(hours=1))

    assert (two.took(), two.world.states()) == ((1, 0), ["uncertain"])
    assert [task.kind for task in two.world.rows(Task)] == ["check_delivery"]


# Pace


def paced(world: World, count: int, per: timedelta = SECOND) -> None:
    go_by(world, Route(Channel.SMS, world.sms, Pace(count, per)))


def rested(world: World) -> datetime:
    """The time is now such that nothing was sent for a while."""
    world.clock.pass_time(minutes=1)
    return world.clock()


def test_no_more_leave_in_a_second_than_was_set_and_in_their_order(world):
    paced(world, 4)
    owed(world)
    run_ticks(world)
    now = rested(world)
    owed(world, 9, first=2)

    run_ticks(world, now + timedelta(seconds=5))

    moments = [one.at - now for one in world.sms.arrived[1:]]
    assert moments == [timedelta(0)] * 4 + [n * SECOND / 4 for n in range(1, 6)]
    assert in_their_order(world)
    assert {message.attempt for message in world.rows(Message)} == {1}


def test_all_workers_together_keep_the_pace(world, second):
    for one in (world, second):
        paced(one, 4)
    owed(world)
    run_ticks(second)
    now = rested(world)
    owed(world, 9, first=2)

    for moment in range(6):
        world.clock.now = now + moment * SECOND / 2
        for one, name in ((world, "one"), (second, "other")):
            run_due(one.services, name)

    assert Counter((one.at - now) / SECOND for one in world.arrived[1:]) == {0.0: 4, 0.5: 2, 1.0: 2, 1.5: 1}


def test_a_pace_of_a_few_a_minute_lets_one_leave_after_the_other(world):
    owed(world, 3)
    paced(world, 6, timedelta(minutes=1))

    run_ticks(world, START + timedelta(minutes=1))

    assert [(one.at - START) / SECOND for one in world.arrived] == [0, 10, 20]


def test_the_pace_of_texts_holds_no_mail_back(world):
    owed(world, 9)
    paced(world, 1)
    for n in (8, 9):
        make_plan(world, ChannelPlan(f"V-{n}-email"), victim=f"V-{n}", case=f"C-{n}", reason="mails")

    run_ticks(world)

    assert (len(world.sms.arrived), len(world.email.arrived)) == (1, 2)


def test_the_second_does_not_take_what_only_waits_for_the_pace_of_the_first(two):
    owed(two.world, 3)
    first, second, _ = two.world.services.providers.routes
    go_by(two.world, replace(first, pace=Pace(1, SECOND)), second)

    run_ticks(two.world, START + timedelta(seconds=5))

    assert two.took() == (3, 0)


def test_an_uncertain_answer_counts_against_its_provider(world):
    owed(world, MANY)
    world.sms.answers.extend([Answer(Uncertain("answer_lost"), arrives=True)] * MANY)
    world.sms.blind = True

    run_ticks(world)

    assert Counter(world.states()) == {"uncertain": BREAKER.failures, "queued": 3}
