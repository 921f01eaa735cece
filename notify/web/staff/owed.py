"""What is open for a victim: duties, and for many victims at once, how many and the next of them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.base import is_one_of
from models.duties import Duty
from models.oversight import Task
from models.vocabulary import DutyState, TaskState
from notify.in_hand import counts_as_owed


@dataclass(frozen=True)
class Owed:
    """How many duties are open in one participation, and the earliest deadline among them."""

    count: int
    next_by: datetime


def open_duties_of(session: Session, participation_id: UUID) -> list[Duty]:
    """All that one victim is owed in one case, the earliest deadline first."""
    return list(
        session.scalars(
            select(Duty)
            .where(Duty.participation_id == participation_id, is_one_of(Duty.state, DutyState.OPEN))
            .order_by(Duty.deadline, Duty.id)
        )
    )


def open_tasks_of(session: Session, participation_id: UUID) -> list[Task]:
    return list(
        session.scalars(
            select(Task)
            .where(Task.participation_id == participation_id, is_one_of(Task.state, TaskState.OPEN))
            .order_by(Task.due_at.is_(None), Task.due_at, Task.created_at, Task.id)
        )
    )


def owed_by_part(session: Session, participation_ids: Collection[UUID]) -> dict[UUID, Owed]:
    """What is owed in each of some participations; one in which nothing is owed is left out."""
    rows = session.execute(
        select(Duty.participation_id, func.count(), func.min(Duty.deadline))
        .where(
            Duty.participation_id.in_(participation_ids),
            is_one_of(Duty.state, DutyState.OPEN),
            counts_as_owed(),
        )
        .group_by(Duty.participation_id)
    )
    return {participation_id: Owed(count, next_by) for participation_id, count, next_by in rows}
