"""Text messages through Twilio, by its own client.

Twilio gives no idempotency key, removes the text (`ContentRetention=discard`) and hides the last four digits of
the number (`AddressRetention=obfuscate`) as soon as it has sent. What `look_up` may conclude follows from that.
"""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

import requests
from pyreqwest.exceptions import PyreqwestError
from twilio.base.exceptions import TwilioException
from twilio.rest import Client

from models.vocabulary import Sender
from notify.delivery.providers.base import (
    Accepted,
    Adopted,
    Answer,
    Became,
    CannotTell,
    Found,
    Known,
    Lost,
    NotFound,
    Outgoing,
    ProviderError,
    Refused,
    TryLater,
    Uncertain,
    unforeseen,
)
from notify.delivery.providers.twilio_async import ANYWHERE, TwilioLoop, of_the_wire
from notify.delivery.providers.twilio_http import Rejected, TwilioHttp
from notify.delivery.providers.twilio_words import STATUS
from notify.delivery.senders import SERVICE

LONGEST_VALIDITY = 36_000  # seconds, Twilio's own limit
CLOCK_TOLERANCE = timedelta(minutes=1)  # how far Twilio's clock may be behind ours
SETTLING = timedelta(minutes=15)  # its lists may be late by minutes: absence proves nothing before this
AT_ONCE = 96  # calls side by side: of more than about a hundred Twilio refuses some
PAGE_SIZE = 1000  # records, the most that Twilio allows
SID = re.compile("(SM|MM)[0-9a-fA-F]{32}")
UNREADABLE = (TwilioException, ValueError, TypeError, KeyError, AttributeError)
"""What the library raises on an answer that is not what it expects."""


def receipt_path(message_id: UUID, callback_token: str) -> str:
    """Return the path on the public door where Twilio posts receipts for one message."""
    return f"/hooks/twilio/receipts/{message_id}/{callback_token}"


class TwilioSms:
    """Sends from `sender`: a number, an alphanumeric name, or the SID of a Messaging Service (MG...).

    With several senders each message goes from the one that it is to come from; what is not among them is refused.

    `base_url` replaces https://api.twilio.com by a local peer; only a loopback host may be spoken to in the clear.
    """

    keeps_records = True
    gives_receipts = True
    repeated_after: Collection[str] = ()
    at_once = AT_ONCE

    def __init__(
        self,
        *,
        account_sid: str,
        auth_token: str,
        sender: str | Mapping[Sender, str],
        public_url: str,
        name: str = "twilio",
        base_url: str | None = None,
        timeout: float = 10.0,  # seconds, to connect and to wait for the answer
        search_limit: int = 5 * PAGE_SIZE,  # records; nothing is concluded from a search that finds more
    ) -> None:
        self.name = name
        self._public_url = public_url.rstrip("/")
        self._senders = {
            kind: {"MessagingServiceSid": value} if SERVICE.fullmatch(value) else {"From": value}
            for kind, value in ({Sender.NEUTRAL: sender} if isinstance(sender, str) else sender).items()
        }
        self._search_limit = search_limit
        self._loop = TwilioLoop(base_url, timeout, at_once=AT_ONCE)
        asking, self._creating = (
            # A mapping that is not empty: for an empty one the client would read the process's own environment.
            Client(account_sid, auth_token, http_client=http, environment={"TWILIO_EDGE": ""})
            for http in (TwilioHttp(base_url, timeout), self._loop)
        )
        self._messages: Any = asking.messages
        self._create_at = f"{ANYWHERE}2010-04-01/Accounts/{account_sid}/Messages.json"

    @property
    def senders(self) -> Collection[Sender]:
        """As Provider says."""
        return self._senders.keys()

    def send(self, outgoing: Outgoing, *, at: datetime) -> Accepted:
        """Create the message at Twilio, to be dropped there if it cannot be sent by `valid_until`."""
        # Failures are returned and raised here, outside any handler: the exceptions of the libraries
        # carry the request, and must not ride along as the cause of ours.
        [answer] = self.send_all([outgoing], at=at)
        if isinstance(answer, ProviderError):
            raise answer
        return answer

    def send_all(self, outgoing: Sequence[Outgoing], *, at: datetime) -> list[Answer]:
        """Create several side by side."""
        answers = self._loop.run([self._create(one, at) for one in outgoing])
        return [answer if isinstance(answer, Answer) else unforeseen(answer) for answer in answers]

    def look_up(self, outgoing: Outgoing, *, since: datetime, at: datetime, known: Known) -> Found:
        """As `look_up_all`, of one."""
        [found] = self.look_up_all([Lost(outgoing, since)], at=at, known=known)
        if isinstance(found, ProviderError):
            raise found
        return found

    def look_up_all(self, lost: Sequence[Lost], *, at: datetime, known: Known) -> list[Found | ProviderError]:
        """Search Twilio's records for messages to these numbers that no other message of ours holds.

        What was sent has its number hidden, so that the records of a time can only be listed for all numbers: once
        for all that are asked about, for after a crash in a burst that is a thousand records for each of fifty.
        """
        # What still waits has no date sent, and is listed first: in the other order a message that is sent at this
        # moment would be in neither list.
        waiting = [self._list(to=one.outgoing.to) for one in lost]
        since = min(one.since for one in lost)
        sent = self._list(date_sent_after=(since - CLOCK_TOLERANCE).astimezone(UTC))
        if isinstance(sent, _Listed) and not sent.complete and len(lost) > 1:
            # Of a shorter time there may be few enough.
            return [found for one in lost for found in self.look_up_all([one], at=at, known=known)]
        return [_conclude(one, own, sent, at, known) for one, own in zip(lost, waiting, strict=True)]

    def became(self, provider_ref: str) -> Became | None:
        """Fetch the message's record: a receipt of it may have been lost on its way."""
        said = self._fetch(provider_ref)
        if isinstance(said, TryLater):
            raise said
        return said

    def redact(self, provider_ref: str) -> None:
        """Empty the text; if Twilio still shows the whole number, delete the record as well."""
        failure = self._forget(provider_ref)
        if failure is not None:
            raise failure

    async def _create(self, outgoing: Outgoing, at: datetime) -> Answer:
        sender = self._senders.get(outgoing.sender)
        if sender is None:  # never from another instead: she agreed to this one
            return Refused("sender_not_set_up", "sender_not_set_up")
        try:
            seconds = min(outgoing.seconds_left(at), LONGEST_VALIDITY)
            # By the client's own `request`: `messages.create` makes an object of the whole answer, of which only the SID is
            # read here, and that takes as long as all the rest of the call.
            created = await self._creating.request_async(
                "POST",
                self._create_at,
                data={
                    "To": outgoing.to,
                    "Body": outgoing.text,
                    "StatusCallback": self._public_url
                    + receipt_path(outgoing.message_id, outgoing.callback_token),
                    "ValidityPeriod": seconds,
                    "ContentRetention": "discard",
                    "AddressRetention": "obfuscate",
                    **sender,
                },
            )
            return Accepted(_sid(json.loads(created.text)["sid"]))
        except ProviderError as answer:
            return answer
        except Rejected as rejected:
            return rejected.of_a_send()
        except PyreqwestError as error:
            return of_the_wire(error)
        except UNREADABLE:
            return Uncertain("answer_not_understood")

    def _list(self, **query: object) -> "_Listed | TryLater":
        limits = {"limit": self._search_limit, "page_size": min(self._search_limit, PAGE_SIZE)}
        try:
            records = tuple(map(_record, self._messages.list(**query, **limits)))
        except Rejected as rejected:
            return rejected.of_a_question()
        except (requests.RequestException, *UNREADABLE):
            return TryLater("no_answer")
        return _Listed(records, complete=len(records) < self._search_limit)

    def _fetch(self, provider_ref: str) -> Became | TryLater | None:
        try:
            record = self._messages(provider_ref).fetch()
            status, code = STATUS.get(str(record.status)), record.error_code
        except Rejected as rejected:
            return None if rejected.status == HTTPStatus.NOT_FOUND else rejected.of_a_question()
        except (requests.RequestException, *UNREADABLE):
            return TryLater("no_answer")
        return None if status is None else Became(status, str(code) if isinstance(code, int) else None)

    def _forget(self, provider_ref: str) -> ProviderError | None:
        try:
            record = _record(self._messages(provider_ref).update(body=""))
            if not record.hides_number():
                self._messages(provider_ref).delete()
        except Rejected as rejected:
            return None if rejected.status == HTTPStatus.NOT_FOUND else rejected.of_a_redaction()
        except (requests.RequestException, *UNREADABLE):
            return TryLater("no_answer")
        return None


