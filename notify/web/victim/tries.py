"""Wrong tries at the front door, counted by network address.

Each victim's own lock is in the database. This count only slows down somebody who tries one secret on many
names, so it may be lost with the process; kept in memory, no address of a victim's phone is ever stored.
"""

from collections import deque
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from threading import Lock

MOST = 30
"""Wrong tries allowed: many phones of one mobile network share an address."""
WITHIN = timedelta(minutes=15)
MANY_ADDRESSES = 10_000
"""Above so many addresses, those whose tries are all old are dropped."""
HOME = 64
"""Bits of an IPv6 address that one home or phone keeps; it may change the rest at will."""


class WrongTries:
    """Safe to share between threads."""

    def __init__(self) -> None:
        self._tries: dict[str, deque[datetime]] = {}
        self._lock = Lock()

    def too_many(self, address: str | None, *, at: datetime) -> bool:
        """Whether nothing more is to be heard from this address for now."""
        with self._lock:
            return len(self._recent(_network(address), at)) >= MOST

    def note(self, address: str | None, *, at: datetime) -> None:
        """Count one wrong try."""
        with self._lock:
            if len(self._tries) >= MANY_ADDRESSES:
                self._drop_old(at)
            network = _network(address)
            self._tries.setdefault(network, deque(maxlen=MOST)).append(at)

    def _recent(self, network: str, at: datetime) -> deque[datetime]:
        tries = self._tries.get(network, deque())
        while tries and tries[0] <= at - WITHIN:
            tries.popleft()
        return tries

    def _drop_old(self, at: datetime) -> None:
        self._tries = {network: tries for network, tries in self._tries.items() if self._recent(network, at)}


def _network(address: str | None) -> str:
    try:
        known = ip_address(address or "")
    except ValueError:
        return ""
    return str(ip_network((known, HOME), strict=False) if known.version == 6 else known)  # noqa: PLR2004
