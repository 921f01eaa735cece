"""Fixtures of the tests that go through the database: a service of the test's own on each sort in turn."""

import pytest

from models.session import Database
from tests.make import World, make_world


@pytest.fixture
def world(database: Database) -> World:
    """A service at ten on Monday 5 January 2026, with an officer, a supervisor and case C-1."""
    return make_world(database)
