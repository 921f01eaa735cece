"""Victim windows: what a victim may ask for herself until a date, and the one reminder when half of the time is over.

A window that opens when she is told is made with the duty to tell her, and waits. The ledger, the one place where a duty
ends as told, marks in that same transaction that it has opened (`opened_at`), for the ledger knows no rules; the tick
`windows` finds the mark by its index and reckons the end. So no way of telling her can forget it, and nothing else looks
for told duties. The tick also reminds her, and ends a reminder with its window.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import bindparam, exists, or_, select
from sqlalchemy.orm import Session, aliased, sessionmaker

from models.base import is_one_of
from models.cases import Case
from models.duties import Duty
from models.keyring import Keyring
from models.messages import Message, MessageDuty
from models.milestones import Milestone
from models.people import ContactPoint, Participation
from models.plans import Plan, PlanChannel
from models.vocabulary import CHANNEL_OF, ContactPointState, DutyClass, DutyState, MilestoneKind
from models.windows import VictimWindow
from notify.clock import local_date
from notify.ledger.acts import Act, acting
from notify.ledger.audit import THE_SERVICE
from notify.ledger.closing import GONE, close_duties
from notify.planning.concerning import concerned
from notify.planning.duties import Carrier, Clock, Source, make_duty
from notify.planning.queries import unit_of
from notify.planning.rulebook import Rulebook
from notify.planning.rules.catalogue import WindowRule
from notify.planning.rules.due import start_of
from notify.planning.rules.windows import ends_at, half_way

BATCH = 200
OVER = "the time in which she could ask is over"
ASKED = "a review was asked for"

_STANDING = select(VictimWindow).where(
    VictimWindow.milestone_id == bindparam("milestone"),
    VictimWindow.participation_id.in_(bindparam("participations", expanding=True)),
    VictimWindow.withdrawn_at.is_(None),
)
_DUE = (
    select(VictimWindow)
    .where(VictimWindow.next_look_at <= bindparam("now"))
    .order_by(VictimWindow.next_look_at, VictimWindow.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True, key_share=True)
)
_of_window = (
    Duty.participation_id == bindparam("participation"),
    Duty.milestone_id == bindparam("milestone"),
)
_TOLD = select(Duty.id).where(
    *_of_window, Duty.rule.in_(bindparam("rules", expanding=True)), is_one_of(Duty.state, DutyState.TOLD)
)
_OPEN_REMINDERS = select(Duty).where(
    Duty.participation_id == bindparam("participation"),
    Duty.duty_class == DutyClass.VICTIM_WINDOW,
    is_one_of(Duty.state, DutyState.OPEN),
)
_HAS_GONE = exists().where(
    MessageDuty.duty_id == Duty.id, Message.id == MessageDuty.message_id, is_one_of(Message.state, *GONE)
)
_REMINDED = select(Duty.id).where(
    *_of_window, Duty.rule == bindparam("rule"), or_(Duty.state != DutyState.CANCELLED, _HAS_GONE)
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
_WANTED = (
    select(Participation, Milestone)
    .join(Case, Case.id == Participation.case_id)
    .join(Milestone, Milestone.case_id == Case.id)
    .where(
        Participation.id == bindparam("participation"),
        Milestone.id == bindparam("milestone"),
        Case.closed_at.is_(None),
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
    )
)


def keep_windows(
    act: Act,
    rulebook: Rulebook,
    milestone: Milestone,
    participations: Collection[Participation],
    *,
    fresh: bool = False,
) -> None:
    """Make the windows that a milestone gives these participations, and withdraw those that it does not give any more.

    A window whose dates have changed is withdrawn and made anew. `fresh`: there is none yet.
    """
    if milestone.kind is MilestoneKind.REVIEW_REQUESTED and milestone.withdrawn_at is None:
        _end_answered_reminders(act, participations)
    on = local_date(milestone.learned_at)
    rules = rulebook.catalogue.windows_for(milestone.kind, on) if milestone.withdrawn_at is None else ()
    if fresh and not rules:
        return
    edition = rulebook.catalogue.edition_on(on).id
    wanted = {
        (one.id, rule.rule): _window(milestone, one, rule, edition)
        for one in concerned(act, milestone, participations)
        for rule in rules
    }
    values = {"milestone": milestone.id, "participations": [one.id for one in participations]}
    for window in () if fresh else act.session.scalars(_STANDING, values).all():
        new = wanted.get((window.participation_id, window.rule))
        if new is None or new.opened_at not in (None, window.opened_at):
            window.withdrawn_at, window.next_look_at = act.at, None
            act.log("window withdrawn", window, owner=window.victim_id, rule=window.rule)
            continue
        del wanted[window.participation_id, window.rule]
        if window.next_look_at == window.ends_at and window.opened_at and window.ends_at:
            # The reminder that waited was cancelled with all that was open: it is thought about again.
            window.next_look_at = half_way(window.opened_at, window.ends_at)
    act.write(*wanted.values())
    for window in wanted.values():
        act.log("window made", window, owner=window.victim_id, rule=window.rule)


def look_at_windows(
    sessions: sessionmaker[Session],
    keys: Keyring,
    rulebook: Rulebook,
    *,
    at: datetime,
    limit: int = BATCH,
) -> int:
    """Look once at every window whose time has come. Returns how many were seen."""
    with acting(sessions, keys, at=at, actor=THE_SERVICE) as act:
        windows = act.session.scalars(_DUE, {"now": at, "most": limit}).all()
        for window in windows:
            window.next_look_at = _look(act, rulebook, window)
        return len(windows)


def was_told(session: Session, window: VictimWindow, rule: WindowRule) -> bool:
    """Whether she was told of what opens a window: until then nothing may say that there is one."""
    values = {
        "participation": window.participation_id,
        "milestone": window.milestone_id,
        "rules": list(rule.after),
    }
    return session.scalars(_TOLD, values).first() is not None


def _window(
    milestone: Milestone, participation: Participation, rule: WindowRule, edition: str
) -> VictimWindow:
    opened = milestone.happened_at if rule.opens == "happened" else None
    ends = None if opened is None else ends_at(opened, rule)
    return VictimWindow(
        participation_id=participation.id,
        victim_id=participation.victim_id,
        milestone_id=milestone.id,
        rule=rule.rule,
        edition=edition,
        opened_at=opened,
        ends_at=ends,
        next_look_at=None if opened is None or ends is None else half_way(opened, ends),
    )


def _look(act: Act, rulebook: Rulebook, window: VictimWindow) -> datetime | None:
    """Do what it is time for, and say when to look next."""
    rule = rulebook.catalogue.window(window.rule, window.edition)
    if rule is None or window.opened_at is None or window.withdrawn_at is not None:
        return None
    told = was_told(act.session, window, rule)
    if window.ends_at is None:
        if not told:  # something else of this milestone was told: the window waits on
            window.opened_at = None
            return None
        window.ends_at = ends_at(window.opened_at, rule)
        act.log("window opened", window, owner=window.victim_id, rule=window.rule)
        return half_way(window.opened_at, window.ends_at)
    if act.at >= window.ends_at:
        _end_reminder(act, window)
        return None
    reminded = told and _remind(act, rulebook, window, rule, window.opened_at, window.ends_at)
    return window.ends_at if reminded else None


def _remind(
    act: Act, rulebook: Rulebook, window: VictimWindow, rule: WindowRule, opened: datetime, ends: datetime
) -> bool:
    """Owe her a reminder, once, if she may have one; whether it goes is for the gate to say."""
    of_window = {"participation": window.participation_id, "milestone": window.milestone_id}
    found = act.session.execute(_WANTED, of_window).first()
    if found is None or _has_asked(act.session, window, opened):
        return False
    if act.session.scalars(_REMINDED, {**of_window, "rule": window.rule}).first() is not None:
        return False
    participation, milestone = found
    duty = make_duty(
        participation,
        Source(
            window.rule,
            window.edition,
            rule.reminder,
            DutyClass.VICTIM_WINDOW,
            rulebook.policy.version,
            window.milestone_id,
        ),
        Carrier(milestone.owner, unit_of(act.session, milestone.case_id, milestone.owner)),
        # No clock of the Code runs for it: there is time for a safe moment until her own time ends.
        Clock(act.at, ends),
        act.at,
    )
    duty.compose_at = act.at  # and no next_alert_at: a reminder that does not go alerts nobody
    act.write(duty)
    act.log("reminder owed", duty, owner=duty.victim_id, rule=duty.rule)
    return True


def _has_asked(session: Session, window: VictimWindow, opened: datetime) -> bool:
    """Whether a review was asked for in the case since the London day on which a window opened."""
    values = {"milestone": window.milestone_id, "since": start_of(local_date(opened))}
    return session.scalars(_ASKED, values).first() is not None


def _end_reminder(act: Act, window: VictimWindow) -> None:
    reminders = act.session.scalars(_OPEN_REMINDERS, {"participation": window.participation_id}).all()
    own = [duty for duty in reminders if (duty.milestone_id, duty.rule) == (window.milestone_id, window.rule)]
    close_duties(act, own, DutyState.CANCELLED, reason=OVER)


def _end_answered_reminders(act: Act, participations: Collection[Participation]) -> None:
    """She need not be reminded of what was asked for."""
    for participation in participations:
        reminders = act.session.scalars(_OPEN_REMINDERS, {"participation": participation.id}).all()
        for duty in reminders:
            values = {"milestone": duty.milestone_id, "participations": [participation.id]}
            windows = act.session.scalars(_STANDING, values).all()
            if any(
                window.opened_at and _has_asked(act.session, window, window.opened_at) for window in windows
            ):
                close_duties(act, [duty], DutyState.CANCELLED, reason=ASKED)
