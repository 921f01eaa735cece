"""Milestones: what happened in a case, and how it was corrected."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
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
