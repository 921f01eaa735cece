"""The audit chain: every look and change, in order, each entry bound to the one before it by a hash."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from models.columns import insert_all
from models.keyring import SERVICE, Keyring, Place
from models.ledger import AuditEntry, AuditHead

START = b"\0" * 32
"""What the first entry follows."""

HEAD = 1

UNTIL_COMMIT = "audit records until the commit"
"""Key of a session's `info`: a list in which records gather, for a session that holds many acts."""

_HEAD = select(AuditHead.seq, AuditHead.hash).where(AuditHead.id == HEAD).with_for_update()
_FIRST_HEAD = insert(AuditHead)
_MOVE_HEAD = (
    update(AuditHead).where(AuditHead.id == HEAD).values(seq=bindparam("new_seq"), hash=bindparam("new_hash"))
)


@dataclass(frozen=True)
class Actor:
    """Who acts: a member of staff, a victim at the private page, a partner's token, or the service itself."""

    kind: Literal["staff", "victim", "token", "service"]
    id: UUID | None = None
    token_id: UUID | None = None
    """The partner's token through which a member of staff acts, if one was used; it is noted with each line."""


THE_SERVICE = Actor("service")


@dataclass(frozen=True)
class Record:
    """One thing to be put in the chain. `detail` holds ids and machine words only; `reason` is sealed under `owner`'s key."""

    at: datetime
    actor: Actor
    action: str
    subject: str
    subject_id: UUID | None
    owner: UUID = SERVICE
    detail: Mapping[str, str | int | bool] = field(default_factory=dict)
    reason: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Break:
    """Where the chain does not hold: the sequence number and what is wrong there."""

    seq: int
    fault: str


def append(session: Session, keys: Keyring, records: Iterable[Record]) -> None:
    """Add records to the chain. Call it last in a transaction: it takes the chain's lock until the commit."""
    waiting = list(records)
    later = session.info.get(UNTIL_COMMIT)
    if later is not None:
        later.extend(waiting)
        return
    if not waiting:
        return
    connection = session.connection()
    head = connection.execute(_HEAD).first()
    if head is None:
        connection.execute(_FIRST_HEAD, {"id": HEAD, "seq": 0, "hash": START})
    seq, last = (head.seq, head.hash) if head else (0, START)
    rows = []
    for record in waiting:
        seq += 1
        row = _row(session, keys, record, seq, last)
        last = row["hash"]
        rows.append(row)
    insert_all(connection, AuditEntry, rows)
    connection.execute(_MOVE_HEAD, {"new_seq": seq, "new_hash": last})


def append_waiting(session: Session, keys: Keyring) -> None:
    """Add what has gathered in a session that holds many acts, before it commits."""
    waiting = session.info.pop(UNTIL_COMMIT, [])
    append(session, keys, waiting)
    session.info[UNTIL_COMMIT] = []


def _place(seq: int) -> Place:
    """What a sealed reason is bound to: audit rows are numbered, so the number stands in for an id."""
    return Place("audit_entries", UUID(int=seq))


def _row(session: Session, keys: Keyring, record: Record, seq: int, previous: bytes) -> dict[str, Any]:
    sealed = None
    if record.reason:
        sealed = keys.of(session, record.owner).seal(_place(seq), "reason_sealed", record.reason)
    row: dict[str, Any] = {
        "seq": seq,
        "at": record.at,
        "actor": record.actor.kind,
        "actor_id": record.actor.id,
        "action": record.action,
        "subject": record.subject,
        "subject_id": record.subject_id,
        "owner_id": record.owner,
        "detail": {**record.detail, **_through(record.actor)},
        "reason_sealed": sealed,
        "previous": previous,
    }
    row["hash"] = _digest(row)
    return row


def _through(actor: Actor) -> dict[str, str]:
    return {} if actor.token_id is None else {"token": str(actor.token_id)}


def verify(session: Session, *, batch: int = 5000) -> Break | None:
    """Walk the whole chain; the first break, or None when every entry is where and what it was."""
    expected, previous = 1, START
    in_order = select(AuditEntry).order_by(AuditEntry.seq).execution_options(yield_per=batch)
    with session.scalars(in_order) as entries:  # a break leaves rows unread, and their cursor must be closed
        for entry in entries:
            if entry.seq != expected:
                return Break(expected, "an entry is missing")
            if entry.previous != previous:
                return Break(entry.seq, "it does not follow the entry before it")
            if entry.hash != _digest(vars(entry)):
                return Break(entry.seq, "its content was changed")
            expected, previous = expected + 1, entry.hash
            session.expunge(entry)
    head = session.get(AuditHead, HEAD)
    if (head.seq, head.hash) != (expected - 1, previous) if head else expected != 1:
        return Break(expected, "the end of the chain is missing")
    return None


def reason(session: Session, keys: Keyring, entry: AuditEntry) -> str | None:
    """The reason given, opened for a reader who may see it."""
    if entry.reason_sealed is None:
        return None
    key = keys.of(session, entry.owner_id)
    return key.open_value(entry.reason_sealed, _place(entry.seq), "reason_sealed")


_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def _digest(row: Mapping[str, Any]) -> bytes:
    content = [
        row["seq"],
        row["at"].isoformat(),
        row["actor"],
        str(row["actor_id"]),
        row["action"],
        row["subject"],
        str(row["subject_id"]),
        str(row["owner_id"]),
        row["detail"],
        row["reason_sealed"].hex() if row["reason_sealed"] else None,
        row["previous"].hex(),
    ]
    return hashlib.sha256(_canonical(content).encode()).digest()
