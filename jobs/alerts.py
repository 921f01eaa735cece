"""Raises due-soon, urgent, overdue and escalated alerts."""

from sqlalchemy import func, select

from jobs.tick import Tick
from models.oversight import AlertLook
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


_NEXT_DUE = select(func.min(AlertLook.at)).scalar_subquery()

TICK = Tick("alerts", run, _NEXT_DUE)
