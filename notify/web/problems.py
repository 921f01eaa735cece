"""Problem documents (RFC 9457), and flask-smorest made to document and send them."""

import http
import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from flask import Response, jsonify
from flask_smorest import Api
from flask_smorest.utils import prepare_response
from marshmallow import Schema, fields
from werkzeug.exceptions import HTTPException

CONTENT_TYPE = "application/problem+json"
PARTS = {"json": "body", "json_or_form": "body", "form": "body", "querystring": "query", "view_args": "path"}
NO_BODY = (204, 304)


class FaultSchema(Schema):
    """One thing wrong with what was sent."""

    location = fields.String(
        required=True, data_key="in", metadata={"description": "body, query, path, headers or cookies"}
    )
    pointer = fields.String(
        required=True,
        metadata={"description": "JSON Pointer to the field, as a fragment", "example": "#/kind"},
    )
    detail = fields.String(required=True, metadata={"description": "What is wrong with it"})


class ProblemSchema(Schema):
    """Why a request was not carried out (RFC 9457)."""

    type = fields.String(required=True, metadata={"description": "about:blank: the status says it all"})
    title = fields.String(required=True, metadata={"description": "The name of the status"})
    status = fields.Integer(required=True, metadata={"description": "The HTTP status"})
    detail = fields.String(metadata={"description": "What to do about it"})
    instance = fields.String(required=True, metadata={"description": "The id of this request in our logs"})
    errors = fields.List(fields.Nested(FaultSchema), metadata={"description": "Each field that is wrong"})


class ProblemApi(Api):
    """flask-smorest's Api, whose errors are problem documents in the OpenAPI document as on the wire."""

    ERROR_SCHEMA = ProblemSchema

    def _register_error_handlers(self) -> None:
        """Install none: the library's would answer for HTML pages too and drop headers such as Allow."""

    def _register_responses(self) -> None:
        """As the library does, but naming the content type that is sent."""
        named: list[tuple[str, str, bool]] = [
            (status.name, status.phrase, status >= http.HTTPStatus.OK and status not in NO_BODY)
            for status in http.HTTPStatus
        ]
        for name, description, has_body in [*named, ("DEFAULT_ERROR", "Default error response", True)]:
            response: dict[str, Any] = {"description": description}
            if has_body:
                response["schema"] = self.ERROR_SCHEMA
            prepare_response(response, self.spec, CONTENT_TYPE)
            self.spec.components.response(name, response, lazy=True)


def answer(error: HTTPException, request_id: UUID) -> Response:
    """The problem document for one HTTP error; what an unexpected failure said is never passed on."""
    code = error.code or http.HTTPStatus.INTERNAL_SERVER_ERROR
    given = details(error)
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": error.name,
        "status": int(code),
        "instance": request_id.urn,
    }
    detail = given.get("message") or (
        error.description if code < http.HTTPStatus.INTERNAL_SERVER_ERROR else None
    )
    if detail:
        body["detail"] = detail
    faults = given.get("errors") or given.get("messages")
    if faults:
        body["errors"] = list(_faults(faults))
        body["detail"] = given.get("message", "Some of what was sent is not valid; see errors.")
    response = jsonify(body)
    response.status_code = int(code)
    response.mimetype = CONTENT_TYPE
    return response


def details(error: HTTPException) -> dict[str, Any]:
    """What webargs' or flask-smorest's `abort` was told: message, errors, messages, headers."""
    return getattr(error, "data", None) or {}


def nested(field: str, reason: str) -> dict[str, Any]:
    """One fault in marshmallow's shape.

    >>> nested("channels[0].detail", "is not known")
    {'channels': {'0': {'detail': ['is not known']}}}
    """
    found: Any = [reason]
    for step in reversed(re.findall(r"[^.\[\]]+", field)):
        found = {step: found}
    return found if isinstance(found, dict) else {"_schema": found}


def _faults(messages: dict[str, Any]) -> Iterator[dict[str, str]]:
    """One entry per message, from marshmallow's nested dictionaries by location and field."""
    for location, found in messages.items():
        for path, message in _leaves(found):
            pointer = "#" + "".join(f"/{_escaped(step)}" for step in path)
            yield {"in": PARTS.get(location, location), "pointer": pointer, "detail": message}


def _leaves(found: Any, path: tuple[object, ...] = ()) -> Iterator[tuple[tuple[object, ...], str]]:
    """Every message and the path to it; "_schema" is marshmallow's word for the object itself."""
    if isinstance(found, dict):
        for key, inner in found.items():
            yield from _leaves(inner, path if key == "_schema" else (*path, key))
    elif isinstance(found, list):
        for inner in found:
            yield from _leaves(inner, path)
    else:
        yield path, str(found)


def _escaped(step: object) -> str:
    return str(step).replace("~", "~0").replace("/", "~1")
