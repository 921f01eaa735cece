"""The API over each sort of database."""

import pytest

from models.session import Database
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
def sqlite_api(sqlite_database: Database) -> Api:
    """For what does not depend on the sort of database."""
    return make_api(sqlite_database)


@pytest.fixture
def sqlite_officer(sqlite_api: Api) -> Caller:
    caller = sqlite_api.caller()
    make_case(caller)
    return caller
