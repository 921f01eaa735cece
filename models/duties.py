"""Duties: to tell one victim one thing by a time."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.vocabulary import CORRECTION_RULE, FINAL_RULE, NO_CHANGE_RULE, Agency, DutyClass, DutyState

_ONCE = text(
    f"state != 'cancelled' and milestone_id is not null and (rule != '{CORRECTION_RULE}' or state = 'open')"
)
"""What was told once may have to be corrected more than once, one correction after the other."""


class Duty(Base):
    """A duty comes from a milestone and a rule of the Code, or from the agreed frequency.

    `compose_at` is when delivery must next look at it; empty = not until something changes. When oversight must, an
    `AlertLook` tells.
    """

    __tablename__ = "duties"
    __table_args__ = (
        Index(
            "uq_duties_once",
            "participation_id",
            "milestone_id",
            "rule",
            unique=True,
            sqlite_where=_ONCE,
            postgresql_where=_ONCE,
        ),
        Index(
            "uq_duties_one_no_change",
            "participation_id",
            unique=True,
            sqlite_where=text(f"rule = '{NO_CHANGE_RULE}' and state = 'open'"),
            postgresql_where=text(f"rule = '{NO_CHANGE_RULE}' and state = 'open'"),
        ),
        Index(
            "uq_duties_one_final",
            "participation_id",
            unique=True,
            sqlite_where=text(f"rule = '{FINAL_RULE}' and state != 'cancelled'"),
            postgresql_where=text(f"rule = '{FINAL_RULE}' and state != 'cancelled'"),
        ),
        Index(
            "ix_duties_open_of_victim",
            "victim_id",
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index(
            "ix_duties_open",
            "participation_id",
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index(
            "ix_duties_open_of_unit",
            "unit_id",
            "deadline",
            "id",
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index(
            "ix_duties_compose",
            "compose_at",
            "created_at",
            "id",
            sqlite_where=text("compose_at is not null"),
            postgresql_where=text("compose_at is not null"),
        ),
        CheckConstraint("(state = 'open') = (closed_at is null)", name="closed"),
        CheckConstraint("deadline = coalesce(urgent_by, due_at)", name="deadline"),
        CheckConstraint(
            f"(milestone_id is null) = (rule in ('{NO_CHANGE_RULE}', '{FINAL_RULE}'))", name="source"
        ),
    )

    participation_id: Mapped[UUID] = mapped_column(ForeignKey("participations.id"), index=True)
    victim_id: Mapped[UUID] = mapped_column(ForeignKey("victims.id"))
    milestone_id: Mapped[UUID | None] = mapped_column(ForeignKey("milestones.id"), index=True)
    unit_id: Mapped[UUID] = mapped_column(ForeignKey("units.id"))
    """Whose people carry it: the unit of the owning agency that deals with the case, or the case's own."""
    rule: Mapped[str]
    edition: Mapped[str]
    policy: Mapped[str]
    """The version of the force's policy by which its times were set."""
    kind: Mapped[str]
    duty_class: Mapped[DutyClass]
    owner: Mapped[Agency]
    enhanced: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(index=True)
    clock_start: Mapped[datetime]
    due_at: Mapped[datetime]
    urgent_by: Mapped[datetime | None]
    deadline: Mapped[datetime]
    """The instant after which the duty is overdue (design: due_at, or urgent_by for the immediate class)."""
    state: Mapped[DutyState] = mapped_column(default=DutyState.OPEN)
    closed_at: Mapped[datetime | None]
    late: Mapped[bool | None]
    closed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    entry_id: Mapped[UUID | None] = mapped_column(ForeignKey("contact_entries.id"))
    close_reason_sealed: Mapped[bytes | None]
    compose_at: Mapped[datetime | None]
    no_safe_moment_at: Mapped[datetime | None]
    """When delivery found that no safe moment comes before `urgent_by`: oversight raises the urgent alert from it."""

    @property
    def has_update(self) -> bool:
        """Whether an officer may release words for it: what was told wrongly is put right by a person and by nobody else."""
        return self.duty_class is DutyClass.OFFICER_FIRST and self.rule != CORRECTION_RULE
