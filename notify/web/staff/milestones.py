"""Recording what happened in a case, correcting it and withdrawing it."""

from uuid import UUID

from flask import render_template, url_for
from werkzeug.wrappers import Response

from notify.access import WRITERS
from notify.errors import Conflict
from notify.ledger.acts import Act
from notify.planning.corrections import correct_milestone, withdraw_milestone
from notify.planning.milestones import is_recorded, read_happening, record_milestone
from notify.planning.queries import agency_of, milestone_by_external_id
from notify.planning.suspects import suspects_of
from notify.web.context import current_services
from notify.web.staff import still_owed
from notify.web.staff.answers import carried_out, done
from notify.web.staff.case_forms import CorrectionForm, MilestoneForm, as_typed, kinds_by_stage
from notify.web.staff.forms import ReasonForm
from notify.web.staff.guard import acting, guarded, viewer
from notify.web.staff.lookups import the_case, the_milestone
from notify.web.staff.suspect_field import NOBODY
from notify.web.staff.words import said, when

NOT_ABOUT_ONE = "It is not about one suspect"

bp = guarded("milestones", *WRITERS)


@bp.route("/cases/<uuid:case_id>/milestones/new", methods=["GET", "POST"])
def record(case_id: UUID) -> str | Response:
    """What follows from it is made in the same act; the page says how many duties that is."""
    rulebook = current_services().rulebook
    form = MilestoneForm(data={"owner": _own_agency()})
    form.kind.choices = kinds_by_stage(rulebook.catalogue)
    with acting() as act:
        case = the_case(act.session, case_id)
        act.log("viewed", case, owner=case.id, page="milestone")
        form.who.offer(suspects_of(act, case.id), nobody=NOT_ABOUT_ONE)
    duties: list[object] = []
    recorded: list[str] = []

    def step(act: Act) -> None:
        case = the_case(act.session, case_id, to_change=True)
        external_id = f"form-{form.once.data}"
        if is_recorded(act, external_id):
            known = milestone_by_external_id(act.session, external_id)
            if known.case_id != case.id or read_happening(act, known) != form.happening():
                raise Conflict("form", "was sent before and said something else: open a new one")
            return
        _, made = record_milestone(act, rulebook, case.id, form.happening(), external_id=external_id)
        duties.extend(made)
        recorded.append(external_id)

    if carried_out(form, step):
        if not recorded:
            return done("That was recorded already.", url_for("cases.one", case_id=case_id))
        count = f"{len(duties)} {'duty' if len(duties) == 1 else 'duties'}"
        return done(
            f"{said(form.kind.data)} is recorded. It made {count}.", url_for("cases.one", case_id=case_id)
        )
    return render_template("staff/milestone.html", form=form, case=case)


def _own_agency() -> str:
    """What happened is learned of, most of the time, by the agency of whoever records it."""
    with current_services().reading() as session:
        return agency_of(session, viewer().unit_id).value


@bp.route("/milestones/<uuid:milestone_id>/correct", methods=["GET", "POST"])
def correct(milestone_id: UUID) -> str | Response:
    """Say again what happened; what was said before is kept."""
    rulebook = current_services().rulebook
    with acting() as act:
        milestone, case = the_milestone(act.session, milestone_id)
        act.log("viewed", milestone, owner=case.id)
        earlier = read_happening(act, milestone)
        own = milestone.suspect_index
        suspects = suspects_of(act, case.id)
    typed = as_typed(earlier) | ({"who": own.hex(), "suspect": ""} if own else {"who": NOBODY})
    form = CorrectionForm(data=typed)
    form.who.offer(suspects, nobody=NOT_ABOUT_ONE, as_spelt=earlier.suspect)
    form.kind.choices = kinds_by_stage(rulebook.catalogue)

    def step(act: Act) -> None:
        found, _ = the_milestone(act.session, milestone_id)
        correct_milestone(
            act, rulebook, found, form.happening(read_happening(act, found)), reason=form.why.data
        )

    if carried_out(form, step):
        return done("The milestone is corrected.", url_for("cases.one", case_id=case.id))
    return render_template("staff/milestone.html", form=form, case=case, correcting=True)


@bp.route("/milestones/<uuid:milestone_id>/withdraw", methods=["GET", "POST"])
def withdraw(milestone_id: UUID) -> str | Response:
    """It never happened, or was recorded twice: it stays on the timeline as withdrawn."""
    rulebook = current_services().rulebook
    form = ReasonForm()
    with acting() as act:
        milestone, case = the_milestone(act.session, milestone_id)
        act.log("viewed", milestone, owner=case.id, page="withdraw")
        goes = still_owed.what_a_withdrawal_cancels(act, milestone)
    owed: list[object] = []

    def step(act: Act) -> None:
        found, _ = the_milestone(act.session, milestone_id)
        owed.extend(withdraw_milestone(act, rulebook, found, reason=form.reason.data))

    if carried_out(form, step):
        calls = f" Victims who were told of it and must be rung: {len(owed)}." if owed else ""
        return done(f"The milestone is withdrawn.{calls}", url_for("cases.one", case_id=case.id))
    return render_template(
        "staff/ask.html",
        form=form,
        title="Withdraw a milestone",
        button="Withdraw this milestone",
        advice="For what never happened, or was recorded twice. It stays on the timeline as withdrawn. No message"
        " about it leaves any more. Each victim who was told of it is owed a call that puts it right.",
        warning=True,
        rows=[
            ("Case", case.ref),
            ("Milestone", said(milestone.kind)),
            ("Happened", when(milestone.happened_at)),
            *goes,
        ],
        back=url_for("cases.one", case_id=case.id),
    )
