"""Saying why a duty is late, or will be, and what comes next."""

from uuid import UUID

from flask import url_for
from flask_wtf import FlaskForm
from sqlalchemy import select
from werkzeug.wrappers import Response

from models.duties import Duty
from models.oversight import DutyReview
from models.vocabulary import LateReason, NextStep, Role
from notify.access import WRITERS
from notify.ledger.acts import Act
from notify.oversight.reviews import review_duty
from notify.web.context import current_services
from notify.web.staff.about_victim import Rows, ask
from notify.web.staff.answers import carried_out, done
from notify.web.staff.forms import day_field, radios, text
from notify.web.staff.guard import acting, guarded, viewer
from notify.web.staff.late import review_shown
from notify.web.staff.lookups import the_duty
from notify.web.staff.shown import staff_names
from notify.web.staff.words import deadline, said

bp = guarded("reviews", *WRITERS)


class ReviewForm(FlaskForm):
    reason = radios("Why is it late?", LateReason, "Choose why it is late")
    note = text("What else should be known? (optional)", hint="Needed for another reason than those above")
    next_step = radios("What comes next?", NextStep, "Choose what comes next")
    next_step_by = day_field(
        "By when?", "Enter by when it is to be done", hint="The last day for it. For example, 27 3 2026"
    )


@bp.route("/duties/<uuid:duty_id>/review", methods=["GET", "POST"])
def review(duty_id: UUID) -> str | Response:
    """Why it is late and what comes next: with it the alerts are seen, and the clock goes on."""
    form = ReviewForm()

    def step(act: Act) -> None:
        duty, _ = the_duty(act.session, duty_id)
        review_duty(
            act,
            duty,
            reason=LateReason(form.reason.data),
            note=form.note.data or None,
            next_step=NextStep(form.next_step.data),
            next_step_by=current_services().rulebook.calendar.end_of(form.next_step_by.data),
        )

    if carried_out(form, step):
        return done("It is noted. The duty stays owed, and its clock goes on.", _list())
    with acting() as act:
        duty, part = the_duty(act.session, duty_id)
    return ask(
        part.participation.id,
        form,
        title="Why it is late, and what comes next",
        button="Save",
        advice="The alert counts as seen. It is raised again at the next level if the victim has not been told by then.",
        about=lambda act, _part: _rows(act, duty),
    )


def _list() -> str:
    """The list from which people come here."""
    return url_for("overdue.overdue" if viewer().role is Role.SUPERVISOR else "worklists.due")


def _rows(act: Act, duty: Duty) -> Rows:
    """The duty, and what was said of it before, the newest first."""
    reviews = act.session.scalars(
        select(DutyReview)
        .where(DutyReview.duty_id == duty.id)
        .order_by(DutyReview.at.desc(), DutyReview.id.desc())
    ).all()
    names = staff_names(act, [row.by_id for row in reviews])
    before = [review_shown(act, row, names[row.by_id]) for row in reviews]
    return [
        ("Duty", f"{said(duty.kind)} ({duty.rule})"),
        ("To be told by", deadline(duty.deadline)),
        *((one.said, one.in_words) for one in before),
    ]
