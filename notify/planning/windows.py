"""Victim windows: what a victim may ask for herself until a date, and the one reminder once half of the time is over.

A window that opens when she is told is made with the duty to tell her, and waits. The ledger, the one place where a duty
ends as told, marks in that same transaction that it has opened (`opened_at`), for the ledger knows no rules; the tick
`windows` finds the mark by its index and reckons the end. So no way of telling her can forget it, and nothing else looks
for told duties. The tick also reminds her, and ends a reminder with its window.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session, sessionmaker

from models.base import is_one_of
from models.columns import among
from models.duties import Duty
from models.keyring import Keyring
from models.milestones import Milestone
from models.people import Participation
from models.vocabulary import CORRECTION_RULE, DutyState, MilestoneKind
from models.windows import VictimWindow
from notify.clock import local_date
from notify.ledger.acts import Act, acting
from notify.ledger.audit import THE_SERVICE
from notify.planning.concerning import concerned
from notify.planning.reminders import end_answered_reminders, end_reminder, of_window, remind, tomorrow
from notify.planning.rulebook import Rulebook
from notify.planning.rules.catalogue import WindowRule
from notify.planning.rules.windows import ends_at, half_way

BATCH = 200
_STANDING = select(VictimWindow).where(
    VictimWindow.milestone_id == bindparam("milestone"),
    among(VictimWindow.participation_id, "participations"),
    VictimWindow.withdrawn_at.is_(None),
)
_LOCK_STANDING = _STANDING.with_for_update(key_share=True).execution_options(populate_existing=True)
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
_TOLD = select(func.min(Duty.closed_at)).where(
    *_of_window, among(Duty.rule, "rules"), is_one_of(Duty.state, DutyState.TOLD)
)
_OPEN_CORRECTION = select(Duty.id).where(
    *_of_window, Duty.rule == CORRECTION_RULE, is_one_of(Duty.state, DutyState.OPEN)
)


def keep_windows(
    act: Act,
    rulebook: Rulebook,
    milestone: Milestone,
    participations: Collection[Participation],
    *,
    fresh: bool = False,
    told_counts: bool = False,
) -> None:
    """Make the windows that a milestone gives these participations, and withdraw those that it does not give any more.

    A window whose dates have changed is withdrawn and made anew. `fresh`: there is none yet. `told_counts`: what opens a
    window may have been told before it is made, and opened it then.
    Call it before closing duties: the tick too takes the window first, and may just now owe a reminder of it.
    """
    if milestone.kind is MilestoneKind.REVIEW_REQUESTED and milestone.withdrawn_at is None:
        end_answered_reminders(act, participations)
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
    if told_counts:
        for window in wanted.values():
            _open_as_told(act, rulebook, window)
    values = {"milestone": milestone.id, "participations": [one.id for one in participations]}
    for window in () if fresh else act.session.scalars(_LOCK_STANDING, values).all():
        if _stands(act, window, wanted.get((window.participation_id, window.rule))):
            del wanted[window.participation_id, window.rule]
    act.write(*wanted.values())
    for window in wanted.values():
        act.log("window made", window, owner=window.victim_id, rule=window.rule)


def _stands(act: Act, window: VictimWindow, new: VictimWindow | None) -> bool:
    """Whether a window goes on as it is; if not it is withdrawn. One that telling has opened stays under its edition."""
    told = new is not None and new.opened_at is None and window.opened_at is not None
    if new is None or not (told or (new.edition, new.opened_at) == (window.edition, window.opened_at)):
        window.withdrawn_at, window.next_look_at = act.at, None
        act.log("window withdrawn", window, owner=window.victim_id, rule=window.rule)
        return False
    if window.next_look_at and window.opened_at and window.ends_at:
        # The reminder that waited is cancelled with all that was open: it is thought about again.
        window.next_look_at = half_way(window.opened_at, window.ends_at)
    return True


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
        return look(act, rulebook, limit=limit)


def look(act: Act, rulebook: Rulebook, *, limit: int = BATCH) -> int:
    """The same in an act that has begun; a window that somebody else is changing is left to the next look."""
    windows = act.session.scalars(_DUE, {"now": act.at, "most": limit}).all()
    for window in windows:
        window.next_look_at = _look(act, rulebook, window)
    return len(windows)


def was_told(session: Session, window: VictimWindow, rule: WindowRule) -> bool:
    """Whether she was told of what opens a window: until then nothing may say that there is one."""
    return told_at(session, window, rule) is not None


def told_at(session: Session, window: VictimWindow, rule: WindowRule) -> datetime | None:
    """When she was first told of what opens a window."""
    return session.scalar(_TOLD, {**of_window(window), "rules": list(rule.after)})


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


def _open_as_told(act: Act, rulebook: Rulebook, window: VictimWindow) -> None:
    rule = rulebook.catalogue.window(window.rule, window.edition)
    if rule is None or window.opened_at is not None:
        return
    if (
        act.session.scalars(_OPEN_CORRECTION, of_window(window)).first() is None
    ):  # else it opens when that is told
        window.opened_at = told_at(act.session, window, rule)
        window.next_look_at = act.at if window.opened_at else None


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
        end_reminder(act, window)
        return None
    if not told:
        return tomorrow(act, window.ends_at)
    return remind(act, rulebook, window, rule, window.opened_at, window.ends_at)
