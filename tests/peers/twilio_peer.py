"""A local server that speaks Twilio's Messages resource, faults included, for tests and development.

It keeps messages in memory and calls nobody but the status callback of a message, when told to deliver it.
Where Twilio's behaviour is not documented it takes the view that is harder for us: a search does not find a number
whose last digits are hidden, and a date filter does not find what was not sent yet.

Long because it speaks every operation that we use, and each of their errors.
"""

import base64
import hmac
import json
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Self
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import uuid4

import requests
from twilio.request_validator import RequestValidator

from tests.peers.http_peer import Answer, Call, HttpPeer

FINAL = {"delivered", "undelivered", "failed"}
OFF_OUR_HANDS = FINAL | {"sent"}


@dataclass(frozen=True)
class Fault:
    """What goes wrong with the creation of one message: an error answer, or none (`status` 0)."""

    status: int = 0
    code: int = 0
    retry_after: str | None = None
    accepted: bool = False  # the message is taken all the same
    hangs: bool = False  # silence rather than a lost connection


OPTED_OUT = Fault(400, 21610)
BAD_NUMBER = Fault(400, 21211)
TOO_MANY = Fault(429, 20429, retry_after="7")
FORBIDDEN = Fault(403, 20403)
BROKEN = Fault(500, 20500)
BROKEN_AFTER_ACCEPTING = Fault(500, 20500, accepted=True)
DROP_BEFORE_ACCEPTING = Fault()
DROP_AFTER_ACCEPTING = Fault(accepted=True)
HANG_AFTER_ACCEPTING = Fault(accepted=True, hangs=True)

TEST_NUMBERS = {
    "+15005550001": BAD_NUMBER,
    "+15005550002": Fault(400, 21612),
    "+15005550003": Fault(400, 21408),
    "+15005550004": OPTED_OUT,
    "+15005550009": Fault(400, 21614),
}
"""Twilio's own test numbers and what they mean."""


@dataclass
class PeerMessage:
    """One message as the peer knows it; what the API shows of it is in `PeerMessage.shown`."""

    sid: str
    asked: dict[str, str]  # every field of the request
    created_at: datetime
    status: str = "queued"
    error_code: int | None = None
    sent_at: datetime | None = None
    emptied: bool = False

    @property
    def to(self) -> str:
        return self.asked["To"]

    @property
    def body(self) -> str:
        return self.asked["Body"]

    @property
    def shown_to(self) -> str:
        hidden = self.sent_at is not None and self.asked.get("AddressRetention") == "obfuscate"
        return f"{self.to[:-4]}XXXX" if hidden else self.to

    @property
    def shown_body(self) -> str:
        discarded = self.sent_at is not None and self.asked.get("ContentRetention") == "discard"
        return "" if discarded or self.emptied else self.body

    def shown(self, account_sid: str) -> dict[str, object]:
        """The record as Twilio's API gives it."""
        uri = f"/2010-04-01/Accounts/{account_sid}/Messages/{self.sid}"
        return {
            "account_sid": account_sid,
            "api_version": "2010-04-01",
            "body": self.shown_body,
            "date_created": format_datetime(self.created_at),
            "date_sent": format_datetime(self.sent_at) if self.sent_at else None,
            "date_updated": format_datetime(self.sent_at or self.created_at),
            "direction": "outbound-api",
            "error_code": self.error_code,
            "error_message": None,
            "from": self.asked.get("From"),
            "messaging_service_sid": self.asked.get("MessagingServiceSid"),
            "num_media": "0",
            "num_segments": "1",
            "price": None,
            "price_unit": None,
            "sid": self.sid,
            "status": self.status,
            "subresource_uris": {"media": f"{uri}/Media.json"},
            "to": self.shown_to,
            "uri": f"{uri}.json",
        }


@dataclass(frozen=True)
class Callback:
    """A status callback, ready to post: form fields and the signature for the X-Twilio-Signature header."""

    url: str
    fields: dict[str, str]
    signature: str


