"""Messages on their way, what providers and phones said back, and the sealed updates behind the private page."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, null, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Table
from models.vocabulary import Channel, Detail, MessageState, ReceiptStatus, Refusal

WORDLESS = {"text_sealed": null(), "subject_sealed": null()}
"""What is set with a state in which a message does not leave any more: its words are dropped with it."""


class Message(Base):
    """One attempt to pass on duties over one channel to one contact point.

    Its words are here until it has left, or will not leave: what was sent is in the contact log.
    """

    __tablename__ = "messages"
    __table_args__ = (
        Index(
            # In the order in which they are claimed: very many may wait for the same instant, and are not sorted for each claim.
            "ix_messages_waiting",
            "not_before",
            "created_at",
            "id",
            sqlite_where=text("state in ('held', 'queued')"),
            postgresql_where=text("state in ('held', 'queued')"),
        ),
        Index(  # the other channel's messages, when those of one have to wait
            "ix_messages_waiting_by_channel",
            "channel",
            "not_before",
            "created_at",
            "id",
            sqlite_where=text("state in ('held', 'queued')"),
            postgresql_where=text("state in ('held', 'queued')"),
        ),
        Index(
            "ix_messages_waiting_urgent",
            "not_before",
            "created_at",
            "id",
            sqlite_where=text("state in ('held', 'queued') and urgent = 1"),
            postgresql_where=text("state in ('held', 'queued') and urgent"),
        ),
        CheckConstraint(
            "state in ('held', 'queued', 'claimed', 'uncertain') or (text_sealed is null and subject_sealed is null)",
            name="keeps_no_words",
        ),
        Index(
            "ix_messages_looked_up",
            "lease_until",
            sqlite_where=text("lease_until is not null"),
            postgresql_where=text("lease_until is not null"),
        ),
        Index(  # in the order in which they are taken, as above
            "ix_messages_redact",
            "redact_at",
            "id",
            sqlite_where=text("redact_at is not null"),
            postgresql_where=text("redact_at is not null"),
        ),
        Index(None, "participation_id", "state"),
        Index(None, "victim_id", "handed_over_at"),
    )

    participation_id: Mapped[UUID] = mapped_column(ForeignKey("participations.id"))
    victim_id: Mapped[UUID] = mapped_column(ForeignKey("victims.id"))
    contact_point_id: Mapped[UUID | None] = mapped_column(ForeignKey("contact_points.id"), index=True)
    plan_id: Mapped[UUID | None] = mapped_column(ForeignKey("plans.id"))
    channel: Mapped[Channel | None]
    detail: Mapped[Detail | None]
    counts_as_told: Mapped[bool] = mapped_column(default=False)
    urgent: Mapped[bool] = mapped_column(default=False)
    """Leaves before all that is not: it carries what must be told at once, or such a message to her waits behind it."""
    kind: Mapped[str]
    state: Mapped[MessageState]
    refusal: Mapped[Refusal | None]
    created_at: Mapped[datetime]
    not_before: Mapped[datetime | None]
    """When it may next be looked at: the start of a safe window, or the time of the next try."""
    valid_until: Mapped[datetime | None]
    attempt: Mapped[int] = mapped_column(default=0)
    claimed_by: Mapped[str | None]
    claimed_at: Mapped[datetime | None] = mapped_column(index=True)
    lease_until: Mapped[datetime | None]
    """When it is looked up: a claim by a worker that died, an unknown outcome, or no receipt; empty when nobody will ask."""
    handed_over_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    provider: Mapped[str | None]
    provider_ref: Mapped[str | None] = mapped_column(index=True)
    callback_hash: Mapped[bytes | None]
    error_code: Mapped[str | None]
    redact_at: Mapped[datetime | None]
    """When the provider's own record of it is to be emptied; empty once it is, or where the provider keeps none."""
    wording_id: Mapped[str | None]
    wording_version: Mapped[str | None]
    subject_sealed: Mapped[bytes | None]
    text_sealed: Mapped[bytes | None]


