"""Who calls: a partner's bearer token, checked before any view, and what it may be used for."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import NoReturn, cast

from flask import current_app, g, request
from webargs.flaskparser import abort
from werkzeug.exceptions import UnsupportedMediaType

from notify.access import WRITERS
from notify.ledger.audit import Actor
from notify.planning.api_tokens import Bearer, Scope, bearer_of
from notify.web.context import current_services

CHALLENGE = 'Bearer realm="api"'


@dataclass(frozen=True)
class Need:
    """What an operation asks of its caller."""

    scope: Scope
    changes: bool
    has_body: bool


def check() -> None:
    """Let in whoever may do this: 401 without a good token, 403 without the scope or the role, 415 for other bodies."""
    g.bearer = _bearer()
    need = getattr(current_app.view_functions[str(request.endpoint)], "need", None)
    if not isinstance(need, Need):
        raise TypeError("an operation does not say what it needs")
    if need.scope not in bearer().scopes:
        _refuse(
            HTTPStatus.FORBIDDEN,
            f"This token lacks the scope {need.scope}.",
            f'{CHALLENGE}, error="insufficient_scope", scope="{need.scope}"',
        )
    if need.changes and bearer().viewer.role not in WRITERS:
        _refuse(
            HTTPStatus.FORBIDDEN, "The member of staff this token acts as may not change cases.", CHALLENGE
        )
    if need.has_body and not request.is_json:
        raise UnsupportedMediaType("Send JSON, with Content-Type: application/json.")


def bearer() -> Bearer:
    """Whose token this request carries."""
    return cast("Bearer", g.bearer)


def actor() -> Actor:
    """The member of staff the token acts as; the token itself is noted with each line of the audit chain."""
    return Actor("staff", bearer().viewer.staff_id, bearer().token_id)


def _bearer() -> Bearer:
    given = request.authorization
    if given is None or given.type != "bearer" or not given.token:
        _refuse(HTTPStatus.UNAUTHORIZED, "Send a token: Authorization: Bearer <token>.", CHALLENGE)
    services = current_services()
    with services.reading() as session:
        found = bearer_of(session, given.token, at=services.clock())
    if found is None:
        _refuse(
            HTTPStatus.UNAUTHORIZED,
            "This token is not known, or it is not good any more.",
            f'{CHALLENGE}, error="invalid_token"',
        )
    return found


def _refuse(status: HTTPStatus, message: str, challenge: str) -> NoReturn:
    abort(status, message=message, headers={"WWW-Authenticate": challenge})
