"""What a caller sees when something is wrong: a plain page, or under /api/ a problem document (RFC 9457)."""

import logging

from flask import Flask, Response, current_app, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import BadRequest, HTTPException, NotFound, UnprocessableEntity
from werkzeug.exceptions import Conflict as ConflictAnswer
from werkzeug.wrappers import Response as BaseResponse

from notify.errors import Conflict, FieldFault, NotKnown
from notify.web import problems
from notify.web.context import request_id, request_ids

log = logging.getLogger(__name__)

API = "/api/"
SERVER = 500

PAGES = {
    400: ("There is a problem with what was sent", "Go back, check it and try again. Nothing was changed."),
    401: ("You need to sign in", "Sign in and try again."),
    403: ("You cannot see this page", "If you think you should be able to, ask whoever gave you access."),
    404: ("Page not found", "Check the address. If you pasted it, check that you copied all of it."),
    405: ("This page cannot be used like that", "Go back and try again."),
    409: ("Somebody changed this first", "Go back, look at what is there now and try again."),
    413: ("What was sent is too large", "Go back and send something smaller. Nothing was changed."),
    429: ("Too many tries", "Wait a while, then try again."),
    500: ("Sorry, there is a problem", "Try again later. What you sent may not have been saved."),
    503: ("Sorry, this is not working right now", "Try again later."),
}
STALE_FORM = ("This page is out of date", "Go back, reload the page and try again. Nothing was changed.")


def register(app: Flask) -> None:
    """Answer every error of `app` in one place; flask-smorest's own handler is never installed."""
    app.register_error_handler(HTTPException, answer)
    app.register_error_handler(FieldFault, answer_fault)


def answer(error: HTTPException) -> BaseResponse | HTTPException:
    """The page or problem document for one HTTP error, with the headers the error asks for."""
    if error.response is not None or error.code is None or error.code < 400:  # noqa: PLR2004  # not an error
        return error
    response = problems.answer(error, request_id()) if _in_api() else _page(error)
    for name, value in error.get_headers(request.environ):
        if not name.lower().startswith("content-"):
            response.headers[name] = value
    response.headers.update(problems.details(error).get("headers", {}))
    return response


def answer_fault(fault: FieldFault) -> BaseResponse | HTTPException:
    """What the rooms refused and no view dealt with: a form shows its faults beside its fields instead."""
    error: HTTPException
    if isinstance(fault, NotKnown):
        error = NotFound()
    elif isinstance(fault, Conflict):
        error = ConflictAnswer(f"{fault}.")
    else:
        error = UnprocessableEntity() if _in_api() else BadRequest()
    # The place where webargs puts what it refused, so that both read the same.
    error.data = {"errors": {"json": problems.nested(fault.field, fault.reason)}}  # type: ignore[union-attr]
    return answer(error)


def _in_api() -> bool:
    return current_app.config["FACE"] == "staff" and request.path.startswith(API)


def _page(error: HTTPException) -> Response:
    code = error.code or SERVER
    heading, advice = _words(error, code)
    own = "staff" if current_app.config["FACE"] == "staff" else "victim"
    shown = {"heading": heading, "advice": advice, "reference": request_id() if code >= SERVER else None}
    try:
        body = render_template(f"{own}/error.html", **shown)
    except Exception:
        # Whatever broke the request may break its page too (a page asks who is signed in): say it without one.
        log.exception("error page failed", extra=request_ids())
        return make_response(f"{heading}. {advice}\n", code, {"Content-Type": "text/plain; charset=utf-8"})
    return make_response(body, code)


def _words(error: HTTPException, code: int) -> tuple[str, str]:
    if isinstance(error, CSRFError):
        return STALE_FORM
    return PAGES.get(code) or PAGES[SERVER if code >= SERVER else 400]
