"""Whatever can be made from our OpenAPI document gets an answer that the document tells of, and never a server error."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import positive_data_acceptance

from models.session import open_database
from models.tables import metadata
from tests.web.api.kit import ARREST, PLAN, make_api, make_case

EXAMPLES = 12  # for each operation, beside the edge cases that schemathesis always tries
CONFIG = SchemathesisConfig.from_dict(
    {
        "generation": {"deterministic": True, "max-examples": EXAMPLES, "database": "none"},
        "checks": {"missing_required_header": {"expected-statuses": [400]}},
    }
)
STATE_DECIDES = [positive_data_acceptance]  # what the document allows may still clash with what is recorded


@pytest.fixture(scope="session")
def full_api(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """An API with something in it for every operation to find."""
    path = tmp_path_factory.mktemp("openapi") / "notify.db"
    path.write_bytes(sqlite_template.read_bytes())
    database = open_database(f"sqlite:///{path}", throw_away=True)
    api = make_api(database)
    caller = api.caller()
    make_case(caller)
    caller.done("/cases/C-1/victims/V-1/plans", PLAN)
    caller.done("/cases/C-1/milestones", ARREST)
    yield api
    database.engine.dispose()


@pytest.fixture(scope="session")
def document(full_api: Any) -> Any:
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", full_api.app, config=CONFIG)


schema = schemathesis.pytest.from_fixture("document")
bounded = settings(deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)


@schema.parametrize()
@bounded
def test_any_request_with_a_token_gets_an_answer_that_is_documented(case, full_api, all_scopes):
    case.call_and_validate(headers={"Authorization": f"Bearer {all_scopes}"}, excluded_checks=STATE_DECIDES)


@schema.parametrize()
@bounded
def test_any_request_about_something_real_gets_an_answer_that_is_documented(case, full_api, all_scopes):
    real = {"case": "C-1", "victim": "V-1", "contact_point": "M-1", "milestone": "E-1"}
    case.path_parameters = {name: real.get(name, value) for name, value in case.path_parameters.items()}
    case.call_and_validate(headers={"Authorization": f"Bearer {all_scopes}"}, excluded_checks=STATE_DECIDES)


@schema.parametrize()
@bounded
def test_any_request_without_a_token_is_refused_as_documented(case, full_api):
    answer = case.call_and_validate(excluded_checks=STATE_DECIDES)

    assert answer.status_code in {401, 405}


@pytest.fixture(scope="session")
def all_scopes(full_api: Any) -> str:
    return full_api.token("officer")
