"""The safe-contact gate: whether, how and when one duty may be passed on by an automatic message."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias
from uuid import UUID

from models.vocabulary import (
    CHANNEL_OF,
    ContactPointKind,
    ContactPointState,
    Detail,
    DutyClass,
    Refusal,
)
from notify.delivery.rules.windows import LONGEST_TRIED, Interval, Window, next_safe, valid_until

# A list of what may be automatic, not of what may not: a class added later is refused until someone allows it.
_AUTOMATIC = frozenset(
    {DutyClass.ROUTINE, DutyClass.IMMEDIATE, DutyClass.OFFICER_FIRST, DutyClass.VICTIM_WINDOW}
)

_UNUSABLE = {
    ContactPointState.PENDING: Refusal.NOT_VERIFIED,
    ContactPointState.SUSPENDED: Refusal.SUSPENDED,
    ContactPointState.VERIFIED: Refusal.NO_SAFE_WINDOW,
}
"""What is wrong with a contact point, in its state, that can carry messages and yet can't be used."""


@dataclass(frozen=True, slots=True)
class ChannelFacts:
    """One channel of the plan, and its contact point as it stands now."""

    contact_point: UUID
    kind: ContactPointKind
    state: ContactPointState
    detail: Detail
    windows: tuple[Window, ...]
    counts_as_told: bool


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """The current plan; `channels` in the victim's order of preference, `never_dates` in London."""

    channels: tuple[ChannelFacts, ...]
    never_dates: frozenset[date]
    automatic: bool
    officer_first_nudge: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the gate looks at, read at the moment of deciding. `plan` is None when none is agreed.

    `wants_releases`: she who declined said that she wants to be told of releases and bail, and of nothing else. Nothing goes before `quiet_until`: she heard from us a moment ago, and a phone that buzzes again draws looks.
    """

    plan: PlanFacts | None
    duty_class: DutyClass
    duty_open: bool
    paused: bool
    declined: bool
    case_closed: bool
    urgent_by: datetime | None
    quiet_until: datetime | None = None
    wants_releases: bool = False


@dataclass(frozen=True, slots=True)
class Send:
    """Now is safe: send no more than `detail`, to arrive before `valid_until`."""

    channel: ChannelFacts
    detail: Detail
    counts_as_told: bool
    interval: Interval
    valid_until: datetime

    @property
    def in_time(self) -> bool:
        """Always true: nothing is sooner than now."""
        return True


@dataclass(frozen=True, slots=True)
class Hold:
    """Now is not safe, `until` will be; then decide again. Not `in_time`: a person must try before `urgent_by`."""

    channel: ChannelFacts
    detail: Detail
    counts_as_told: bool
    until: datetime
    in_time: bool


@dataclass(frozen=True, slots=True)
class Refuse:
    """No automatic message may go: a person takes over. `contact_point` is the one at fault, if one is."""

    reason: Refusal
    contact_point: UUID | None


Decision: TypeAlias = Send | Hold | Refuse


def decide(facts: Facts, at: datetime) -> Decision:
    """Whether the duty may be passed on by an automatic message at `at`, and over which channel.

    Fails closed: whatever is not known to be safe is a Refuse. First the reasons that hold for every channel, then
    the first usable channel in the plan's order: one with a contact point that can carry messages, is verified and has
    a safe moment ahead. For a duty with `urgent_by`, a channel that is safe by then goes before one that is not.

    >>> nothing_agreed = Facts(plan=None, duty_class=DutyClass.ROUTINE, duty_open=True, paused=False,
    ...                        declined=False, case_closed=False, urgent_by=None)
    >>> from datetime import UTC
    >>> decide(nothing_agreed, datetime(2026, 7, 6, 12, tzinfo=UTC)).reason
    <Refusal.NO_PLAN: 'no_plan'>
    """
    refusal = _refusal_for_every_channel(facts)
    if refusal is not None or facts.plan is None:
        return Refuse(refusal or Refusal.NO_PLAN, None)
    carriers = [channel for channel in facts.plan.channels if channel.kind in CHANNEL_OF]
    earliest = max(at, facts.quiet_until or at)
    usable = []
    for channel in carriers:
        interval = _next_safe(channel, facts.plan, earliest)
        if interval is not None:
            usable.append((channel, interval))
    if usable:
        return _send_or_hold(*_preferred(usable, facts.urgent_by), facts, at)
    if not carriers:
        return Refuse(Refusal.NO_CHANNEL, None)
    return Refuse(_UNUSABLE[carriers[0].state], carriers[0].contact_point)


def _refusal_for_every_channel(facts: Facts) -> Refusal | None:
    """The first of these that holds; what ends a duty comes before what a person could mend."""
    plan = facts.plan
    in_order = (
        (not facts.duty_open, Refusal.DUTY_CLOSED),
        (facts.case_closed, Refusal.CASE_CLOSED),
        (facts.declined and not _is_release_she_wants(facts), Refusal.DECLINED),
        (facts.paused, Refusal.PAUSED),
        (plan is None, Refusal.NO_PLAN),
        (plan is not None and not plan.automatic, Refusal.NOT_AUTOMATIC),
        (facts.duty_class not in _AUTOMATIC, Refusal.NOT_AUTOMATIC),
        (_is_officer_first(facts) and not (plan and plan.officer_first_nudge), Refusal.OFFICER_FIRST),
    )
    return next((reason for holds, reason in in_order if holds), None)


def _is_release_she_wants(facts: Facts) -> bool:
    return facts.wants_releases and facts.duty_class == DutyClass.IMMEDIATE


def _is_officer_first(facts: Facts) -> bool:
    return facts.duty_class == DutyClass.OFFICER_FIRST


def _next_safe(channel: ChannelFacts, plan: PlanFacts, at: datetime) -> Interval | None:
    if channel.state != ContactPointState.VERIFIED:
        return None
    return next_safe(channel.windows, plan.never_dates, at, enough=LONGEST_TRIED)


def _preferred(
    usable: list[tuple[ChannelFacts, Interval]], urgent_by: datetime | None
) -> tuple[ChannelFacts, Interval]:
    if urgent_by is not None:
        for channel, interval in usable:
            if interval.start <= urgent_by:
                return channel, interval
    return usable[0]


def _send_or_hold(channel: ChannelFacts, interval: Interval, facts: Facts, at: datetime) -> Send | Hold:
    # Bad or complex news is for the officer to tell: a message may only ask the victim to ring.
    detail = Detail.NUDGE if _is_officer_first(facts) else channel.detail
    counts_as_told = channel.counts_as_told and detail == Detail.FULL
    if interval.start <= at:
        return Send(channel, detail, counts_as_told, interval, valid_until(interval, at))
    in_time = facts.urgent_by is None or interval.start <= facts.urgent_by
    return Hold(channel, detail, counts_as_told, interval.start, in_time)
