"""Fakes that enter by the front door: a clock that moves when told to, and a provider that remembers and obeys."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from models.vocabulary import Channel
from notify.delivery.providers.base import (
    Accepted,
    Adopted,
    Became,
    CannotTell,
    Found,
    Known,
    NotFound,
    OneByOne,
    Outgoing,
    ProviderError,
)


@dataclass
class SettableClock:
    """Tells the time that it was last set to."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def pass_time(self, **amount: float) -> None:
        self.now += timedelta(**amount)


@dataclass(frozen=True)
class Answer:
    """How one hand-over goes: whether the message arrives, and what is raised, if anything."""

    raises: BaseException | None = None
    arrives: bool = True


@dataclass(frozen=True)
class Arrived:
    """One message as the phone or the mailbox got it."""

    outgoing: Outgoing = field(repr=False)
    at: datetime

    @property
    def channel(self) -> Channel:
        return self.outgoing.channel

    @property
    def to(self) -> str:
        return self.outgoing.to

    @property
    def text(self) -> str:
        return self.outgoing.text

    @property
    def subject(self) -> str | None:
        return self.outgoing.subject


class RecordingProvider(OneByOne):
    """Takes every message, unless `answers` holds another answer; looked up, it tells the truth unless it is `blind`."""

    name = "recording"
    keeps_records = False
    """Set it, and what is kept of each message can be redacted."""
    gives_receipts = False
    """Set it, and it is asked what `says` of each message of which no receipt came."""

    def __init__(self) -> None:
        self.asked: list[Outgoing] = []
        self.arrived: list[Arrived] = []
        self.answers: deque[Answer] = deque()
        self.looked_up: list[Outgoing] = []
        self.blind = False
        self.redacted: list[str] = []
        self.says: Became | ProviderError | None = None
        self.asked_about: list[str] = []
        self.cannot_redact: deque[ProviderError] = deque()
        self.witness: Callable[[Outgoing, datetime], None] = lambda _outgoing, _at: None
        self._lock = Lock()

    def send(self, outgoing: Outgoing, *, at: datetime) -> Accepted:
        """Let the witness look, then answer as scripted."""
        self.witness(outgoing, at)
        with self._lock:
            self.asked.append(outgoing)
            answer = self.answers.popleft() if self.answers else Answer()
            if answer.arrives:
                outgoing.seconds_left(at)
                self.arrived.append(Arrived(outgoing, at))
        if answer.raises is not None:
            raise answer.raises
        return Accepted(_ref(outgoing))

    def look_up(self, outgoing: Outgoing, *, since: datetime, at: datetime, known: Known) -> Found:
        """Whether the message arrived."""
        del since, at, known
        self.looked_up.append(outgoing)
        if self.blind:
            return CannotTell()
        found = any(one.outgoing.message_id == outgoing.message_id for one in self.arrived)
        return Adopted(_ref(outgoing)) if found else NotFound()

    def became(self, provider_ref: str) -> Became | None:
        """What it says of every message."""
        self.asked_about.append(provider_ref)
        if isinstance(self.says, ProviderError):
            raise self.says
        return self.says

    def redact(self, provider_ref: str) -> None:
        """Note that it was asked for, unless there is another answer: a test wants to read what it keeps."""
        if self.cannot_redact:
            raise self.cannot_redact.popleft()
        self.redacted.append(provider_ref)

    @property
    def texts(self) -> list[str]:
        return [one.text for one in self.arrived]


def _ref(outgoing: Outgoing) -> str:
    return f"ref-{outgoing.message_id}"
