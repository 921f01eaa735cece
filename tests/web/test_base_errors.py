"""Errors are pages for people and problem documents for machines, and tell neither what went wrong inside."""

import io
import logging
import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from flask import Flask, abort, request
from flask_smorest import Blueprint
from marshmallow import Schema, fields
from webargs.flaskparser import abort as smorest_abort
from werkzeug.exceptions import MethodNotAllowed, TooManyRequests

from notify.errors import Conflict, FieldFault, NotKnown
from notify.logs import configure_logs
from notify.web import api
from notify.web.app import Face
from notify.web.problems import ProblemApi
from notify.web.security import exempt_from_csrf
from tests.web.doors import add_sample_page, make_door

FACES: tuple[Face, Face] = ("staff", "public")
both = pytest.mark.parametrize("face", FACES)
CANARY = "canary 07700 900123"


class SampleWindowSchema(Schema):
    opens = fields.Time("%H:%M", required=True)


class SamplePlanSchema(Schema):
    every_days = fields.Integer(strict=True, required=True)
    windows = fields.List(fields.Nested(SampleWindowSchema))


class SamplePageSchema(Schema):
    limit = fields.Integer()


def make_api_door() -> Flask:
    """A staff door with one operation more, which answers every kind of error when asked to."""
    app = make_door("staff")
    bp = Blueprint("sample", __name__, url_prefix="/api/v1/sample")

    @bp.post("/")
    @bp.arguments(SamplePlanSchema)
    @bp.arguments(SamplePageSchema, location="query")
    @bp.response(200, SamplePlanSchema)
    def make_plan(plan: dict[str, Any], page: dict[str, Any]) -> dict[str, Any]:
        return plan | page

    @bp.get("/fail/<kind>")
    @bp.response(204)
    def fail(kind: str) -> None:
        failures = {
            "fault": FieldFault("channels[0].detail", "is not known"),
            "gone": NotKnown("case"),
            "conflict": Conflict("id", "is used by another event"),
            "often": TooManyRequests(retry_after=7),
            "broken": RuntimeError(CANARY),
        }
        if kind == "private":
            smorest_abort(500, message=CANARY)
        if kind == "forbidden":
            smorest_abort(403, message="This token may not do that.", headers={"WWW-Authenticate": "Bearer"})
        raise failures[kind]

    exempt_from_csrf(app, bp)
    problem_api = app.extensions["flask-smorest"]["apis"][""]["ext_obj"]
    assert isinstance(problem_api, ProblemApi)
    problem_api.register_blueprint(bp)
    return app


