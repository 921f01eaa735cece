"""About the service itself: the figures and texts in use for administrators, and in development the outbox."""

from datetime import timedelta

from flask import abort, render_template

from models.staff import Staff
from models.vocabulary import Role
from notify.clock import local_date
from notify.delivery.providers.outbox import read_outbox
from notify.delivery.routing import troubles
from notify.delivery.stuck import stuck
from notify.oversight.digest import given_up
from notify.presence import restricted_unwatched, unwatched_units
from notify.web.context import current_services
from notify.web.staff.guard import acting, guarded, viewer

NEWEST = 100
"""How many messages of the outbox are shown."""
LATELY = timedelta(days=7)
"""How far back digests that did not go are counted."""

bp = guarded("service", Role.ADMIN)
development = guarded("development", Role.SUPERVISOR, Role.ADMIN)


def has_outbox() -> bool:
    """Whether any channel ends in a file on this machine, which is for development only."""
    settings = current_services().settings
    return "outbox" in (settings.sms_provider, settings.email_provider)


@bp.get("/about")
def about() -> str:
    """Which policy, Code and wording are in use, and what must still be checked or mended by a person."""
    services = current_services()
    now = services.clock()
    with services.reading() as session:
        not_sent = given_up(session, since=local_date(now - LATELY))
        restricted = restricted_unwatched(session, now)
        kept_back = stuck(session, at=now, after=services.rulebook.policy.stuck)
        unwatched = [unit.ref for unit in unwatched_units(session, now)]
        left_alone = troubles(session, services.providers)
    return render_template(
        "staff/about.html",
        left_alone=left_alone,
        not_sent=not_sent,
        unwatched=unwatched,
        restricted=restricted,
        stuck=kept_back,
        policy=services.rulebook.policy,
        editions=services.rulebook.catalogue.editions,
        wording=services.wording,
        unreviewed=services.wording.unreviewed(),
    )


@development.get("/outbox")
def outbox() -> str:
    """The newest messages of the outbox, in the clear: its file stands for phones and mailboxes."""
    if not has_outbox():
        abort(404)
    messages = read_outbox(current_services().settings.outbox_file, newest=NEWEST)
    with acting() as act:
        act.log("listed", act.session.get_one(Staff, viewer().staff_id), list="outbox", count=len(messages))
    return render_template("staff/outbox.html", messages=messages)
