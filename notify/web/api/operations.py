"""What every operation of the API shares: its guard, how it reads, acts once and answers, and its documentation."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from flask import Request, Response, current_app, g, request
from flask_smorest import Blueprint
from marshmallow import RAISE, Schema
from webargs.flaskparser import FlaskParser, abort
from werkzeug.exceptions import UnprocessableEntity

from notify.errors import FieldFault
from notify.planning.api_tokens import Scope
from notify.strict_json import canonical, read_object
from notify.web.api import auth, idempotency
from notify.web.api.idempotency import Answer, Asked
from notify.web.context import current_services
from notify.web.problems import nested

BASE = "/api/v1"
KEY_HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotent-Replayed"
SECURITY_SCHEME = "token"

KEY_PARAMETER = {
    "name": KEY_HEADER,
    "in": "header",
    "required": True,
    "description": "Your own word for this request: sent again with the same body, it gets the same answer.",
    "schema": {"type": "string", "pattern": "^[\\x21-\\x7e]{1,255}$"},
}
REPLAYED = {
    REPLAYED_HEADER: {
        "description": "true when this is the answer to an earlier request with the same key",
        "schema": {"type": "string", "enum": ["true"]},
    }
}
View = Callable[..., Any]


class StrictParser(FlaskParser):
    """Reads one JSON object, strictly, and refuses a query that it does not know."""

    DEFAULT_UNKNOWN_BY_LOCATION = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "query": RAISE}  # noqa: RUF012 (webargs')

    def load_json(self, req: Request, schema: Schema) -> Any:  # noqa: ARG002 (webargs')
        try:
            g.given = read_object(req.get_data(cache=True))
        except FieldFault as fault:
            abort(HTTPStatus.BAD_REQUEST, errors={"json": nested(fault.field, fault.reason)})
        return g.given


class Part(Blueprint):
    """The operations about one noun. A view is given the act, the caller, what was sent and the parts of the path."""

    ARGUMENTS_PARSER = StrictParser()

    def __init__(self, name: str, description: str) -> None:
        super().__init__(f"api-{name}", __name__, url_prefix=BASE, description=description)
        self.before_request(auth.check)

    def act(
        self,
        path: str,
        scope: Scope,
        answer: type[Schema],
        *,
        body: type[Schema] | None = None,
        status: int = 200,
    ) -> Callable[[View], View]:
        """POST: carried out once, in one transaction with its answer."""

        def decorator(view: View) -> View:
            written = answer()

            @wraps(view)
            def run(*given: Any, **parts: str) -> Response:
                def carry_out(act: Any) -> str:
                    return current_app.json.dumps(written.dump(view(act, auth.bearer(), *given, **parts)))

                return _response(
                    idempotency.once(current_services(), auth.actor(), _asked(), carry_out, status)
                )

            run.need = auth.Need(scope, changes=True, has_body=body is not None)  # type: ignore[attr-defined]
            faults = [400, 401, 403, 404, 409, 413, 422, *([415] if body else [])]
            operation = self.response(status, answer, headers=REPLAYED)(run)
            if body is not None:
                operation = self.arguments(body)(operation)
            self._add(path, "POST", operation, scope, faults, parameters=[KEY_PARAMETER])
            return view

        return decorator

    def look(
        self, path: str, scope: Scope, answer: type[Schema], *, query: type[Schema] | None = None
    ) -> Callable[[View], View]:
        """GET: a look, and looks are logged."""

        def decorator(view: View) -> View:
            @wraps(view)
            def run(*given: Any, **parts: str) -> Any:
                with current_services().acting(auth.actor()) as act:
                    try:
                        return view(act, auth.bearer(), *given, **parts)
                    except FieldFault as fault:
                        _refuse_query(fault)

            run.need = auth.Need(scope, changes=False, has_body=False)  # type: ignore[attr-defined]
            faults = [401, 403, 404, *([422] if query else [])]
            operation = self.response(200, answer)(run)
            if query is not None:
                operation = self.arguments(query, location="query")(operation)
            self._add(path, "GET", operation, scope, faults)
            return view

        return decorator

    def _add(
        self, path: str, method: str, operation: View, scope: Scope, faults: list[int], **documented: Any
    ) -> None:
        for fault in faults:
            operation = self.alt_response(fault, response=HTTPStatus(fault).name)(operation)
        operation = self.doc(security=[{SECURITY_SCHEME: [scope.value]}], **documented)(operation)
        self.route(path, methods=[method])(operation)


def _asked() -> Asked:
    key = request.headers.get(KEY_HEADER, "")
    if not idempotency.KEY.fullmatch(key):
        reason = "must be given, with 1 to 255 visible characters"
        abort(HTTPStatus.BAD_REQUEST, errors={"headers": {KEY_HEADER: [reason]}})
    words = f"{request.method} {request.path} {canonical(g.get('given', {}))}"
    return Asked(auth.bearer().token_id, key, words)


def _response(answer: Answer) -> Response:
    response = Response(answer.text, answer.status, mimetype="application/json")
    if answer.replayed:
        response.headers[REPLAYED_HEADER] = "true"
    return response


def _refuse_query(fault: FieldFault) -> None:
    """A look has no body: what is wrong is in its query."""
    error = UnprocessableEntity()
    error.data = {"errors": {"query": nested(fault.field, fault.reason)}}  # type: ignore[attr-defined]
    raise error from None
