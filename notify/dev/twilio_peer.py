"""A local server that speaks Twilio's Messages resource, faults included, for development and tests.

It keeps messages in memory and calls nobody but the service on this machine, when told to. Where Twilio's behaviour is
not documented it takes the view that is harder for us: a search does not find a number whose last digits are hidden,
and a date filter does not find what was not sent yet.
"""

import base64
import hmac
import json
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Self, TypeAlias
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import uuid4

import requests

from notify.dev.calling import Callback, NotThisMachine, inbound_fields, receipt_fields, signed
from notify.dev.faults import ERROR, TEST_NUMBERS, Fault
from notify.dev.http_peer import Answer, Call, HttpPeer
from notify.dev.messages import (
    FINAL,
    OFF_OUR_HANDS,
    VERSION,
    PeerMessage,
    fault_in,
    is_scheduled,
    search,
    whole,
)

Operation: TypeAlias = Literal["create", "fetch", "list", "update", "delete"]
Act: TypeAlias = Callable[[], Answer | None]
POOL_NUMBER = "+447700900900"
"""The number behind every messaging service: what was sent by one is answered to this."""


@dataclass
class TwilioPeer:
    """`with TwilioPeer(sid, token, clock) as peer:` listens on `peer.url` until the end of the block.

    Each fault in `faults[operation]` spoils one request; `next_faults` are those of create. `on_accepted` is told of
    each message that was taken, before the answer to it leaves.
    """

    account_sid: str
    auth_token: str = field(repr=False)
    clock: Callable[[], datetime]
    port: int = 0
    remembered: int | None = None  # exchanges; all of them if not given

    def __post_init__(self) -> None:
        self.accepted: list[PeerMessage] = []  # in order, deleted ones too
        self.records: dict[str, PeerMessage] = {}  # what the API finds: in order, those that came in too
        self.texts: dict[str, PeerMessage] = {}  # what the phones show: the same, and deleted ones too
        self.number_faults = dict(TEST_NUMBERS)
        self.faults: dict[Operation, deque[Fault]] = defaultdict(deque)
        self.next_faults = self.faults["create"]
        self.largest_page = 1000  # records
        self.on_accepted: Callable[[PeerMessage], None] = lambda _message: None
        self._lock = threading.Lock()
        self.http = HttpPeer(self.answer, port=self.port, remembered=self.remembered)

    def __enter__(self) -> Self:
        self.http.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.http.stop()

    @property
    def url(self) -> str:
        return self.http.url

    def advance(self, sid: str, status: str, *, error_code: int | None = None) -> PeerMessage:
        """Move a message on, in Twilio's words (sent, delivered, undelivered, failed), and tell nobody."""
        with self._lock:
            message = self.records[sid]
            # A callback may come late; the record never goes back.
            if status in FINAL or message.status not in FINAL:
                message.status, message.error_code = status, error_code
            if status in OFF_OUR_HANDS and message.sent_at is None:
                message.sent_at = self.clock()
            return message

    def callback(self, sid: str, status: str, *, error_code: int | None = None) -> Callback:
        """Move a message on and return the signed callback that Twilio would post."""
        return self._receipt(self.advance(sid, status, error_code=error_code), status, error_code)

    def deliver(self, sid: str, status: str = "delivered", *, error_code: int | None = None) -> int:
        """Move a message on and post the signed callback; return the HTTP status of the answer, 0 for none."""
        message = self.advance(sid, status, error_code=error_code)
        if "StatusCallback" not in message.asked:
            return 0
        return self._tell(message, status, self._receipt(message, status, error_code))

    def text_in(self, hook: str, *, sender: str, to: str, body: str) -> int:
        """Take a text from a phone and post it, signed, to the service's `hook`; the HTTP status, 0 for no answer."""
        asked = {"From": sender, "To": to, "Body": body}
        message = PeerMessage(f"SM{uuid4().hex}", asked, self.clock(), "received", direction="inbound")
        message.sent_at = message.created_at
        with self._lock:
            self.records[message.sid] = self.texts[message.sid] = message
        fields = inbound_fields(self.account_sid, message)
        return self._tell(message, "received", signed(hook, fields, self.auth_token))

    def _receipt(self, message: PeerMessage, status: str, error_code: int | None) -> Callback:
        fields = receipt_fields(self.account_sid, message, status, error_code)
        return signed(message.asked["StatusCallback"], fields, self.auth_token)

    def _tell(self, message: PeerMessage, what: str, callback: Callback) -> int:
        try:
            status = callback.post()
        except (requests.RequestException, NotThisMachine) as fault:
            message.told.append(f"{what}: {'refused, ' if isinstance(fault, NotThisMachine) else ''}not told")
            return 0
        message.told.append(f"{what}: the service answered {status}")
        return status

    def answer(self, call: Call) -> Answer | None:
        """Answer one request to the API; None is a lost connection."""
        wanted = base64.b64encode(f"{self.account_sid}:{self.auth_token}".encode()).decode()
        if not hmac.compare_digest(
            call.headers.get("authorization", "").encode(), f"Basic {wanted}".encode()
        ):
            return error(401, 20003)
        form = dict(parse_qsl(call.body.decode(), keep_blank_values=True))
        found = self._operation(call, form)
        if found is None:
            return error(404, 20404)
        operation, act = found
        with self._lock:
            waiting = self.faults[operation]
            fault = waiting.popleft() if waiting else None
        return act() if fault is None else self._spoiled(fault, act, about=form.get("To", ""))

    def _operation(self, call: Call, form: dict[str, str]) -> tuple[Operation, Act] | None:
        """Which operation a request asks for, and what carries it out."""
        parts = urlsplit(call.target)
        root = f"/{VERSION}/Accounts/{self.account_sid}/Messages"
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        if parts.path == f"{root}.json":
            operations: dict[str, tuple[Operation, Act]] = {
                "GET": ("list", lambda: self._list(query)),
                "POST": ("create", lambda: self._create(form)),
            }
        else:
            sid = parts.path.removeprefix(f"{root}/").removesuffix(".json")
            operations = {
                "GET": ("fetch", lambda: self._fetch(sid)),
                "POST": ("update", lambda: self._update(sid, form)),
                "DELETE": ("delete", lambda: self._delete(sid)),
            }
        return operations.get(call.method)

    def _spoiled(self, fault: Fault, act: Act, *, about: str) -> Answer | None:
        if fault.delay and self.http.wait_for_stop(fault.delay):
            return None
        answer = act() if fault.accepted else None
        if fault.hangs:
            self.http.wait_for_stop()
        if fault.status >= ERROR:
            return error(fault.status, fault.code, about=about, retry_after=fault.retry_after)
        return answer if fault.status else None

    def _create(self, form: dict[str, str]) -> Answer | None:
        to, code = form.get("To", ""), fault_in(form, self.clock())
        if code is not None:
            return error(400, code, about=to)
        fault = self.number_faults.get(to)
        return self._take(form) if fault is None else self._spoiled(fault, lambda: self._take(form), about=to)

    def _take(self, form: dict[str, str]) -> Answer:
        message = PeerMessage(f"SM{uuid4().hex}", form, self.clock())
        if is_scheduled(form):
            message.status = "scheduled"
        with self._lock:
            self.accepted.append(message)
            self.records[message.sid] = self.texts[message.sid] = message
        self.on_accepted(message)
        return _json(201, message.shown(self.account_sid))

    def _fetch(self, sid: str) -> Answer:
        with self._lock:
            message = self.records.get(sid)
            return _json(200, message.shown(self.account_sid)) if message else error(404, 20404)

    def _list(self, query: dict[str, str]) -> Answer:
        size, page = whole(query.get("PageSize", "50")), whole(query.get("Page", "0"))
        try:
            fits = search(query)
        except ValueError:
            return error(400, 20001)
        if size < 1 or page < 0:
            return error(400, 20001)
        with self._lock:
            found = [message.shown(self.account_sid) for message in self.records.values() if fits(message)]
        found.reverse()  # newest first
        return _json(200, _page(found, query, min(size, self.largest_page), page, self.account_sid))

    def _update(self, sid: str, form: dict[str, str]) -> Answer:
        """Empty the text (an empty Body), or call off what was to be sent later (Status canceled)."""
        with self._lock:
            message = self.records.get(sid)
            if message is None:
                return error(404, 20404)
            if form == {"Body": ""}:
                if message.status not in FINAL:
                    return error(409, 20009)
                message.emptied = True
            elif form == {"Status": "canceled"}:
                if message.status != "scheduled":
                    return error(409, 30409)
                message.status = "canceled"
            else:
                return error(400, 30400)
            return _json(200, message.shown(self.account_sid))

    def _delete(self, sid: str) -> Answer:
        with self._lock:
            message = self.records.get(sid)
            if message is None:
                return error(404, 20404)
            if message.status not in FINAL:
                return error(409, 20009)
            del self.records[sid]
            message.deleted = True
            return Answer(204, {}, b"")


