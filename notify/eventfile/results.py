"""The results of a replay: what the database says happened, one JSON object a line, in time order.

Long because each sort of line has its own query and its own fields here, and nowhere else.
"""

import heapq
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from models.cases import Case
from models.duties import Duty
from models.keyring import Keyring
from models.ledger import ContactEntry
from models.messages import Message, MessageDuty
from models.oversight import Alert, Task
from models.people import ContactPoint, ContactPointChange, Participation, Victim
from models.vocabulary import Channel, DutyState, MessageState, Outcome
from notify.wording.segments import segments

CHUNK = 500
Line = tuple[datetime, UUID, int, dict[str, Any]]
"""When; the id of the row that was made with it; a rank that puts a cause before its effects; and what is written.

In a replay ids are counted, so that within one instant the lines of one victim stand in the order in which things
were done. Of several victims the lines of each stand together, by her reference: so the order does not depend on
which of them were lived through side by side.
"""

LINK_TOKEN = re.compile(r"(?<=/m/replay-)\d+")
"""The number in a made-up link: it says how many tokens were made before, and nothing about the message."""


@dataclass(frozen=True)
class _Reader:
    session: Session
    keys: Keyring
    after: datetime | None

    def rows(
        self, query: Select[*tuple[Any, ...]], at: InstrumentedAttribute[Any], *order: Any
    ) -> Iterator[list[Any]]:
        """Rows in chunks, so that a year's history never stands in memory: those after a time, in the order of `at`."""
        if self.after is not None:
            query = query.where(at > self.after)
        result = self.session.execute(query.order_by(at, *order).execution_options(yield_per=CHUNK))
        for chunk in result.partitions():
            yield list(chunk)


def write_results(session: Session, keys: Keyring, *, after: datetime | None = None) -> Iterator[str]:
    """Every line of the results, as text without line ends; of a replay that was gone on with, those `after` its first part.

    What is said of a time is never taken back by what happens later: so the parts of a replay, one after the other,
    say what the whole says.
    """
    reader = _Reader(session, keys, after)
    streams: tuple[Iterable[Line], ...] = (
        _contact_points(reader),
        _duties(reader),
        _messages(reader),
        _entries(reader),
        _refusals(reader),
        _tasks(reader),
        _alerts(reader),
        _closings(reader),
        _closings_undone(reader),
    )
    in_time = heapq.merge(*streams, key=lambda line: line[0])
    for at, lines in groupby(in_time, key=lambda line: line[0]):
        for _, _, _, what in sorted(lines, key=lambda line: (line[3]["victim"], *line[1:3])):
            kept = {name: value for name, value in what.items() if value is not None}
            yield json.dumps({"at": _iso(at), **kept}, ensure_ascii=False)


def order_of_text(line: str) -> tuple[str, str]:
    """What puts lines as they are written into their order: the time, and the victim."""
    what = json.loads(line)
    return what["at"], what["victim"]


def _contact_points(reader: _Reader) -> Iterator[Line]:
    query = (
        select(ContactPointChange, ContactPoint.ref, Victim.ref)
        .join(ContactPoint, ContactPoint.id == ContactPointChange.contact_point_id)
        .join(Victim, Victim.id == ContactPointChange.victim_id)
    )
    for chunk in reader.rows(query, ContactPointChange.at, ContactPointChange.id):
        for change, point, victim in chunk:
            reason = reader.keys.of(reader.session, change.victim_id).open(change, "reason_sealed")
            yield (
                change.at,
                change.id,
                0,
                {
                    "what": "contact_point",
                    "contact_point": point,
                    "victim": victim,
                    "state": change.state,
                    "reason": reason,
                },
            )


def _with_refs(noun: Any) -> Select[*tuple[Any, ...]]:
    return (
        select(noun, Victim.ref, Case.ref)
        .join(Participation, Participation.id == noun.participation_id)
        .join(Victim, Victim.id == Participation.victim_id)
        .join(Case, Case.id == Participation.case_id)
    )


def _duties(reader: _Reader) -> Iterator[Line]:
    for chunk in reader.rows(_with_refs(Duty), Duty.created_at, Duty.id):
        for duty, victim, case in chunk:
            yield (
                duty.created_at,
                duty.id,
                0,
                {
                    "what": "duty",
                    "victim": victim,
                    "case": case,
                    "rule": duty.rule,
                    "kind": duty.kind,
                    "class": duty.duty_class,
                    "due_at": _iso(duty.due_at),
                    "urgent_by": _iso(duty.urgent_by),
                    "owner": duty.owner,
                },
            )


def _closings(reader: _Reader) -> Iterator[Line]:
    query = (
        _with_refs(Duty)
        .add_columns(ContactEntry.outcome)
        .outerjoin(ContactEntry, ContactEntry.id == Duty.entry_id)
        .where(Duty.state != DutyState.OPEN)
    )
    for chunk in reader.rows(query, Duty.closed_at, func.coalesce(Duty.entry_id, Duty.id), Duty.id):
        for duty, victim, case, outcome in chunk:
            told = _closed(duty, victim, case, duty.state, late=duty.late, outcome=outcome)
            yield duty.closed_at, duty.entry_id or duty.id, 2, told


