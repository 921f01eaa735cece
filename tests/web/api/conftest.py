"""The API over each sort of database."""

from collections.abc import Iterator

import pytest

from models.session import Database, open_database
from tests.web.api.kit import Api, Caller, make_api, make_case


@pytest.fixture
def api(database: Database) -> Api:
    return make_api(database)


@pytest.fixture
def officer(api: Api) -> Caller:
    """An officer's token with every scope, and a case to use it on."""
    caller = api.caller()
    make_case(caller)
    return caller


@pytest.fixture
def sqlite_api(sqlite_url: str) -> Iterator[Api]:
    """For what does not depend on the sort of database."""
    database = open_database(sqlite_url, throw_away=True)
    yield make_api(database)
    database.engine.dispose()


@pytest.fixture
def sqlite_officer(sqlite_api: Api) -> Caller:
    caller = sqlite_api.caller()
    make_case(caller)
    return caller