class MessageDuty(Table):
    """Which duties a message passes on."""

    __tablename__ = "message_duties"

    message_id: Mapped[UUID] = mapped_column(ForeignKey("messages.id"), primary_key=True)
    duty_id: Mapped[UUID] = mapped_column(ForeignKey("duties.id"), primary_key=True, index=True)


class Receipt(Base):
    """What a provider said, stored before it is understood; a repeat of the same words is stored once."""

    __tablename__ = "receipts"
    __table_args__ = (
        Index(
            "ix_receipts_kept_only",
            "received_at",
            sqlite_where=text("not applied"),
            postgresql_where=text("not applied"),
        ),
    )

    message_id: Mapped[UUID | None] = mapped_column(ForeignKey("messages.id"), index=True)
    provider: Mapped[str]
    provider_ref: Mapped[str | None] = mapped_column(index=True)
    received_at: Mapped[datetime]
    status: Mapped[ReceiptStatus | None]
    code: Mapped[str | None]
    digest: Mapped[bytes] = mapped_column(unique=True)
    raw_sealed: Mapped[bytes | None]
    """It may hold a number: sealed under the victim's key, or under the service key when no message is known."""
    applied: Mapped[bool]


class Inbound(Base):
    """A text or mail that came in, from whoever holds the phone: kept before it is understood."""

    __tablename__ = "inbound"
    __table_args__ = (
        Index(
            "ix_inbound_kept_only",
            "received_at",
            sqlite_where=text("not applied"),
            postgresql_where=text("not applied"),
        ),
        Index(
            "ix_inbound_redact",
            "redact_at",
            "id",
            sqlite_where=text("redact_at is not null"),
            postgresql_where=text("redact_at is not null"),
        ),
    )

    received_at: Mapped[datetime]
    contact_point_id: Mapped[UUID | None] = mapped_column(ForeignKey("contact_points.id"), index=True)
    provider: Mapped[str | None]
    provider_ref: Mapped[str | None] = mapped_column(unique=True)
    redact_at: Mapped[datetime | None]
    """When the provider's own record of it is to be emptied; empty once it is, or where the provider keeps none."""
    sender_sealed: Mapped[bytes]
    text_sealed: Mapped[bytes]
    reading_sealed: Mapped[bytes]
    """What it was taken for, a word of Reading. All three are sealed under the key of the contact point's victim, or under
    the service key when there is none."""
    applied: Mapped[bool]


class SealedUpdate(Base):
    """The text of an update, readable by the victim on the private page and nowhere else."""

    __tablename__ = "sealed_updates"
    __table_args__ = (UniqueConstraint("victim_id", "number"),)

    participation_id: Mapped[UUID] = mapped_column(ForeignKey("participations.id"), index=True)
    victim_id: Mapped[UUID] = mapped_column(ForeignKey("victims.id"))
    duty_id: Mapped[UUID] = mapped_column(ForeignKey("duties.id"), unique=True)
    number: Mapped[int]
    """1 for the victim's first sealed update, and so on."""
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    wording_id: Mapped[str]
    wording_version: Mapped[str]
    title_sealed: Mapped[bytes]
    text_sealed: Mapped[bytes]


class PrivateLink(Base):
    """The random token of one message's link, hashed; it opens the door to the secret, never a page."""

    __tablename__ = "private_links"

    token_hash: Mapped[bytes] = mapped_column(unique=True)
    victim_id: Mapped[UUID] = mapped_column(ForeignKey("victims.id"), index=True)
    message_id: Mapped[UUID] = mapped_column(ForeignKey("messages.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class VictimSession(Base):
    """One opening of the private page; only a hash of the cookie's secret is kept."""

    __tablename__ = "victim_sessions"

    token_hash: Mapped[bytes] = mapped_column(unique=True)
    victim_id: Mapped[UUID] = mapped_column(ForeignKey("victims.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
