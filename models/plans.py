"""Communication plans: immutable versions, one of them current."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.keyring import OwnerKey
from models.vocabulary import CodeWord, Detail, Sender


class Plan(Base):
    """What was agreed with the victim for one participation. A change is a new version, never an edit."""

    __tablename__ = "plans"
    __table_args__ = (
        UniqueConstraint("participation_id", "version"),
        Index(
            "uq_plans_one_current",
            "participation_id",
            unique=True,
            sqlite_where=text("current"),
            postgresql_where=text("current"),
        ),
        CheckConstraint("every_days >= 1", name="every_days"),
    )

    participation_id: Mapped[UUID] = mapped_column(ForeignKey("participations.id"))
    version: Mapped[int]
    current: Mapped[bool]
    agreed_at: Mapped[datetime]
    agreed_by_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    reason_sealed: Mapped[bytes | None]
    every_days: Mapped[int]
    automatic: Mapped[bool]
    officer_first_nudge: Mapped[bool]
    never_dates: Mapped[list[str]]
    """Local dates (ISO) on which nothing may be sent."""
    code_words_sealed: Mapped[bytes | None]
    """JSON: the word agreed for each meaning of CodeWord, as it was typed; empty when none is agreed."""
    channels: Mapped[list["PlanChannel"]] = relationship(order_by="PlanChannel.position", lazy="raise")

    def open_code_words(self, key: OwnerKey) -> dict[CodeWord, str]:
        """The words agreed, opened with the victim's key. Raises SealBroken."""
        opened = key.open_or_none(self, "code_words_sealed")
        return {CodeWord(meaning): word for meaning, word in json.loads(opened or "{}").items()}


class PlanChannel(Base):
    """One contact point in a plan, in order of preference, with what may be said there and when."""

    __tablename__ = "plan_channels"
    __table_args__ = (
        CheckConstraint("not counts_as_told or detail = 'full'", name="told_only_in_full"),
        UniqueConstraint("plan_id", "position"),
        UniqueConstraint("plan_id", "contact_point_id"),
    )

    plan_id: Mapped[UUID] = mapped_column(ForeignKey("plans.id"))
    position: Mapped[int]
    contact_point_id: Mapped[UUID] = mapped_column(ForeignKey("contact_points.id"), index=True)
    detail: Mapped[Detail]
    sender: Mapped[Sender]
    counts_as_told: Mapped[bool]
    windows: Mapped[list[dict[str, Any]]]
    """[{"days": ["mon"], "from": "09:00", "to": "17:00"}], local time; an earlier or equal `to` is on the next day."""
    cover_text_sealed: Mapped[bytes | None]
