"""Reviews: what a person said of a duty that is late or about to be, why and what comes next. All are kept; the last one holds."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.duties import Duty
from models.oversight import Alert, DutyReview
from models.staff import Staff
from models.vocabulary import AlertState, DutyState, LateReason, NextStep, Role
from notify.errors import Conflict, FieldFault
from notify.ledger.acts import Act
from notify.oversight.alerts import acknowledge


def review_duty(
    act: Act,
    duty: Duty,
    *,
    reason: LateReason,
    note: str | None,
    next_step: NextStep,
    next_step_by: datetime,
) -> DutyReview:
    """Say why a duty is late and what comes next, until when. Whoever does has seen the alerts about it: the noise stops.

    The clock does not: the next level is raised at its time. Raises Conflict for a duty that is closed, FieldFault
    for a time that is past and for a reason that says nothing without a note.
    """
    if duty.state is not DutyState.OPEN:
        raise Conflict("duty", "is closed already")
    if next_step_by < act.at:
        raise FieldFault("next_step_by", "must not be in the past")
    if reason is LateReason.OTHER and not note:
        raise FieldFault("note", "must say what the reason is")
    review = DutyReview(
        duty_id=duty.id,
        victim_id=duty.victim_id,
        at=act.at,
        by_id=act.staff_id,
        reason=reason,
        next_step=next_step,
        next_step_by=next_step_by,
    )
    review.note_sealed = act.seal(duty.victim_id, review, "note_sealed", note or None)
    act.session.add(review)
    act.session.flush()
    act.log("duty reviewed", review, owner=duty.victim_id, reason=note, late=reason, next_step=next_step)
    _acknowledge_alerts(act, duty)
    return review


def latest_reviews(session: Session, duty_ids: Collection[UUID]) -> dict[UUID, DutyReview]:
    """The review that holds for each of some duties; a duty nobody said anything of is left out."""
    query = (
        select(DutyReview)
        .where(DutyReview.duty_id.in_(duty_ids))
        .order_by(DutyReview.at, DutyReview.id)  # the last of a duty's is what stays in the dictionary
    )
    return {review.duty_id: review for review in session.scalars(query)} if duty_ids else {}


def _acknowledge_alerts(act: Act, duty: Duty) -> None:
    """What was raised to an officer is not seen by the supervisor because the officer said something."""
    staff = act.session.get(Staff, act.staff_id) if act.staff_id else None
    if staff is None:
        return
    is_open = select(Alert).where(Alert.duty_id == duty.id, Alert.state == AlertState.OPEN).with_for_update()
    for alert in act.session.scalars(is_open):
        if alert.to_role is staff.role or staff.role is Role.SUPERVISOR:
            acknowledge(act, alert)
