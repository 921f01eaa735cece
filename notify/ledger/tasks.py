"""Tasks: opened at most once for the same matter, and done by a person."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy import bindparam, func, insert, select

from models.base import is_one_of
from models.cases import Case
from models.duties import Duty
from models.oversight import Task
from models.people import Participation
from models.vocabulary import TaskKind, TaskState
from notify.errors import Conflict
from notify.ledger.acts import Act


class Part(Protocol):
    """A participation, or what is known of one: its id and the victim's."""

    @property
    def id(self) -> UUID: ...
    @property
    def victim_id(self) -> UUID: ...


class Owed(Protocol):
    """A duty, or what is known of one."""

    @property
    def id(self) -> UUID: ...
    @property
    def rule(self) -> str: ...
    @property
    def deadline(self) -> datetime: ...


_KNOWN = select(Task.id).where(
    Task.participation_id == bindparam("participation"),
    Task.kind == bindparam("kind"),
    Task.subject_id == bindparam("about"),
    is_one_of(Task.state, TaskState.OPEN),
)

_OPEN = insert(Task).values(
    unit_id=func.coalesce(
        select(Duty.unit_id).where(Duty.id == bindparam("of_duty")).scalar_subquery(),
        select(Case.unit_id)
        .join(Participation, Participation.case_id == Case.id)
        .where(Participation.id == bindparam("of_participation"))
        .scalar_subquery(),
    )
)
"""A task is done by the unit that carries its duty, or else by the case's own."""


def open_task(
    act: Act,
    participation: Part,
    kind: TaskKind,
    *,
    about: UUID,
    rules: Sequence[str] = (),
    due_at: datetime | None = None,
    duty: Owed | None = None,
    fresh: bool = False,
) -> Task | None:
    """Open a task about one matter; None when the same one is open already. `fresh`: the matter is new in this act."""
    values = {"participation": participation.id, "kind": kind, "about": about}
    if not fresh and act.session.scalars(_KNOWN, values).first() is not None:
        return None
    # Written below, with its unit; nothing of it changes again in this act.
    task = Task(
        participation_id=participation.id,
        victim_id=participation.victim_id,
        kind=kind,
        subject_id=about,
        duty_id=duty.id if duty else None,
        rules=list(rules),
        due_at=due_at,
        created_at=act.at,
        state=TaskState.OPEN,
    )
    values = {name: value for name, value in vars(task).items() if not name.startswith("_")}
    act.run(_OPEN, **values, of_duty=task.duty_id, of_participation=participation.id)
    return task


def open_duty_task(
    act: Act, participation: Part, kind: TaskKind, duty: Owed, *, fresh: bool = False
) -> Task | None:
    """Open a task for one duty, due when the duty is."""
    return open_task(
        act,
        participation,
        kind,
        about=duty.id,
        rules=[duty.rule],
        due_at=duty.deadline,
        duty=duty,
        fresh=fresh,
    )


def finish_task(act: Act, task: Task, *, note: str | None = None) -> None:
    """Mark a task as done by the acting person. Raises Conflict when it is not open."""
    if task.state is not TaskState.OPEN:
        raise Conflict("task", "is not open any more")
    task.state, task.done_at, task.done_by_id = TaskState.DONE, act.at, act.staff_id
    task.note_sealed = act.seal(task.victim_id, task, "note_sealed", note)
    act.log("task done", task, owner=task.victim_id, reason=note, kind=task.kind)
