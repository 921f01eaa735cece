"""The development provider: appends each message to a file, as one line of JSON, and never leaves the machine.

The file stands for the outside world, so it is the one place where a text is in the clear: for fictional data only.
"""

import fcntl
import json
import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import UUID

from models.vocabulary import Channel
from notify.delivery.providers.base import (
    Accepted,
    Adopted,
    Found,
    Known,
    NotFound,
    OneByOne,
    Outgoing,
    TryLater,
    Uncertain,
)


@dataclass(frozen=True)
class OutboxMessage:
    """One line of the file: what would have reached a phone or a mailbox, and when (UTC)."""

    message_id: UUID
    channel: Channel
    to: str = field(repr=False)
    subject: str | None = field(repr=False)
    text: str = field(repr=False)
    sent_at: datetime
    valid_until: datetime
    attempt: int


class Outbox(OneByOne):
    """Accepts everything for either channel; the file is readable by its owner only."""

    name = "outbox"
    keeps_records = False

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, outgoing: Outgoing, *, at: datetime) -> Accepted:
        """Append the message and wait until it is on the disk; its reference is our own message id."""
        outgoing.seconds_left(at)
        descriptor = self._open()
        if descriptor is None:
            raise TryLater("outbox_not_writable")
        try:
            written = _append(descriptor, _line(outgoing, at))
        finally:
            os.close(descriptor)
        if not written:
            raise Uncertain("outbox_write_failed")
        return Accepted(str(outgoing.message_id))

    def look_up(self, outgoing: Outgoing, *, since: datetime, at: datetime, known: Known) -> Found:
        """Read the file: a whole line with the message's id is the message."""
        del since, at, known  # the id settles it
        try:
            found = any(message.message_id == outgoing.message_id for message in _messages(self._path))
        except OSError:
            raise TryLater("outbox_not_readable") from None
        return Adopted(str(outgoing.message_id)) if found else NotFound()

    def redact(self, provider_ref: str) -> None:
        """Leave the file alone: like a handset, it is where messages arrive and not a record that somebody keeps."""

    def _open(self) -> int | None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            return os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        except OSError:
            return None


def read_outbox(path: Path, *, newest: int = 200) -> list[OutboxMessage]:
    """Return the last messages in the file, newest first. A missing file is an empty outbox."""
    return list(reversed(deque(_messages(path), maxlen=newest)))


def _line(outgoing: Outgoing, at: datetime) -> bytes:
    message = {
        "message_id": str(outgoing.message_id),
        "channel": outgoing.channel.value,
        "to": outgoing.to,
        "subject": outgoing.subject,
        "text": outgoing.text,
        "sent_at": at.isoformat(),
        "valid_until": outgoing.valid_until.isoformat(),
        "attempt": outgoing.attempt,
    }
    return json.dumps(message, ensure_ascii=False).encode() + b"\n"


def _append(descriptor: int, line: bytes) -> bool:
    # Under a lock, so that lines of several workers never mix. A line cut short by a crash is closed first.
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        size = os.fstat(descriptor).st_size
        torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        whole = b"\n" + line if torn else line
        if os.write(descriptor, whole) != len(whole):
            return False
        os.fsync(descriptor)
    except OSError:
        return False
    return True


def _messages(path: Path) -> Iterator[OutboxMessage]:
    if not path.exists():
        return
    with path.open("rb") as lines:
        for line in lines:
            message = _parsed(line)
            if message is not None:
                yield message


def _parsed(line: bytes) -> OutboxMessage | None:
    try:
        values = json.loads(line)
        return OutboxMessage(
            message_id=UUID(values["message_id"]),
            channel=Channel(values["channel"]),
            to=values["to"],
            subject=values["subject"],
            text=values["text"],
            sent_at=datetime.fromisoformat(values["sent_at"]),
            valid_until=datetime.fromisoformat(values["valid_until"]),
            attempt=values["attempt"],
        )
    except (ValueError, KeyError, TypeError):  # a line cut short by a crash was never accepted
        return None
