"""Pages for staff: worklists, cases, plans, milestones and the contact log."""

from flask import Blueprint, Flask, redirect
from werkzeug.wrappers import Response

bp = Blueprint("staff", __name__)


def register(app: Flask) -> None:
    """Put the staff pages on the staff application."""
    app.register_blueprint(bp)


@bp.get("/")
def home() -> Response:
    """The front page is the officer's own cases."""
    return redirect("/cases")
