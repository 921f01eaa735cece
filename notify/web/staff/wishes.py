"""What the victim asked for or said: a pause, no further updates, support for a prosecution, a secret, somebody to speak for her."""

from datetime import time, timedelta
from uuid import UUID

from werkzeug.wrappers import Response
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # the stubs lag behind

from models.vocabulary import RepresentativeKind, Supports
from notify.access import WRITERS
from notify.delivery.sealed_updates import set_secret, set_sign_in_name
from notify.ledger.acts import Act
from notify.planning import people
from notify.web.staff.about_victim import address, ask
from notify.web.staff.answers import carried_out, done
from notify.web.staff.forms import (
    ReasonForm,
    RepresentativeForm,
    SecretForm,
    SignInNameForm,
    SupportForm,
    instant,
)
from notify.web.staff.guard import guarded
from notify.web.staff.lookups import the_part, the_representative
from notify.web.staff.still_owed import what_a_decline_leaves, what_stays

bp = guarded("wishes", *WRITERS)
BOTH = ("GET", "POST")
NOT_ASKED, WANTS, WANTS_NOT = "not_asked", "yes", "no"
RELEASES = (
    (WANTS, "Yes: tell the victim of releases and bail only, as the plan agrees"),
    (WANTS_NOT, "No: not even of releases and bail"),
    (NOT_ASKED, "Not asked yet: each release or bail is a call to make"),
)
WANTED = {NOT_ASKED: None, WANTS: True, WANTS_NOT: False}
CHOOSE_RELEASES = "Choose what was said about releases and bail"


class DeclineForm(ReasonForm):
    """No further updates, and what of those that may matter to the victim's safety."""

    releases = RadioField(
        "Does the victim want to be told of releases and bail?",
        default=NOT_ASKED,  # what is true until somebody says otherwise
        choices=[SelectChoice(*choice) for choice in RELEASES],
        invalid_choice_message=CHOOSE_RELEASES,  # type: ignore[call-arg]  # the stubs lag behind
    )


@bp.route("/victims/<uuid:participation_id>/pause", methods=BOTH)
def pause(participation_id: UUID) -> str | Response:
    form = ReasonForm()

    def step(act: Act) -> None:
        part = the_part(act.session, participation_id, to_change=True)
        people.pause(act, part.participation, reason=form.reason.data)

    if carried_out(form, step):
        return done("Contact is paused.", address(participation_id))
    return ask(
        participation_id,
        form,
        title="Pause contact",
        button="Pause contact",
        advice="Nothing is sent and no clock rings until you resume. What is owed stays owed.",
        about=lambda act, _: what_stays(act, participation_id),
    )


@bp.route("/victims/<uuid:participation_id>/resume", methods=BOTH)
def resume(participation_id: UUID) -> str | Response:
    form = ReasonForm()

    def step(act: Act) -> None:
        part = the_part(act.session, participation_id, to_change=True)
        people.resume(act, part.participation, reason=form.reason.data)

    if carried_out(form, step):
        return done("Contact is resumed.", address(participation_id))
    return ask(
        participation_id,
        form,
        title="Resume contact",
        button="Resume contact",
        advice="What is owed is looked at again at once, by the plan that was agreed.",
    )


@bp.route("/victims/<uuid:participation_id>/decline", methods=BOTH)
def decline(participation_id: UUID) -> str | Response:
    form = DeclineForm()

    def step(act: Act) -> None:
        part = the_part(act.session, participation_id, to_change=True)
        wanted = WANTED[form.releases.data]
        people.decline(act, part.participation, reason=form.reason.data, wants_releases=wanted)

    if carried_out(form, step):
        return done("It is recorded what the victim wants.", address(participation_id))
    return ask(
        participation_id,
        form,
        title="No further updates",
        button="Record that no further updates are wanted",
        advice="The victim is not told of what follows here as waived. Ask whether the victim wants to know of "
        "releases and bail: they may matter for safety.",
        warning=True,
        about=lambda act, _: what_a_decline_leaves(act, participation_id),
    )


@bp.route("/victims/<uuid:participation_id>/support", methods=BOTH)
def support(participation_id: UUID) -> str | Response:
    form = SupportForm()

    def step(act: Act) -> None:
        part = the_part(act.session, participation_id, to_change=True)
        people.record_support(
            act, part.participation, Supports(form.supports.data), reason=form.reason.data or None
        )

    if carried_out(form, step):
        return done("Support for a prosecution is recorded.", address(participation_id))
    return ask(
        participation_id,
        form,
        title="Support for a prosecution",
        button="Save",
        advice="Whatever the answer, what is owed stays owed. Who wants no updates any more says so for itself.",
        about=lambda act, _: what_stays(act, participation_id),
    )


@bp.route("/victims/<uuid:participation_id>/secret", methods=BOTH)
def secret(participation_id: UUID) -> str | Response:
    form = SecretForm()

    def step(act: Act) -> None:
        set_secret(act, the_part(act.session, participation_id, to_change=True).victim, form.secret.data)

    if carried_out(form, step):
        return done("The PIN or code word is set.", address(participation_id))
    return ask(
        participation_id,
        form,
        title="PIN or code word",
        button="Set it",
        advice="The victim chooses it and types it on the private page. It is never shown again.",
    )


@bp.route("/victims/<uuid:participation_id>/sign-in-name", methods=BOTH)
def sign_in_name(participation_id: UUID) -> str | Response:
    form = SignInNameForm()

    def step(act: Act) -> None:
        victim = the_part(act.session, participation_id, to_change=True).victim
        set_sign_in_name(act, victim, form.sign_in_name.data)

    if carried_out(form, step):
        return done("The sign-in name is set.", address(participation_id))
    return ask(
        participation_id,
        form,
        title="Sign-in name",
        button="Set it",
        advice="With it and the PIN or code word, the victim reaches the private page without a link. "
        "It is never shown again.",
    )


@bp.route("/victims/<uuid:participation_id>/representatives/new", methods=BOTH)
def add_representative(participation_id: UUID) -> str | Response:
    form = RepresentativeForm()

    def step(act: Act) -> None:
        people.add_representative(
            act,
            the_part(act.session, participation_id, to_change=True).victim,
            kind=RepresentativeKind(form.kind.data),
            name=form.name.data,
            scope=form.scope.data,
            consent_at=instant(form.consent_at.data, time.min),
            starts_at=instant(form.starts_at.data, time.min),
            ends_at=instant(form.ends_at.data + timedelta(days=1), time.min) if form.ends_at.data else None,
        )

    if carried_out(form, step):
        return done("The representative is added.", address(participation_id))
    return ask(
        participation_id,
        form,
        title="Add a representative",
        button="Add",
        advice="Somebody the victim wants us to tell: record what about, from when and until when.",
    )


@bp.route("/victims/<uuid:participation_id>/representatives/<uuid:representative_id>/end", methods=BOTH)
def end_representation(participation_id: UUID, representative_id: UUID) -> str | Response:
    form = ReasonForm()

    def step(act: Act) -> None:
        part = the_part(act.session, participation_id, to_change=True)
        representative = the_representative(act.session, part, representative_id)
        people.end_representation(act, representative, reason=form.reason.data)

    if carried_out(form, step):
        return done("The representation has ended.", address(participation_id))
    return ask(
        participation_id,
        form,
        title="End the representation",
        button="End it",
        advice="Nothing goes to the representative’s contact points any more.",
        warning=True,
    )
