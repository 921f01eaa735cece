"""Opens the duty to be in touch at the agreed frequency."""

from sqlalchemy import func, select

from jobs.tick import Tick
from models.people import Participation
from notify.planning.no_change import open_no_change_duties
from notify.wiring import Services


def run(services: Services, _worker: str) -> int:
    """Look at every participation whose time has come."""
    return open_no_change_duties(
        services.sessions,
        services.keys,
        policy=services.rulebook.policy.version,
        at=services.clock(),
    )


TICK = Tick("no_change", run, select(func.min(Participation.next_no_change_at)).scalar_subquery())
