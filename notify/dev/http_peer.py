"""The HTTP server under a peer: threads, keep-alive, one packet for each answer, a record of every exchange."""

import contextlib
import socket
import ssl
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Call:
    """One request; the names of headers are in lower case."""

    method: str
    target: str
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes = field(repr=False)


class HttpPeer:
    """Serves `answer` on a port of this machine and of no other; an answer of None is a lost connection.

    Port 0 is any that is free. The last `remembered` exchanges are kept, or all. Raises OSError when the port is taken.
    """

    def __init__(
        self,
        answer: Callable[[Call], Answer | None],
        *,
        port: int = 0,
        certificate: Path | None = None,
        remembered: int | None = None,
    ) -> None:
        self.exchanges: deque[tuple[Call, Answer]] = deque(maxlen=remembered)
        self.answer = answer
        self._stopping = threading.Event()
        self._server = _Server((LOOPBACK, port), _Handler)
        self._server.peer = self
        self._scheme = "http"
        if certificate:
            self._scheme = "https"
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return f"{self._scheme}://{LOOPBACK}:{self._server.server_address[1]}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End every connection and every thread; may be repeated."""
        self._stopping.set()
        self._server.shutdown()
        self._server.hang_up()
        self._server.server_close()
        self._thread.join()

    def wait_for_stop(self, longest: float | None = None) -> bool:
        """Say nothing until the peer stops, or for the seconds given; whether it stopped."""
        return self._stopping.wait(longest)


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that server_close waits for them
    peer: HttpPeer

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self._open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """End connections that a client keeps open, so that their threads end."""
        for connection in list(self._open):
            with contextlib.suppress(OSError):  # it may have ended by itself
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # header and body leave together
    server: _Server

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        headers = {name.lower(): value for name, value in self.headers.items()}
        call = Call(self.command, self.path, headers, self.rfile.read(length))
        answer = self.server.peer.answer(call)
        if answer is None:
            self.close_connection = True
            return
        self.server.peer.exchanges.append((call, answer))
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 204:  # noqa: PLR2004 (an answer without content, by HTTP)
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    do_POST = do_DELETE = do_GET  # noqa: N815 (the library's names)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the library's word)
        """Say nothing: an address in a request may hold a number."""
