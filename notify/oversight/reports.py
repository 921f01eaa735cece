"""Reports: how a unit, or all of them, kept what was owed. Takes a Session, never commits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from models.base import is_one_of
from models.duties import Duty
from models.messages import Message
from models.oversight import Task
from models.people import Participation, Victim
from models.vocabulary import Channel, Detail, DutyState, MessageState, Refusal, TaskKind, TaskState
from notify.in_hand import counts_as_owed


@dataclass(frozen=True)
class DutyCounts:
    """Duties by what became of them; those cancelled because a milestone was corrected are not among them, nor reminders.

    `overdue` is how many of the open ones are past their time, without those of victims who asked for a pause.
    """

    told_in_time: int
    told_late: int
    waived: int
    open: int
    overdue: int


@dataclass(frozen=True)
class Summary:
    """The whole service at one instant, in numbers only."""

    victims: int
    duties: DutyCounts
    messages: Mapping[tuple[Channel, Detail], int]
    refusals: Mapping[Refusal, int]
    tasks: Mapping[TaskKind, int]


def summarise(session: Session, *, at: datetime) -> Summary:
    """Count what was owed, what left, what was kept back and what waits for a person."""
    messages = session.execute(
        select(Message.channel, Message.detail, func.count())
        .where(Message.handed_over_at.is_not(None))
        .group_by(Message.channel, Message.detail)
        .order_by(Message.channel, Message.detail)
    )
    refusals = (
        select(Message.refusal, func.count())
        .where(Message.state == MessageState.REFUSED)
        .group_by(Message.refusal)
    )
    tasks = select(Task.kind, func.count()).where(is_one_of(Task.state, TaskState.OPEN)).group_by(Task.kind)
    return Summary(
        victims=session.scalar(select(func.count()).select_from(Victim)) or 0,
        duties=_duties(session, at),
        messages={(channel, detail): count for channel, detail, count in messages if channel and detail},
        refusals=_most_first(session, refusals),
        tasks=_most_first(session, tasks),
    )


def _duties(session: Session, at: datetime) -> DutyCounts:
    def count(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
        return func.count(Duty.id).filter(*conditions)

    told, is_open = Duty.state == DutyState.TOLD, is_one_of(Duty.state, DutyState.OPEN)
    past = (Duty.deadline <= at) & Participation.paused_at.is_(None)
    row = session.execute(
        select(
            count(told, Duty.late.is_(False)),
            count(told, Duty.late.is_(True)),
            count(Duty.state == DutyState.WAIVED),
            count(is_open),
            count(is_open, past),
        )
        .join(Participation, Participation.id == Duty.participation_id)
        .where(counts_as_owed())
    ).one()
    return DutyCounts(*row)


def _most_first(session: Session, query: Select[Any, int]) -> dict[Any, int]:
    return dict(
        sorted(((word, count) for word, count in session.execute(query)), key=lambda one: (-one[1], one[0]))
    )
