"""Who is asking: every staff page belongs to a blueprint made here, whose guard comes before its views."""

from contextlib import AbstractContextManager
from typing import cast
from urllib.parse import urlencode

from flask import Blueprint, abort, g, redirect, request, session
from werkzeug.wrappers import Response

from models.vocabulary import Role
from notify.access import WRITERS, Viewer
from notify.ledger.acts import Act
from notify.ledger.audit import Actor
from notify.web.context import current_services
from notify.web.staff.sessions import SignedIn, find

TOKEN = "token"  # noqa: S105 - the name under which the cookie keeps it
READERS = (Role.CASE_OFFICER, Role.SUPERVISOR, Role.AUDITOR)
"""Roles that may look at cases."""


def signed_in() -> SignedIn | None:
    """Who is signed in, asked of the database once a request."""
    if "signed_in" not in g:
        token = session.get(TOKEN)
        g.signed_in = find(current_services(), token) if token else None
    return cast("SignedIn | None", g.signed_in)


def viewer() -> Viewer:
    """The member of staff for whom this request's questions are asked."""
    found = signed_in()
    if found is None:
        abort(401)
    return found.viewer


def may_change() -> bool:
    """Whether whoever is signed in may change what they can see."""
    return viewer().role in WRITERS


def acting() -> AbstractContextManager[Act]:
    """One act of whoever is signed in, in one transaction: looks are acts too."""
    return current_services().acting(Actor("staff", viewer().staff_id))


def guarded(name: str, *roles: Role) -> Blueprint:
    """A blueprint whose pages only these roles may use; the others get 403, and the unknown are asked to sign in."""
    blueprint = Blueprint(name, __name__)

    @blueprint.before_request
    def check_role() -> Response | None:
        found = signed_in()
        if found is None:
            asked = {"next": request.path} if request.method == "GET" and request.path != "/" else {}
            return redirect("/sign-in" + ("?" + urlencode(asked) if asked else ""), 303)
        if found.viewer.role not in roles:
            abort(403)
        return None

    return blueprint
