"""What came in is followed up by a person: one open task for each person and number, however much comes from it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import Session

from models.base import is_one_of
from models.messages import Inbound
from models.oversight import Task
from models.people import ContactPoint, Participation
from models.plans import Plan, PlanChannel
from models.vocabulary import Reading, TaskKind, TaskState
from notify.ledger.acts import Act
from notify.ledger.tasks import open_task

ONE_A_DAY = timedelta(days=1)
"""For so long after one task, answers by a machine open no other: "out of office" answers every mail."""


@dataclass(frozen=True)
class Asked:
    """Whose officer is asked about something that came in, what it means there, and whether it can wait."""

    participation: Participation
    meant: Reading
    at_once: bool


def follow_up(act: Act, inbound: Inbound, asked: Asked) -> None:
    """A call if she asked for one, else a look into what came in: the same kind of task whatever it said.

    What comes from a number while a task about it is open joins that task (`joined`). The word for "not safe" never
    does: nobody can send it for a nuisance, and it must not be missed by who has read the page already.
    """
    if asked.meant is Reading.AUTOMATIC and _was_asked_today(act.session, inbound, asked.participation.id):
        return
    due_at = act.at if asked.at_once else None
    if asked.meant is Reading.CALL_ME_WORD:
        open_task(act, asked.participation, TaskKind.CALL, about=inbound.id, due_at=due_at)
        return
    task = None if asked.meant is Reading.NOT_SAFE_WORD else _open_one(act.session, inbound, asked)
    if task is None:
        open_task(act, asked.participation, TaskKind.FOLLOW_UP_INBOUND, about=inbound.id, due_at=due_at)
    elif due_at is not None and (task.due_at is None or task.due_at > due_at):
        task.due_at = due_at


def joined(session: Session, task: Task, first: Inbound) -> list[Inbound]:
    """What else came from the number of the first one, from then on until the task was done; the oldest first."""
    query = (
        select(Inbound)
        .where(
            Inbound.contact_point_id.in_(_alike(first)),
            Inbound.received_at >= first.received_at,
            Inbound.id != first.id,
        )
        .order_by(Inbound.received_at, Inbound.id)
    )
    if task.done_at is not None:
        query = query.where(Inbound.received_at <= task.done_at)
    return list(session.scalars(query))


def points_like(session: Session, inbound: Inbound) -> list[ContactPoint]:
    """The contact point it came from and every other with the same number or address, whoever's it is."""
    query = select(ContactPoint).where(ContactPoint.id.in_(_alike(inbound))).order_by(ContactPoint.ref)
    return list(session.scalars(query))


def _alike(inbound: Inbound) -> Select[UUID]:
    its_own = select(ContactPoint.value_index).where(ContactPoint.id == inbound.contact_point_id)
    return select(ContactPoint.id).where(ContactPoint.value_index == its_own.scalar_subquery())


def _open_one(session: Session, inbound: Inbound, asked: Asked) -> Task | None:
    """The open task that shows this one too, locked: one that is being marked as done at this moment will not do."""
    return session.scalars(
        select(Task)
        .join(Inbound, Inbound.id == Task.subject_id)
        .where(
            Task.participation_id == asked.participation.id,
            is_one_of(Task.kind, TaskKind.FOLLOW_UP_INBOUND),
            is_one_of(Task.state, TaskState.OPEN),
            Inbound.contact_point_id.in_(_alike(inbound)),
            Inbound.received_at <= inbound.received_at,
        )
        .order_by(Task.due_at.is_(None), Task.due_at, Task.created_at, Task.id)
        .limit(1)
        .with_for_update(of=Task, key_share=True)
    ).first()


def _was_asked_today(session: Session, inbound: Inbound, participation_id: UUID) -> bool:
    same = exists().where(
        Task.participation_id == participation_id,
        Task.subject_id == Inbound.id,
        Inbound.contact_point_id.in_(_alike(inbound)),
        Inbound.received_at > inbound.received_at - ONE_A_DAY,
    )
    return bool(session.scalar(select(same)))


def concerned(act: Act, points: Iterable[ContactPoint]) -> list[Participation]:
    """The participations whose plan names a contact point; failing that, all of the victim's."""
    return [participation for point in points for participation in _concerned_by(act, point)]


def _concerned_by(act: Act, point: ContactPoint) -> list[Participation]:
    planned = list(
        act.session.scalars(
            select(Participation)
            .join(Plan, (Plan.participation_id == Participation.id) & Plan.current)
            .join(PlanChannel, PlanChannel.plan_id == Plan.id)
            .where(PlanChannel.contact_point_id == point.id)
            .order_by(Participation.enrolled_at, Participation.id)
        )
    )
    return planned or list(
        act.session.scalars(
            select(Participation)
            .where(Participation.victim_id == point.victim_id)
            .order_by(Participation.enrolled_at, Participation.id)
        )
    )
