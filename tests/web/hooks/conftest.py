"""The public door on a real port, with a Twilio-speaking peer at the other end."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from threading import Thread
from typing import Any

import pytest
import requests
from sqlalchemy import select
from twilio.request_validator import RequestValidator
from werkzeug.serving import WSGIRequestHandler, make_server

from models.messages import Message
from models.session import Database
from notify.delivery.redact import redact_due
from notify.delivery.send import send_due
from notify.dev.messages import PeerMessage
from notify.dev.twilio_peer import TwilioPeer
from tests.web.victim.kit import NOW, Door, make_door

ACCOUNT = "AC" + "0123456789abcdef" * 2
TOKEN = "a-token-for-tests"
SENDER = "+447700900900"


class QuietHandler(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002  # the library's name
        """Say nothing: a test's output is its result."""


@dataclass
class Line:
    """Both ends: `door` is ours, `peer` speaks for Twilio and calls us over HTTP."""

    door: Door
    peer: TwilioPeer

    def send(self) -> PeerMessage:
        """Let the worker send what waits; the newest message that Twilio has."""
        services = self.door.services
        send_due(
            services.sessions,
            services.database.reads,
            services.keys,
            services.writer,
            services.providers,
            clock=self.door.clock,
            worker="w",
        )
        return self.peer.accepted[-1]

    def redact(self) -> None:
        """Let the worker empty what Twilio keeps and need not."""
        services = self.door.services
        redact_due(services.sessions, services.keys, services.providers, clock=self.door.clock)

    def message(self) -> Message:
        with self.door.services.reading() as session:
            return session.scalars(select(Message)).one()

    def url(self, path: str) -> str:
        return self.door.services.settings.public_url + path

    def signature(self, path: str, fields: dict[str, str], *, token: str = TOKEN) -> str:
        return str(RequestValidator(token).compute_signature(self.url(path), fields))

    def post(self, path: str, fields: dict[str, str], *, token: str = TOKEN) -> requests.Response:
        """Post a form to a hook, signed with the account's token or another."""
        headers = {"X-Twilio-Signature": self.signature(path, fields, token=token)}
        return requests.post(self.url(path), data=fields, headers=headers, timeout=10)

    def text(
        self, body: str, *, sender: str = "+447700900123", sid: str = "SM" + "0" * 32
    ) -> requests.Response:
        """A text that comes in."""
        return self.post("/hooks/twilio/inbound", {"From": sender, "Body": body, "MessageSid": sid})


@pytest.fixture
def line(sqlite_database: Database) -> Iterator[Line]:
    with a_line(sqlite_database) as line:
        yield line


@pytest.fixture
def each_line(database: Database) -> Iterator[Line]:
    """The same on each sort of database in turn."""
    with a_line(database) as line:
        yield line


@contextmanager
def a_line(database: Database, **more: str) -> Iterator[Line]:
    """`more` are settings besides those of one account."""
    # Its application comes once its port is known.
    server = make_server("127.0.0.1", 0, lambda *_: [], threaded=True, request_handler=QuietHandler)
    with closing(server.socket), TwilioPeer(ACCOUNT, TOKEN, lambda: NOW) as peer:
        door = make_door(
            database,
            PUBLIC_URL=f"http://127.0.0.1:{server.server_port}",
            SMS_PROVIDER="twilio",
            TWILIO_ACCOUNT_SID=ACCOUNT,
            TWILIO_AUTH_TOKEN=TOKEN,
            TWILIO_FROM=SENDER,
            TWILIO_BASE_URL=peer.url,
            **more,
        )
        server.app = door.app
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield Line(door, peer)
        server.shutdown()
        thread.join()
