"""Pages for staff: worklists, cases, plans, milestones and the contact log."""

from typing import Any

from flask import Flask, redirect
from werkzeug.wrappers import Response

from models.vocabulary import Role
from notify.web.staff import (
    auth,
    cases,
    contacts,
    hand_overs,
    milestones,
    plans,
    points,
    reviews,
    service,
    supervisor,
    suspects,
    team,
    victims,
    wishes,
    words,
    worklists,
)
from notify.web.staff.guard import guarded, signed_in, viewer

bp = guarded("staff", *Role)

BLUEPRINTS = (
    bp,
    auth.bp,
    cases.bp,
    cases.changes,
    victims.bp,
    victims.changes,
    plans.bp,
    points.bp,
    wishes.bp,
    milestones.bp,
    suspects.bp,
    contacts.bp,
    hand_overs.bp,
    worklists.bp,
    worklists.changes,
    supervisor.bp,
    supervisor.changes,
    reviews.bp,
    team.bp,
    service.bp,
    service.development,
)


def register(app: Flask) -> None:
    """Put the staff pages on the staff application."""
    words.register(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.context_processor(_who_and_where)


@bp.get("/")
def home() -> Response:
    """The front page: cases, or for an administrator, who sees none, the service itself."""
    return redirect("/about" if viewer().role is Role.ADMIN else "/cases")


def _who_and_where() -> dict[str, Any]:
    """What every staff page asks: who is signed in, and whether this is a development service."""
    return {"signed_in": signed_in(), "has_outbox": service.has_outbox()}