@dataclass(frozen=True)
class _Record:
    """What we read of a message in Twilio's records."""

    sid: str
    to: str = field(repr=False)  # the last digits are X once hidden
    created_at: datetime | None

    def hides_number(self) -> bool:
        return not self.to or self.to.endswith("X")

    def may_be_to(self, number: str) -> bool:
        return self.to == number or (self.hides_number() and number.startswith(self.to.rstrip("X")))

    def created_after(self, at: datetime) -> bool:
        return self.created_at is None or self.created_at >= at


@dataclass(frozen=True)
class _Listed:
    records: tuple[_Record, ...]
    complete: bool


def _conclude(
    lost: Lost, waiting: _Listed | TryLater, sent: _Listed | TryLater, at: datetime, known: Known
) -> Found | ProviderError:
    """What the records say of one message.

    A whole number settles it, if it is the only one. A number with its last digits hidden may be another person's,
    so it only casts doubt. Absence counts once the records have settled.
    """
    if isinstance(waiting, TryLater):
        return waiting
    if isinstance(sent, TryLater):
        return sent
    to, since = lost.outgoing.to, lost.since
    fitting = {
        record.sid: record
        for record in (*waiting.records, *sent.records)
        if record.may_be_to(to) and record.created_after(since - CLOCK_TOLERANCE)
    }
    others = known(fitting.keys()) if fitting else ()
    candidates = [record for sid, record in fitting.items() if sid not in others]
    if len(candidates) == 1 and candidates[0].to == to:
        return Adopted(candidates[0].sid)
    if candidates or not (waiting.complete and sent.complete):
        return CannotTell()
    if at - since < SETTLING:
        return TryLater("records_not_settled", SETTLING - (at - since))
    return NotFound()


def _record(message: Any) -> _Record:
    return _Record(_sid(message.sid), message.to or "", message.date_created)


def _sid(given: str) -> str:
    if not SID.fullmatch(given):
        raise ValueError("not a message SID")
    return given
