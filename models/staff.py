"""Units, the staff who work in them and when they are away, their sign-ins, and the tokens of partner systems."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.vocabulary import Agency, Role


class Unit(Base):
    """A team of one agency. Its name is sealed under the service key."""

    __tablename__ = "units"

    ref: Mapped[str] = mapped_column(unique=True)
    name_sealed: Mapped[bytes]
    agency: Mapped[Agency]
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("units.id"), index=True)
    """The unit above, of the same agency: its supervisors see to this one when nobody here is on duty."""


class Staff(Base):
    """A member of staff. The name is sealed under the service key."""

    __tablename__ = "staff"
    __table_args__ = (
        Index(
            "ix_staff_email",
            "id",
            sqlite_where=text("email_sealed is not null"),
            postgresql_where=text("email_sealed is not null"),
        ),
        Index(
            "ix_staff_left",
            "id",
            sqlite_where=text("active is 0"),
            postgresql_where=text("active is false"),
        ),
    )

    ref: Mapped[str] = mapped_column(unique=True)
    name_sealed: Mapped[bytes]
    role: Mapped[Role]
    unit_id: Mapped[UUID] = mapped_column(ForeignKey("units.id"), index=True)
    active: Mapped[bool] = mapped_column(default=True)
    """False once they have left: they sign in no more, and what they had in hand waits for somebody else."""
    email_sealed: Mapped[bytes | None]
    """Where the daily digest goes. Sealed under the service key."""
    password_hash: Mapped[str | None]
    failed_sign_ins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]


class Absence(Base):
    """A time in which a member of staff is away, and others see to what is theirs. Why is nobody's business here."""

    __tablename__ = "absences"
    __table_args__ = (CheckConstraint("ends_at is null or ends_at > starts_at", name="ends_later"),)

    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None] = mapped_column(index=True)
    """Empty while nobody knows when they will be back."""
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))


class StaffSession(Base):
    """One sign-in of one member of staff; only a hash of the cookie's secret is kept."""

    __tablename__ = "staff_sessions"

    token_hash: Mapped[bytes] = mapped_column(unique=True)
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), index=True)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class ApiToken(Base):
    """A partner system's key to the API: acts as one member of staff, within its scopes."""

    __tablename__ = "api_tokens"

    name: Mapped[str] = mapped_column(unique=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    scopes: Mapped[list[str]]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
