"""Agreeing the communication plan: a new immutable version each time, checked before it is kept."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any

from sqlalchemy import bindparam, update

from models.base import is_one_of
from models.oversight import Task
from models.people import ContactPoint, Participation, Victim
from models.plans import Plan, PlanChannel
from models.vocabulary import CHANNEL_OF, Channel, CodeWord, Detail, Sender, TaskKind, TaskState, Weekday
from notify.errors import FieldFault
from notify.ledger.acts import Act
from notify.ledger.tasks import open_task
from notify.ledger.waking import wake
from notify.planning.code_words import check_code_words, seal_code_words
from notify.wording.discreet import cover_text_faults

LONGEST_SILENCE = 366
"""Days: no plan may agree to longer silence than this."""

MOST_CHANNELS = 8


@dataclass(frozen=True)
class WindowTerms:
    """A weekly safe window, local time. `closes` not later than `opens` means the next day."""

    days: frozenset[Weekday]
    opens: time
    closes: time

    def stored(self) -> dict[str, Any]:
        return {
            "days": [day.value for day in Weekday if day in self.days],
            "from": self.opens.strftime("%H:%M"),
            "to": self.closes.strftime("%H:%M"),
        }


@dataclass(frozen=True)
class ChannelTerms:
    """What was agreed for one contact point."""

    point: ContactPoint
    detail: Detail
    windows: Sequence[WindowTerms]
    counts_as_told: bool = False
    cover_text: str | None = field(default=None, repr=False)
    sender: Sender = Sender.NEUTRAL


@dataclass(frozen=True)
class PlanTerms:
    """All that is agreed with a victim for one participation; channels in her order of preference."""

    every_days: int
    channels: Sequence[ChannelTerms]
    never_dates: Collection[date] = ()
    automatic: bool = True
    officer_first_nudge: bool = False
    code_words: Mapping[CodeWord, str] | None = field(default=None, repr=False)
    """These and no others; None: those of the version before stay agreed."""


_REPLACE = (
    # The current one is the newest.
    update(Plan)
    .where(Plan.participation_id == bindparam("participation"), Plan.current)
    .values(current=False)
    .returning(Plan.version)
)
_PLAN_AGREED = (
    update(Task)
    .where(
        Task.participation_id == bindparam("participation"),
        is_one_of(Task.kind, TaskKind.AGREE_PLAN),
        is_one_of(Task.state, TaskState.OPEN),
    )
    .values(state=TaskState.DONE, done_at=bindparam("now"), done_by_id=bindparam("by"))
)


def agree_plan(
    act: Act,
    participation: Participation,
    terms: PlanTerms,
    *,
    reason: str | None = None,
    senders: Collection[Sender] = (Sender.NEUTRAL,),
) -> Plan:
    """Keep a new version of the plan and make it the current one. Raises FieldFault naming the first bad field.

    `senders` are those that are set up: a plan can choose no other.
    """
    _check(participation, terms, senders)
    newest = act.connection.execute(_REPLACE, {"participation": participation.id}).scalar()
    plan = Plan(
        participation_id=participation.id,
        version=(newest or 0) + 1,
        current=True,
        agreed_at=act.at,
        agreed_by_id=act.staff_id,
        every_days=terms.every_days,
        automatic=terms.automatic,
        officer_first_nudge=terms.officer_first_nudge,
        never_dates=sorted(day.isoformat() for day in set(terms.never_dates)),
    )
    plan.reason_sealed = act.seal(participation.victim_id, plan, "reason_sealed", reason)
    seal_code_words(act, participation, plan, terms.code_words)
    plan.channels = [_channel(act, participation, position, c) for position, c in enumerate(terms.channels)]
    act.session.add(plan)
    act.session.flush()
    participation.next_no_change_at = act.at
    act.log("plan agreed", plan, owner=participation.victim_id, reason=reason, version=plan.version)
    _settle_tasks(act, participation, terms)
    wake(act, participation.id)
    return plan


def _channel(act: Act, participation: Participation, position: int, terms: ChannelTerms) -> PlanChannel:
    channel = PlanChannel(
        position=position,
        contact_point_id=terms.point.id,
        detail=terms.detail,
        sender=terms.sender,
        counts_as_told=terms.counts_as_told,
        windows=[window.stored() for window in terms.windows],
    )
    channel.cover_text_sealed = act.seal(
        participation.victim_id, channel, "cover_text_sealed", terms.cover_text
    )
    return channel


def _check(participation: Participation, terms: PlanTerms, senders: Collection[Sender]) -> None:
    if not 1 <= terms.every_days <= LONGEST_SILENCE:
        raise FieldFault("every_days", f"must be from 1 to {LONGEST_SILENCE}")
    if len(terms.channels) > MOST_CHANNELS:
        raise FieldFault("channels", f"may hold {MOST_CHANNELS} at most")
    check_code_words(terms.code_words or {})
    seen = set()
    for position, channel in enumerate(terms.channels):
        where = f"channels[{position}]"
        if channel.point.victim_id != participation.victim_id:
            raise FieldFault(f"{where}.contact_point", "is not known")
        if channel.point.id in seen:
            raise FieldFault(f"{where}.contact_point", "is named twice")
        seen.add(channel.point.id)
        _check_channel(channel, where, senders)


def _check_channel(channel: ChannelTerms, where: str, senders: Collection[Sender]) -> None:
    if channel.counts_as_told and channel.detail is not Detail.FULL:
        raise FieldFault(f"{where}.counts_as_told", "goes with detail full only")
    if channel.sender is not Sender.NEUTRAL and CHANNEL_OF.get(channel.point.kind) is not Channel.SMS:
        raise FieldFault(f"{where}.sender", "is only for text messages")
    if channel.sender is not Sender.NEUTRAL and channel.sender not in senders:
        raise FieldFault(f"{where}.sender", "is not set up")
    for number, window in enumerate(channel.windows):
        if not window.days:
            raise FieldFault(f"{where}.windows[{number}].days", "must name a day")
    if channel.cover_text is not None and (faults := cover_text_faults(channel.cover_text)):
        raise FieldFault(f"{where}.cover_text", faults[0])


def _settle_tasks(act: Act, participation: Participation, terms: PlanTerms) -> None:
    act.run(_PLAN_AGREED, participation=participation.id, now=act.at, by=act.staff_id)
    if not any(channel.detail is Detail.LINK for channel in terms.channels):
        return
    victim = act.session.get_one(Victim, participation.victim_id)
    if victim.secret_hash_sealed is None:
        # A link that she has no secret for is a promise that cannot be kept.
        open_task(act, participation, TaskKind.AGREE_SECRET, about=victim.id)
