"""For each provider: the provider, its peer, and the ways the peer can fail, told in the same words."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from models.vocabulary import Channel, Sender
from notify.delivery.providers.base import Outgoing, Provider, Refused, SlowDown, TryLater, Uncertain
from notify.delivery.providers.outbox import Outbox, read_outbox
from notify.delivery.providers.smtp_email import SmtpEmail
from notify.delivery.providers.twilio_sms import SETTLING, TwilioSms
from notify.dev import faults
from notify.dev.faults import Fault
from notify.dev.twilio_peer import TwilioPeer
from tests.integration.providers.openapi import check_exchanges
from tests.peers.smtp_peer import DROP, Mail, SmtpPeer

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
SETTLED = NOW + SETTLING
nobodys = set[str]().intersection
"""No record is known to be of another message of ours."""
ACCOUNT = "AC" + "0123456789abcdef" * 2
TOKEN = "a-token-for-tests"
NUMBER = "+447700900123"
ADDRESS = "rowan.ashby@example.org"
TEXT = "Your hearing is on Monday. Ring me if you like."
SUBJECT = "A note for Rowan"
SECRETS = (NUMBER, "7700900123", ADDRESS, "rowan.ashby", TEXT, "hearing", SUBJECT, "callback-secret", TOKEN)


@dataclass(frozen=True)
class Kit:
    """A provider under test with the outside it talks to; `arrived` are the texts that the outside took."""

    provider: Provider
    channel: Channel
    to: str
    peer: Any
    arrived: Callable[[], list[str]]

    def outgoing(
        self, *, message_id: UUID | None = None, valid_for: timedelta = timedelta(hours=2)
    ) -> Outgoing:
        return make_outgoing(message_id=message_id, channel=self.channel, to=self.to, valid_for=valid_for)


@dataclass(frozen=True)
class Break:
    """One way for an outside to fail, and what the provider must make of it."""

    kit: str
    label: str
    do: Callable[[Any], object]
    failure: type[Refused | TryLater | Uncertain]
    reason: str
    taken: bool = False  # the outside took the message all the same


def make_outgoing(
    *,
    message_id: UUID | None = None,
    channel: Channel = Channel.SMS,
    to: str = NUMBER,
    text: str = TEXT,
    subject: str | None = SUBJECT,
    valid_for: timedelta = timedelta(hours=2),
) -> Outgoing:
    return Outgoing(message_id or uuid4(), channel, to, subject, text, NOW + valid_for, 1, "callback-secret")


def make_twilio(
    peer: TwilioPeer | None = None,
    *,
    url: str = "",
    timeout: float = 5.0,
    sender: str | Mapping[Sender, str] = "+447700900999",
    public_url: str = "https://updates.example.org/",
    search_limit: int = 5000,
) -> TwilioSms:
    return TwilioSms(
        account_sid=ACCOUNT,
        auth_token=TOKEN,
        sender=sender,
        public_url=public_url,
        base_url=peer.url if peer else url,
        timeout=timeout,
        search_limit=search_limit,
    )


def make_smtp(
    peer: SmtpPeer, *, sender: str = "updates@example.org", login: tuple[str, str] = ("", "")
) -> SmtpEmail:
    return SmtpEmail(
        host=peer.host,
        port=peer.port,
        sender=sender,
        username=login[0],
        password=login[1],
        ca_file=peer.ca_file,
        timeout=5.0,
    )


def plain_part(mail: Mail) -> str:
    """The text of an e-mail as it arrived."""
    part = mail.message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


@contextmanager
def outbox_kit(folder: Path) -> Iterator[Kit]:
    path = folder / "var" / "outbox.ndjson"
    yield Kit(Outbox(path), Channel.SMS, NUMBER, path, lambda: [m.text for m in read_outbox(path)])


@contextmanager
def twilio_kit(_folder: Path) -> Iterator[Kit]:
    with TwilioPeer(ACCOUNT, TOKEN, lambda: NOW) as peer:
        provider = make_twilio(peer, timeout=0.5)
        yield Kit(provider, Channel.SMS, NUMBER, peer, lambda: [m.body for m in peer.accepted])
        check_exchanges(peer.http)


@contextmanager
def smtp_kit(folder: Path) -> Iterator[Kit]:
    with SmtpPeer(folder) as peer:
        provider = make_smtp(peer)
        yield Kit(
            provider,
            Channel.EMAIL,
            ADDRESS,
            peer,
            lambda: [plain_part(m).strip() for m in peer.mails],
        )


KITS = {"outbox": outbox_kit, "twilio": twilio_kit, "smtp": smtp_kit}


def _twilio(label: str, fault: Fault, failure: type[Refused | TryLater | Uncertain], reason: str) -> Break:
    return Break(
        "twilio", label, lambda peer: peer.next_faults.append(fault), failure, reason, fault.accepted
    )


def _rcpt(label: str, reply: str, failure: type[Refused | TryLater | Uncertain], reason: str) -> Break:
    return Break("smtp", label, lambda peer: peer.rcpt_replies.update({ADDRESS: reply}), failure, reason)


def _data(label: str, reply: str, failure: type[Refused | TryLater | Uncertain], reason: str) -> Break:
    do = lambda peer: peer.data_replies.update({ADDRESS: reply})  # noqa: E731
    return Break("smtp", label, do, failure, reason, taken=reply == DROP)


BREAKS = (
    Break("outbox", "not writable", lambda path: path.parent.touch(), TryLater, "outbox_not_writable"),
    _twilio("opted out", faults.OPTED_OUT, Refused, "opted_out"),
    _twilio("bad number", faults.BAD_NUMBER, Refused, "number_not_valid"),
    _twilio("too many", faults.TOO_MANY, SlowDown, "too_many_requests"),
    _twilio("forbidden", faults.FORBIDDEN, TryLater, "account_refused"),
    _twilio("broken", faults.BROKEN, Uncertain, "provider_failed"),
    _twilio("broken, taken", faults.BROKEN_AFTER_ACCEPTING, Uncertain, "provider_failed"),
    _twilio("dropped", faults.DROP_BEFORE_ACCEPTING, Uncertain, "answer_lost"),
    _twilio("dropped, taken", faults.DROP_AFTER_ACCEPTING, Uncertain, "answer_lost"),
    _twilio("silent, taken", faults.HANG_AFTER_ACCEPTING, Uncertain, "answer_lost"),
    Break("twilio", "gone", lambda peer: peer.http.stop(), TryLater, "no_connection"),
    _rcpt("no mailbox", f"550 no such mailbox {ADDRESS}", Refused, "recipient_refused"),
    _rcpt("greylisted", "450 try again", TryLater, "recipient_refused"),
    _rcpt("dropped at the address", DROP, TryLater, "connection_lost"),
    _data("content refused", f"554 not {TEXT}", Refused, "content_refused"),
    _data("relay full", "452 no space", TryLater, "content_refused"),
    _data("noise", "what was that", Uncertain, "answer_not_understood"),
    _data("dropped, taken", DROP, Uncertain, "connection_lost_after_data"),
    Break("smtp", "gone", lambda peer: peer.stop(), TryLater, "no_connection"),
)
