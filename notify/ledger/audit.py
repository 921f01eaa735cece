"""The audit chain: every look and change, in order, each entry bound to the one before it by a hash."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.keyring import SERVICE, Keyring
from models.ledger import AuditEntry, AuditHead

START = b"\0" * 32
"""What the first entry follows."""

HEAD = 1


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


@dataclass(frozen=True)
class _Place:
    """What a sealed reason is bound to: audit rows are numbered, so the number stands in for an id."""

    id: UUID
    reason_sealed: bytes | None = None
    __tablename__: str = "audit_entries"


def append(session: Session, keys: Keyring, records: Iterable[Record]) -> None:
    """Add records to the chain. Call it last in a transaction: it takes the chain's lock until the commit."""
    waiting = list(records)
    if not waiting:
        return
    head = session.get(AuditHead, HEAD, with_for_update=True, populate_existing=True)
    if head is None:
        head = AuditHead(id=HEAD, seq=0, hash=START)
        session.add(head)
    for record in waiting:
        seq = head.seq + 1
        sealed = None
        if record.reason:
            sealed = keys.of(session, record.owner).seal(
                _Place(UUID(int=seq)), "reason_sealed", record.reason
            )
        entry = AuditEntry(
            seq=seq,
            at=record.at,
            actor=record.actor.kind,
            actor_id=record.actor.id,
            action=record.action,
            subject=record.subject,
            subject_id=record.subject_id,
            owner_id=record.owner,
            detail={**record.detail, **_through(record.actor)},
            reason_sealed=sealed,
            previous=head.hash,
            hash=b"",
        )
        entry.hash = _digest(entry)
        session.add(entry)
        head.seq, head.hash = seq, entry.hash


def _through(actor: Actor) -> dict[str, str]:
    return {} if actor.token_id is None else {"token": str(actor.token_id)}


def verify(session: Session, *, batch: int = 5000) -> Break | None:
    """Walk the whole chain; the first break, or None when every entry is where and what it was."""
    expected, previous = 1, START
    for entry in session.scalars(
        select(AuditEntry).order_by(AuditEntry.seq).execution_options(yield_per=batch)
    ):
        if entry.seq != expected:
            return Break(expected, "an entry is missing")
        if entry.previous != previous:
            return Break(entry.seq, "it does not follow the entry before it")
        if entry.hash != _digest(entry):
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
    place = _Place(UUID(int=entry.seq), entry.reason_sealed)
    return keys.of(session, entry.owner_id).open(place, "reason_sealed")


def _digest(entry: AuditEntry) -> bytes:
    content = [
        entry.seq,
        entry.at.isoformat(),
        entry.actor,
        str(entry.actor_id),
        entry.action,
        entry.subject,
        str(entry.subject_id),
        str(entry.owner_id),
        entry.detail,
        entry.reason_sealed.hex() if entry.reason_sealed else None,
        entry.previous.hex(),
    ]
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).digest()
