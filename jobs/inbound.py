"""Acts on texts and mail that were kept but not yet understood."""

from sqlalchemy import func, select

from jobs.tick import Tick
from models.messages import Inbound
from notify.delivery.inbound import KEPT_ONLY, apply_kept
from notify.wiring import Services


def run(services: Services, _worker: str) -> int:
    """Act on one batch."""
    return apply_kept(services.sessions, services.keys, at=services.clock())


TICK = Tick("inbound", run, select(func.min(Inbound.received_at)).where(*KEPT_ONLY).scalar_subquery())
