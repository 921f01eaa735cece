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


TICK = Tick("alerts", run, select(func.min(Duty.next_alert_at)).scalar_subquery())
