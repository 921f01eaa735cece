"""The supervisor's list of duties that are overdue, urgent or escalated, and what is done about each."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask_wtf import FlaskForm
from sqlalchemy import or_, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from models.duties import Duty
from models.oversight import Alert
from models.staff import Staff
from models.vocabulary import AlertLevel, AlertState, Role
from notify.delivery.stuck import stuck
from notify.ledger.acts import Act
from notify.oversight.alerts import acknowledge, resolve
from notify.oversight.counts import count_alerts
from notify.oversight.queries import PAGE, overdue_list, unknown_inbound
from notify.oversight.ways import OVERSEEN
from notify.web.context import current_services
from notify.web.staff.about_victim import ask
from notify.web.staff.answers import carried_out, done
from notify.web.staff.forms import ResolveForm
from notify.web.staff.guard import acting, guarded, viewer
from notify.web.staff.late import late_shown
from notify.web.staff.lookups import the_alert
from notify.web.staff.pages import page_number, pages_known
from notify.web.staff.shown import unknown_shown
from notify.web.staff.words import deadline, said

bp = guarded("overdue", Role.SUPERVISOR, Role.AUDITOR)
changes = guarded("alerts", Role.SUPERVISOR)


@dataclass(frozen=True)
class Wanted:
    """Which lines of the list are asked for: all, those of one highest level, those that nobody has looked at."""

    level: AlertLevel | None
    unseen: bool
    page: int

    def address(self, **other: Any) -> str:
        """The address of the same list, but for what is given."""
        asked = replace(self, **{"page": 1} | other)
        return url_for(
            "overdue.overdue",
            level=asked.level,
            seen="no" if asked.unseen else None,
            page=asked.page if asked.page > 1 else None,
        )


def _wanted() -> Wanted:
    """What the address asks for; a level that there is none of is no filter."""
    level = request.args.get("level", "")
    return Wanted(
        level=AlertLevel(level) if level in set(AlertLevel) else None,
        unseen=request.args.get("seen") == "no",
        page=page_number(),
    )


@bp.get("/overdue")
def overdue() -> str:
    """Enhanced rights first, then risk, then age; after them what came in from numbers that nobody knows."""
    wanted = _wanted()
    offset = (wanted.page - 1) * PAGE
    rulebook = current_services().rulebook
    calendar = rulebook.calendar
    with acting() as act:
        kept_back = stuck(act.session, at=act.at, after=rulebook.policy.stuck)
        counts = count_alerts(act.session, viewer(), act.at)
        lines = overdue_list(
            act.session,
            viewer(),
            at=act.at,
            level=wanted.level,
            unseen=wanted.unseen,
            offset=offset,
            limit=PAGE + 1,
        )
        shown = late_shown(act, lines[:PAGE], calendar, own_unit=viewer().unit_id)
        came_in = unknown_inbound(act.session, viewer(), at=act.at, offset=offset, limit=PAGE + 1)
        unknown = [unknown_shown(act, row) for row in came_in[:PAGE]]
        me = act.session.get_one(Staff, viewer().staff_id)
        act.log("listed", me, list="overdue", count=len(shown))
        if unknown:
            act.log("listed", me, list="unknown inbound", count=len(unknown))
    return render_template(
        "staff/overdue.html",
        stuck=kept_back,
        lines=shown,
        counts=counts,
        wanted=wanted,
        unknown=unknown,
        can_change=viewer().role is Role.SUPERVISOR,
        form=FlaskForm(),
        pages=pages_known(wanted.page, max(len(lines), len(came_in)), PAGE),
    )


@changes.post("/alerts/<uuid:alert_id>/acknowledge")
def acknowledge_alert(alert_id: UUID) -> Response:
    """Seen: every alert of that duty that is still open, since the list shows one line a duty. Twice is once."""
    with acting() as act:
        alert, _ = the_alert(act.session, alert_id)
        for live in _live(act.session, alert):
            if live.state is AlertState.OPEN:
                acknowledge(act, live)
    return redirect(url_for("overdue.overdue"), 303)


@changes.route("/alerts/<uuid:alert_id>/resolve", methods=["GET", "POST"])
def resolve_alert(alert_id: UUID) -> str | Response:
    """What was done about it, in words; the duty itself stays owed until the victim is told."""
    form = ResolveForm()

    def step(act: Act) -> None:
        alert, _ = the_alert(act.session, alert_id)
        resolve(act, alert, note=form.note.data)
        for live in _live(act.session, alert):
            resolve(act, live, note=form.note.data)

    if carried_out(form, step):
        return done("The alert is resolved.", url_for("overdue.overdue"))
    with acting() as act:
        alert, part = the_alert(act.session, alert_id)
        duty = act.session.get_one(Duty, alert.duty_id)
    rows = [
        ("Duty", f"{said(duty.kind)} ({duty.rule})"),
        ("To be told by", deadline(duty.deadline)),
        ("Alert", said(alert.level)),
    ]
    return ask(
        part.participation.id,
        form,
        title="Resolve an alert",
        button="Resolve",
        advice="The duty stays owed until the victim is told, or it is waived.",
        about=lambda _act, _part: rows,
    )


def _live(session: Session, alert: Alert) -> list[Alert]:
    """This alert, and every one for a supervisor about the same duty, that is not resolved."""
    return list(
        session.scalars(
            select(Alert)
            .where(
                Alert.duty_id == alert.duty_id,
                or_(Alert.id == alert.id, Alert.level.in_(OVERSEEN)),
                Alert.state != AlertState.RESOLVED,
            )
            .with_for_update()
        )
    )
