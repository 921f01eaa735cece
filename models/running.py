"""What keeps the service itself in order: leases, heartbeats, events applied once, requests answered once."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Table
from models.vocabulary import BreakerState, Channel


class Lease(Table):
    """Which worker may run a single-runner tick, until when; `fencing` grows each time the lease changes hands."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]
    until: Mapped[datetime]
    fencing: Mapped[int]


class Heartbeat(Table):
    """When a tick last finished, on any worker."""

    __tablename__ = "heartbeats"

    tick: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    worker: Mapped[str]


class ProviderHealth(Table):
    """How a provider is doing on a channel, as all workers know it: nothing is handed to it before `ready_at`."""

    __tablename__ = "provider_health"

    channel: Mapped[Channel] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[BreakerState]
    failures: Mapped[int]
    """Bad answers in a row."""
    trips: Mapped[int]
    """How often in a row the breaker opened: it stays open for longer each time."""
    ready_at: Mapped[datetime]
    since: Mapped[datetime | None]
    """When the first of the bad answers came; empty while all is well."""
    reason: Mapped[str | None]


class AppliedEvent(Table):
    """An event of an event file that was applied: the same id is never applied twice."""

    __tablename__ = "applied_events"

    external_id: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[bytes]
    applied_at: Mapped[datetime]


class IdempotentRequest(Base):
    """An API request that carried an Idempotency-Key, and the answer it got (sealed under the service key)."""

    __tablename__ = "idempotent_requests"
    __table_args__ = (UniqueConstraint("token_id", "key_hash"), Index(None, "created_at"))

    token_id: Mapped[UUID] = mapped_column(ForeignKey("api_tokens.id"))
    key_hash: Mapped[bytes]
    body_hash: Mapped[bytes]
    created_at: Mapped[datetime]
    status: Mapped[int | None]
    """Empty while the request is being answered."""
    answer_sealed: Mapped[bytes | None]
