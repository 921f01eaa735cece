"""What we believed that she was told by a message, and she was not, is owed again, by a person."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, exists, func, or_, select, update

from models.base import is_one_of
from models.duties import Duty
from models.ledger import ContactEntry
from models.messages import Message
from models.oversight import Alert
from models.people import ContactPoint, Participation
from models.vocabulary import (
    CORRECTION_RULE,
    NO_CHANGE_RULE,
    AlertState,
    DutyClass,
    DutyState,
    MessageState,
    Outcome,
    TaskKind,
)
from notify.ledger.acts import Act
from notify.ledger.closing import close_duties
from notify.ledger.locking import lock_case
from notify.ledger.tasks import open_duty_task
from notify.ledger.units import unit_of
from notify.ledger.waking import wake_oversight
from notify.ledger.wishes import DECLINED, UNCONCERNED, goes_without, is_unconcerned

_RING_AGAIN = (
    # Each level is raised once: those that ended because she was thought to be told hold again.
    update(Alert)
    .where(Alert.duty_id == bindparam("duty"), is_one_of(Alert.state, AlertState.RESOLVED))
    .values(state=AlertState.OPEN, unit_id=bindparam("unit"), resolved_at=None, resolved_by_id=None)
)


def _is_put_right(act: Act, duty: Duty) -> bool:
    """Whether the milestone was corrected or withdrawn since, so that this victim is owed a correction of it."""
    corrections = select(Duty.id).where(
        Duty.participation_id == duty.participation_id,
        Duty.milestone_id == duty.milestone_id,
        Duty.rule == CORRECTION_RULE,
        Duty.state != DutyState.CANCELLED,
    )
    return act.session.scalars(corrections).first() is not None


def lock_those_told_at(act: Act, points: Sequence[ContactPoint]) -> None:
    """Hold what may have been told, or may be at this moment, by messages to these numbers or addresses."""
    counting = select(Message.participation_id).where(_to(points), Message.counts_as_told)
    parts = (
        select(Participation)
        .where(Participation.id.in_(counting))
        .order_by(Participation.case_id, Participation.id)
    )
    for participation in act.session.scalars(parts).all():
        lock_part(act, participation)


def believed(act: Act, points: Sequence[ContactPoint]) -> Mapping[Participation, Collection[UUID]]:
    """By which messages to these numbers or addresses somebody was thought to be told.

    Not those after which a person reached her by one of these very numbers: it was hers then. What a person told her by
    another was what was open, and what she was thought to know was not.
    """
    point_ids = [point.id for point in points]
    spoken = exists().where(
        ContactEntry.participation_id == Message.participation_id,
        ContactEntry.reached,
        ContactEntry.by_id.is_not(None),
        ContactEntry.contact_point_id.in_(point_ids),
        ContactEntry.at > Message.finished_at,
    )
    told = act.session.execute(
        select(Message.participation_id, Message.id)
        .where(_to(points), is_one_of(Message.state, MessageState.DELIVERED), Message.counts_as_told, ~spoken)
        .order_by(Message.participation_id)
    ).all()
    return {
        act.session.get_one(Participation, participation_id): [row.id for row in rows]
        for participation_id, rows in groupby(told, attrgetter("participation_id"))
    }


def _to(points: Sequence[ContactPoint]) -> ColumnElement[bool]:
    return Message.contact_point_id.in_([point.id for point in points])


def lock_part(act: Act, participation: Participation) -> None:
    """What is owed in this participation, and whether she was reached, is said by one act after the other."""
    lock_case(act, participation.case_id)
    act.session.refresh(participation, with_for_update={"key_share": True})


def owed_again(act: Act, participation: Participation, message_ids: Collection[UUID]) -> None:
    """We believed that she was told by these messages, and she was not: what they closed is owed again, by a person.

    What she does not want any more, and what does not concern her, was not told either: it ends as that.
    """
    entries = select(ContactEntry.id).where(
        ContactEntry.participation_id == participation.id,
        ContactEntry.message_id.in_(message_ids),
        ContactEntry.outcome == Outcome.MESSAGE_TOLD,
    )
    lock_part(act, participation)
    for duty in act.session.scalars(
        select(Duty)
        .where(Duty.participation_id == participation.id, Duty.entry_id.in_(entries))
        .order_by(Duty.created_at, Duty.rule, Duty.id)
        .with_for_update(key_share=True)
    ):
        if duty.state is not DutyState.TOLD or duty.rule == NO_CHANGE_RULE:
            continue
        if duty.duty_class is DutyClass.VICTIM_WINDOW:
            continue  # a reminder was tried once, and nobody is asked to make up for it
        if _is_put_right(act, duty):
            continue  # what it said is not so any more, and a person already has to tell her what is
        duty.state, duty.closed_at, duty.late, duty.entry_id = DutyState.OPEN, None, None, None
        act.log("duty owed again", duty, owner=duty.victim_id, rule=duty.rule)
        if goes_without(participation, duty):
            close_duties(act, [duty], DutyState.WAIVED, reason=DECLINED)
        elif is_unconcerned(act.session, participation, duty):
            close_duties(act, [duty], DutyState.CANCELLED, reason=UNCONCERNED)
        else:
            _ring_again(act, participation, duty)
    participation.last_reached_at = _last_reached(act, participation, entries)
    participation.next_no_change_at = act.at


def _last_reached(act: Act, participation: Participation, mistaken: Select[UUID]) -> datetime | None:
    """When she was, without what is mistaken now, and what was found to be so before: no duty is told by that any more."""
    tells = exists().where(
        Duty.participation_id == participation.id,
        Duty.entry_id == ContactEntry.id,
        Duty.rule != NO_CHANGE_RULE,
    )
    at: datetime | None = act.session.scalar(
        select(func.max(ContactEntry.at)).where(
            ContactEntry.participation_id == participation.id,
            ContactEntry.reached,
            ContactEntry.id.not_in(mistaken),
            or_(ContactEntry.outcome != Outcome.MESSAGE_TOLD, tells),
        )
    )
    return at


def _ring_again(act: Act, participation: Participation, duty: Duty) -> None:
    """Its alerts and a call, with whoever has the case by now: it may have been handed over since."""
    wake_oversight(act, duty.id)
    duty.unit_id = unit_of(act.session, participation.case_id, duty.owner)
    act.run(_RING_AGAIN, duty=duty.id, unit=duty.unit_id)
    open_duty_task(act, participation, TaskKind.CALL, duty)
