"""Raises due-soon, urgent, overdue and escalated alerts."""

from sqlalchemy import func, select

from jobs.tick import Tick
from models.duties import Duty
from notify.oversight.alerts import raise_alerts
from notify.wiring import Services


def run(services: Services, _worker: str) -> int:
    """Look at every duty whose next alert is due."""
    return raise_alerts(
        services.sessions,
        services.keys,
        services.alert_policy,
        services.rulebook.calendar.later,
        at=services.clock(),
    )


# Not null, in so many words: the index holds only those, and SQLite uses it only then.
_NEXT_DUE = select(func.min(Duty.next_alert_at)).where(Duty.next_alert_at.is_not(None)).scalar_subquery()

TICK = Tick("alerts", run, _NEXT_DUE)
