"""The results of a replay: what the database says happened, one JSON object a line, in time order."""

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
from sqlalchemy.orm import Session

from models.cases import Case
from models.duties import Duty
from models.keyring import Keyring
from models.ledger import ContactEntry
from models.messages import Message, MessageDuty
from models.oversight import Alert, Task
from models.people import ContactPoint, ContactPointChange, Participation, Victim
from models.vocabulary import Channel, DutyState, MessageState, Outcome
from notify.delivery.rules.segments import segments

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

    def rows(self, query: Select[*tuple[Any, ...]]) -> Iterator[list[Any]]:
        """Rows in chunks, so that a year's history never stands in memory."""
        result = self.session.execute(query.execution_options(yield_per=CHUNK))
        for chunk in result.partitions():
            yield list(chunk)


def write_results(session: Session, keys: Keyring) -> Iterator[str]:
    """Every line of the results, as text without line ends."""
    reader = _Reader(session, keys)
    streams: tuple[Iterable[Line], ...] = (
        _contact_points(reader),
        _duties(reader),
        _messages(reader),
        _entries(reader),
        _refusals(reader),
        _tasks(reader),
        _alerts(reader),
        _closings(reader),
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
        .order_by(ContactPointChange.at, ContactPointChange.id)
    )
    for chunk in reader.rows(query):
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
    for chunk in reader.rows(_with_refs(Duty).order_by(Duty.created_at, Duty.id)):
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
        .order_by(Duty.closed_at, func.coalesce(Duty.entry_id, Duty.id), Duty.id)
    )
    for chunk in reader.rows(query):
        for duty, victim, case, outcome in chunk:
            yield (
                duty.closed_at,
                duty.entry_id or duty.id,
                2,
                {
                    "what": "duty_closed",
                    "victim": victim,
                    "case": case,
                    "rule": duty.rule,
                    "kind": duty.kind,
                    "how": duty.state,
                    "late": duty.late,
                    "by_contact": outcome,
                },
            )


def _messages(reader: _Reader) -> Iterator[Line]:
    query = (
        _with_refs(Message)
        .add_columns(ContactPoint, ContactEntry.id)
        .join(ContactPoint, ContactPoint.id == Message.contact_point_id)
        .outerjoin(
            ContactEntry,
            (ContactEntry.message_id == Message.id) & (ContactEntry.outcome == Outcome.MESSAGE_ACCEPTED),
        )
        .where(Message.handed_over_at.is_not(None))
        .order_by(Message.handed_over_at, func.coalesce(ContactEntry.id, Message.id), Message.id)
    )
    for chunk in reader.rows(query):
        rules = _rules_of(reader.session, [row[0].id for row in chunk])
        for message, victim, case, point, entry_id in chunk:
            key = reader.keys.of(reader.session, message.victim_id)
            text = key.open(message, "text_sealed")
            yield (
                message.handed_over_at,
                entry_id or message.id,
                0,
                {
                    "what": "message",
                    "victim": victim,
                    "case": case,
                    "contact_point": point.ref,
                    "channel": message.channel,
                    "to": key.open(point, "value_sealed"),
                    "subject": key.open_or_none(message, "subject_sealed"),
                    "text": LINK_TOKEN.sub(lambda found: "0" * len(found[0]), text),
                    "detail": message.detail,
                    "segments": segments(text).count if message.channel is Channel.SMS else None,
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
        .order_by(Message.created_at, Message.id)
    )
    for chunk in reader.rows(query):
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
    for chunk in reader.rows(_with_refs(Task).order_by(Task.created_at, Task.id)):
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
    query = (
        _with_refs(Alert)
        .add_columns(Duty.rule)
        .join(Duty, Duty.id == Alert.duty_id)
        .order_by(Alert.raised_at, Alert.id)
    )
    for chunk in reader.rows(query):
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
    for chunk in reader.rows(_with_refs(ContactEntry).order_by(ContactEntry.at, ContactEntry.id)):
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
