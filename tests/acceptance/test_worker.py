"""The worker: leases, heartbeats, looks that fail, and real processes side by side.

Long because the worker's parts share the builders that end in real processes.
"""

import json
import logging
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event, Lock

import pytest
from apscheduler.schedulers.blocking import BlockingScheduler
from sqlalchemy import func, select

from jobs import leases
from jobs.heartbeats import BETWEEN, OLD, beat, silent, worker_is_heard
from jobs.tick import Tick
from jobs.timetable import TIMETABLE
from jobs.worker import Draining, Runner, Worker
from models.messages import Message
from models.running import Heartbeat, Lease
from models.session import Database
from models.vocabulary import Channel, MessageState
from notify.clock import utc_now
from notify.delivery.providers.base import NotAsked, Outgoing
from notify.delivery.providers.routes import Routes
from notify.wiring import Services
from tests.acceptance.command_line import make_arrest, make_command_line, make_people, write_events
from tests.fakes import RecordingProvider
from tests.make import START, World, make_plan, make_victim, make_world, record

ROOT = Path(__file__).parents[2]
LONGEST_WAIT = 90.0  # seconds, on a machine with much else to do
BEFORE = START - timedelta(minutes=1)


@pytest.fixture
def world(database: Database) -> World:
    return make_world(database)


def make_tick(run: Callable[[Services, str], int], *, single: bool = False, lanes: int = 1) -> Tick:
    """A tick that is always due."""
    return Tick("compose", run, select(func.min(Heartbeat.at)).scalar_subquery(), single=single, lanes=lanes)


def make_runner(world: World, tick: Tick, *, worker: str = "worker-1") -> Runner:
    beat(world.services.sessions, "made due by this", worker, at=BEFORE)
    return Runner(tick, world.services, worker, Event())


# Leases


def test_one_worker_at_a_time_holds_a_lease(sessions):
    first = leases.take(sessions, "compose", "worker-1", at=START)

    assert first is not None
    assert leases.take(sessions, "compose", "worker-2", at=START + leases.LASTS / 2) is None
    assert leases.take(sessions, "other", "worker-2", at=START) is not None


def test_its_holder_renews_a_lease_and_keeps_its_number(sessions):
    first = leases.take(sessions, "compose", "worker-1", at=START)
    renewed = leases.take(sessions, "compose", "worker-1", at=START + leases.LASTS / 2)

    assert renewed == first
    assert leases.take(sessions, "compose", "worker-2", at=START + leases.LASTS) is None


def test_a_lease_that_ran_out_is_taken_over_with_a_greater_number(sessions):
    first = leases.take(sessions, "compose", "worker-1", at=START)
    second = leases.take(sessions, "compose", "worker-2", at=START + leases.LASTS)

    assert first is not None
    assert second is not None
    assert second.fencing > first.fencing
    assert leases.take(sessions, "compose", "worker-1", at=START + leases.LASTS) is None


def test_a_released_lease_is_free_at_once_and_only_its_holder_releases_it(sessions):
    first = leases.take(sessions, "compose", "worker-1", at=START)
    assert first is not None

    leases.release(sessions, replace(first, holder="worker-2"), at=START)
    assert leases.take(sessions, "compose", "worker-2", at=START) is None
    leases.release(sessions, first, at=START)
    assert leases.take(sessions, "compose", "worker-2", at=START) is not None


def test_a_worker_that_was_overtaken_commits_nothing(database):
    held = leases.take(database.sessions, "compose", "worker-1", at=START)
    assert held is not None
    fenced = leases.fenced(database, held)
    with fenced.sessions.begin() as session:
        session.add(Heartbeat(tick="in time", at=START, worker="worker-1"))
    leases.take(database.sessions, "compose", "worker-2", at=START + leases.LASTS)

    with pytest.raises(leases.LeaseLost), fenced.sessions.begin() as session:
        session.add(Heartbeat(tick="too late", at=START, worker="worker-1"))

    with database.reads() as session:
        assert session.scalars(select(Heartbeat.tick)).all() == ["in time"]


