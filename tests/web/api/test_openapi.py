"""Whatever can be made from our OpenAPI document gets an answer that the document tells of, and never a server error."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import missing_required_header, positive_data_acceptance
from sqlalchemy import Engine

from models.session import open_database
from notify.planning.api_tokens import Scope
from notify.web.context import keep_services
from tests.postgres import a_database
from tests.web.api.kit import ARREST, PLAN, Api, make_api, make_case
from tests.web.doors import make_door

pytestmark = pytest.mark.slow
EXAMPLES = 5  # for each operation, beside the edge cases that schemathesis always tries
CONFIG = SchemathesisConfig.from_dict(
    {
        "generation": {"deterministic": True, "max-examples": EXAMPLES, "database": "none"},
        "checks": {"missing_required_header": {"expected-statuses": [400]}},
    }
)
STATE_DECIDES = [positive_data_acceptance]  # what the document allows may still clash with what is recorded
BOUNDED = settings(deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
REAL = {"case": "C-1", "victim": "V-1", "contact_point": "M-1", "milestone": "E-1"}
APP = make_door("staff")  # the document needs no database; `full_api` gives it one
schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", APP, config=CONFIG)


@pytest.fixture(scope="session")
def full_api(postgresql_admin: Engine, postgresql_template: str) -> Iterator[Api]:
    """An API with something in it to find, on the database that is the stricter about what it takes."""
    with a_database(postgresql_admin, f"notify_{uuid4().hex}", template=postgresql_template) as url:
        database = open_database(url.render_as_string(hide_password=False), throw_away=True)
        api = make_api(database)
        caller = api.caller()
        make_case(caller)
        caller.done("/cases/C-1/victims/V-1/plans", PLAN)
        caller.done("/cases/C-1/milestones", ARREST)
        keep_services(APP, api.services)
        yield api
        database.engine.dispose()


@pytest.fixture(scope="session")
def allowed(full_api: Api) -> dict[str, Any]:
    return {"headers": {"Authorization": f"Bearer {full_api.token('officer')}"}}


@schema.parametrize()
@BOUNDED
def test_any_request_with_a_token_gets_an_answer_that_is_documented(case, allowed):
    case.call_and_validate(excluded_checks=STATE_DECIDES, **allowed)


@schema.parametrize()
@BOUNDED
def test_any_request_about_something_real_gets_an_answer_that_is_documented(case, allowed):
    case.path_parameters = {name: REAL.get(name, value) for name, value in case.path_parameters.items()}
    case.call_and_validate(excluded_checks=STATE_DECIDES, **allowed)


@schema.parametrize()
@BOUNDED
def test_any_request_without_a_token_is_refused_as_documented(case, full_api):
    # 401 comes before what else is wrong, a missing Idempotency-Key included.
    answer = case.call_and_validate(excluded_checks=[*STATE_DECIDES, missing_required_header])

    assert answer.status_code in {401, 405}


def test_every_operation_says_which_scope_it_needs_and_every_scope_is_needed():
    document = APP.test_client().get("/api/v1/openapi.json").get_json()
    needed = [
        operation["security"][0]["token"]
        for path in document["paths"].values()
        for method, operation in path.items()
        if method in {"get", "post"}
    ]

    assert all(len(scopes) == 1 for scopes in needed)
    assert {scope for scopes in needed for scope in scopes} == {scope.value for scope in Scope}