def make_failing_door(face: Face) -> Flask:
    app = make_door(face)
    add_sample_page(app)
    app.add_url_rule("/stop/<int:code>", "stop", abort)
    return app


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything the service logs meanwhile, as it would be written."""
    root = logging.getLogger()
    before = (root.level, root.handlers[:], logging.raiseExceptions)
    stream = io.StringIO()
    configure_logs("DEBUG", stream)
    logging.captureWarnings(False)  # the library's own signature
    yield stream
    root.handlers[:], logging.raiseExceptions = before[1:]
    root.setLevel(before[0])  # not by assignment: loggers remember what they were allowed


@both
@pytest.mark.parametrize("code", [400, 401, 403, 404, 405, 409, 413, 418, 429, 500, 503])
def test_every_error_is_a_page_with_one_heading_and_advice(face: Face, code: int) -> None:
    answer = make_failing_door(face).test_client().get(f"/stop/{code}")

    assert answer.status_code == code
    assert answer.mimetype == "text/html"
    assert len(re.findall("<h1", answer.text)) == 1
    assert answer.text.count('<p class="govuk-body">') >= 1


@both
def test_a_wrong_method_names_the_right_ones(face: Face) -> None:
    answer = make_door(face).test_client().delete("/health")

    assert answer.status_code == MethodNotAllowed.code
    assert "GET" in answer.headers["Allow"]


@both
def test_a_form_that_this_door_did_not_write_changes_nothing(face: Face) -> None:
    answer = make_failing_door(face).test_client().post("/sample", data={"name": "x"})

    assert answer.status_code == 400
    assert "This page is out of date" in answer.text


@both
def test_a_form_from_a_page_of_this_door_is_taken_even_with_no_referrer(face: Face) -> None:
    app = make_door(face, env={"COOKIE_SECURE": "true"})
    add_sample_page(app)
    client = app.test_client()
    page = client.get("/sample", base_url="https://localhost").text
    token = re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', page)[-1]

    answer = client.post("/sample", base_url="https://localhost", data={"csrf_token": token})

    assert answer.status_code == 200
    assert "There is a problem" in answer.text  # the form's own errors


@both
def test_more_than_a_mebibyte_is_not_read(face: Face) -> None:
    app = make_failing_door(face)
    app.extensions["csrf"].exempt("tests.web.test_base_errors.read")

    def read() -> str:
        return str(len(request.get_data()))

    app.add_url_rule("/read", "read", read, methods=["POST"])
    client = app.test_client()

    assert client.post("/read", data=b"x" * 1024 * 1024).status_code == 200
    assert client.post("/read", data=b"x" * (1024 * 1024 + 1)).status_code == 413


@both
def test_an_unexpected_failure_is_told_to_nobody(face: Face, log: io.StringIO) -> None:
    answer = make_failing_door(face).test_client().get("/broken?token=private-link")

    assert answer.status_code == 500
    for told in (answer.text, log.getvalue()):
        assert "07700" not in told
        assert "private-link" not in told


def test_the_reference_on_the_page_is_the_one_in_the_log(log: io.StringIO) -> None:
    page = make_failing_door("staff").test_client().get("/broken").text

    reference = re.findall(r"<code>(.*?)</code>", page)
    assert len(reference) == 1
    assert f'"request_id": "{reference[0]}"' in log.getvalue()
    assert '"endpoint": "broken"' in log.getvalue()
    assert "RuntimeError" in log.getvalue()


def test_a_page_that_cannot_be_drawn_is_told_in_plain_words() -> None:
    app = make_failing_door("staff")

    @app.context_processor
    def who() -> dict[str, object]:
        raise OSError(CANARY)

    answer = app.test_client().get("/broken")

    assert answer.status_code == 500
    assert (
        answer.text == "Sorry, there is a problem. Try again later. What you sent may not have been saved.\n"
    )


@pytest.mark.parametrize(
    ("kind", "status", "words"),
    [
        ("gone", 404, "Page not found"),
        ("conflict", 409, "Somebody changed this"),
        ("fault", 400, "There is a problem"),
    ],
)
def test_a_fault_no_page_dealt_with_is_still_an_answer(kind: str, status: int, words: str) -> None:
    app = make_door("public")
    faults = {"gone": NotKnown("case"), "conflict": Conflict("id", "is used"), "fault": FieldFault("a", "b")}

    @app.get("/fault")
    def fault() -> str:
        raise faults[kind]

    answer = app.test_client().get("/fault")

    assert answer.status_code == status
    assert words in answer.text


def test_the_api_answers_in_problem_documents_even_where_there_is_nothing() -> None:
    answer = make_api_door().test_client().get("/api/v1/nowhere")
    problem = answer.get_json()

    assert answer.mimetype == "application/problem+json"
    assert (problem["type"], problem["title"], problem["status"]) == ("about:blank", "Not Found", 404)
    assert UUID(problem["instance"]).urn == problem["instance"]


def test_every_wrong_field_is_named_with_where_it_was() -> None:
    body = {"every_days": "7", "windows": [{"opens": "09:00"}, {"opens": "9 o'clock", "a/b": 1}]}
    answer = make_api_door().test_client().post("/api/v1/sample/", json=body)

    assert answer.status_code == 422
    assert {(fault["in"], fault["pointer"]) for fault in answer.get_json()["errors"]} == {
        ("body", "#/every_days"),
        ("body", "#/windows/1/opens"),
        ("body", "#/windows/1/a~1b"),
    }


def test_a_wrong_query_is_told_apart_from_a_wrong_body() -> None:
    answer = make_api_door().test_client().post("/api/v1/sample/?limit=x", json={"every_days": 7})

    assert [(f["in"], f["pointer"]) for f in answer.get_json()["errors"]] == [("query", "#/limit")]


def test_a_body_that_is_not_json_is_the_callers_fault() -> None:
    answer = (
        make_api_door()
        .test_client()
        .post("/api/v1/sample/", data="{", headers={"Content-Type": "application/json"})
    )

    assert answer.status_code == 400
    assert answer.mimetype == "application/problem+json"


def test_the_api_keeps_the_headers_an_error_asks_for() -> None:
    client = make_api_door().test_client()

    assert client.delete("/api/v1/sample/").headers["Allow"]
    assert client.get("/api/v1/sample/fail/often").headers["Retry-After"] == "7"
    assert client.get("/api/v1/sample/fail/forbidden").headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("kind", "status", "pointer"),
    [("fault", 422, "#/channels/0/detail"), ("gone", 404, "#/case"), ("conflict", 409, "#/id")],
)
def test_a_fault_of_the_rooms_names_its_field(kind: str, status: int, pointer: str) -> None:
    answer = make_api_door().test_client().get(f"/api/v1/sample/fail/{kind}")

    assert answer.status_code == status
    assert [fault["pointer"] for fault in answer.get_json()["errors"]] == [pointer]


def test_the_api_says_nothing_about_its_own_failures(log: io.StringIO) -> None:
    answer = make_api_door().test_client().get("/api/v1/sample/fail/broken")

    assert answer.status_code == 500
    assert answer.mimetype == "application/problem+json"
    assert set(answer.get_json()) == {"type", "title", "status", "instance"}
    assert "07700" not in log.getvalue()


def test_the_openapi_document_names_the_content_type_that_is_sent() -> None:
    document = make_api_door().test_client().get(f"{api.BASE}/openapi.json").get_json()
    responses = document["components"]["responses"]

    assert document["openapi"].startswith("3.1")
    assert "DEFAULT_ERROR" in responses
    assert len(responses) > 1  # the 422 of its arguments, whatever Python calls that status
    assert all(list(response["content"]) == ["application/problem+json"] for response in responses.values())


def test_the_public_door_has_no_api() -> None:
    client = make_door("public").test_client()

    assert client.get("/api/v1/openapi.json").status_code == 404
    assert client.get("/api/v1/openapi.json").mimetype == "text/html"
