"""When a duty that is still open needs a person, and whom."""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.vocabulary import AlertLevel, Role

ROLE_FOR = {
    AlertLevel.DUE_SOON: Role.CASE_OFFICER,
    AlertLevel.URGENT: Role.SUPERVISOR,
    AlertLevel.OVERDUE: Role.SUPERVISOR,
    AlertLevel.ESCALATED: Role.SUPERVISOR,
}
"""Who is told at each level. `urgent` is no step in time: it is raised when no safe moment comes before `urgent_by`."""

Later = Callable[[datetime, int], datetime]
"""(instant, n) -> the instant n working days later."""


@dataclass(frozen=True, slots=True)
class AlertPolicy:
    """How long before a duty is due the officer hears of it, and how many working days after it the supervisor does."""

    due_soon: timedelta
    escalate_standard: int
    escalate_enhanced: int


@dataclass(frozen=True, slots=True)
class Deadlines:
    """The times of one duty (all UTC); `urgent_by` belongs to the class `immediate` only."""

    created_at: datetime
    due_at: datetime
    urgent_by: datetime | None
    enhanced: bool


Step = tuple[datetime, AlertLevel, Role]


def steps(deadlines: Deadlines, policy: AlertPolicy, later: Later) -> tuple[Step, ...]:
    """Every alert a duty would raise if nobody ever met it, in time order."""
    overdue_at = deadlines.urgent_by or deadlines.due_at
    working_days = policy.escalate_enhanced if deadlines.enhanced else policy.escalate_standard
    moments = (
        (max(deadlines.created_at, deadlines.due_at - policy.due_soon), AlertLevel.DUE_SOON),
        (overdue_at, AlertLevel.OVERDUE),
        (later(overdue_at, working_days), AlertLevel.ESCALATED),
    )
    return tuple((at, level, ROLE_FOR[level]) for at, level in sorted(moments, key=lambda moment: moment[0]))


def due_now(
    steps: Sequence[Step], raised: AbstractSet[AlertLevel], at: datetime
) -> list[tuple[AlertLevel, Role]]:
    """The alerts to raise at an instant: those whose time has come and that were not raised before."""
    return [(level, role) for moment, level, role in steps if moment <= at and level not in raised]


def next_at(steps: Sequence[Step], raised: AbstractSet[AlertLevel], at: datetime) -> datetime | None:
    """The first moment after an instant at which an alert not raised before falls due; None when there is none."""
    return min((moment for moment, level, _ in steps if moment > at and level not in raised), default=None)