# Heartbeats


def test_a_tick_is_silent_until_it_was_heard_of_and_again_when_that_is_long_ago(world):
    sessions, names = world.services.sessions, [tick.name for tick in TIMETABLE]
    with sessions() as session:
        assert silent(session, at=START) == names
    assert not worker_is_heard(world.services)

    for name in names:
        beat(sessions, name, "worker-1", at=START)

    with sessions() as session:
        assert silent(session, at=START + OLD) == []
        assert silent(session, at=START + OLD + timedelta(seconds=1)) == names
    assert worker_is_heard(world.services)


def test_the_newest_beat_of_any_worker_counts(world):
    for worker, at in (("worker-1", BEFORE), ("worker-2", START)):
        beat(world.services.sessions, "compose", worker, at=at)

    heartbeat = world.row(Heartbeat)
    assert (heartbeat.worker, heartbeat.at) == ("worker-2", START)


# Looks


def test_a_look_goes_on_until_nothing_is_left(world):
    left = [3, 2, 1, 0]

    make_runner(world, make_tick(lambda _services, _worker: left.pop(0))).look()

    assert left == []
    assert world.row(Heartbeat, tick="compose").at == START


def test_a_long_queue_goes_in_lanes_where_several_can_write_at_once(world):
    """And in one where they would only wait for each other: two batches of SQLite are never under way together."""
    can = world.services.database.engine.dialect.name == "postgresql"
    left, under_way, most, one = [7], [0], [0], Lock()
    together = Event()

    def run(_services: Services, _worker: str) -> int:
        with one:
            if not left[0]:
                return 0
            left[0] -= 1
            first = left[0] == 6  # alone: nobody knows yet that the queue is long
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
            if under_way[0] == 3:
                together.set()
        if can and not first:
            assert together.wait(LONGEST_WAIT)
        with one:
            under_way[0] -= 1
        return 1

    runner = make_runner(world, make_tick(run, lanes=3))
    runner.look()

    assert (left, runner.failures, most) == ([0], 0, [3 if can else 1])


def test_what_goes_wrong_in_a_lane_is_counted_and_the_others_end_their_work(world):
    left = [5]

    def run(_services: Services, _worker: str) -> int:
        left[0] -= 1
        if left[0] == 3:
            raise ZeroDivisionError
        return max(left[0], 0)

    runner = make_runner(world, make_tick(run, lanes=3))
    runner.look()

    assert runner.failures == 1


def test_nothing_is_run_before_it_is_due(world):
    runner = make_runner(world, make_tick(lambda _services, _worker: pytest.fail("not due")))
    world.clock.now = BEFORE - timedelta(minutes=1)

    runner.look()

    assert runner.failures == 0
    assert len(world.rows(Heartbeat, tick="compose")) == 1


def test_a_look_that_fails_is_counted_and_the_next_one_comes(world, caplog):
    answers: list[int | Exception] = [ValueError("canary 07700 900123"), 1, 0]

    def run(_services: Services, _worker: str) -> int:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    runner = make_runner(world, make_tick(run))
    with caplog.at_level(logging.INFO):
        runner.look()
    assert (runner.failures, world.rows(Heartbeat, tick="compose")) == (1, [])
    runner.look()

    assert (runner.failures, answers) == (1, [])
    (failed,) = [line for line in caplog.records if line.message == "tick failed"]
    assert (vars(failed)["tick"], vars(failed)["failures"]) == ("compose", 1)
    assert world.row(Heartbeat, tick="compose").at == START


def test_a_worker_that_is_stopping_begins_no_further_batch(world):
    ran: list[str] = []

    def run(_services: Services, worker: str) -> int:
        ran.append(worker)
        runner.stopping.set()
        return 1

    runner = make_runner(world, make_tick(run))
    runner.look()

    assert ran == ["worker-1"]


