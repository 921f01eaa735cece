"""Pages that ask one thing about a victim: each looks her up, says who she is, and keeps a record of the look."""

from collections.abc import Callable
from uuid import UUID

from flask import render_template, url_for
from flask_wtf import FlaskForm

from notify.ledger.acts import Act
from notify.web.staff.guard import acting
from notify.web.staff.lookups import Part, the_part
from notify.web.staff.shown import VictimShown, victim_shown

Rows = list[tuple[str, str]]
"""Label and text, as a summary list shows them."""


def address(participation_id: UUID) -> str:
    """The page of a victim in a case."""
    return url_for("victims.one", participation_id=participation_id)


def look_at(act: Act, participation_id: UUID, page: str) -> tuple[Part, VictimShown]:
    """Find a victim's part in a case and record that it was looked at, on which page."""
    part = the_part(act.session, participation_id)
    act.log("viewed", part.participation, owner=part.victim.id, page=page)
    return part, victim_shown(act, part)


def ask(
    participation_id: UUID,
    form: FlaskForm,
    *,
    title: str,
    button: str,
    advice: str = "",
    warning: bool = False,
    about: Callable[[Act, Part], Rows] | None = None,
) -> str:
    """A page with one short form, all of whose fields are drawn; `about` says in a few rows what it is about."""
    with acting() as act:
        part, victim = look_at(act, participation_id, type(form).__name__)
        rows = about(act, part) if about else []
    return render_template(
        "staff/ask.html",
        form=form,
        title=title,
        button=button,
        advice=advice,
        warning=warning,
        victim=victim,
        rows=rows,
        back=address(participation_id),
    )
