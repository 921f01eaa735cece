"""Putting a milestone right: its history is kept, and what a victim was told wrongly is put right by a person."""

import json
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, exists, or_, select, update

from models.base import is_one_of
from models.duties import Duty
from models.messages import Message, MessageDuty, SealedUpdate
from models.milestones import Milestone, MilestoneCorrection
from models.people import Participation
from models.vocabulary import CORRECTION_RULE, Detail, DutyClass, DutyState
from notify.errors import Conflict, FieldFault
from notify.ledger.acts import Act
from notify.ledger.closing import GONE, close_duties
from notify.ledger.locking import lock_case
from notify.ledger.units import unit_of
from notify.planning.concerning import concerned
from notify.planning.duties import (
    Carrier,
    Clock,
    Source,
    make_duty,
    open_or_waive,
    replace_duties,
    write_duties,
)
from notify.planning.milestones import (
    Happening,
    check_happening,
    plan_duties,
    read_happening,
    write_happening,
)
from notify.planning.queries import participations_in
from notify.planning.rulebook import Rulebook
from notify.planning.rules.due import due_at, urgent_by
from notify.planning.trigger_points import ask_again
from notify.planning.windows import keep_windows

CORRECTION_EDITION = "correction"
"""The duty comes from a correction and from no edition of the Code."""

CORRECTION_DAYS = 1
"""Working days, whatever her rights: the mistake is ours, and the Code's shortest time is this one."""

_OPEN_OF = (
    select(Duty)
    .where(Duty.milestone_id == bindparam("milestone_id"), is_one_of(Duty.state, DutyState.OPEN))
    .order_by(Duty.created_at, Duty.rule, Duty.id)
    .with_for_update(key_share=True)
)
_TOLD = select(Duty.participation_id, Duty.urgent_by).where(
    # A nudge and a link say nothing by themselves: only the words of the update tell her something, right or wrong.
    Duty.milestone_id == bindparam("milestone_id"),
    or_(
        is_one_of(Duty.state, DutyState.TOLD),
        exists().where(
            MessageDuty.duty_id == Duty.id,
            MessageDuty.message_id == Message.id,
            is_one_of(Message.state, *GONE),
            Message.detail == Detail.FULL,
        ),
        exists().where(SealedUpdate.duty_id == Duty.id, SealedUpdate.read_at.is_not(None)),
    ),
)


_TAKE_BACK = (
    # Also of duties that somebody told her of meanwhile: she may open the page only now.
    update(SealedUpdate)
    .where(
        SealedUpdate.duty_id.in_(select(Duty.id).where(Duty.milestone_id == bindparam("milestone"))),
        SealedUpdate.read_at.is_(None),
        SealedUpdate.withdrawn_at.is_(None),
    )
    .values(withdrawn_at=bindparam("now"))
)


def correct_milestone(
    act: Act, rulebook: Rulebook, milestone: Milestone, happening: Happening, *, reason: str
) -> list[Duty]:
    """Say again what happened. The earlier facts are kept; duties still open are planned anew from the new ones.

    Whoever was told something else is owed a correction, by a person. Raises Conflict for a withdrawn milestone.
    """
    _lock(act, milestone)
    check_happening(act, happening)
    earlier = read_happening(act, milestone)
    if earlier == happening:
        raise FieldFault("milestone", "is corrected to what it says already")
    _keep(act, milestone, earlier, reason)
    write_happening(act, milestone, happening)
    act.log("milestone corrected", milestone, owner=milestone.case_id, reason=reason)
    differs = _words(earlier) != _words(happening)
    participations = participations_in(act.session, milestone.case_id)
    # The windows before the duties, like the tick, which may just now owe a reminder of one that ends here.
    keep_windows(act, rulebook, milestone, participations)
    if differs:
        act.run(_TAKE_BACK, milestone=milestone.id, now=act.at)
    # A correction that she is still owed stands, with its clock, when only our own times or tasks change.
    stale = [duty for duty in _open_of(act, milestone) if differs or duty.rule != CORRECTION_RULE]
    close_duties(act, stale, DutyState.CANCELLED, reason=reason)
    act.session.flush()
    duties = plan_duties(act, rulebook, milestone, participations)
    if not differs:
        replace_duties(act, stale, duties)
    if earlier.kind is not happening.kind:
        ask_again(act, rulebook, happening.kind, concerned(act, milestone, participations))
    return [*duties, *(_put_right(act, rulebook, milestone, stale) if differs else ())]


