"""Contact points: adding one, verifying it by a safe route, and suspending it at the first doubt."""

from collections.abc import Callable
from uuid import UUID, uuid4

from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # the stubs lag behind

from models.vocabulary import ContactPointKind
from notify.access import WRITERS
from notify.ledger.acts import Act
from notify.ledger.suspending import suspend as suspend_point
from notify.planning.contact_points import add_contact_point, set_certificate
from notify.planning.contact_points import verify as verify_point
from notify.web.staff.about_victim import Rows, address, ask
from notify.web.staff.answers import carried_out, done
from notify.web.staff.forms import CertificateForm, ContactPointForm, ReasonForm
from notify.web.staff.guard import acting, guarded
from notify.web.staff.lookups import Part, the_part, the_point, the_representative
from notify.web.staff.shown import point_shown, representatives_of
from notify.web.staff.words import said

bp = guarded("points", *WRITERS)
BOTH = ("GET", "POST")
THE_VICTIM = "victim"


@bp.route("/victims/<uuid:participation_id>/contact-points/new", methods=BOTH)
def add(participation_id: UUID) -> str | Response:
    """A contact point made here gets a reference of our own: no case system knows it."""
    form = ContactPointForm()
    with acting() as act:
        part = the_part(act.session, participation_id)
        others = representatives_of(act, part.victim.id)
    form.belongs_to.choices = [
        SelectChoice(THE_VICTIM, "The victim"),
        *(SelectChoice(str(one.row.id), f"{one.name} ({said(one.row.kind)})") for one in others),
    ]

    def step(act: Act) -> None:
        part = the_part(act.session, participation_id, to_change=True)
        whose = form.belongs_to.data
        add_contact_point(
            act,
            part.victim,
            ref=str(uuid4()),
            kind=ContactPointKind(form.kind.data),
            value=form.value.data,
            representative=None
            if whose == THE_VICTIM
            else the_representative(act.session, part, UUID(whose)),
        )

    if carried_out(form, step):
        return done("The contact point is added. Verify it before it can be used.", address(participation_id))
    return ask(
        participation_id,
        form,
        title="Add a contact point",
        button="Add",
        advice="Nothing is sent to it until somebody has verified it.",
    )


@bp.route("/victims/<uuid:participation_id>/contact-points/<uuid:point_id>/verify", methods=BOTH)
def verify(participation_id: UUID, point_id: UUID) -> str | Response:
    form = ReasonForm()
    form.reason.label.text = "How it was made sure that this reaches the victim safely"

    def step(act: Act) -> None:
        part = the_part(act.session, participation_id, to_change=True)
        verify_point(act, the_point(act.session, part, point_id), reason=form.reason.data)

    if carried_out(form, step):
        return done("The contact point is verified.", address(participation_id))
    return ask(
        participation_id, form, title="Verify a contact point", button="Verify", about=_which(point_id)
    )


@bp.route("/victims/<uuid:participation_id>/contact-points/<uuid:point_id>/suspend", methods=BOTH)
def suspend(participation_id: UUID, point_id: UUID) -> str | Response:
    form = ReasonForm()

    def step(act: Act) -> None:
        part = the_part(act.session, participation_id, to_change=True)
        suspend_point(act, the_point(act.session, part, point_id), reason=form.reason.data)

    if carried_out(form, step):
        return done("The contact point is suspended. Nothing goes there any more.", address(participation_id))
    return ask(
        participation_id,
        form,
        title="Suspend a contact point",
        button="Suspend now",
        advice="Nothing goes there any more, until it is verified again.",
        warning=True,
        about=_which(point_id),
    )


@bp.route("/victims/<uuid:participation_id>/contact-points/<uuid:point_id>/certificate", methods=BOTH)
def certificate(participation_id: UUID, point_id: UUID) -> str | Response:
    form = CertificateForm()

    def step(act: Act) -> None:
        part = the_part(act.session, participation_id, to_change=True)
        point = the_point(act.session, part, point_id)
        set_certificate(act, point, form.certificate.data or None, reason=form.reason.data)

    if carried_out(form, step):
        said_so = (
            "E-mail to it is sealed from now on." if form.certificate.data else "The certificate is gone."
        )
        return done(said_so, address(participation_id))
    return ask(
        participation_id,
        form,
        title="Certificate of a contact point",
        button="Save",
        advice="E-mail to this address is sealed with it, so that only its holder can read it. Make sure, by another "
        "route than e-mail, that it is theirs. When it expires nothing is sent until there is a new one.",
        about=_which(point_id),
    )


def _which(point_id: UUID) -> Callable[[Act, Part], Rows]:
    """Which contact point a page is about, in full: it is read to the victim, or rung."""

    def rows(act: Act, part: Part) -> Rows:
        point = point_shown(act, the_point(act.session, part, point_id))
        return [(point.kind, point.value), ("State", said(point.row.state))]

    return rows