def _closings_undone(reader: _Reader) -> Iterator[Line]:
    """Duties closed by a text that told her, and owed again when it turned out not to have arrived."""
    query = (
        _with_refs(Duty)
        .add_columns(ContactEntry)
        .join(MessageDuty, MessageDuty.duty_id == Duty.id)
        .join(ContactEntry, ContactEntry.message_id == MessageDuty.message_id)
        .where(
            ContactEntry.outcome == Outcome.MESSAGE_TOLD,
            Duty.closed_at.is_(None) | (Duty.closed_at > ContactEntry.at),
        )
    )
    for chunk in reader.rows(query, ContactEntry.at, ContactEntry.id, Duty.id):
        for duty, victim, case, entry in chunk:
            late = entry.at > duty.deadline
            told = _closed(duty, victim, case, DutyState.TOLD, late=late, outcome=entry.outcome)
            yield entry.at, entry.id, 2, told


def _closed(
    duty: Duty, victim: str, case: str, how: DutyState, *, late: bool, outcome: Outcome | None
) -> dict[str, Any]:
    return {
        "what": "duty_closed",
        "victim": victim,
        "case": case,
        "rule": duty.rule,
        "kind": duty.kind,
        "how": how,
        "late": late,
        "by_contact": outcome,
    }


def _messages(reader: _Reader) -> Iterator[Line]:
    query = (
        _with_refs(Message)
        .add_columns(ContactPoint, ContactEntry)
        .join(ContactPoint, ContactPoint.id == Message.contact_point_id)
        .join(
            ContactEntry,
            (ContactEntry.message_id == Message.id) & (ContactEntry.outcome == Outcome.MESSAGE_ACCEPTED),
        )
    )
    for chunk in reader.rows(query, Message.handed_over_at, ContactEntry.id):
        rules = _rules_of(reader.session, [row[0].id for row in chunk])
        for message, victim, case, point, entry in chunk:
            key = reader.keys.of(reader.session, message.victim_id)
            text = key.open_or_none(entry, "text_sealed")  # not kept of who was erased since
            yield (
                message.handed_over_at,
                entry.id,
                0,
                {
                    "what": "message",
                    "victim": victim,
                    "case": case,
                    "contact_point": point.ref,
                    "channel": message.channel,
                    "to": key.open(point, "value_sealed"),
                    "subject": key.open_or_none(entry, "subject_sealed"),
                    "text": text and LINK_TOKEN.sub(lambda found: "0" * len(found[0]), text),
                    "detail": message.detail,
                    "segments": segments(text).count if text and message.channel is Channel.SMS else None,
                    "rules": rules[message.id],
                    "kind": message.kind,
                    "valid_until": _iso(message.valid_until),
                },
            )


def _refusals(reader: _Reader) -> Iterator[Line]:
    query = (
        _with_refs(Message)
        .add_columns(ContactPoint.ref)
        .outerjoin(ContactPoint, ContactPoint.id == Message.contact_point_id)
        .where(Message.state == MessageState.REFUSED)
    )
    for chunk in reader.rows(query, Message.created_at, Message.id):
        rules = _rules_of(reader.session, [row[0].id for row in chunk])
        for message, victim, case, point in chunk:
            yield (
                message.created_at,
                message.id,
                0,
                {
                    "what": "refused",
                    "victim": victim,
                    "case": case,
                    "contact_point": point,
                    "rules": rules[message.id],
                    "reason": message.refusal,
                },
            )


def _tasks(reader: _Reader) -> Iterator[Line]:
    for chunk in reader.rows(_with_refs(Task), Task.created_at, Task.id):
        for task, victim, case in chunk:
            yield (
                task.created_at,
                task.id,
                0,
                {
                    "what": "task",
                    "victim": victim,
                    "case": case,
                    "task": task.kind,
                    "rules": task.rules or None,
                    "due_at": _iso(task.due_at),
                },
            )


def _alerts(reader: _Reader) -> Iterator[Line]:
    query = _with_refs(Alert).add_columns(Duty.rule).join(Duty, Duty.id == Alert.duty_id)
    for chunk in reader.rows(query, Alert.raised_at, Alert.id):
        for alert, victim, case, rule in chunk:
            yield (
                alert.raised_at,
                alert.id,
                0,
                {
                    "what": "alert",
                    "victim": victim,
                    "case": case,
                    "rule": rule,
                    "level": alert.level,
                    "to_role": alert.to_role,
                },
            )


def _entries(reader: _Reader) -> Iterator[Line]:
    for chunk in reader.rows(_with_refs(ContactEntry), ContactEntry.at, ContactEntry.id):
        for entry, victim, case in chunk:
            yield (
                entry.at,
                entry.id,
                1,
                {
                    "what": "entry",
                    "victim": victim,
                    "case": case,
                    "outcome": entry.outcome,
                    "reached": entry.reached,
                    "rules": entry.rules,
                },
            )


def _rules_of(session: Session, message_ids: list[UUID]) -> dict[UUID, list[str]]:
    rules: dict[UUID, list[str]] = {message_id: [] for message_id in message_ids}
    for message_id, rule in session.execute(
        select(MessageDuty.message_id, Duty.rule)
        .join(Duty, Duty.id == MessageDuty.duty_id)
        .where(MessageDuty.message_id.in_(message_ids))
        .order_by(Duty.created_at, Duty.rule)
    ):
        rules[message_id].append(rule)
    return rules


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat()
