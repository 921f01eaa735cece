"""Fixtures of acceptance tests: stories to replay, and a database that is still to be made."""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from models.session import Database
from tests.postgres import a_database
from tests.story import Replayed, Story, replayed_on


@pytest.fixture
def play(database: Database) -> Callable[[Story, str], Replayed]:
    """Replays one story until a time in words, on each sort of database in turn."""
    return lambda story, until: replayed_on(database, story, until)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database of each sort in turn that has no tables yet."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'notify.db'}"
        return
    with a_database(request.getfixturevalue("postgresql_admin"), f"notify_path_{uuid4().hex}") as url:
        yield url.render_as_string(hide_password=False)
