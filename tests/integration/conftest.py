"""Fixtures of the tests that go through the database: a service of the test's own on each sort in turn."""

from collections.abc import Iterator

import pytest

from models.session import Database, open_database
from tests.make import World, make_second_worker, make_world


@pytest.fixture
def world(database: Database) -> World:
    """A service at ten on Monday 5 January 2026, with an officer, a supervisor and case C-1."""
    return make_world(database)


@pytest.fixture
def second(world: World, database_url: str) -> Iterator[World]:
    """Another worker on the same database, with connections of its own."""
    other = open_database(database_url, throw_away=True)
    yield make_second_worker(world, other)
    other.engine.dispose()
