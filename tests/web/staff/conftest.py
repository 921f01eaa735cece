"""The staff door on SQLite; tests that must hold on both databases ask for `either_desk`."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from models.session import Database
from models.staff import Staff
from tests.make import make_world
from tests.sqlite import copied
from tests.web.staff.kit import Desk, make_desk, open_desk


@pytest.fixture
def desk(furnished: tuple[Path, dict[str, Staff]], opened_once: Callable[[str], Database]) -> Iterator[Desk]:
    path, staff = furnished
    opened = opened_once(f"sqlite:///{copied(path, path.with_name('desk.db'))}")
    world = make_world(opened, staff=False)
    world.staff.update(staff)
    yield open_desk(world)
    opened.engine.dispose()


@pytest.fixture(scope="session")
def furnished(sqlite_template: Path, opened_once: Callable[[str], Database]) -> tuple[Path, dict[str, Staff]]:
    """What every desk begins with, set up once a test process: it takes five slow hashes. Who is in it, by reference."""
    path = copied(sqlite_template, sqlite_template.with_name("furnished.db"))
    opened = opened_once(f"sqlite:///{path}")
    staff = make_desk(opened).world.staff
    opened.engine.dispose()
    return path, staff


@pytest.fixture
def either_desk(database: Database) -> Desk:
    return make_desk(database)
