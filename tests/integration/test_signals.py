"""Signals from whoever makes something due to the workers, on each sort of database, and the lookout that hears them."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Thread

import pytest
from sqlalchemy import make_url, text, update

from jobs.lookout import Lookout
from models.duties import Duty
from models.session import Database, open_database
from models.signals import Listener, listen, signal_at_commit
from models.vocabulary import Agency
from notify.clock import utc_now
from notify.ledger.audit import THE_SERVICE
from notify.planning.people import add_unit
from notify.wiring import Services
from tests.make import START, World, make_plan, make_victim, make_world, record
from tests.signals import LONGEST_WAIT, hears, listening

NEVER = 3_600  # seconds between two looks that nobody asked for
LISTENERS = text("FROM pg_stat_activity WHERE query = 'LISTEN notify_work' AND datname = current_database()")


@pytest.fixture
def listener(database: Database) -> Iterator[Listener]:
    with listening(database) as ear:
        yield ear


@pytest.fixture
def postgresql_database(postgresql_url: str, opened_once: Callable[[str], Database]) -> Iterator[Database]:
    opened = opened_once(postgresql_url)
    yield opened
    opened.engine.dispose()


def signal(database: Database, times: int = 1) -> None:
    for _ in range(times):
        with database.sessions.begin() as session:
            signal_at_commit(session)


def pipes(url: str) -> list[Path]:
    database = Path(make_url(url).database or "")
    return sorted(database.parent.glob(f"*{database.name}-worker-*"))


# Listeners


def test_every_listener_hears_a_signal(database):
    with listening(database) as one, listening(database) as other:
        signal(database)

        assert [hears(one), hears(other)] == [True, True]


def test_a_signal_comes_with_the_commit_and_not_before(database, listener):
    with database.sessions.begin() as session:
        signal_at_commit(session)
        with session.begin_nested():
            session.execute(text("SELECT 1"))
        assert not hears(listener, within=0.1)

    assert hears(listener)


def test_what_is_not_committed_signals_nobody(database, listener):
    with database.sessions() as session:
        signal_at_commit(session)
        session.rollback()

    assert not hears(listener, within=0.1)


def test_a_burst_of_signals_is_taken_at_once(database, listener):
    signal(database, 200)

    assert hears(listener)
    while hears(listener, within=0.5):
        pass  # what PostgreSQL had still to deliver
    signal(database)
    assert hears(listener)


def test_a_pipe_that_is_full_holds_nobody_up(sqlite_database):
    with listening(sqlite_database) as listener:
        signal(sqlite_database)
        (pipe,) = pipes(str(sqlite_database.engine.url))
        end = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        with suppress(BlockingIOError):
            while os.write(end, b"." * 4096):
                pass
        os.close(end)

        signal(sqlite_database)

        assert hears(listener)


def test_the_pipe_of_a_worker_that_died_is_cleared_away(sqlite_database, sqlite_url):
    os.mkfifo(f"{make_url(sqlite_url).database}-worker-1")
    with listening(sqlite_database) as listener:
        signal(sqlite_database)

        assert hears(listener)
        assert len(pipes(sqlite_url)) == 1

    assert pipes(sqlite_url) == []


def test_a_file_or_a_link_that_is_named_like_a_pipe_is_left_alone(sqlite_database, sqlite_url, tmp_path):
    named, elsewhere = Path(f"{make_url(sqlite_url).database}-worker-1"), tmp_path / "elsewhere"
    for file in (named, elsewhere):
        file.write_bytes(b"as it was")
    link = named.with_name(f"{named.name}-link")
    link.symlink_to(elsewhere)

    signal(sqlite_database)

    assert [file.read_bytes() for file in (named, elsewhere)] == [b"as it was"] * 2
    assert link.is_symlink()


def test_a_listener_says_that_its_connection_is_lost(postgresql_database):
    with listening(postgresql_database) as listener:
        lose_the_listeners(postgresql_database)

        with pytest.raises(OSError, match="lost"):
            hear_on(listener)


def test_a_database_that_cannot_be_reached_cannot_be_listened_to():
    database = open_database("postgresql+psycopg://nobody@127.0.0.1:9/nowhere")

    with pytest.raises(OSError, match="cannot be listened to"):
        listen(database.engine)


def hear_on(listener: Listener) -> None:
    while hears(listener):
        pass  # the server's farewell comes first


def lose_the_listeners(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(text(f"SELECT pg_terminate_backend(pid) {LISTENERS}"))


# Acts


def test_an_act_that_changes_something_signals(world, listener):
    with world.services.acting(THE_SERVICE) as act:
        add_unit(act, ref="U-2", name="South Team", agency=Agency.POLICE)

    assert hears(listener)


def test_an_act_that_only_looks_signals_nobody(world, listener):
    make_victim(world)
    assert hears(listener)
    while hears(listener, within=0.5):
        pass

    with world.about("V-1", "C-1") as (act, participation):
        act.log("viewed", participation)
        act.log_list("cases", 3)

    assert not hears(listener, within=0.1)


# The lookout


@dataclass
class Watch:
    """A lookout at work, and the names of the ticks that it wakes."""

    lookout: Lookout
    woken: SimpleQueue[str]

    def wakes(self, tick: str) -> bool:
        """Whether it wakes this tick; fails when it wakes none for long."""
        while self.woken.get(timeout=LONGEST_WAIT) != tick:
            pass
        return True

    def settle(self) -> list[str]:
        """What it wakes until it has woken nothing for a while."""
        names = []
        with suppress(Empty):
            while True:
                names.append(self.woken.get(timeout=1))
        return names


@contextmanager
def watching(services: Services) -> Iterator[Watch]:
    woken: SimpleQueue[str] = SimpleQueue()
    settings = replace(services.settings, worker_tick_seconds=NEVER)
    lookout = Lookout(replace(services, settings=settings), woken.put)
    stopping = Event()
    thread = Thread(target=lookout.watch, args=(stopping,))
    thread.start()
    try:
        yield Watch(lookout, woken)
    finally:
        stopping.set()
        lookout.nudge()
        thread.join()
        lookout.close()


def make_victim_with_plan(world: World) -> None:
    make_victim(world)
    make_plan(world)


def test_the_lookout_looks_when_it_begins(world):
    make_victim_with_plan(world)
    record(world)

    with watching(world.services) as watch:
        assert watch.wakes("compose")


def test_a_milestone_wakes_the_tick_that_composes(world):
    make_victim_with_plan(world)
    with watching(world.services) as watch:
        assert "compose" not in watch.settle()
        record(world)

        assert watch.wakes("compose")


def test_many_signals_are_few_looks(world):
    make_victim_with_plan(world)
    record(world)
    with watching(world.services) as watch:
        watch.settle()
        for _ in range(1_000):
            watch.lookout.nudge()

        assert 1 <= watch.settle().count("compose") < 100


def test_a_time_that_comes_wakes_its_tick_without_a_signal(world):
    make_victim_with_plan(world)
    began = utc_now()

    def clock() -> datetime:
        return START + (utc_now() - began)

    record(world)
    with world.services.acting(THE_SERVICE) as act:
        act.run(update(Duty).values(compose_at=clock() + timedelta(seconds=3)))

    with watching(replace(world.services, clock=clock)) as watch:
        assert watch.wakes("compose")


def test_a_lookout_that_lost_its_connection_listens_anew(postgresql_database):
    world = make_world(postgresql_database)
    make_victim_with_plan(world)
    with watching(world.services) as watch:
        watch.settle()
        lose_the_listeners(world.services.database)
        assert "compose" not in watch.settle()
        record(world)

        assert watch.wakes("compose")