def test_a_look_that_is_asked_for_during_another_follows_it(world):
    ran: list[str] = []

    def run(_services: Services, worker: str) -> int:
        ran.append(worker)
        if len(ran) == 1:
            runner.look()
            assert ran == ["worker-1"]  # not within the one that goes on
        return 0

    runner = make_runner(world, make_tick(run))
    runner.look()

    assert ran == ["worker-1", "worker-1"]


def test_each_batch_with_something_in_it_is_told_of(world):
    left, told = [2, 1, 0], []
    runner = make_runner(world, make_tick(lambda _services, _worker: left.pop(0)))
    runner.did = lambda: told.append(len(left))

    runner.look()

    assert told == [2, 1]


def test_empty_looks_are_not_each_written_down(world):
    runner = make_runner(world, make_tick(lambda _services, _worker: 0))
    runner.look()
    world.clock.pass_time(seconds=BETWEEN.total_seconds() / 2)
    runner.look()
    assert world.row(Heartbeat, tick="compose").at == START

    world.clock.pass_time(seconds=BETWEEN.total_seconds() / 2)
    runner.look()

    assert world.row(Heartbeat, tick="compose").at == START + BETWEEN


def test_a_single_tick_runs_on_one_worker_until_that_one_stops(world):
    ran: list[str] = []

    def run(_services: Services, worker: str) -> int:
        ran.append(worker)
        return 0

    first = make_runner(world, make_tick(run, single=True), worker="worker-1")
    second = make_runner(world, make_tick(run, single=True), worker="worker-2")
    for runner in (first, second, first):
        runner.look()
    assert ran == ["worker-1", "worker-1"]

    first.let_go()
    second.look()

    assert ran[2:] == ["worker-2"]
    assert world.row(Lease).fencing == 2


def test_what_an_overtaken_worker_composed_is_not_kept(world):
    make_victim(world)
    make_plan(world)
    record(world)
    (compose,) = [tick for tick in TIMETABLE if tick.name == "compose"]

    def overtaken(services: Services, worker: str) -> int:
        leases.take(world.services.sessions, "compose", "worker-2", at=START + leases.LASTS)
        return compose.run(services, worker)

    first = make_runner(world, make_tick(overtaken, single=True))
    first.look()
    assert (first.failures, world.rows(Message)) == (1, [])

    world.clock.now = START + leases.LASTS
    Runner(compose, world.services, "worker-2", Event()).look()

    assert world.states() == ["queued"]


def test_a_stopping_worker_hands_nothing_over_and_what_it_claimed_is_sent_later(world):
    make_victim(world)
    make_plan(world)
    record(world)
    stopping = Event()
    stopping.set()
    draining = Draining(world.sms, stopping)
    stopped = replace(world.services, providers=Routes.to({Channel.SMS: draining, Channel.EMAIL: draining}))
    for tick in TIMETABLE:
        tick.run(world.services if tick.name == "compose" else stopped, "worker-1")
    assert (world.states(), world.sms.asked) == (["queued"], [])
    assert world.row(Message).attempt == 0

    for tick in TIMETABLE:
        tick.run(world.services, "worker-2")

    assert (world.states(), len(world.sms.arrived)) == (["accepted"], 1)


def test_a_provider_is_itself_until_the_worker_stops(world):
    provider = RecordingProvider()
    draining = Draining(provider, Event())
    outgoing = Outgoing(
        message_id=world.staff["officer"].id,
        channel=Channel.SMS,
        to="+447700900001",
        subject=None,
        text="Please ring me.",
        valid_until=START + timedelta(hours=1),
        attempt=1,
        callback_token="token",
    )

    draining.send(outgoing, at=START)
    draining.stopping.set()
    with pytest.raises(NotAsked):
        draining.send(outgoing, at=START)

    assert (draining.name, len(provider.arrived)) == (provider.name, 1)


