"""The public door: opened by a link and a secret, or by a sign-in name and a secret, and the ways out of it.

Looking at any of these pages reveals nothing and changes nothing: phones, mail filters and message apps fetch links
on their own. Every link shows the same page, be it good, old or made up, and every refusal reads the same.
"""

from collections.abc import Callable
from functools import partial
from typing import cast

from flask import Blueprint, current_app, redirect, render_template, request, session
from werkzeug.exceptions import TooManyRequests
from werkzeug.wrappers import Response

from models.people import Victim
from notify.delivery.private_page import victim_named, victim_of_link
from notify.delivery.sealed_updates import check_secret
from notify.ledger.acts import Act
from notify.ledger.audit import Actor
from notify.web.context import current_services
from notify.web.victim import visits
from notify.web.victim.forms import LinkForm, SignInForm
from notify.web.victim.tries import WITHIN, WrongTries

TRIES = "wrong_tries"
REFUSED = (
    "What you entered opens no messages. Check it and try again. "
    "After 5 wrong tries nothing opens for 30 minutes, even if what you enter is right."
)

bp = Blueprint("door", __name__)

Page = tuple[str, int]


@bp.get("/")
def home() -> Response | Page:
    """Sign in without a link; straight on for a browser that is in."""
    return redirect("/messages") if visits.token() else _sign_in_page(SignInForm(), 200)


@bp.post("/")
def sign_in() -> Response | Page:
    """Sign in with a sign-in name and a secret."""
    form = SignInForm()
    if not form.validate():
        return _sign_in_page(form, 400)
    tries = cast("WrongTries", current_app.extensions[TRIES])
    at = current_services().clock()
    if tries.too_many(request.remote_addr, at=at):
        raise TooManyRequests(retry_after=int(WITHIN.total_seconds()))
    if _opened(lambda act: victim_named(act, form.name.data or ""), form.secret.data or ""):
        return redirect("/before-you-start", 303)
    tries.note(request.remote_addr, at=at)
    form.form_errors.append(REFUSED)
    return _sign_in_page(form, 403)


@bp.get("/m/<token>")
def link(token: str) -> Page:  # noqa: ARG001  # on purpose: every link shows the same page
    """Ask for the secret."""
    return _link_page(LinkForm(), 200)


@bp.post("/m/<token>")
def open_link(token: str) -> Response | Page:
    """Give the secret that belongs to a link."""
    form = LinkForm()
    if not form.validate():
        return _link_page(form, 400)
    if _opened(lambda act: victim_of_link(act.session, token, at=act.at), form.secret.data or ""):
        return redirect("/before-you-start", 303)
    form.form_errors.append(REFUSED)
    return _link_page(form, 403)


@bp.get("/private-use")
def private_use() -> str:
    """How to use these pages without leaving traces."""
    return render_template("victim/private_use.html", signed_in=visits.token() is not None)


@bp.get("/exit")
def leave() -> Response:
    """Where "Exit this page" leads: the session ends, so that "back" shows nothing, then somewhere harmless.

    The database is told once the answer has gone: leaving must be fast, and must work when all else does not.
    """
    shown = visits.token()
    session.clear()
    answer = redirect(current_app.config["EXIT_URL"])
    if shown is not None:
        answer.call_on_close(partial(visits.end_behind, current_services(), shown))
    return answer


def _opened(find: Callable[[Act], Victim | None], secret: str) -> bool:
    """Whether the secret is right for the victim found; then her visit begins."""
    # Until the secret is right, nobody knows who is at the door: the log names no victim as the one who acts.
    with current_services().acting(Actor("victim")) as act:
        victim = find(act)
        right = check_secret(act, victim, secret)
        token = visits.begin(act, victim) if victim is not None and right else None
    if token is None:
        return False
    visits.remember(token)
    return True


def _sign_in_page(form: SignInForm, status: int) -> Page:
    return render_template("victim/sign_in.html", form=form), status


def _link_page(form: LinkForm, status: int) -> Page:
    return render_template("victim/link.html", form=form), status
