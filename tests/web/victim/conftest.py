"""A public door on each sort of database, or on SQLite where the sort cannot matter."""

import pytest

from models.session import Database
from tests.web.victim.kit import Door, make_door


@pytest.fixture
def door(sqlite_database: Database) -> Door:
    return make_door(sqlite_database)


@pytest.fixture
def each_door(database: Database) -> Door:
    """The same on each sort of database in turn."""
    return make_door(database)
