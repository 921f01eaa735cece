"""A victim in a case: how she may be reached, what was agreed, what is owed; and enrolling one."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from flask import render_template, url_for
from werkzeug.wrappers import Response

from models.keyring import OwnerKey, SealBroken
from models.plans import Plan, PlanChannel
from models.vocabulary import CodeWord, ContactPointKind, EnhancedRight, RiskLevel, Sender
from notify.access import WRITERS
from notify.ledger.acts import Act
from notify.planning import people
from notify.planning.queries import current_plan
from notify.web.answering import all_can_be_answered
from notify.web.context import current_services
from notify.web.staff.about_victim import address, look_at
from notify.web.staff.answers import carried_out, done
from notify.web.staff.forms import VictimForm
from notify.web.staff.guard import READERS, acting, guarded, may_change, viewer
from notify.web.staff.lookups import Part, the_case
from notify.web.staff.owed import open_duties_of, open_tasks_of
from notify.web.staff.own_times import own_times
from notify.web.staff.shown import PointShown, points_of, representatives_of, staff_names
from notify.web.staff.suspects import known_suspects

bp = guarded("victims", *READERS)
changes = guarded("enrolment", *WRITERS)


@dataclass(frozen=True)
class ChannelShown:
    """One contact point of the plan, with what may be said there."""

    row: PlanChannel
    point: PointShown
    cover_text: str | None = field(repr=False)


@dataclass(frozen=True)
class PlanShown:
    """The plan in force, with its words opened."""

    row: Plan
    agreed_by: str
    reason: str | None = field(repr=False)
    channels: tuple[ChannelShown, ...]
    code_words: tuple[CodeWord, ...] | None
    """For which meanings one is agreed, None when that cannot be read; the words are shown to nobody."""


@bp.get("/victims/<uuid:participation_id>")
def one(participation_id: UUID) -> str:
    """One victim in one case."""
    with acting() as act:
        part, victim = look_at(act, participation_id, "victim")
        points = points_of(act, [part.victim.id])
        plan = _plan(act, part, points)
        shown: dict[str, Any] = {
            "plan": plan,
            "points": points,
            "representatives": representatives_of(act, part.victim.id),
            "duties": open_duties_of(act.session, participation_id),
            "tasks": open_tasks_of(act.session, participation_id),
            "born": act.key(part.victim.id).open_or_none(part.victim, "date_of_birth_sealed"),
            "own_times": own_times(
                act.session, current_services().rulebook.catalogue, participation_id, at=act.at
            ),
            "suspects": known_suspects(act, part),
            "texts_can_be_answered": all_can_be_answered(_senders(plan)),
            "at": act.at,
        }
    return render_template("staff/victim.html", part=part, victim=victim, can_change=may_change(), **shown)


@changes.route("/cases/<uuid:case_id>/victims/new", methods=["GET", "POST"])
def enrol(case_id: UUID) -> str | Response:
    form = VictimForm()
    enrolled: list[UUID] = []

    def step(act: Act) -> None:
        participation = people.enrol_victim(
            act,
            ref=form.victim.data,
            case=the_case(act.session, case_id),
            name=form.name.data,
            enhanced=[EnhancedRight(right) for right in form.enhanced.data or ()],
            risk=RiskLevel(form.risk.data),
            language=form.language.data,
            date_of_birth=form.date_of_birth.data,
            viewer=viewer(),
        )
        enrolled.append(participation.id)

    if carried_out(form, step):
        return done("The victim is enrolled. Add how to reach them, then agree a plan.", address(enrolled[0]))
    with acting() as act:
        case = the_case(act.session, case_id)
        act.log("viewed", case, owner=case.id, page="enrol")
    return render_template(
        "staff/ask.html",
        form=form,
        title="Enrol a victim",
        button="Enrol",
        advice="If this person is a victim in another case already, use the same reference and name.",
        rows=[("Case", case.ref)],
        back=url_for("cases.one", case_id=case_id),
    )


def _plan(act: Act, part: Part, points: list[PointShown]) -> PlanShown | None:
    plan = current_plan(act.session, part.participation.id)
    if plan is None:
        return None
    key = act.key(part.victim.id)
    by_id = {point.row.id: point for point in points}
    return PlanShown(
        row=plan,
        agreed_by=staff_names(act, [plan.agreed_by_id])[plan.agreed_by_id],
        reason=key.open_or_none(plan, "reason_sealed"),
        channels=tuple(
            ChannelShown(
                channel, by_id[channel.contact_point_id], key.open_or_none(channel, "cover_text_sealed")
            )
            for channel in plan.channels
        ),
        code_words=_code_words(plan, key),
    )


def _senders(plan: PlanShown | None) -> set[Sender]:
    """Whom texts come from; by our usual sender where nothing else is agreed."""
    channels = plan.channels if plan else ()
    mobiles = {one.row.sender for one in channels if one.point.row.kind is ContactPointKind.MOBILE}
    return mobiles or {Sender.NEUTRAL}


def _code_words(plan: Plan, key: OwnerKey) -> tuple[CodeWord, ...] | None:
    try:
        return tuple(plan.open_code_words(key))
    except SealBroken:
        return None
