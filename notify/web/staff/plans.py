"""Agreeing a plan with the victim: one form, a preview of each message, and a new version when it is agreed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from flask import abort, render_template, request
from werkzeug.wrappers import Response

from models.keyring import SealBroken
from models.people import Victim
from models.plans import Plan
from models.vocabulary import CHANNEL_OF, Channel, CodeWord, ContactPointState, Detail, MilestoneKind, Sender
from notify.access import WRITERS
from notify.errors import Conflict, FieldFault
from notify.ledger.acts import Act
from notify.planning.plans import agree_plan
from notify.planning.queries import current_plan
from notify.web.answering import texts_can_be_answered
from notify.web.context import current_services
from notify.web.staff.about_victim import address, look_at
from notify.web.staff.answers import done, show_fault
from notify.web.staff.guard import acting, guarded
from notify.web.staff.lookups import Part, the_part
from notify.web.staff.plan_form import MOST_POINTS, PlanForm, as_agreed
from notify.web.staff.shown import PointShown, offence, points_of
from notify.wording.render import render_message

EXAMPLE = MilestoneKind.ARREST
"""The news of which the preview shows the messages."""

bp = guarded("plans", *WRITERS)


@dataclass(frozen=True)
class Preview:
    """What one message would look like where it arrives."""

    point: PointShown
    channel: Channel
    detail: Detail
    sender: Sender
    subject: str | None
    text: str = field(repr=False)


@bp.route("/victims/<uuid:participation_id>/plan", methods=["GET", "POST"])
def agree(participation_id: UUID) -> str | Response:
    """Without scripts: "more times" and "preview" post the same form, and nothing is kept until it is agreed."""
    with acting() as act:
        part, victim = look_at(act, participation_id, "plan")
        plan = current_plan(act.session, participation_id)
        points = _offered(points_of(act, [part.victim.id]), plan)
        values = _values(act, plan, part, points)
        words_set = list(_code_words(act, plan, part))
    form = PlanForm(data=values)
    form.code_words.form.offer(words_set)
    by_id = {str(point.row.id): point for point in points}
    if not form.offer(by_id, current_services().senders):
        abort(400)
    previews: list[Preview] = []
    if "more" in request.form:
        form.more_windows()
    elif form.validate_on_submit() and form.fits(by_id, to_agree="preview" not in request.form):
        if "preview" in request.form:
            previews = _previews(form, by_id, part.victim)
        elif _agreed(form, participation_id, by_id):
            return done("The plan is agreed.", address(participation_id))
    return render_template(
        "staff/plan.html",
        form=form,
        victim=victim,
        points=by_id,
        previews=previews,
        channels=CHANNEL_OF,
        words_set=words_set,
        texts_can_be_answered=texts_can_be_answered(),
    )


def _agreed(form: PlanForm, participation_id: UUID, points: Mapping[str, PointShown]) -> bool:
    try:
        with acting() as act:
            part = the_part(act.session, participation_id, to_change=True)
            plan = current_plan(act.session, part.participation.id)
            if form.version.data != str(plan.version if plan else 0):
                raise Conflict(
                    "plan", "was changed by somebody else after this page was opened: look at it again"
                )
            words = form.code_words.form.changed(_code_words(act, plan, part))
            terms = replace(form.terms(points), code_words=words)
            agree_plan(
                act,
                part.participation,
                terms,
                reason=form.reason.data,
                senders=current_services().senders,
            )
    except FieldFault as fault:
        show_fault(form, fault)
        return False
    return True


def _code_words(act: Act, plan: Plan | None, part: Part) -> dict[CodeWord, str]:
    try:
        return plan.open_code_words(act.key(part.victim.id)) if plan else {}
    except SealBroken:
        return {}  # lost: they are to be agreed anew, on this very page


def _offered(points: list[PointShown], plan: Plan | None) -> list[PointShown]:
    """Those of the plan come first, in its order, and suspended ones last: nothing goes there, plan or not."""
    places = {channel.contact_point_id: channel.position for channel in plan.channels} if plan else {}
    return sorted(
        points,
        key=lambda point: (
            places.get(point.row.id, MOST_POINTS),
            point.row.state is ContactPointState.SUSPENDED,
        ),
    )[:MOST_POINTS]


def _values(act: Act, plan: Plan | None, part: Part, points: list[PointShown]) -> dict[str, object]:
    key = act.key(part.victim.id)
    channels = plan.channels if plan else []
    covers = {channel.id: key.open_or_none(channel, "cover_text_sealed") for channel in channels}
    policy = current_services().rulebook.policy
    every_days = plan.every_days if plan else policy.every_days_for(offence(act, part))
    return as_agreed(plan, points, covers, every_days)


def _previews(form: PlanForm, points: Mapping[str, PointShown], victim: Victim) -> list[Preview]:
    writer = current_services().writer
    found = []
    for used in form.used():
        point = points[used.point.data]
        channel = CHANNEL_OF.get(point.row.kind)
        if channel is None:
            continue
        detail = Detail(used.detail.data)
        words = render_message(
            writer.wording,
            language=victim.language,
            kind=EXAMPLE,
            detail=detail,
            channel=channel,
            cover_text=used.cover_text.data or None,
            link=writer.link("an-example"),
            facts={},
        )
        found.append(Preview(point, channel, detail, used.terms(point).sender, words.subject, words.text))
    return found
