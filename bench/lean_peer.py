"""The least that can stand in for Twilio's Messages resource: it takes every text at once, so that it is not what is measured.

`python -m bench.lean_peer PORT [FILE]` serves until its standard input ends, and then prints how many texts it took. In FILE it
notes when each one came, in nanoseconds of the machine's monotonic clock, a line of LINE bytes each. What it answers is what `notify dev twilio` would: the benchmark reads it with the real client.
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

ACCOUNT = "AC" + "0" * 32
LINE = 21
_RECORD: dict[str, object] = {
    "account_sid": ACCOUNT, "api_version": "2010-04-01", "body": "", "date_created": "Mon, 05 Jan 2026 09:00:00 +0000",
    "date_sent": None, "date_updated": None, "direction": "outbound-api", "error_code": None, "error_message": None,
    "from": None, "messaging_service_sid": None, "num_media": "0", "num_segments": "1", "price": None,
    "price_unit": None, "sid": "SM", "status": "queued", "subresource_uris": {}, "to": None, "uri": "",
}  # fmt: skip
_taken = count(1)


class Peer(asyncio.Protocol):
    """One connection: requests one after the other, each answered as soon as it is whole."""

    def __init__(self, came: Callable[[], None]) -> None:
        self._waiting = b""
        self._came = came

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - of a stream server it is
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every request that is whole by now."""
        self._waiting += data
        while (end := self._waiting.find(b"\r\n\r\n")) >= 0:
            head = self._waiting[:end].lower()
            length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
            if len(self._waiting) < end + 4 + length:
                return
            self._waiting = self._waiting[end + 4 + length :]
            self._came()
            body = json.dumps(_RECORD | {"sid": f"SM{next(_taken):032x}"}).encode()
            answer = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            self._transport.write(answer % len(body) + body)


def _note_in(file: Path) -> Callable[[], None]:
    notes = file.open("ab", buffering=0)

    def came() -> None:
        notes.write(b"%020d\n" % time.monotonic_ns())

    return came


async def _serve(port: int, came: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Peer(came), "127.0.0.1", port)
    async with server:
        await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), _note_in(Path(sys.argv[2])) if sys.argv[2:] else lambda: None))
    print(next(_taken) - 1)
