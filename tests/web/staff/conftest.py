"""The staff door on SQLite; tests that must hold on both databases ask for `either_desk`."""

from collections.abc import Iterator

import pytest

from models.session import Database, open_database
from tests.web.staff.kit import Desk, make_desk


@pytest.fixture
def desk(sqlite_url: str) -> Iterator[Desk]:
    opened = open_database(sqlite_url, throw_away=True)
    yield make_desk(opened)
    opened.engine.dispose()


@pytest.fixture
def either_desk(database: Database) -> Desk:
    return make_desk(database)
