"""Communication plans: a new version agreed, and the current one shown."""

from datetime import date
from typing import Any

from marshmallow import post_load
from sqlalchemy import select

from models.people import ContactPoint
from models.plans import Plan
from models.staff import Staff
from models.vocabulary import CodeWord, Sender, Weekday
from notify.errors import FieldFault
from notify.fields import choice, nested, several, words
from notify.ledger.acts import Act
from notify.planning.api_tokens import Bearer, Scope
from notify.planning.code_words import LONGEST
from notify.planning.plans import MOST_CHANNELS, ChannelTerms, PlanTerms, agree_plan
from notify.planning.queries import current_plan
from notify.shapes import ChannelSchema, PlanChannel, PlanShape, Shape
from notify.web.api.answers import PlanInFullSchema, PlanSchema, told
from notify.web.api.finding import Found, find_part, unknown
from notify.web.api.operations import Part
from notify.web.context import current_services

part = Part("plans", "What was agreed with a victim, in versions of which one is current")


def code_word() -> Any:
    """A word by which the victim can say something in a text."""
    return words(longest=LONGEST, allow_none=False)


PLANS = "/cases/<case>/victims/<victim>/plans"


class CodeWordsBody(Shape):
    """The words agreed; one that is not given is not agreed."""

    safe = code_word()
    not_safe = code_word()
    call_me = code_word()

    @post_load
    def settle(self, data: dict[str, str], **_: Any) -> dict[CodeWord, str]:
        return {CodeWord(meaning): word for meaning, word in data.items()}


class SentChannelSchema(ChannelSchema):
    sender = choice(
        Sender,
        load_default=Sender.NEUTRAL,
        metadata={"description": "Whom texts come from; only one that is set up, and only for a mobile"},
    )


class PlanBody(PlanShape):
    channels = several(nested(SentChannelSchema), most=MOST_CHANNELS, required=True)
    reason = words(load_default=None, allow_none=False)
    code_words = nested(
        CodeWordsBody,
        load_default=None,
        allow_none=False,
        metadata={
            "description": "The code words agreed, and no others; without it those of the version before stay"
        },
    )


@part.act(PLANS, Scope.PLANS_WRITE, PlanSchema, body=PlanBody, status=201)
def agree(act: Act, caller: Bearer, body: dict[str, Any], case: str, victim: str) -> dict[str, Any]:
    """Keep a new version of the plan, and make it the current one."""
    found = find_part(act, caller, case, victim, lock=True)
    reason = body.pop("reason")
    terms = PlanTerms(**body | {"channels": _channels(act, found, body["channels"])})
    plan = agree_plan(act, found.participation, terms, reason=reason, senders=current_services().senders)
    return _told(act, plan, found)


@part.look(f"{PLANS}/current", Scope.CASES_READ, PlanInFullSchema)
def show_current(act: Act, caller: Bearer, case: str, victim: str) -> dict[str, Any]:
    """Show the plan in force."""
    found = find_part(act, caller, case, victim)
    plan = current_plan(act.session, found.participation.id)
    if plan is None:
        unknown("plan")
    act.log("viewed", plan, owner=found.victim.id)
    key = act.key(found.victim.id)
    refs = _refs(act, [channel.contact_point_id for channel in plan.channels])
    return _told(act, plan, found) | {
        "reason": key.open_or_none(plan, "reason_sealed"),
        "channels": [
            {
                "contact_point": refs[channel.contact_point_id],
                "detail": channel.detail,
                "sender": channel.sender,
                "counts_as_told": channel.counts_as_told,
                "windows": [_told_window(window) for window in channel.windows],
                "cover_text": key.open_or_none(channel, "cover_text_sealed"),
            }
            for channel in plan.channels
        ],
    }


def _channels(act: Act, found: Found, channels: tuple[PlanChannel, ...]) -> list[ChannelTerms]:
    """The channels with their contact points, all of which are this victim's."""
    wanted = [channel.contact_point for channel in channels]
    points = {
        point.ref: point
        for point in act.session.scalars(
            select(ContactPoint).where(
                ContactPoint.ref.in_(wanted), ContactPoint.victim_id == found.victim.id
            )
        )
    }
    for number, ref in enumerate(wanted):
        if ref not in points:
            raise FieldFault(f"channels[{number}].contact_point", "is not known")
    return [
        ChannelTerms(
            point=points[channel.contact_point],
            detail=channel.detail,
            windows=channel.windows,
            counts_as_told=channel.counts_as_told,
            cover_text=channel.cover_text,
            sender=channel.sender,
        )
        for channel in channels
    ]


def _refs(act: Act, ids: list[Any]) -> dict[Any, str]:
    rows = act.session.execute(select(ContactPoint.id, ContactPoint.ref).where(ContactPoint.id.in_(ids)))
    return dict(rows.all())


def _told(act: Act, plan: Plan, found: Found) -> dict[str, Any]:
    return told(plan, PlanSchema) | {
        "case": found.case.ref,
        "victim": found.victim.ref,
        "agreed_by": act.session.get_one(Staff, plan.agreed_by_id).ref,
        "never_dates": [date.fromisoformat(day) for day in plan.never_dates],
        "code_words": list(plan.open_code_words(act.key(found.victim.id))),
    }


def _told_window(window: dict[str, Any]) -> dict[str, Any]:
    days = [Weekday(day) for day in window["days"]]
    return {"days": days, "opens": window["from"], "closes": window["to"]}
