"""Milestones: what happened in a case, how it was corrected, and whom a suspect does not concern."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.vocabulary import Agency, MilestoneKind


class Milestone(Base):
    """Something that happened, with when it happened and when the owner learned of it. Words are sealed under the case key."""

    __tablename__ = "milestones"
    __table_args__ = (CheckConstraint("learned_at >= happened_at", name="learned_after"),)

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    external_id: Mapped[str | None] = mapped_column(unique=True)
    kind: Mapped[MilestoneKind]
    happened_at: Mapped[datetime]
    learned_at: Mapped[datetime]
    owner: Mapped[Agency]
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    withdrawn_at: Mapped[datetime | None]
    """When it was found never to have happened, or to have been entered twice; the last correction says why."""
    suspect_sealed: Mapped[bytes | None]
    suspect_index: Mapped[bytes | None]
    """Blind index of the suspect within the case: by it a victim is told only of those who concern her."""
    facts_sealed: Mapped[bytes | None]
    """A JSON object of short texts."""


class MilestoneCorrection(Base):
    """What a milestone said before it was corrected or withdrawn, and why it was."""

    __tablename__ = "milestone_corrections"

    milestone_id: Mapped[UUID] = mapped_column(ForeignKey("milestones.id"), index=True)
    at: Mapped[datetime]
    by_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    reason_sealed: Mapped[bytes]
    earlier_sealed: Mapped[bytes]
    """A JSON object of the earlier values of the changed fields."""


class UnconcernedSuspect(Base):
    """A suspect of the case who does not concern this victim: she is told nothing of them. All others concern her."""

    __tablename__ = "unconcerned_suspects"
    __table_args__ = (
        Index(
            "uq_unconcerned_suspects_one",
            "participation_id",
            "suspect_index",
            unique=True,
            sqlite_where=text("ended_at is null"),
            postgresql_where=text("ended_at is null"),
        ),
    )

    participation_id: Mapped[UUID] = mapped_column(ForeignKey("participations.id"))
    suspect_index: Mapped[bytes]
    suspect_sealed: Mapped[bytes]
    """Sealed under the case's key, as milestones have it."""
    at: Mapped[datetime]
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    reason_sealed: Mapped[bytes]
    """Sealed under the case's key."""
    ended_at: Mapped[datetime | None]
    """When it was found that they do concern her."""
    ended_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