@dataclass
class TwilioPeer:
    """`with TwilioPeer(sid, token, clock) as peer:` listens on `peer.url` until the end of the block."""

    account_sid: str
    auth_token: str = field(repr=False)
    clock: Callable[[], datetime]
    port: int = 0

    def __post_init__(self) -> None:
        self.accepted: list[PeerMessage] = []  # in order, deleted ones too
        self.records: dict[str, PeerMessage] = {}
        self.number_faults = dict(TEST_NUMBERS)
        self.next_faults: deque[Fault] = deque()  # each spoils one creation
        self.largest_page = 1000  # records
        self._lock = threading.Lock()
        self.http = HttpPeer(self._answer, port=self.port)

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
        message = self.records[sid]
        if (
            status in FINAL or message.status not in FINAL
        ):  # a callback may come late; the record never goes back
            message.status, message.error_code = status, error_code
        if status in OFF_OUR_HANDS and message.sent_at is None:
            message.sent_at = self.clock()
        return message

    def callback(self, sid: str, status: str, *, error_code: int | None = None) -> Callback:
        """Move a message on and return the signed callback that Twilio would post."""
        message = self.advance(sid, status, error_code=error_code)
        fields = {
            "AccountSid": self.account_sid,
            "ApiVersion": "2010-04-01",
            "From": message.asked.get("From", ""),
            "MessageSid": sid,
            "MessageStatus": status,
            "SmsSid": sid,
            "SmsStatus": status,
            "To": message.shown_to,
        }
        if error_code is not None:
            fields["ErrorCode"] = str(error_code)
        url = message.asked["StatusCallback"]
        signature = RequestValidator(self.auth_token).compute_signature(url, fields)
        return Callback(url, fields, signature)

    def deliver(self, sid: str, status: str = "delivered", *, error_code: int | None = None) -> int:
        """Move a message on and post the signed callback; return the HTTP status of the answer."""
        callback = self.callback(sid, status, error_code=error_code)
        headers = {"X-Twilio-Signature": callback.signature}
        answer = requests.post(callback.url, data=callback.fields, headers=headers, timeout=10)
        return answer.status_code

    def _answer(self, call: Call) -> Answer | None:
        wanted = base64.b64encode(f"{self.account_sid}:{self.auth_token}".encode()).decode()
        if not hmac.compare_digest(call.headers.get("authorization", ""), f"Basic {wanted}"):
            return _error(401, 20003)
        parts = urlsplit(call.target)
        root = f"/2010-04-01/Accounts/{self.account_sid}/Messages"
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        form = dict(parse_qsl(call.body.decode(), keep_blank_values=True))
        if parts.path == f"{root}.json" and call.method in {"GET", "POST"}:
            return self._list(query) if call.method == "GET" else self._create(form)
        sid = parts.path.removeprefix(f"{root}/").removesuffix(".json")
        with self._lock:
            message = self.records.get(sid)
            if message is None or call.method not in {"GET", "POST", "DELETE"}:
                return _error(404, 20404)
            if call.method == "GET":
                return _json(200, message.shown(self.account_sid))
            return self._change(message, form if call.method == "POST" else None)

    def _create(self, form: dict[str, str]) -> Answer | None:
        fault = self.next_faults.popleft() if self.next_faults else self.number_faults.get(form.get("To", ""))
        invalid = _fault_in(form)
        if invalid:
            return _error(400, invalid)
        if fault is None or fault.accepted:
            message = PeerMessage(f"SM{uuid4().hex}", form, self.clock())
            with self._lock:
                self.accepted.append(message)
                self.records[message.sid] = message
            if fault is None:
                return _json(201, message.shown(self.account_sid))
        if fault.hangs:
            self.http.wait_for_stop()
        return _error(fault.status, fault.code, retry_after=fault.retry_after) if fault.status else None

    def _list(self, query: dict[str, str]) -> Answer:
        with self._lock:
            found = [
                m.shown(self.account_sid)
                for m in self.accepted
                if _matches(m, query) and m.sid in self.records
            ]
        found.reverse()  # newest first
        size, page = min(int(query.get("PageSize", "50")), self.largest_page), int(query.get("Page", "0"))
        shown = found[page * size : (page + 1) * size]
        path = f"/2010-04-01/Accounts/{self.account_sid}/Messages.json"

        def page_uri(number: int) -> str:
            return f"{path}?{urlencode({**query, 'PageSize': size, 'Page': number, 'PageToken': f'PASM{number}'})}"

        more = (page + 1) * size < len(found)
        answer = {
            "messages": shown,
            "first_page_uri": page_uri(0),
            "previous_page_uri": page_uri(page - 1) if page else None,
            "next_page_uri": page_uri(page + 1) if more else None,
            "uri": page_uri(page),
            "page": page,
            "page_size": size,
            "start": page * size,
            "end": page * size + max(len(shown) - 1, 0),
        }
        return _json(200, answer)

    def _change(self, message: PeerMessage, form: dict[str, str] | None) -> Answer:
        """Empty the text (a form with an empty Body) or delete the record (no form)."""
        if form is not None and form != {"Body": ""}:
            return _error(400, 30400)
        if message.status not in FINAL:
            return _error(409, 20009)
        if form is None:
            del self.records[message.sid]
            return Answer(204, {}, b"")
        message.emptied = True
        return _json(200, message.shown(self.account_sid))


def _fault_in(form: dict[str, str]) -> int | None:
    """Twilio's code for the first thing wrong with a request to create a message."""
    faults = {
        21604: not form.get("To"),
        21602: not form.get("Body"),
        21603: not (form.get("From") or form.get("MessagingServiceSid")),
        20001: not 1 <= int(form.get("ValidityPeriod", "36000")) <= 36000,
        30029: form.get("ContentRetention", "retain") not in {"retain", "discard"},
        30030: form.get("AddressRetention", "retain") not in {"retain", "obfuscate"},
    }
    return next((code for code, wrong in faults.items() if wrong), None)


def _matches(message: PeerMessage, query: dict[str, str]) -> bool:
    after = query.get("DateSent>")
    return query.get("To", message.shown_to) == message.shown_to and (
        after is None or (message.sent_at is not None and message.sent_at >= _instant(after))
    )


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _json(status: int, value: object, headers: dict[str, str] | None = None) -> Answer:
    return Answer(status, {"Content-Type": "application/json", **(headers or {})}, json.dumps(value).encode())


def _error(status: int, code: int, *, retry_after: str | None = None) -> Answer:
    text = {"code": code, "message": "refused", "more_info": f"https://www.twilio.com/docs/errors/{code}"}
    headers = {"Retry-After": retry_after} if retry_after else {}
    return _json(status, {**text, "status": status}, headers)
