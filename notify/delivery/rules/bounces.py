"""What a bounce says of a mail: whether it will never arrive, and the code by which its fault is known (RFC 3464, RFC 3463)."""

import re

from models.vocabulary import ReceiptStatus

_STATUS = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})")

_PLAIN_NOTICE = re.compile(r"\s*Hi\. This is the qmail-send program")
_COPY = re.compile(r"^-+ ?Below this line is a copy of the message", re.MULTILINE)
_REFUSED = re.compile(r"\(#(5\.\d{1,3}\.\d{1,3})\)")
_GIVEN_UP = re.compile(r"\(#(4\.\d{1,3}\.\d{1,3})\)\s+I'm not going to try again")

_ABOUT_US = {"1.7", "1.8"}  # our own address is refused
_FULL, _TOO_LONG = "2.2", "2.3"

EXPIRED = "expired_on_the_way"
"""Put off until the relay gave up: the next mail may well arrive."""

BOUNCED = "554 bounced"
"""It will not arrive, and why is not said in a way that we know: a person looks."""


def said_of(action: str, status: str) -> tuple[ReceiptStatus | None, str | None]:
    """What one delivery report means for its mail, and a code in the words of the table of failures.

    Only that a mail has failed moves anything. That it is delayed, or even delivered, is kept and believed of nobody:
    whoever can write to us can write such a report.

    >>> said_of("failed", "5.1.1"), said_of("delayed", "4.4.1")
    ((<ReceiptStatus.UNDELIVERED: 'undelivered'>, '550'), (None, None))
    """
    if action.strip().lower() != "failed":
        return None, None
    return ReceiptStatus.UNDELIVERED, _code(status)


def said_in_words(text: str) -> tuple[str, str] | None:
    r"""The action and the status of a notice in plain words, as qmail writes it; None unless it plainly says that it failed.

    >>> said_in_words("Hi. This is the qmail-send program.\n<v1@example.org>: no such mailbox (#5.1.1)")
    ('failed', '5.1.1')
    """
    notice = without_copy(text)
    if _PLAIN_NOTICE.match(notice) is None:
        return None
    found = _REFUSED.search(notice) or _GIVEN_UP.search(notice)
    return ("failed", found[1]) if found else None


def is_plain_notice(text: str) -> bool:
    """Whether it begins as a notice in plain words does."""
    return _PLAIN_NOTICE.match(text) is not None


def without_copy(text: str) -> str:
    """A notice in plain words without the mail that it returns."""
    return _COPY.split(text, maxsplit=1)[0]


def _code(status: str) -> str:
    found = _STATUS.match(status.strip())
    if found is None:
        return BOUNCED
    kind, subject, detail = found.groups()
    if kind != "5":
        return EXPIRED
    about = f"{subject}.{detail}"
    if about in _ABOUT_US:
        return "550 sender_refused"
    if about == _FULL:
        return "552"
    if about == _TOO_LONG:
        return "552 too_long"
    if subject in {"1", "2"}:  # no such mailbox, or one that is closed
        return "550"
    return "550 policy_refused" if subject == "7" else BOUNCED
