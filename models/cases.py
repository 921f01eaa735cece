"""Cases, who may see a restricted one, and which unit of each agency deals with one."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Table
from models.vocabulary import Agency


class Case(Base):
    """One investigation. Its words are sealed under the case's own key."""

    __tablename__ = "cases"
    __table_args__ = (
        Index("ix_cases_of_unit", "unit_id", "closed_at", "opened_at", "id"),
        # All that a list asks of each case. SQLite else looks it up twice, by its id and then by its row's number;
        # PostgreSQL needs no such help, and there the index stays empty.
        Index(
            "ix_cases_listed",
            "id",
            "restricted",
            "closed_at",
            "opened_at",
            "unit_id",
            "officer_id",
            postgresql_where=text("false"),
        ),
    )

    ref: Mapped[str] = mapped_column(unique=True)
    unit_id: Mapped[UUID] = mapped_column(ForeignKey("units.id"))
    officer_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), index=True)
    offence_sealed: Mapped[bytes]
    restricted: Mapped[bool]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    close_reason_sealed: Mapped[bytes | None]


class CaseAccess(Table):
    """A line of a restricted case's allow list."""

    __tablename__ = "case_access"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), primary_key=True, index=True)


class CaseUnit(Table):
    """Which unit of one agency deals with this case, and who there; without a line it is the case's own unit."""

    __tablename__ = "case_units"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    agency: Mapped[Agency] = mapped_column(primary_key=True)
    unit_id: Mapped[UUID] = mapped_column(ForeignKey("units.id"), index=True)
    officer_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"), index=True)
    since: Mapped[datetime]


class HandOver(Base):
    """Each time a case, or one duty of it, passed from one agency, unit or officer to another, and why."""

    __tablename__ = "hand_overs"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    duty_id: Mapped[UUID | None]
    """The one duty that was handed over; empty when it was all that the agency does in the case."""
    at: Mapped[datetime]
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    from_agency: Mapped[Agency]
    from_unit_id: Mapped[UUID] = mapped_column(ForeignKey("units.id"))
    from_officer_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    to_agency: Mapped[Agency]
    to_unit_id: Mapped[UUID] = mapped_column(ForeignKey("units.id"))
    to_officer_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    reason_sealed: Mapped[bytes]
    """Sealed under the case's key."""
