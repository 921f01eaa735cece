"""Receipts that come by themselves: each text is queued, sent and delivered, a moment apart."""

import queue
import threading
import time
from dataclasses import dataclass
from typing import Self

from notify.dev.messages import FINAL, PeerMessage
from notify.dev.twilio_peer import TwilioPeer

STEPS = ("queued", "sent", "delivered")


@dataclass(frozen=True)
class _Due:
    at: float  # seconds of the monotonic clock
    sid: str
    step: int


class Receipts:
    """`with Receipts(peer, delay):` tells the service of each text that the peer takes, `delay` seconds a step.

    A text that is to be sent later, is final already or was deleted meanwhile is left alone.
    """

    def __init__(self, peer: TwilioPeer, delay: float) -> None:
        self._peer = peer
        self._delay = delay
        self._due: queue.Queue[_Due | None] = (
            queue.Queue()
        )  # all wait as long, so the first in is the first due
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._peer.on_accepted = self._accepted
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stopping.set()
        self._due.put(None)
        self._thread.join()

    def _accepted(self, message: PeerMessage) -> None:
        if message.status == "queued":
            self._wait(message.sid, 0)

    def _wait(self, sid: str, step: int) -> None:
        self._due.put(_Due(time.monotonic() + self._delay, sid, step))

    def _run(self) -> None:
        while (due := self._due.get()) is not None:
            if self._stopping.wait(max(0.0, due.at - time.monotonic())):
                return
            message = self._peer.records.get(due.sid)
            if message is None or message.status in FINAL:
                continue
            self._peer.deliver(due.sid, STEPS[due.step])
            if due.step + 1 < len(STEPS):
                self._wait(due.sid, due.step + 1)
