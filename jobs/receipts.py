"""Applies receipts that were kept but not yet understood."""

from sqlalchemy import func, select

from jobs.tick import Tick
from models.messages import Receipt
from notify.delivery.receipts import KEPT_ONLY, apply_kept
from notify.wiring import Services


def run(services: Services, _worker: str) -> int:
    """Apply one batch."""
    return apply_kept(services.sessions, services.keys, at=services.clock())


TICK = Tick("receipts", run, select(func.min(Receipt.received_at)).where(*KEPT_ONLY).scalar_subquery())
