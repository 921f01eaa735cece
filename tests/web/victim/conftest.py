"""A public door on each sort of database, or on SQLite where the sort cannot matter."""

from collections.abc import Iterator

import pytest

from models.session import Database, open_database
from tests.web.victim.kit import Door, make_door


@pytest.fixture
def door(sqlite_url: str) -> Iterator[Door]:
    database = open_database(sqlite_url, throw_away=True)
    yield make_door(database)
    database.engine.dispose()


@pytest.fixture
def each_door(database: Database) -> Door:
    """The same on each sort of database in turn."""
    return make_door(database)
