"""Suspending a contact point at the first doubt: whoever has the doubt, the fact is stored once."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select

from models.people import ContactPoint, ContactPointChange, Participation
from models.plans import Plan, PlanChannel
from models.vocabulary import ContactPointState, TaskKind
from notify.ledger.acts import Act
from notify.ledger.tasks import open_task
from notify.ledger.waking import wake_victim


def suspend(act: Act, point: ContactPoint, *, reason: str) -> None:
    """Stop using a contact point at once. Doing so twice is harmless: a doubt is never refused.

    Its state is read anew under a lock: somebody may be verifying it at this moment, before they knew of the doubt.
    """
    act.session.refresh(point, with_for_update={"key_share": True})
    if point.state is ContactPointState.SUSPENDED:
        return
    point.state = ContactPointState.SUSPENDED
    note_change(act, point, reason)
    for participation in act.session.scalars(
        select(Participation)
        .join(Plan, (Plan.participation_id == Participation.id) & Plan.current)
        .join(PlanChannel, PlanChannel.plan_id == Plan.id)
        .where(PlanChannel.contact_point_id == point.id)
    ).all():
        open_task(act, participation, TaskKind.VERIFY_CONTACT, about=point.id)
    wake_victim(act, point.victim_id)


def lock_points(act: Act, victim_ids: Collection[UUID]) -> None:
    """Read anew, and hold until the act ends, all contact points of these victims, always in the same order."""
    act.session.scalars(
        select(ContactPoint)
        .where(ContactPoint.victim_id.in_(victim_ids))
        .order_by(ContactPoint.ref)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()


def note_change(act: Act, point: ContactPoint, reason: str) -> None:
    """Keep that the state of a contact point changed, and why."""
    change = ContactPointChange(
        contact_point_id=point.id, victim_id=point.victim_id, at=act.at, by_id=act.staff_id, state=point.state
    )
    change.reason_sealed = act.key(point.victim_id).seal(change, "reason_sealed", reason)
    act.write(change)
    act.log(f"contact point {point.state}", point, owner=point.victim_id, reason=reason)
