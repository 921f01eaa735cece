"""The private pages: a victim's messages, what was agreed with her, and what she may ask for.

A message that was not opened yet is opened by a button (POST), never by an address alone. The page that then shows
it (GET, so that a phone may reload it) is what marks it as read, in the transaction that fetched its text: what a
browser fetches ahead of her closes no duty, and neither does a button whose answer never came.
"""

from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, abort, flash, make_response, redirect, render_template, session
from werkzeug.wrappers import Response

from models.messages import SealedUpdate
from models.people import Victim
from notify.clock import in_words, local_date
from notify.delivery.private_page import ask_for_call, read_one, stop_contact, update_for, updates_for
from notify.ledger.acts import Act
from notify.web.context import current_services
from notify.web.headers import forget_in_browser
from notify.web.victim import visits
from notify.web.victim.own_times import own_times
from notify.web.victim.plan_words import agreements
from notify.wording.catalogue import Term
from notify.wording.render import terms_in

OPENING = "opening"
"""Where the session keeps which message she asked to open."""

bp = Blueprint("private_page", __name__)
bp.before_request(visits.require)


@dataclass(frozen=True)
class Line:
    """One message in the list."""

    id: UUID
    title: str
    written: str
    is_new: bool
    language: str


@dataclass(frozen=True)
class Letter(Line):
    """One message in full."""

    paragraphs: tuple[str, ...]
    terms: tuple[Term, ...]


@bp.get("/before-you-start")
def before_you_start() -> str:
    """How to leave quickly, before anything that tells."""
    return render_template("victim/interruption.html", continue_to="/messages")


@bp.get("/messages")
def messages() -> str:
    """All her messages, and what was agreed with her."""
    with visits.visiting() as (act, victim):
        act.log("viewed", victim, owner=victim.id)
        lines = [_line(act, victim, update) for update in updates_for(act.session, victim.id)]
        agreed = agreements(act, victim)
        times = own_times(act, victim)
    return render_template("victim/messages.html", lines=lines, agreements=agreed, own_times=times)


@bp.post("/messages/<uuid:update_id>")
def open_message(update_id: UUID) -> Response:
    """She wants to read this one."""
    session[OPENING] = str(update_id)
    return redirect(f"/messages/{update_id}", 303)


@bp.get("/messages/<uuid:update_id>")
def message(update_id: UUID) -> str:
    """One message: its text if it is read already or she pressed the button, otherwise the button."""
    with visits.visiting() as (act, victim):
        update = update_for(act.session, victim.id, update_id)
        if update is None:
            abort(404)
        opened = update.read_at is not None or session.pop(OPENING, None) == str(update_id)
        act.log("viewed", update, owner=victim.id, text=opened)
        if not opened:
            return render_template("victim/unopened.html", line=_line(act, victim, update))
        # Drawn before the act ends: a page that cannot be drawn was not read.
        page = render_template("victim/message.html", letter=_letter(act, victim, update))
        read_one(act, update)
    return page


@bp.post("/call")
def call() -> Response:
    """She asks to be rung."""
    with visits.visiting() as (act, victim):
        ask_for_call(act, victim)
    flash("call")
    return redirect("/messages", 303)


@bp.get("/change")
def change() -> str:
    """What happens if she says that it is not safe any more, before she says so."""
    return render_template("victim/change.html")


@bp.post("/change")
def change_now() -> Response:
    """It is not safe any more to contact her as agreed."""
    with visits.visiting() as (act, victim):
        stop_contact(act, victim, visit_id=visits.current_id())
    flash("change")
    return redirect("/messages", 303)


@bp.post("/sign-out")
def sign_out() -> Response:
    """End the visit, here and in the browser."""
    with visits.visiting() as (act, _):
        visits.end(act, visits.token() or "")
    session.clear()
    return forget_in_browser(make_response(redirect("/", 303)))


def _line(act: Act, victim: Victim, update: SealedUpdate) -> Line:
    return Line(
        id=update.id,
        title=act.key(victim.id).open(update, "title_sealed"),
        written=in_words(local_date(update.created_at)),
        is_new=update.read_at is None,
        language=_language(update),
    )


def _letter(act: Act, victim: Victim, update: SealedUpdate) -> Letter:
    line = _line(act, victim, update)
    text = act.key(victim.id).open(update, "text_sealed")
    locale, _ = current_services().wording.locale(line.language)
    return Letter(
        **vars(line), paragraphs=tuple(text.split("\n\n")), terms=terms_in(locale, f"{line.title} {text}")
    )


def _language(update: SealedUpdate) -> str:
    """The language it was written in, which is English where hers has no wording."""
    return update.wording_id.partition("/")[0]
