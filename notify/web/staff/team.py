"""The supervisor's team: who is away, who carries what, and passing cases on when somebody is away or has left."""

from datetime import date, datetime, time, timedelta
from typing import ClassVar
from uuid import UUID

from flask import abort, render_template, url_for
from flask_wtf import FlaskForm
from sqlalchemy import select
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # the stubs lag behind
from wtforms.validators import InputRequired

from models.cases import Case
from models.staff import Staff
from models.vocabulary import Role
from notify.access import visible
from notify.clock import local_date
from notify.in_hand import cases_in_hand
from notify.ledger.acts import Act
from notify.oversight.team import absence_of_the_team, member, takers, team
from notify.planning import staff_changes
from notify.presence import away
from notify.web.staff.answers import carried_out, done
from notify.web.staff.forms import day_field, dropdown, instant, text, tick_boxes
from notify.web.staff.guard import acting, guarded, viewer
from notify.web.staff.shown import staff_names, unit_names

bp = guarded("team", Role.SUPERVISOR)
BOTH = ("GET", "POST")


class AbsenceForm(FlaskForm):
    faults_of: ClassVar[dict[str, str]] = {"starts_at": "first_day", "ends_at": "last_day"}

    first_day = day_field("First day away", "Enter the first day away", hint="For example, 27 3 2026")
    last_day = day_field("Last day away (optional)", hint="Leave empty if nobody knows yet")

    def times(self, at: datetime) -> tuple[datetime, datetime | None]:
        """From when until when; an absence that begins today begins now."""
        starts_at = at if self.first_day.data == local_date(at) else _start_of(self.first_day.data)
        return starts_at, _start_of(self.last_day.data + timedelta(days=1)) if self.last_day.data else None


class ReassignForm(FlaskForm):
    cases = tick_boxes(
        "Which cases?", wrong="One of these is in other hands already. Look again at what is left."
    )
    to = dropdown("Who takes them over?", InputRequired("Choose who takes them over"))
    reason = text("Reason", "Enter the reason")

    faults_of: ClassVar[dict[str, str]] = {"officer": "to", "unit": "to"}


@bp.get("/team")
def people() -> str:
    """Who is on duty in the units this supervisor answers for, and what each of them carries."""
    with acting() as act:
        members = team(act.session, viewer(), at=act.at)
        names = staff_names(act, [one.staff.id for one in members])
        units = unit_names(act, {one.staff.unit_id for one in members})
        me = act.session.get_one(Staff, viewer().staff_id)
        act.log("listed", me, list="team", count=len(members))
    return render_template(
        "staff/team.html", members=members, names=names, units=units, at=act.at, form=FlaskForm()
    )


@bp.route("/team/<uuid:staff_id>/absences/new", methods=BOTH)
def record_absence(staff_id: UUID) -> str | Response:
    """Others see to their work while they are away: nothing of it is moved for that."""
    form = AbsenceForm()

    def step(act: Act) -> None:
        starts_at, ends_at = form.times(act.at)
        staff_changes.record_absence(act, _the_member(act, staff_id), starts_at=starts_at, ends_at=ends_at)

    if carried_out(form, step):
        return done("The absence is recorded.", url_for("team.people"))
    return render_template(
        "staff/ask.html",
        form=form,
        title="Record an absence",
        button="Record it",
        advice="While they are away, what is due soon in their cases is shown to their supervisors as well. "
        "Do not say here why they are away.",
        nav="team",
        rows=[("Who", _name(staff_id))],
        back=url_for("team.people"),
    )


@bp.post("/absences/<uuid:absence_id>/end")
def end_absence(absence_id: UUID) -> Response:
    """They are back, or will not be away after all."""
    form = FlaskForm()

    def step(act: Act) -> None:
        absence = absence_of_the_team(act.session, viewer(), absence_id)
        if absence is None:
            abort(404)
        staff_changes.end_absence(act, absence)

    said = "The absence has ended." if carried_out(form, step) else "That absence was over already."
    return done(said, url_for("team.people"))


@bp.route("/team/<uuid:staff_id>/cases", methods=BOTH)
def reassign(staff_id: UUID) -> str | Response:
    """Pass on what one of the team has in hand: all of it is ticked to begin with."""
    with acting() as act:
        giver = _the_member(act, staff_id)
        act.log("viewed", giver, page="reassign")
        cases = cases_in_hand(act.session, giver.id, visible(viewer()))
        choices = [SelectChoice("", "Choose a person"), *_takers(act, giver)]
    form = ReassignForm(data={"cases": [str(case.id) for case in cases]})
    form.cases.choices = [SelectChoice(str(case.id), case.ref) for case in cases]
    form.to.choices = choices
    passed: list[object] = []

    def step(act: Act) -> None:
        ids = [UUID(one) for one in form.cases.data or ()]
        rows = act.session.scalars(select(Case).where(Case.id.in_(ids), visible(viewer()))).all()
        giver, taker = _the_member(act, staff_id), _the_member(act, UUID(form.to.data))
        passed.extend(staff_changes.reassign_cases(act, rows, giver, taker, reason=form.reason.data))

    if carried_out(form, step):
        count = f"{len(passed)} {'case is' if len(passed) == 1 else 'cases are'}"
        return done(f"{count} passed on.", url_for("team.people"))
    return render_template(
        "staff/ask.html",
        form=form,
        title="Pass cases on",
        button="Pass them on",
        advice="Everything that is open in these cases goes along, and is due when it was due before.",
        nav="team",
        rows=[("From", _name(staff_id))],
        back=url_for("team.people"),
    )


def _the_member(act: Act, staff_id: UUID) -> Staff:
    found = member(act.session, viewer(), staff_id)
    if found is None:
        abort(404)
    return found


def _name(staff_id: UUID) -> str:
    with acting() as act:
        return staff_names(act, [_the_member(act, staff_id).id])[staff_id]


def _takers(act: Act, giver: Staff) -> list[SelectChoice]:
    """Who may take cases over; beside whoever is away it says so."""
    people = takers(act.session, viewer(), giver)
    ids = [one.id for one in people]
    names, gone = staff_names(act, ids), away(act.session, ids, act.at)
    return [SelectChoice(str(one), names[one] + (" (away)" if one in gone else "")) for one in ids]


def _start_of(day: date) -> datetime:
    return instant(day, time.min)
