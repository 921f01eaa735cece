"""Alerts, what people said of late duties, tasks, and the digests of all that: what needs a person."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Table
from models.vocabulary import AlertLevel, AlertState, LateReason, NextStep, Role, TaskKind, TaskState


class Alert(Base):
    """A duty that is due soon, urgent, overdue or escalated, raised once a level."""

    __tablename__ = "alerts"
    __table_args__ = (
        UniqueConstraint("duty_id", "level"),
        Index(
            "ix_alerts_live",
            "unit_id",
            "level",
            sqlite_where=text("state != 'resolved'"),
            postgresql_where=text("state != 'resolved'"),
        ),
    )

    duty_id: Mapped[UUID] = mapped_column(ForeignKey("duties.id"))
    participation_id: Mapped[UUID] = mapped_column(ForeignKey("participations.id"), index=True)
    case_id: Mapped[UUID]
    """The participation's, which never changes: lists ask of many alerts who may see their cases."""
    unit_id: Mapped[UUID] = mapped_column(ForeignKey("units.id"))
    level: Mapped[AlertLevel]
    to_role: Mapped[Role]
    raised_at: Mapped[datetime]
    state: Mapped[AlertState] = mapped_column(default=AlertState.OPEN)
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    resolved_at: Mapped[datetime | None]
    resolved_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    note_sealed: Mapped[bytes | None]
    """Sealed under the victim's key."""


class AlertLook(Table):
    """When oversight must next look at an open duty; a duty without one waits until something changes.

    Kept apart because it changes every time, and a change of a duty's own row is written to every index of that table.
    """

    __tablename__ = "alert_looks"

    duty_id: Mapped[UUID] = mapped_column(ForeignKey("duties.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)


class DutyReview(Base):
    """What a person said of a duty that is late or about to be: why, and what comes next. The last one holds."""

    __tablename__ = "duty_reviews"

    duty_id: Mapped[UUID] = mapped_column(ForeignKey("duties.id"), index=True)
    victim_id: Mapped[UUID] = mapped_column(ForeignKey("victims.id"))
    at: Mapped[datetime]
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    reason: Mapped[LateReason]
    note_sealed: Mapped[bytes | None]
    next_step: Mapped[NextStep]
    next_step_by: Mapped[datetime | None]
    """Until when it is to be done."""


class Digest(Base):
    """One day's e-mail to one member of staff, planned ahead: numbers alone, and whether it went."""

    __tablename__ = "digests"
    __table_args__ = (
        UniqueConstraint("staff_id", "day"),
        Index(
            "uq_digests_one_planned",
            "staff_id",
            unique=True,
            sqlite_where=text("next_try_at is not null"),
            postgresql_where=text("next_try_at is not null"),
        ),
    )

    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    day: Mapped[str]
    """The London date, as 2026-03-29."""
    created_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime | None] = mapped_column(index=True)
    """When it is due, or is tried next; empty once it went, or was given up."""
    sent_at: Mapped[datetime | None]


class Task(Base):
    """Something a person must do by hand. `subject_id` is the duty, contact point or text it is about: one open task each."""

    __tablename__ = "tasks"
    __table_args__ = (
        Index(
            "uq_tasks_one_open",
            "participation_id",
            "kind",
            "subject_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index(
            "ix_tasks_open_about",
            "subject_id",
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index(
            "ix_tasks_open_of_unit",
            "unit_id",
            "due_at",
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index(
            "ix_tasks_open",
            "participation_id",
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    participation_id: Mapped[UUID] = mapped_column(ForeignKey("participations.id"))
    victim_id: Mapped[UUID] = mapped_column(ForeignKey("victims.id"))
    unit_id: Mapped[UUID] = mapped_column(ForeignKey("units.id"))
    """Whose people do it: the unit of its duty, or the case's own."""
    kind: Mapped[TaskKind]
    subject_id: Mapped[UUID]
    duty_id: Mapped[UUID | None] = mapped_column(ForeignKey("duties.id"), index=True)
    rules: Mapped[list[str]]
    due_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    state: Mapped[TaskState] = mapped_column(default=TaskState.OPEN)
    done_at: Mapped[datetime | None]
    done_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    note_sealed: Mapped[bytes | None]
    """Sealed under the victim's key."""
