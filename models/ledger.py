"""The contact log and the audit log: rows that are added and never changed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Table
from models.vocabulary import Outcome


class ContactEntry(Base):
    """A line of the contact log: an attempt or a success, by a person or by a message."""

    __tablename__ = "contact_entries"
    __table_args__ = (Index(None, "participation_id", "at"),)

    participation_id: Mapped[UUID] = mapped_column(ForeignKey("participations.id"))
    victim_id: Mapped[UUID] = mapped_column(ForeignKey("victims.id"))
    at: Mapped[datetime]
    outcome: Mapped[Outcome]
    reached: Mapped[bool]
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    message_id: Mapped[UUID | None] = mapped_column(ForeignKey("messages.id"))
    contact_point_id: Mapped[UUID | None] = mapped_column(ForeignKey("contact_points.id"))
    rules: Mapped[list[str]]
    note_sealed: Mapped[bytes | None]
    subject_sealed: Mapped[bytes | None]
    """What a message said, on the line that says that it was handed over."""
    text_sealed: Mapped[bytes | None]


class AuditEntry(Table):
    """Who did what to which row, when and why; each entry carries the hash of the one before it."""

    __tablename__ = "audit_entries"
    __table_args__ = (Index(None, "subject_id"), Index(None, "actor_id"))

    seq: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False
    )
    at: Mapped[datetime]
    actor: Mapped[str]
    """`staff`, `victim`, `token` or `service`."""
    actor_id: Mapped[UUID | None]
    action: Mapped[str]
    subject: Mapped[str]
    subject_id: Mapped[UUID | None]
    owner_id: Mapped[UUID]
    """Whose key seals the reason: a victim, a case or the service."""
    detail: Mapped[dict[str, Any]]
    """Ids and machine words only."""
    reason_sealed: Mapped[bytes | None]
    previous: Mapped[bytes]
    hash: Mapped[bytes]


class AuditHead(Table):
    """The end of the chain; its row lock puts writers in order."""

    __tablename__ = "audit_heads"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"))
    hash: Mapped[bytes]
