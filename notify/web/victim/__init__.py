"""Pages for victims: the private page behind a link and a secret, and the way out of it."""

from flask import Blueprint, Flask, current_app, redirect, session
from werkzeug.wrappers import Response

bp = Blueprint("victim", __name__)


def register(app: Flask) -> None:
    """Put the victim pages on the public application."""
    app.register_blueprint(bp)


@bp.get("/")
def home() -> Response:
    """The front page is the door where a victim gives her secret."""
    return redirect("/messages")


@bp.get("/exit")
def leave() -> Response:
    """Where "Exit this page" leads: the session ends, so that "back" shows nothing, then somewhere harmless.

    It asks the database nothing: it must be fast, and it must work when all else does not.
    """
    session.clear()
    return redirect(current_app.config["EXIT_URL"])
