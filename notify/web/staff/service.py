"""About the service itself: the figures and texts in use for administrators, and in development the outbox."""

from flask import abort, render_template

from models.staff import Staff
from models.vocabulary import Role
from notify.delivery.providers.outbox import read_outbox
from notify.web.context import current_services
from notify.web.staff.guard import acting, guarded, viewer

NEWEST = 100
"""How many messages of the outbox are shown."""

bp = guarded("service", Role.ADMIN)
development = guarded("development", Role.SUPERVISOR, Role.ADMIN)


def has_outbox() -> bool:
    """Whether any channel ends in a file on this machine, which is for development only."""
    settings = current_services().settings
    return "outbox" in (settings.sms_provider, settings.email_provider)


@bp.get("/about")
def about() -> str:
    """Which policy, Code and wording are in use, and what must still be checked by a person."""
    services = current_services()
    return render_template(
        "staff/about.html",
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