class DeadTimer(BlockingScheduler):
    """A timer whose loop ends with an error."""

    def _main_loop(self) -> None:
        raise RuntimeError("the timer died")


def test_a_worker_whose_timer_dies_says_so(world):
    services = replace(world.services, clock=utc_now)
    worker = Worker(services, "worker-1", scheduler=DeadTimer())

    with pytest.raises(RuntimeError, match="the timer died"):
        worker.run()

    assert worker.stopping.is_set()
    worker.scheduler.shutdown()


# Processes


@contextmanager
def working(env: dict[str, str], folder: Path, count: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """So many real workers, ended at the latest when the block ends."""
    processes = []
    for number in range(count):
        with (folder / f"worker-{number}.log").open("wb") as log:
            command = [sys.executable, "-m", "jobs"]
            processes.append(subprocess.Popen(command, env=env, stdout=log, stderr=log, cwd=ROOT))
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.wait()


def wait_until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + LONGEST_WAIT
    while not true():
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.2)


def test_two_workers_on_one_database_never_send_twice(database_url, tmp_path):
    victims = 150
    outbox = tmp_path / "outbox.ndjson"
    line = make_command_line(database_url)
    now = utc_now().isoformat()
    events = [*make_people(victims, at=now), make_arrest(now)]
    assert line.run("import", write_events(tmp_path / "events.ndjson", events)).exit_code == 0

    with (
        line.services() as services,
        working(line.env | {"OUTBOX_FILE": str(outbox)}, tmp_path, 2) as workers,
    ):

        def count(*conditions: object) -> int:
            with services.reading() as session:
                query = select(func.count()).select_from(Message).where(*conditions)  # type: ignore[arg-type]
                return session.scalar(query) or 0

        wait_until(lambda: count(Message.state == MessageState.ACCEPTED) == victims)
        wait_until(lambda: worker_is_heard(services))
        for worker in workers:
            worker.send_signal(signal.SIGTERM)
        assert [worker.wait(LONGEST_WAIT) for worker in workers] == [0, 0]
        by_worker = Counter(message.claimed_by for message in _messages(services))

        sent = [json.loads(one) for one in outbox.read_text(encoding="utf-8").splitlines()]
        assert Counter(one["to"] for one in sent) == dict.fromkeys({one["to"] for one in sent}, 1)
        assert len(sent) == count() == victims
        assert sum(by_worker.values()) == victims


def test_a_milestone_is_not_left_until_the_next_interval(database_url, tmp_path):
    longest = 60
    line = make_command_line(database_url)
    now = utc_now().isoformat()
    assert line.run("import", write_events(tmp_path / "people.ndjson", make_people(1, at=now))).exit_code == 0
    env = line.env | {"OUTBOX_FILE": str(tmp_path / "outbox.ndjson"), "WORKER_TICK_SECONDS": str(longest)}

    with line.services() as services, working(env, tmp_path, 1):
        wait_until(lambda: worker_is_heard(services))
        began = time.monotonic()
        arrest = write_events(tmp_path / "arrest.ndjson", [make_arrest(utc_now().isoformat())])
        assert line.run("import", arrest).exit_code == 0
        wait_until(lambda: [one.state for one in _messages(services)] == [MessageState.ACCEPTED])

        # All ticks looked by themselves when the worker began, a moment before; they will again when the interval is over.
        assert time.monotonic() - began < longest / 2


def _messages(services: Services) -> list[Message]:
    with services.reading() as session:
        return list(session.scalars(select(Message)))


def test_a_worker_without_a_root_key_says_so_and_does_not_begin(sqlite_url, tmp_path):
    env = {"DATABASE_URL": sqlite_url}

    with working(env, tmp_path, 1) as (worker,):
        status = worker.wait(LONGEST_WAIT)

    assert status == 2
    said = (tmp_path / "worker-0.log").read_text(encoding="utf-8")
    assert said == "NOTIFY_ROOT_KEY: not set, and neither is NOTIFY_ROOT_KEY_FILE\n"
