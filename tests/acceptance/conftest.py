"""Fixtures of the tests that replay event files."""

from collections.abc import Callable

import pytest

from tests.story import Replayed, Story, replayed


@pytest.fixture
def play(database_url: str) -> Callable[[Story, str], Replayed]:
    """Replays a story until a time in words, on each sort of database in turn."""
    return lambda story, until: replayed(story, until, database_url)
