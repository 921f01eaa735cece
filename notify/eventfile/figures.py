"""What is counted of a replay, so that two can be compared: one JSON object a line, references and no words of anybody."""

import heapq
import json
from collections import Counter, defaultdict
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from models.cases import Case
from models.duties import Duty
from models.messages import Message
from models.oversight import Alert, Task
from models.people import Participation, Victim
from models.vocabulary import DutyState, MessageState
from notify.wiring import Services

CHUNK = 500

IN_TIME, LATE, OPEN, OVERDUE = "told in time", "told late", "still open", "still open, overdue"
HOW_MET = (IN_TIME, LATE, DutyState.WAIVED.value, DutyState.CANCELLED.value, OPEN, OVERDUE)
"""What can have become of a duty at the end of a replay."""

_MESSAGES = (
    select(Message.handed_over_at, Message.id, Victim.ref, Message.channel, Message.detail)
    .join(Victim, Victim.id == Message.victim_id)
    .where(Message.handed_over_at.is_not(None))
    .order_by(Message.handed_over_at, Message.id)
)
_REFUSED = (
    select(Message.created_at, Message.id, Victim.ref, Message.refusal)
    .join(Victim, Victim.id == Message.victim_id)
    .where(Message.state == MessageState.REFUSED)
    .order_by(Message.created_at, Message.id)
)
_TASKS = (
    select(Task.created_at, Task.id, Victim.ref, Task.kind)
    .join(Victim, Victim.id == Task.victim_id)
    .order_by(Task.created_at, Task.id)
)

_Line = tuple[datetime, str, tuple[str, ...], UUID, dict[str, Any]]
"""When; the victim; the case and rule of a duty; the row; and what is written of it."""


def figures_of(services: Services) -> Generator[str, None, None]:
    """A line for each duty, message, task and refused message, in the order of time and victim.

    `at` is when it was made (for a message, when it left). Duties alike in time, victim, case and rule are numbered
    by `nth`, so that the same duty can be found in another replay of the same events.
    """
    with services.reading() as session:
        streams = (
            _duties(session, services),
            _counted(session, "message", _MESSAGES),
            _counted(session, "refused", _REFUSED),
            _counted(session, "task", _TASKS),
        )
        in_time = heapq.merge(*streams, key=lambda line: line[0])
        for at, lines in groupby(in_time, key=lambda line: line[0]):
            seen: Counter[tuple[str, tuple[str, ...]]] = Counter()
            for _, victim, what_for, _, what in sorted(lines, key=lambda line: line[1:4]):
                written = {"at": _iso(at), "victim": victim, **what}
                if what["what"] == "duty":
                    seen[victim, what_for] += 1
                    written["nth"] = seen[victim, what_for]
                yield json.dumps(written, ensure_ascii=False)


def _duties(session: Session, services: Services) -> Iterator[_Line]:
    query = (
        select(Duty, Victim.ref, Case.ref, Participation.paused_at)
        .join(Participation, Participation.id == Duty.participation_id)
        .join(Victim, Victim.id == Participation.victim_id)
        .join(Case, Case.id == Participation.case_id)
        .order_by(Duty.created_at, Duty.id)
    )
    for chunk in _chunks(session, query):
        now = services.clock()
        alerts = _alerts(session, [row[0].id for row in chunk])
        for duty, victim, case, paused_at in chunk:
            yield (
                duty.created_at,
                victim,
                (case, duty.rule),
                duty.id,
                {
                    "what": "duty",
                    "case": case,
                    "rule": duty.rule,
                    "class": duty.duty_class,
                    "due_at": _iso(duty.due_at),
                    "urgent_by": _iso(duty.urgent_by),
                    "how": _how(duty, now=now, paused=paused_at is not None),
                    "alerts": alerts[duty.id],
                },
            )


def _how(duty: Duty, *, now: datetime, paused: bool) -> str:
    if duty.state is DutyState.TOLD:
        return LATE if duty.late else IN_TIME
    if duty.state is DutyState.OPEN:
        # As in the reports: nothing is overdue to a victim who asked for no contact.
        return OVERDUE if duty.deadline <= now and not paused else OPEN
    return duty.state.value


def _alerts(session: Session, duty_ids: list[UUID]) -> defaultdict[UUID, list[list[str]]]:
    """Of each duty its alerts in time order: level, role and when."""
    alerts: defaultdict[UUID, list[list[str]]] = defaultdict(list)
    for duty_id, level, role, at in session.execute(
        select(Alert.duty_id, Alert.level, Alert.to_role, Alert.raised_at)
        .where(Alert.duty_id.in_(duty_ids))
        .order_by(Alert.raised_at, Alert.level, Alert.to_role)
    ):
        alerts[duty_id].append([level, role, at.astimezone(UTC).isoformat()])
    return alerts


def _counted(session: Session, what: str, query: Select[*tuple[Any, ...]]) -> Iterator[_Line]:
    for chunk in _chunks(session, query):
        for at, row_id, victim, *words in chunk:
            yield at, victim, (), row_id, {"what": what, "words": [word for word in words if word]}


def _chunks(session: Session, query: Select[*tuple[Any, ...]]) -> Iterator[list[Any]]:
    for chunk in session.execute(query.execution_options(yield_per=CHUNK)).partitions():
        yield list(chunk)


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat()
