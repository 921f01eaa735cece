"""Reads, at the moment of deciding, the facts that the safe-contact gate decides on."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, time
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from models.cases import Case
from models.duties import Duty
from models.people import ContactPoint, Participation, Victim
from models.plans import Plan, PlanChannel
from models.vocabulary import DutyState, Weekday
from notify.delivery.rules.gate import ChannelFacts, Facts, PlanFacts
from notify.delivery.rules.windows import Window


@dataclass(frozen=True)
class Standing:
    """One participation as it stands now, with the rows that a message is made from."""

    participation: Participation
    victim: Victim
    case: Case
    plan: Plan | None
    channels: Mapping[UUID, tuple[PlanChannel, ContactPoint]]
    terms: PlanFacts | None

    def facts(self, duty: Duty, *, only: UUID | None = None, but: Collection[UUID] = ()) -> Facts:
        """The gate's facts for one duty; `only` one contact point, or all `but` some."""
        terms = self.terms
        if terms is not None and (only is not None or but):
            kept = tuple(
                channel
                for channel in terms.channels
                if channel.contact_point not in but and only in (None, channel.contact_point)
            )
            terms = replace(terms, channels=kept)
        return Facts(
            plan=terms,
            duty_class=duty.duty_class,
            duty_open=duty.state is DutyState.OPEN,
            paused=self.participation.paused_at is not None,
            declined=self.participation.declined_at is not None,
            case_closed=self.case.closed_at is not None,
            urgent_by=duty.urgent_by,
        )


_PLANS = select(Plan).where(Plan.participation_id.in_(bindparam("ids", expanding=True)), Plan.current)
_CHANNELS = (
    select(PlanChannel, ContactPoint)
    .join(ContactPoint, ContactPoint.id == PlanChannel.contact_point_id)
    .where(PlanChannel.plan_id.in_(bindparam("ids", expanding=True)))
    .order_by(PlanChannel.plan_id, PlanChannel.position)
    .execution_options(populate_existing=True)
)
_PEOPLE = (
    select(Participation, Victim, Case)
    .join(Victim, Victim.id == Participation.victim_id)
    .join(Case, Case.id == Participation.case_id)
    .where(Participation.id.in_(bindparam("ids", expanding=True)))
)


def standings(session: Session, participation_ids: Collection[UUID]) -> dict[UUID, Standing]:
    """How each participation stands now, in three queries however many there are."""
    ids = list(participation_ids)
    plans = {plan.participation_id: plan for plan in session.scalars(_PLANS, {"ids": ids})}
    channels: defaultdict[UUID, list[tuple[PlanChannel, ContactPoint]]] = defaultdict(list)
    if plans:
        plan_ids = [plan.id for plan in plans.values()]
        for channel, point in session.execute(_CHANNELS, {"ids": plan_ids}):
            channels[channel.plan_id].append((channel, point))
    found = session.execute(_PEOPLE, {"ids": ids})
    return {
        participation.id: _standing(participation, victim, case, plans.get(participation.id), channels)
        for participation, victim, case in found
    }


def _standing(
    participation: Participation,
    victim: Victim,
    case: Case,
    plan: Plan | None,
    channels: Mapping[UUID, list[tuple[PlanChannel, ContactPoint]]],
) -> Standing:
    mine = channels.get(plan.id, []) if plan else []
    terms = None
    if plan is not None:
        terms = PlanFacts(
            channels=tuple(_channel(channel, point) for channel, point in mine),
            never_dates=frozenset(date.fromisoformat(day) for day in plan.never_dates),
            automatic=plan.automatic,
            officer_first_nudge=plan.officer_first_nudge,
        )
    return Standing(participation, victim, case, plan, {point.id: (c, point) for c, point in mine}, terms)


def _channel(channel: PlanChannel, point: ContactPoint) -> ChannelFacts:
    return ChannelFacts(
        contact_point=point.id,
        kind=point.kind,
        state=point.state,
        detail=channel.detail,
        windows=tuple(_stored_window(window) for window in channel.windows),
        counts_as_told=channel.counts_as_told,
    )


def _stored_window(stored: Mapping[str, Any]) -> Window:
    return _window(tuple(stored["days"]), stored["from"], stored["to"])


@lru_cache(maxsize=4096)
def _window(days: tuple[str, ...], opens: str, closes: str) -> Window:
    return Window(
        frozenset(Weekday(day) for day in days), time.fromisoformat(opens), time.fromisoformat(closes)
    )
