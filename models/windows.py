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
            "ix_victim_windows_look",
            "next_look_at",
            sqlite_where=text("next_look_at is not null"),
            postgresql_where=text("next_look_at is not null"),
        ),
    )

    participation_id: Mapped[UUID] = mapped_column(ForeignKey("participations.id"), index=True)
    victim_id: Mapped[UUID] = mapped_column(ForeignKey("victims.id"), index=True)
    milestone_id: Mapped[UUID] = mapped_column(ForeignKey("milestones.id"), index=True)
    rule: Mapped[str]
    edition: Mapped[str]
    opened_at: Mapped[datetime | None]
    """When it began; empty while it waits for her to be told of what opens it."""
    ends_at: Mapped[datetime | None]
    """The end of its last day in London: 00:00 of the day after. Empty until it is reckoned."""
    next_look_at: Mapped[datetime | None]
    """When planning must look at it: she was told, half of it is over, it ends. Empty = not until something changes."""
    withdrawn_at: Mapped[datetime | None]
    """When the milestone behind it was found to be wrong."""
