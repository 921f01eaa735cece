"""Victim windows: the time in which a victim herself may ask for something, until a date."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class VictimWindow(Base):
    """What one victim may ask for until a date, because of one milestone: a review of a decision, or of a sentence."""

    __tablename__ = "victim_windows"
    __table_args__ = (
        Index(
            "uq_victim_windows_one",
            "participation_id",
            "milestone_id",
            "rule",
            unique=True,
            sqlite_where=text("withdrawn_at is null"),
            postgresql_where=text("withdrawn_at is null"),
        ),
        Index(
            "ix_victim_windows_remind",
            "remind_at",
            sqlite_where=text("remind_at is not null"),
            postgresql_where=text("remind_at is not null"),
        ),
    )

    participation_id: Mapped[UUID] = mapped_column(ForeignKey("participations.id"), index=True)
    victim_id: Mapped[UUID] = mapped_column(ForeignKey("victims.id"), index=True)
    milestone_id: Mapped[UUID] = mapped_column(ForeignKey("milestones.id"), index=True)
    rule: Mapped[str]
    edition: Mapped[str]
    opened_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    """The end of its last day in London: 00:00 of the day after."""
    remind_at: Mapped[datetime | None]
    """When half of it is over and she is to be reminded; empty once that is settled."""
    withdrawn_at: Mapped[datetime | None]
    """When the milestone behind it was found to be wrong."""
