"""A message as Twilio keeps it: what its record shows, which searches find it, what is wrong with a request for one."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime

FINAL = {"delivered", "undelivered", "failed", "canceled", "received"}
OFF_OUR_HANDS = FINAL - {"canceled"} | {"sent"}
VERSION = "2010-04-01"
LONGEST_TEXT = 1600  # characters
LONGEST_VALIDITY = 36_000  # seconds
SCHEDULED_FROM, SCHEDULED_UNTIL = timedelta(minutes=15), timedelta(days=35)

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_SENDER = re.compile(r"\+?[0-9]{3,15}|(?=.*[A-Za-z])[A-Za-z0-9 +&_-]{1,11}")


@dataclass
class PeerMessage:
    """One message as the peer knows it; what the API shows of it is in `PeerMessage.shown`."""

    sid: str
    asked: dict[str, str] = field(repr=False)  # every field of the request
    created_at: datetime
    status: str = "queued"
    error_code: int | None = None
    sent_at: datetime | None = None
    emptied: bool = False
    deleted: bool = False
    direction: str = "outbound-api"
    told: list[str] = field(default_factory=list)  # what the service was told of it, and what it answered

    @property
    def to(self) -> str:
        return self.asked["To"]

    @property
    def body(self) -> str:
        return self.asked["Body"]

    @property
    def sender(self) -> str:
        return self.asked.get("From") or self.asked.get("MessagingServiceSid", "")

    @property
    def phone(self) -> str:
        """The number of the phone at the other end."""
        return self.sender if self.direction == "inbound" else self.to

    @property
    def can_be_answered(self) -> bool:
        """Whether it came from a number or a service: a name has no way back."""
        return self.direction != "inbound" and re.fullmatch(r"\+?[0-9]+|MG\w+", self.sender) is not None

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
        uri = f"/{VERSION}/Accounts/{account_sid}/Messages/{self.sid}"
        return {
            "account_sid": account_sid,
            "api_version": VERSION,
            "body": self.shown_body,
            "date_created": format_datetime(self.created_at),
            "date_sent": format_datetime(self.sent_at) if self.sent_at else None,
            "date_updated": format_datetime(self.sent_at or self.created_at),
            "direction": self.direction,
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


def search(query: Mapping[str, str]) -> Callable[[PeerMessage], bool]:
    """What a search finds; a date finds nothing that was not sent. Raises ValueError for what is no date."""
    spans = {name: _span(wanted) for name, wanted in query.items() if name.startswith("DateSent")}
    first = max((span[0] for name, span in spans.items() if name != "DateSent<"), default=None)
    after = min((span[1] for name, span in spans.items() if name != "DateSent>"), default=None)

    def finds(message: PeerMessage) -> bool:
        sent = message.sent_at
        return (
            query.get("To", message.shown_to) == message.shown_to
            and query.get("From", message.sender) == message.sender
            and (first is None or (sent is not None and sent >= first))
            and (after is None or (sent is not None and sent < after))
        )

    return finds


def is_scheduled(form: Mapping[str, str]) -> bool:
    """Whether a request asks for a later time: without a messaging service that part of it is dropped."""
    return form.get("ScheduleType") == "fixed" and "MessagingServiceSid" in form


def fault_in(form: Mapping[str, str], at: datetime) -> int | None:
    """Twilio's code for the first thing wrong with a request to create a message."""
    sender = form.get("From")
    faults = {
        21604: not form.get("To"),
        21211: not _E164.fullmatch(form.get("To", "")),
        21602: not form.get("Body"),
        21617: len(form.get("Body", "")) > LONGEST_TEXT,
        21603: not (sender or form.get("MessagingServiceSid")),
        21212: sender is not None and not _SENDER.fullmatch(sender),
        20001: not 1 <= whole(form.get("ValidityPeriod", "1")) <= LONGEST_VALIDITY,
        30029: form.get("ContentRetention", "retain") not in {"retain", "discard"},
        30030: form.get("AddressRetention", "retain") not in {"retain", "obfuscate"},
        35114: is_scheduled(form) and not _can_wait_until(form.get("SendAt", ""), at),
    }
    return next((code for code, wrong in faults.items() if wrong), None)


def whole(text: str) -> int:
    """A whole number of few digits; -1 for anything else."""
    return int(text) if re.fullmatch("[0-9]{1,9}", text) else -1


def _can_wait_until(text: str, at: datetime) -> bool:
    try:
        return SCHEDULED_FROM <= _instant(text) - at <= SCHEDULED_UNTIL
    except ValueError:
        return False


def _span(text: str) -> tuple[datetime, datetime]:
    """The first instant that a date or a time names, and the first after it. Raises ValueError."""
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        midnight = datetime.combine(date.fromisoformat(text), time(), UTC)
        return midnight, midnight + timedelta(days=1)
    instant = _instant(text)
    return instant, instant + timedelta(seconds=1)


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
