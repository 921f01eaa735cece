"""What Twilio posts to the service: receipts and texts that came in, each signed, and to this machine only."""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import requests

from notify.dev.messages import VERSION, PeerMessage

THIS_MACHINE = {"127.0.0.1", "localhost", "::1"}
LONGEST_WAIT = 10.0  # seconds for the service to answer

NOT_AN_ADDRESS = re.compile(r"[\\@\s\x00-\x1f]")
"""What two readers of one address may take for different hosts."""


class NotThisMachine(ValueError):  # noqa: N818 (what is wrong, in words)
    """An address that is not on this machine: a text made up here goes nowhere else."""


@dataclass(frozen=True)
class Callback:
    """A request to the service, ready to post: form fields and the signature for the X-Twilio-Signature header."""

    url: str = field(repr=False)  # it holds the message's secret
    fields: dict[str, str] = field(repr=False)
    signature: str

    def post(self) -> int:
        """Post it; the HTTP status of the answer. Raises NotThisMachine, or requests' exception for no answer."""
        if not is_here(self.url):
            raise NotThisMachine("the address is not on this machine")
        with requests.Session() as session:
            session.trust_env = False  # no proxy stands between two programs on one machine
            headers = {"X-Twilio-Signature": self.signature}
            answer = session.post(
                self.url, data=self.fields, headers=headers, timeout=LONGEST_WAIT, allow_redirects=False
            )
        return answer.status_code


def is_here(url: str) -> bool:
    """Whether an address is one of this machine, by http or https."""
    if NOT_AN_ADDRESS.search(url):
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and parts.hostname in THIS_MACHINE
    except ValueError:
        return False


def signed(url: str, fields: Mapping[str, str], token: str) -> Callback:
    """Sign a form for an address as Twilio does: HMAC-SHA1, under the account's token, of the address and the sorted fields.

    Source: https://www.twilio.com/docs/usage/webhooks/webhooks-security
    """
    text = url + "".join(name + fields[name] for name in sorted(fields))
    digest = hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()
    return Callback(url, dict(fields), base64.b64encode(digest).decode())


def receipt_fields(account_sid: str, message: PeerMessage, status: str, code: int | None) -> dict[str, str]:
    """What a status callback says."""
    fields = {
        "AccountSid": account_sid,
        "ApiVersion": VERSION,
        "From": message.asked.get("From", ""),
        "MessageSid": message.sid,
        "MessageStatus": status,
        "SmsSid": message.sid,
        "SmsStatus": status,
        "To": message.shown_to,
    }
    return fields if code is None else fields | {"ErrorCode": str(code)}


def inbound_fields(account_sid: str, message: PeerMessage) -> dict[str, str]:
    """What is posted of a text that came in."""
    return {
        "AccountSid": account_sid,
        "ApiVersion": VERSION,
        "Body": message.body,
        "From": message.sender,
        "MessageSid": message.sid,
        "NumMedia": "0",
        "NumSegments": "1",
        "SmsMessageSid": message.sid,
        "SmsSid": message.sid,
        "SmsStatus": message.status,
        "To": message.to,
    }
