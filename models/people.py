"""Victims, their part in a case, those who may speak for them, and the ways to reach them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.vocabulary import ContactPointKind, ContactPointState, RepresentativeKind, RiskLevel, Supports


class Victim(Base):
    """A person owed updates. Everything personal is sealed under the victim's own key (owner = the row's id)."""

    __tablename__ = "victims"

    ref: Mapped[str] = mapped_column(unique=True)
    name_sealed: Mapped[bytes]
    date_of_birth_sealed: Mapped[bytes | None]
    language: Mapped[str] = mapped_column(default="en")
    sign_in_index: Mapped[bytes | None] = mapped_column(unique=True)
    """Blind index of the sign-in name agreed with the victim, for the door without a link."""
    secret_hash_sealed: Mapped[bytes | None]
    """Argon2 hash of the PIN or code word, sealed: a short PIN must not be guessable from a dump."""
    secret_tries: Mapped[int] = mapped_column(default=0)
    secret_locked_until: Mapped[datetime | None]


class Participation(Base):
    """This victim in this case: what is owed here and how far it may go. A pause or decline is stored here, once."""

    __tablename__ = "participations"
    __table_args__ = (
        UniqueConstraint("case_id", "victim_id"),
        # In the order in which they are taken: very many begin at one midnight, and are not sorted for each batch.
        Index(None, "next_no_change_at", "id"),
    )

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"))
    victim_id: Mapped[UUID] = mapped_column(ForeignKey("victims.id"), index=True)
    enhanced: Mapped[list[str]]
    risk: Mapped[RiskLevel]
    enrolled_at: Mapped[datetime]
    supports: Mapped[Supports | None]
    paused_at: Mapped[datetime | None]
    resumed_at: Mapped[datetime | None]
    declined_at: Mapped[datetime | None]
    wants_releases: Mapped[bool | None]
    """What she who declined said of releases and bail: to be told of those alone, or not even of those; empty = not asked."""
    last_reached_at: Mapped[datetime | None]
    next_no_change_at: Mapped[datetime | None]
    """When the next no-change duty opens; empty while none can (no plan, paused, declined, closed, one open)."""

    @property
    def is_enhanced(self) -> bool:
        return bool(self.enhanced)


class SupportChange(Base):
    """The victim's support for the prosecution, each time it was recorded."""

    __tablename__ = "support_changes"

    participation_id: Mapped[UUID] = mapped_column(ForeignKey("participations.id"), index=True)
    at: Mapped[datetime]
    by_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    supports: Mapped[Supports]
    reason_sealed: Mapped[bytes | None]


class Representative(Base):
    """Somebody who may be told for the victim, within a scope and while consent lasts."""

    __tablename__ = "representatives"

    victim_id: Mapped[UUID] = mapped_column(ForeignKey("victims.id"), index=True)
    kind: Mapped[RepresentativeKind]
    name_sealed: Mapped[bytes]
    scope_sealed: Mapped[bytes]
    consent_at: Mapped[datetime]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]


class ContactPoint(Base):
    """One mobile, landline, e-mail or postal address of a victim or of a representative."""

    __tablename__ = "contact_points"
    __table_args__ = (Index(None, "value_index"),)

    ref: Mapped[str] = mapped_column(unique=True)
    victim_id: Mapped[UUID] = mapped_column(ForeignKey("victims.id"), index=True)
    representative_id: Mapped[UUID | None] = mapped_column(ForeignKey("representatives.id"))
    kind: Mapped[ContactPointKind]
    value_sealed: Mapped[bytes]
    value_index: Mapped[bytes]
    certificate_sealed: Mapped[bytes | None]
    """PEM: what is sent to this e-mail address is sealed with it, or not sent."""
    state: Mapped[ContactPointState]
    added_at: Mapped[datetime]


class ContactPointChange(Base):
    """Each time a contact point was added, verified or suspended, and why."""

    __tablename__ = "contact_point_changes"

    contact_point_id: Mapped[UUID] = mapped_column(ForeignKey("contact_points.id"), index=True)
    victim_id: Mapped[UUID] = mapped_column(ForeignKey("victims.id"))
    at: Mapped[datetime] = mapped_column(index=True)
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    state: Mapped[ContactPointState]
    reason_sealed: Mapped[bytes]
