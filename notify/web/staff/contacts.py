"""The contact log, and what a person does about one duty: waive it, or release its update."""

from collections.abc import Sequence
from uuid import UUID

from flask import abort, render_template
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # the stubs lag behind

from models.duties import Duty
from models.milestones import Milestone
from models.vocabulary import CORRECTION_RULE, DutyState
from notify.access import WRITERS
from notify.delivery.sealed_updates import release_update
from notify.delivery.writing import facts_of
from notify.errors import Conflict
from notify.ledger.acts import Act
from notify.ledger.contact_log import record_contact
from notify.planning import people
from notify.planning.hand_overs import check_own
from notify.web.context import current_services
from notify.web.staff.about_victim import Rows, address, ask, look_at
from notify.web.staff.answers import carried_out, done
from notify.web.staff.case_forms import ContactForm
from notify.web.staff.forms import ConfirmForm, ReasonForm
from notify.web.staff.guard import acting, guarded, viewer
from notify.web.staff.lookups import Part, the_duty, the_part, the_point
from notify.web.staff.owed import open_duties_of
from notify.web.staff.shown import points_of
from notify.web.staff.still_owed import what_else_stays
from notify.web.staff.words import deadline, said
from notify.wording.render import call_prompt, render_page

bp = guarded("contacts", *WRITERS)
BOTH = ("GET", "POST")
NOT_SAID = ""
PUT_RIGHT = [
    "Before you ring, read on the timeline what was recorded first, what is recorded now, and why it was changed.",
    "Say first that what we told them was wrong, and that we are sorry. Then say what is right.",
    "Ask what they did because of it, and whether it changes how safe they feel.",
]
"""How to put right what was told wrongly: what to say differs each time."""


@bp.route("/victims/<uuid:participation_id>/contacts/new", methods=BOTH)
def log_contact(participation_id: UUID) -> str | Response:
    """An attempt or a success. Every open duty is ticked to begin with: what was not spoken of is unticked."""
    with acting() as act:
        part, victim = look_at(act, participation_id, "contact")
        duties = open_duties_of(act.session, participation_id)
        points = points_of(act, [part.victim.id])
    form = ContactForm(data={"covers": [str(duty.id) for duty in duties], "contact_point": NOT_SAID})
    form.covers.choices = [SelectChoice(str(duty.id), duty_line(duty)) for duty in duties]
    form.contact_point.choices = [
        SelectChoice(NOT_SAID, "Not said"),
        *(SelectChoice(str(point.row.id), f"{point.kind} {point.value}") for point in points),
    ]

    def step(act: Act) -> None:
        part = the_part(act.session, participation_id, to_change=True)
        point = form.contact_point.data
        record_contact(
            act,
            part.participation,
            form.what_came,
            duty_ids={UUID(one) for one in form.covers.data or ()},
            note=form.note.data or None,
            contact_point_id=the_point(act.session, part, UUID(point)).id if point else None,
        )

    if carried_out(form, step):
        return done("The contact is logged.", address(participation_id))
    return render_template(
        "staff/contact.html", form=form, victim=victim, duties=duties, prompts=_prompts(part, duties)
    )


@bp.route("/duties/<uuid:duty_id>/waive", methods=BOTH)
def waive(duty_id: UUID) -> str | Response:
    form = ReasonForm()

    def step(act: Act) -> None:
        duty, part = the_duty(act.session, duty_id)
        check_own(act.session, viewer(), part.case, duty.owner)
        people.waive_duty(act, duty, reason=form.reason.data)
        waived.append(part.participation.id)

    waived: list[UUID] = []
    if carried_out(form, step):
        return done("The duty is waived.", address(waived[0]))
    return ask(
        _whose(duty_id),
        form,
        title="Waive a duty",
        button="Waive this duty",
        advice="The victim is not told of this. Say why that is right.",
        warning=True,
        about=lambda act, _: _which(act, the_duty(act.session, duty_id)[0]),
    )


@bp.route("/duties/<uuid:duty_id>/release", methods=BOTH)
def release(duty_id: UUID) -> str | Response:
    """Let the victim read officer-first news on the private page: shown first, as it will read."""
    form = ConfirmForm()
    writer = current_services().writer

    def step(act: Act) -> None:
        duty, part = the_duty(act.session, duty_id)
        if not duty.has_update or duty.state is not DutyState.OPEN:
            raise Conflict("duty", "has no update to release")
        release_update(act, writer, duty)
        released.append(part.participation.id)

    released: list[UUID] = []
    if carried_out(form, step):
        return done("The victim can now read it on the private page.", address(released[0]))
    with acting() as act:
        duty, part = the_duty(act.session, duty_id)
        if not duty.has_update:
            abort(404)
        _, victim = look_at(act, part.participation.id, "release")
        milestone = act.session.get(Milestone, duty.milestone_id) if duty.milestone_id else None
        facts = facts_of(act, milestone)
    page = render_page(writer.wording, language=part.victim.language, kind=duty.kind, facts=facts)
    return render_template("staff/release.html", form=form, victim=victim, page=page)


def duty_line(duty: Duty) -> str:
    """A duty in one line, as lists and tick boxes name it."""
    return f"{said(duty.kind)} ({duty.rule}), by {deadline(duty.deadline)}"


def _prompts(part: Part, duties: Sequence[Duty]) -> list[tuple[str, list[str]]]:
    """What to say on the telephone, for news that a person must tell."""
    wording = current_services().wording
    kinds = dict.fromkeys(duty.kind for duty in duties if duty.has_update)
    wrong = dict.fromkeys(duty.kind for duty in duties if duty.rule == CORRECTION_RULE)
    return [
        *((f"{said(kind)}: what she was told was wrong", PUT_RIGHT) for kind in wrong),
        *((said(kind), call_prompt(wording, part.victim.language, kind).split("\n\n")) for kind in kinds),
    ]


def _which(act: Act, duty: Duty) -> Rows:
    return [
        ("Duty", f"{said(duty.kind)} ({duty.rule})"),
        ("To be told by", deadline(duty.deadline)),
        ("State", said(duty.state)),
        ("Made under", f"Edition {duty.edition}, policy {duty.policy}"),
        *what_else_stays(act, duty),
    ]


def _whose(duty_id: UUID) -> UUID:
    with acting() as act:
        return the_duty(act.session, duty_id)[1].participation.id
