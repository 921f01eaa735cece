"""What every provider is: the message it is handed, the answers it may give, and nothing else."""

import logging
import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from models.vocabulary import Channel, ReceiptStatus, Sender

log = logging.getLogger(__name__)


class ProviderError(Exception):
    """A provider did not accept a message. Carries machine words only: never a number, an address or a text."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Refused(ProviderError):  # noqa: N818 (an answer, named as one)
    """Certainly not accepted, and asking again will not help: a person must be told."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code

    def __str__(self) -> str:
        return f"{self.reason} ({self.code})"


class TryLater(ProviderError):  # noqa: N818 (an answer, named as one)
    """Certainly not accepted; may be asked again, no sooner than `retry_after` from now if that is given."""

    def __init__(self, reason: str, retry_after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class SlowDown(TryLater):
    """Certainly not accepted, and only because too much came at once: this was no attempt."""


class NotAsked(ProviderError):  # noqa: N818 (an answer, named as one)
    """The provider was never asked: this was no attempt, and the message may go as if nothing had happened."""


class Uncertain(ProviderError):  # noqa: N818 (an answer, named as one)
    """The message may or may not have been accepted: look it up, never resend it blindly."""


@dataclass(frozen=True)
class Outgoing:
    """One message, ready to leave.

    `to` is an E.164 number or an address; `sender` is whom a text is shown to come from; an
    e-mail with a `certificate` (PEM) leaves sealed with it or not at all; `attempt` counts from 1; `callback_token` is the secret by which a
    receipt proves that it is about this message, and must be safe in a URL. What is personal stays out of `repr`.
    """

    message_id: UUID
    channel: Channel
    to: str = field(repr=False)
    subject: str | None = field(repr=False)
    text: str = field(repr=False)
    valid_until: datetime
    attempt: int
    callback_token: str = field(repr=False)
    sender: Sender = Sender.NEUTRAL
    certificate: str | None = field(default=None, repr=False)

    def seconds_left(self, at: datetime) -> int:
        """Whole seconds from `at` in which the message may still be delivered; Refused if there is not one."""
        seconds = math.floor((self.valid_until - at).total_seconds())
        if seconds < 1:
            raise Refused("expired", "no_time_left")
        return seconds


@dataclass(frozen=True)
class Accepted:
    """The provider has the message. `provider_ref` is its own name for it, if it gives one."""

    provider_ref: str | None


Answer = Accepted | ProviderError
"""What came of handing over one message."""


@dataclass(frozen=True)
class Adopted:
    """The provider has the message after all, under this name."""

    provider_ref: str


@dataclass(frozen=True)
class NotFound:
    """The provider certainly does not have the message: it may be sent."""


@dataclass(frozen=True)
class CannotTell:
    """The provider cannot say whether it has the message: a receipt or a person must settle it."""


Found = Adopted | NotFound | CannotTell

Known = Callable[[Collection[str]], Collection[str]]
"""Which of these names, all of them the provider's, messages of ours hold already."""


@dataclass(frozen=True)
class Lost:
    """A message of whose sending nothing certain is known. It was claimed at `since`: it did not leave before that."""

    outgoing: Outgoing
    since: datetime


@dataclass(frozen=True)
class Became:
    """What a provider says of a message when it is asked: a receipt that did not come by itself."""

    status: ReceiptStatus
    code: str | None


class Provider(Protocol):
    """A way out of the service for one channel. Safe to share between threads."""

    @property
    def name(self) -> str:
        """The word stored with a message to say who carried it."""

    @property
    def keeps_records(self) -> bool:
        """Whether it keeps texts and numbers where `redact` can reach them."""

    @property
    def repeated_after(self) -> Collection[str]:
        """The reasons of Uncertain after which one and the same message may be handed over once more.

        Only where the answer was certainly missing, and whoever gets it twice knows the second by its name.
        """

    @property
    def gives_receipts(self) -> bool:
        """Whether it says, unasked or asked by `became`, what became of a message that it took."""

    @property
    def senders(self) -> Collection[Sender]:
        """Which senders of texts are set up: it refuses a message that is to come from another."""

    @property
    def at_once(self) -> int:
        """How many messages it takes side by side."""

    def send(self, outgoing: Outgoing, *, at: datetime) -> Accepted:
        """Hand the message over once. Raises Refused, TryLater or Uncertain. `at` is the present instant (UTC)."""

    def send_all(self, outgoing: Sequence[Outgoing], *, at: datetime) -> list[Answer]:
        """Hand over `at_once` messages at most, each of them once. One answer each, in their order."""

    def look_up(self, outgoing: Outgoing, *, since: datetime, at: datetime, known: Known) -> Found:
        """Ask what became of a send that had no certain outcome; `since` as in Lost, `at` the present instant.

        Raises TryLater if the provider could not be asked, or not yet.
        """

    def look_up_all(self, lost: Sequence[Lost], *, at: datetime, known: Known) -> list[Found | ProviderError]:
        """The same of several. One answer each, in their order."""

    def became(self, provider_ref: str) -> Became | None:
        """What became of a message that it took; None while it cannot say. Raises TryLater if it could not be asked."""

    def redact(self, provider_ref: str) -> None:
        """Remove text and number from the provider's records, once the message is final. May be repeated.

        Raises TryLater if it could not be done yet, Refused if it cannot be done.
        """


class OneByOne:
    """A provider that takes one message after the other."""

    at_once = 1
    gives_receipts = False
    repeated_after: Collection[str] = frozenset()
    senders: Collection[Sender] = frozenset(Sender)

    def became(self, provider_ref: str) -> Became | None:
        """It cannot say."""
        del provider_ref
        return None

    def send(self, outgoing: Outgoing, *, at: datetime) -> Accepted:
        """As Provider says."""
        raise NotImplementedError

    def send_all(self, outgoing: Sequence[Outgoing], *, at: datetime) -> list[Answer]:
        """As Provider says."""
        return [self._answer(one, at) for one in outgoing]

    def look_up(self, outgoing: Outgoing, *, since: datetime, at: datetime, known: Known) -> Found:
        """As Provider says."""
        raise NotImplementedError

    def look_up_all(self, lost: Sequence[Lost], *, at: datetime, known: Known) -> list[Found | ProviderError]:
        """As Provider says."""
        return [self._found(one, at, known) for one in lost]

    def _found(self, lost: Lost, at: datetime, known: Known) -> Found | ProviderError:
        try:
            return self.look_up(lost.outgoing, since=lost.since, at=at, known=known)
        except ProviderError as answer:
            return answer

    def _answer(self, outgoing: Outgoing, at: datetime) -> Answer:
        try:
            return self.send(outgoing, at=at)
        except ProviderError as answer:
            return answer
        except Exception as error:  # noqa: BLE001 - takes nothing from the others
            return unforeseen(error)


def unforeseen(error: BaseException) -> Uncertain:
    """One hand-over that went wrong as none should: nobody knows how far it came. Its words may hold the text."""
    log.error("a hand-over ended as none should", extra={"error": type(error).__name__})
    return Uncertain("unforeseen")