def error(status: int, code: int, *, about: str = "", retry_after: str | None = None) -> Answer:
    """An error as Twilio tells it; its words may name the number, as Twilio's do.

    Source: https://www.twilio.com/docs/usage/twilios-response#response-formats-exceptions
    """
    value = {
        "code": code,
        "message": f"Refused for {about}" if about else "Refused",
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    return _json(status, value, {"Retry-After": retry_after} if retry_after else {})


def _page(
    found: list[dict[str, object]], query: Mapping[str, str], size: int, page: int, account_sid: str
) -> dict[str, object]:
    """One page of a list, with the addresses of those around it."""
    path = f"/{VERSION}/Accounts/{account_sid}/Messages.json"

    def uri(number: int) -> str:
        return (
            f"{path}?{urlencode({**query, 'PageSize': size, 'Page': number, 'PageToken': f'PASM{number}'})}"
        )

    shown = found[page * size : (page + 1) * size]
    return {
        "messages": shown,
        "first_page_uri": uri(0),
        "previous_page_uri": uri(page - 1) if page else None,
        "next_page_uri": uri(page + 1) if (page + 1) * size < len(found) else None,
        "uri": uri(page),
        "page": page,
        "page_size": size,
        "start": page * size,
        "end": page * size + max(len(shown) - 1, 0),
    }


def _json(status: int, value: object, headers: dict[str, str] | None = None) -> Answer:
    return Answer(status, {"Content-Type": "application/json", **(headers or {})}, json.dumps(value).encode())