def withdraw_milestone(act: Act, rulebook: Rulebook, milestone: Milestone, *, reason: str) -> list[Duty]:
    """It never happened, or was entered twice: nothing more is told of it, and who was told is owed a correction.

    Returns the corrections owed. Raises Conflict when it is withdrawn already.
    """
    _lock(act, milestone)
    _keep(act, milestone, read_happening(act, milestone), reason)
    milestone.withdrawn_at = act.at
    act.log("milestone withdrawn", milestone, owner=milestone.case_id, reason=reason)
    keep_windows(act, rulebook, milestone, participations_in(act.session, milestone.case_id))
    act.run(_TAKE_BACK, milestone=milestone.id, now=act.at)
    stale = _open_of(act, milestone)
    close_duties(act, stale, DutyState.CANCELLED, reason=reason)
    act.session.flush()
    return _put_right(act, rulebook, milestone, stale)


def _lock(act: Act, milestone: Milestone) -> None:
    """One correction after the other, and none after the last."""
    lock_case(act, milestone.case_id)
    act.session.refresh(milestone, with_for_update={"key_share": True})
    if milestone.withdrawn_at is not None:
        raise Conflict("milestone", "is withdrawn")


def _keep(act: Act, milestone: Milestone, earlier: Happening, reason: str) -> None:
    correction = MilestoneCorrection(milestone_id=milestone.id, at=act.at, by_id=act.staff_id)
    key = act.key(milestone.case_id)
    correction.reason_sealed = key.seal(correction, "reason_sealed", reason)
    correction.earlier_sealed = key.seal(correction, "earlier_sealed", _as_json(earlier))
    act.session.add(correction)


def _open_of(act: Act, milestone: Milestone) -> Sequence[Duty]:
    return act.session.scalars(_OPEN_OF, {"milestone_id": milestone.id}).all()


def _words(happening: Happening) -> tuple[object, ...]:
    """What of a milestone a victim is told."""
    return happening.kind, happening.happened_at, happening.suspect, dict(happening.facts or {})


def _put_right(act: Act, rulebook: Rulebook, milestone: Milestone, stale: Sequence[Duty]) -> list[Duty]:
    """A duty and a call for everybody who was told of this milestone, whichever version of it.

    Corrected again before anybody rang, it is owed since the first time: a second slip buys no time.
    """
    told: dict[UUID, bool] = {}
    for participation_id, hours in act.session.execute(_TOLD, {"milestone_id": milestone.id}):
        told[participation_id] = told.get(participation_id, False) or hours is not None
    since = {duty.participation_id: duty.clock_start for duty in stale if duty.rule == CORRECTION_RULE}
    made = [
        (one, _correction(act, rulebook, milestone, one, since.get(one.id, act.at), urgent=told[one.id]))
        for one in participations_in(act.session, milestone.case_id)
        if one.id in told
    ]
    write_duties(act, rulebook.policy, made)
    return [duty for _, duty in made]


def _correction(
    act: Act,
    rulebook: Rulebook,
    milestone: Milestone,
    participation: Participation,
    start: datetime,
    *,
    urgent: bool,
) -> Duty:
    """`urgent`: she may believe herself safe for what we told her of a release or of bail."""
    duty = make_duty(
        participation,
        Source(
            CORRECTION_RULE,
            CORRECTION_EDITION,
            milestone.kind,
            DutyClass.OFFICER_FIRST,
            rulebook.policy.version,
            milestone.id,
        ),
        Carrier(milestone.owner, unit_of(act.session, milestone.case_id, milestone.owner)),
        Clock(
            start,
            due_at(start, CORRECTION_DAYS, rulebook.calendar),
            urgent_by(start, rulebook.policy.urgent_hours) if urgent else None,
        ),
        act.at,
    )
    open_or_waive(act, participation, duty)
    if urgent:
        # No message may carry it, so the supervisor hears of it at once.
        duty.no_safe_moment_at = act.at
    return duty


def _as_json(happening: Happening) -> str:
    return json.dumps(
        {
            "kind": happening.kind,
            "happened_at": happening.happened_at.isoformat(),
            "learned_at": happening.learned_at.isoformat(),
            "owner": happening.owner,
            "suspect": happening.suspect,
            "facts": dict(happening.facts or {}),
        },
        ensure_ascii=False,
    )
