"""The one reminder of what a victim may ask for herself: owed once half of the time is over, if she may have one.

Where she may not be reminded on one day, and where the gate leaves the reminder out, it is thought about again on the next.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import and_, bindparam, exists, or_, select
from sqlalchemy.orm import Session, aliased

from models.base import is_one_of
from models.cases import Case
from models.duties import Duty
from models.messages import Message, MessageDuty
from models.milestones import Milestone
from models.people import ContactPoint, Participation
from models.plans import Plan, PlanChannel
from models.vocabulary import (
    CHANNEL_OF,
    ContactPointState,
    DutyClass,
    DutyState,
    MessageState,
    MilestoneKind,
)
from models.windows import VictimWindow
from notify.clock import local_date
from notify.ledger.acts import Act
from notify.ledger.closing import GONE, close_duties
from notify.ledger.units import unit_of
from notify.planning.duties import Carrier, Clock, Source, make_duty
from notify.planning.rulebook import Rulebook
from notify.planning.rules.catalogue import WindowRule
from notify.planning.rules.due import end_of, start_of

OVER = "the time in which she could ask is over"
ASKED = "a review was asked for"

_OPENED = select(VictimWindow).where(
    VictimWindow.milestone_id == bindparam("milestone"),
    VictimWindow.participation_id == bindparam("participation"),
    VictimWindow.withdrawn_at.is_(None),
    VictimWindow.opened_at.is_not(None),
)
_OPEN_REMINDERS = select(Duty).where(
    Duty.participation_id == bindparam("participation"),
    Duty.duty_class == DutyClass.VICTIM_WINDOW,
    is_one_of(Duty.state, DutyState.OPEN),
)
_has_message = exists().where(MessageDuty.duty_id == Duty.id, Message.id == MessageDuty.message_id)
_has_gone = _has_message.where(is_one_of(Message.state, *GONE))
_left_out = and_(
    # By the gate, that is: what a person waived stays waived.
    is_one_of(Duty.state, DutyState.WAIVED),
    Duty.closed_by_id.is_(None),
    _has_message.where(is_one_of(Message.state, MessageState.REFUSED)),
    ~_has_gone,
)
_REMINDERS = select(Duty, _has_gone, _left_out).where(
    Duty.participation_id == bindparam("participation"),
    Duty.milestone_id == bindparam("milestone"),
    Duty.rule == bindparam("rule"),
    or_(Duty.state != DutyState.CANCELLED, _has_gone),
)
_own = aliased(Milestone)
_ASKED = (
    select(Milestone.id)
    .join(_own, _own.case_id == Milestone.case_id)
    .where(
        _own.id == bindparam("milestone"),
        is_one_of(Milestone.kind, MilestoneKind.REVIEW_REQUESTED),
        Milestone.withdrawn_at.is_(None),
        Milestone.happened_at >= bindparam("since"),
        or_(
            Milestone.suspect_index.is_(None),
            _own.suspect_index.is_(None),
            Milestone.suspect_index == _own.suspect_index,
        ),
    )
)
_OF_OPEN_CASE = (
    select(
        Participation,
        Milestone,
        and_(
            Participation.paused_at.is_(None),
            Participation.declined_at.is_(None),
            exists().where(
                Plan.participation_id == Participation.id,
                Plan.current,
                Plan.automatic,
                PlanChannel.plan_id == Plan.id,
                ContactPoint.id == PlanChannel.contact_point_id,
                ContactPoint.state == ContactPointState.VERIFIED,
                ContactPoint.kind.in_(CHANNEL_OF),
            ),
        ),
    )
    .join(Case, Case.id == Participation.case_id)
    .join(Milestone, Milestone.case_id == Case.id)
    .where(
        Participation.id == bindparam("participation"),
        Milestone.id == bindparam("milestone"),
        Case.closed_at.is_(None),
    )
)


def of_window(window: VictimWindow) -> dict[str, object]:
    """Whose window it is and of which milestone, as queries ask for it."""
    return {"participation": window.participation_id, "milestone": window.milestone_id}


def tomorrow(act: Act, ends: datetime) -> datetime:
    """When the next London day begins, or at the end of her time if that is earlier."""
    return min(end_of(local_date(act.at)), ends)


def remind(
    act: Act, rulebook: Rulebook, window: VictimWindow, rule: WindowRule, opened: datetime, ends: datetime
) -> datetime | None:
    """Owe her a reminder, once, if she may have one, and say when to look next; whether it goes is for the gate to say."""
    found = act.session.execute(_OF_OPEN_CASE, of_window(window)).first()
    if found is None:
        return None
    if _has_asked(act.session, window, opened):
        end_reminder(act, window, ASKED)
        return None
    participation, milestone, may_be_reminded = found
    left_out = None
    for duty, has_gone, was_left_out in act.session.execute(
        _REMINDERS, {**of_window(window), "rule": window.rule}
    ):
        if duty.state is DutyState.OPEN and not has_gone:
            return tomorrow(act, ends)  # it waits for a safe moment
        if not was_left_out:
            return ends
        left_out = duty
    if may_be_reminded and left_out is not None:
        _owe_again(act, left_out, ends)
    elif may_be_reminded:
        _owe(act, rulebook, participation, milestone, window, rule, ends)
    return tomorrow(act, ends)


def _owe(
    act: Act,
    rulebook: Rulebook,
    participation: Participation,
    milestone: Milestone,
    window: VictimWindow,
    rule: WindowRule,
    ends: datetime,
) -> None:
    duty = make_duty(
        participation,
        Source(
            window.rule,
            window.edition,
            rule.reminder,
            DutyClass.VICTIM_WINDOW,
            rulebook.policy.version,
            milestone.id,
        ),
        Carrier(milestone.owner, unit_of(act.session, milestone.case_id, milestone.owner)),
        # No clock of the Code runs for it: there is time for a safe moment until her own time ends.
        Clock(act.at, ends),
        act.at,
    )
    duty.compose_at = act.at  # and no AlertLook: a reminder that does not go alerts nobody
    act.write(duty)
    act.log("reminder owed", duty, owner=duty.victim_id, rule=duty.rule)


def _owe_again(act: Act, duty: Duty, ends: datetime) -> None:
    """The gate left it out on another day, and nothing of it went."""
    duty.state, duty.closed_at, duty.late, duty.close_reason_sealed = DutyState.OPEN, None, None, None
    duty.due_at = duty.deadline = ends
    duty.compose_at = act.at
    act.log("reminder owed", duty, owner=duty.victim_id, rule=duty.rule)


def _has_asked(session: Session, window: VictimWindow, opened: datetime) -> bool:
    """Whether a review was asked for in the case since the London day on which a window opened."""
    values = {"milestone": window.milestone_id, "since": start_of(local_date(opened))}
    return session.scalars(_ASKED, values).first() is not None


def end_reminder(act: Act, window: VictimWindow, reason: str = OVER) -> None:
    """The reminder of one window need not go any more, if it is open."""
    reminders = act.session.scalars(_OPEN_REMINDERS, {"participation": window.participation_id}).all()
    own = [duty for duty in reminders if (duty.milestone_id, duty.rule) == (window.milestone_id, window.rule)]
    close_duties(act, own, DutyState.CANCELLED, reason=reason)


def end_answered_reminders(act: Act, participations: Collection[Participation]) -> None:
    """She need not be reminded of what was asked for."""
    for participation in participations:
        reminders = act.session.scalars(_OPEN_REMINDERS, {"participation": participation.id}).all()
        for duty in reminders:
            values = {"milestone": duty.milestone_id, "participation": participation.id}
            windows = act.session.scalars(_OPENED, values).all()
            if any(
                window.opened_at and _has_asked(act.session, window, window.opened_at) for window in windows
            ):
                close_duties(act, [duty], DutyState.CANCELLED, reason=ASKED)
