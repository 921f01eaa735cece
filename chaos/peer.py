"""A provider that speaks Twilio's Messages resource fast, fails often, and never forgets a text that it took.

It runs in a process of its own, outlives every worker and every database, and is what the verdict goes by. Beside the
records that Twilio would show it keeps, of each text, the message that the receipt address names.
"""

import asyncio
import json
import random
import re
import socket
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from notify.dev.messages import PeerMessage, search

ACCOUNT = "AC" + "0" * 32
ROOT = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
TAKEN, LATE = "/taken", "/late"
"""Where the test itself asks for all that was taken, and how many calls it has in hand that it has not dealt with yet."""
QUICK = "+44770098"
"""What begins so is sent at once, and its number hidden: whoever looks it up cannot be told for sure."""
SENT_AFTER = timedelta(seconds=20)
STORM_EVERY, STORM_LASTS = 1_000, 100  # requests
IN_STORM, IN_CALM = 0.3, 0.015  # of the requests fail
_ABOUT = re.compile(r"/hooks/twilio/receipts/([0-9a-f-]{36})/")


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one request. No `status`: the connection is dropped."""

    weight: int
    taken: bool = False
    status: int = 0
    late: float = 0.0  # real seconds before anything happens


SENDING = (
    Fault(6),
    Fault(6, taken=True),
    Fault(4, status=500),
    Fault(4, taken=True, status=500),
    Fault(6, status=429),
    Fault(1, taken=True, late=1.3),  # whoever asked has given up by then
    Fault(2, taken=True, status=201, late=0.2),
)
ASKING = (Fault(2), Fault(2, status=500), Fault(2, status=429))


@dataclass
class Book:
    """What the peer took, in order, and what of it a search finds."""

    clock: Callable[[], datetime]
    taken: list[dict[str, Any]] = field(default_factory=list)
    late: int = 0
    _by_number: defaultdict[str, list[PeerMessage]] = field(default_factory=lambda: defaultdict(list))
    _quick: list[PeerMessage] = field(default_factory=list)
    _unsent: deque[PeerMessage] = field(default_factory=deque)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def take(self, form: dict[str, str]) -> PeerMessage:
        """Keep a text; from now on it is sent, whatever becomes of the answer."""
        now = self.clock()
        message = PeerMessage(f"SM{next(self._numbers):032x}", form, now)
        about = _ABOUT.search(form.get("StatusCallback", ""))
        self.taken.append(
            {
                "message": about[1] if about else None,
                "to": message.to,
                "at": now.isoformat(),
                "seconds": int(form["ValidityPeriod"]),
            }
        )
        self._by_number[message.to].append(message)
        if message.to.startswith(QUICK):
            self._quick.append(message)
            self._unsent.append(message)
        return message

    def find(self, query: dict[str, str]) -> list[PeerMessage]:
        """What a search finds, newest first."""
        now = self.clock()
        while self._unsent and now >= self._unsent[0].created_at + SENT_AFTER:
            message = self._unsent.popleft()
            message.status, message.sent_at = "sent", message.created_at + SENT_AFTER
        fits = search(query)
        # Only what was sent has a date of it; everything else is asked for by number.
        among = self._by_number[query["To"]] if "To" in query else self._quick
        return [message for message in reversed(among) if fits(message)]


class Peer(asyncio.Protocol):
    """One connection: requests one after the other, each spoiled with the odds of the moment."""

    def __init__(self, book: Book, chances: random.Random, requests: Iterator[int]) -> None:
        self._book, self._chances, self._requests = book, chances, requests
        self._waiting = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - of a stream server it is
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer a request once it is whole; the client asks for nothing before it has its answer."""
        self._waiting += data
        head, end, rest = self._waiting.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
        if not end or len(rest) < length:
            return
        method, target, _ = head.split(b" ", 2)
        self._waiting = rest[length:]
        if target.decode() == TAKEN:
            self._answer(200, self._book.taken)
        elif target.decode() == LATE:
            self._answer(200, self._book.late)
        elif method == b"POST":
            form = dict(parse_qsl(rest[:length].decode(), keep_blank_values=True))
            self._spoil(SENDING, lambda: self._create(form))
        else:
            query = dict(parse_qsl(urlsplit(target.decode()).query, keep_blank_values=True))
            self._spoil(ASKING, lambda: self._list(query))

    def _spoil(self, faults: tuple[Fault, ...], act: Callable[[], tuple[int, Any]]) -> None:
        stormy = next(self._requests) % STORM_EVERY >= STORM_EVERY - STORM_LASTS
        if self._chances.random() >= (IN_STORM if stormy else IN_CALM):
            self._answer(*act())
            return
        [fault] = self._chances.choices(faults, [fault.weight for fault in faults])
        if fault.late:
            self._book.late += 1
            asyncio.get_running_loop().call_later(fault.late, self._fail, fault, act)
        else:
            self._fail(fault, act)

    def _fail(self, fault: Fault, act: Callable[[], tuple[int, Any]]) -> None:
        self._book.late -= bool(fault.late)
        answer = act() if fault.taken else None
        if not fault.status:
            self._transport.abort()
        elif answer and answer[0] == fault.status:
            self._answer(*answer)
        else:
            self._answer(fault.status, {"code": 20000 + fault.status % 1000, "status": fault.status})

    def _create(self, form: dict[str, str]) -> tuple[int, Any]:
        return 201, self._book.take(form).shown(ACCOUNT)

    def _list(self, query: dict[str, str]) -> tuple[int, Any]:
        size, page = int(query.get("PageSize", "50")), int(query.get("Page", "0"))
        found = self._book.find(query)
        more = f"{ROOT}?{urlencode({**query, 'Page': page + 1})}" if len(found) > (page + 1) * size else None
        shown = [message.shown(ACCOUNT) for message in found[page * size : (page + 1) * size]]
        return 200, {"messages": shown, "next_page_uri": more, "page": page, "page_size": size}

    def _answer(self, status: int, value: Any) -> None:
        if self._transport.is_closing():
            return
        body = json.dumps(value).encode()
        head = (
            f"HTTP/1.1 {status} As it is\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        )
        wait = "Retry-After: 7\r\n" if status == 429 else ""  # too many requests, by HTTP
        self._transport.write(f"{head}{wait}\r\n".encode() + body)


def serve(listening: socket.socket, clock: Callable[[], datetime], seed: str) -> None:
    """Serve until killed."""
    book, chances, requests = Book(clock), random.Random(seed), count()

    async def _forever() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Peer(book, chances, requests), sock=listening)
        await server.serve_forever()

    asyncio.run(_forever())
