"""The suspects of a case as they concern one victim: recording that one does not, and that one does after all."""

from typing import Any, ClassVar
from uuid import UUID

from flask import abort
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response

from models.milestones import UnconcernedSuspect
from notify.access import WRITERS
from notify.ledger.acts import Act
from notify.planning.suspects import (
    LONGEST_SUSPECT,
    Suspect,
    end_unconcerned,
    set_unconcerned,
    suspects_of,
    unconcerned_row,
)
from notify.web.context import current_services
from notify.web.staff.about_victim import Rows, address, ask
from notify.web.staff.answers import carried_out, done
from notify.web.staff.forms import ReasonForm, line, text
from notify.web.staff.guard import acting, guarded
from notify.web.staff.lookups import Part, the_part
from notify.web.staff.suspect_field import SuspectField, agree

bp = guarded("suspects", *WRITERS)


class UnconcernedForm(FlaskForm):
    faults_of: ClassVar[dict[str, str]] = {"suspect": "another"}

    who = SuspectField("Which suspect?")
    another = line("Another suspect (optional)", longest=LONGEST_SUSPECT, hint="A reference or a name")
    reason = text("Reason", "Enter the reason")

    def validate(self, extra_validators: Any = None) -> bool:
        """One suspect is needed, besides what each field checks."""
        right = bool(super().validate(extra_validators))
        return agree(self.who, self.another, needed="Choose the suspect") and right


@bp.route("/victims/<uuid:participation_id>/suspects/new", methods=["GET", "POST"])
def unconcern(participation_id: UUID) -> str | Response:
    """A suspect does not concern her."""
    form = UnconcernedForm()
    with acting() as act:
        part = the_part(act.session, participation_id)
        suspects = known_suspects(act, part)
    form.who.offer([one for one in suspects if one.unconcerned is None])

    def step(act: Act) -> None:
        found = the_part(act.session, participation_id)
        suspect = form.who.chosen(form.another.data) or ""
        rulebook = current_services().rulebook
        set_unconcerned(act, rulebook, found.participation, suspect, reason=form.reason.data)

    if carried_out(form, step):
        return done(
            "It is recorded that this suspect does not concern the victim.", address(participation_id)
        )
    return ask(
        participation_id,
        form,
        title="A suspect does not concern the victim",
        button="Record it",
        advice="The victim is told nothing of this suspect from now on. What was not told yet is cancelled, and nothing "
        "about this suspect stays on the private page.",
        warning=True,
    )


@bp.route("/victims/<uuid:participation_id>/suspects/<uuid:row_id>/end", methods=["GET", "POST"])
def concern(participation_id: UUID, row_id: UUID) -> str | Response:
    """A suspect does concern her after all."""
    form = ReasonForm()
    made: list[object] = []

    def step(act: Act) -> None:
        part = the_part(act.session, participation_id)
        row = the_unconcerned(act, part, row_id)
        rulebook = current_services().rulebook
        made.extend(end_unconcerned(act, rulebook, part.participation, row, reason=form.reason.data))

    if carried_out(form, step):
        owed = f" The victim is now owed what was not told: {len(made)}." if made else ""
        return done(f"It is recorded that this suspect concerns the victim.{owed}", address(participation_id))

    def about(act: Act, part: Part) -> Rows:
        row = the_unconcerned(act, part, row_id)
        return [("Suspect", act.key(part.case.id).open(row, "suspect_sealed"))]

    return ask(
        participation_id,
        form,
        title="The suspect concerns the victim",
        button="Record it",
        advice="What the victim was not told about this suspect is owed, by its own clock: some of it may be overdue.",
        about=about,
    )


def known_suspects(act: Act, part: Part) -> list[Suspect]:
    """The suspects of the case as this victim's part in it has them; that they were shown is logged."""
    suspects = suspects_of(act, part.case.id, part.participation)
    if suspects:
        act.log("suspects viewed", part.case, owner=part.case.id, count=len(suspects))
    return suspects


def the_unconcerned(act: Act, part: Part, row_id: UUID) -> UnconcernedSuspect:
    """What was recorded about one victim and one suspect, if it is about this victim."""
    row = unconcerned_row(act.session, part.participation, row_id)
    if row is None:
        abort(404)
    return row
