"""Cases and who may see a restricted one."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Table


class Case(Base):
    """One investigation. Its words are sealed under the case's own key."""

    __tablename__ = "cases"

    ref: Mapped[str] = mapped_column(unique=True)
    unit_id: Mapped[UUID] = mapped_column(ForeignKey("units.id"), index=True)
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
