"""Reads one mail as a mail server hands it over: a bounce of one of ours, or words that somebody or a machine wrote."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, message_from_string, policy
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import parseaddr
from uuid import UUID

from notify.delivery.rules.bounces import is_plain_notice, said_in_words, without_copy
from notify.delivery.rules.inbound import unquoted
from notify.errors import NotifyError

LONGEST_MAIL = 10 * 1024 * 1024
"""Bytes that are read of one mail, files and all: of a longer one the beginning."""

LONGEST_TEXT = 50_000
"""Characters of its words that are kept."""

LONGEST_ADDRESS = 320

BROKEN = (MessageError, ValueError, LookupError, TypeError, AttributeError, RecursionError)
"""What the standard library's parser has been seen to raise on headers and parts that are no such thing."""

MOST_NAMED = 100
"""Mails that one mail can be found to be about: as many as a thread may have."""

_CUT = "\n[the rest is not kept]"
_OUR_ID = re.compile(
    r"(?<![0-9a-z-])([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})@[a-z0-9.-]", re.IGNORECASE
)
_ANSWERS = re.compile(r"(re|aw|sv|vs|antw|ateb|fwd?|wg)\s*:\s*", re.IGNORECASE)
_QUOTE = re.compile(
    r"""
    ^On\b (?=[^\n]*\d) [^\n]{0,300} (\n[^\n]{1,300})?? \b wrote:[ \t]*$
    | ^-{3,}[ ]*(Original|Forwarded)[ ]Message[ ]*-{3,}[ \t]*$
    | ^(_{10,}[ \t]*\n\n?)? [^\w\n>]{0,3}From:[^\n]{0,500}\n\n?[^\w\n>]{0,3}(Sent|Date):
    """,
    re.IGNORECASE | re.MULTILINE | re.VERBOSE,
)
"""How a mail that is quoted begins in Gmail, Apple Mail and Outlook."""

_MACHINE_PRECEDENCE = {"bulk", "junk", "list", "auto_reply"}
_TAG = re.compile(r"(<[^<>]*>)")
_TAG_NAME = re.compile(r"</?\s*([a-zA-Z0-9]+)")
_UNREAD = {"script", "style", "head", "title"}
_BREAKS = {"br", "p", "div", "tr", "li", "h1", "h2", "h3", "blockquote"}


class BadMail(NotifyError):  # noqa: N818 - a fault of the input, named as one
    """What was handed over is no mail that can be taken. The reason repeats nothing of it."""


@dataclass(frozen=True)
class Reply:
    """Words that came from an address, which may be forged. `automatic`: by a machine, such as "out of office"."""

    sender: str = field(repr=False)
    text: str = field(repr=False)
    """What is kept: subject and text, each line that is not of now marked with ">"."""
    parts: tuple[str, ...] = field(repr=False)
    """What was written now, subject and text each by itself: some words count only when they stand alone."""
    automatic: bool
    named: str = field(repr=False)
    """The same for the same mail handed over twice."""
    about: tuple[UUID, ...] = ()
    """The mails with an id like ours that it may be about."""


@dataclass(frozen=True)
class Bounce:
    """A report that says what became of a mail with an id like ours: each recipient's action and status (RFC 3464)."""

    reports: tuple[tuple[str, str], ...]
    raw: str = field(repr=False)
    reply: Reply = field(repr=False)
    """The same as words, should no mail of ours have that id."""


def read_mail(raw: bytes) -> Bounce | Reply:
    """Read one RFC 5322 message, of a large one the beginning. Raises BadMail when it is none, or is from nobody."""
    if not raw.strip():
        raise BadMail("the message is empty")
    try:
        mail = message_from_bytes(raw[:LONGEST_MAIL], policy=policy.default)
    except BROKEN:
        raise BadMail("the message cannot be read") from None
    sender = _sender(mail)
    if sender is None:
        raise BadMail("the message has no readable From address")
    text = _text(mail)
    is_report = mail.get_content_type() == "multipart/report"
    automatic = is_report or _is_automatic(mail) or _is_mailer(sender) or is_plain_notice(text)
    reply = _reply(mail, sender, text, automatic=automatic, cut=len(raw) > LONGEST_MAIL)
    if reply.about and is_report and (reports := tuple(_reports(mail))):
        return Bounce(reports, _as_text(mail), reply)
    if reply.about and _header(mail, "Return-Path") == "<>" and (failed := said_in_words(text)):
        return Bounce((failed,), without_copy(text)[:LONGEST_TEXT], reply)
    return reply


def _reply(mail: EmailMessage, sender: str, text: str, *, automatic: bool, cut: bool) -> Reply:
    """Put together what is kept and what is read."""
    subject = _header(mail, "Subject")
    kept = _with_quotes_marked(text[:LONGEST_TEXT])
    written = unquoted(kept).strip()
    asked = _ANSWERS.match(subject)
    heading = f"> {subject}" if asked and written else subject
    notes = _CUT if cut or len(text) > LONGEST_TEXT else ""
    if any(_is_file(part) for part in mail.walk()):
        notes += "\n[with a file, which is not kept]"
    named = "\n".join((_header(mail, "Message-ID"), _header(mail, "Date"), sender, subject, kept))
    return Reply(
        sender,
        f"{heading}\n\n{kept}{notes}".strip(),
        tuple(part for part in (_without_answers(subject), written) if part),
        automatic,
        named,
        _about(mail, in_words=automatic),
    )


def _without_answers(subject: str) -> str:
    while found := _ANSWERS.match(subject):
        subject = subject[found.end() :]
    return subject


def _with_quotes_marked(text: str) -> str:
    """Marks an earlier mail that is quoted without marks, to the end: what may be written below it is kept, and not heard."""
    done = ""
    while found := _QUOTE.search(text):
        below = text[found.end() :]
        end = found.end() if below.lstrip().startswith(">") else len(text)
        done += text[: found.start()] + re.sub(r"^", "> ", text[found.start() : end], flags=re.MULTILINE)
        text = text[end:]
    return done + text


def _header(mail: EmailMessage, name: str) -> str:
    """A header as one line of text; empty when it is missing or is not to be read."""
    try:
        value = str(mail.get(name, ""))
    except BROKEN:
        value = next((str(raw) for key, raw in mail.raw_items() if key.lower() == name.lower()), "")
    return " ".join(_storable(value).split())


def _storable(value: str) -> str:
    """Without the halves of characters by which the parser marks bytes that it could not read."""
    return value.encode("utf-8", "replace").decode("utf-8")


def _sender(mail: EmailMessage) -> str | None:
    """The first address of From. Nothing proves that it is true."""
    try:
        addresses = [one.addr_spec for one in mail["From"].addresses]
    except BROKEN:
        addresses = [parseaddr(_header(mail, "From"))[1]]
    found = _storable(addresses[0]) if addresses else ""
    return found if "@" in found and len(found) <= LONGEST_ADDRESS else None


def _is_automatic(mail: EmailMessage) -> bool:
    """Whether a machine says that it wrote this (RFC 3834), or is known to mark its answers like this."""
    submitted = _header(mail, "Auto-Submitted").partition(";")[0].strip().lower()
    return (
        submitted not in {"", "no"}
        or _header(mail, "Precedence").lower() in _MACHINE_PRECEDENCE
        or bool(_header(mail, "X-Autoreply") or _header(mail, "X-Autorespond"))
        or _header(mail, "Return-Path") == "<>"
    )


def _is_mailer(sender: str) -> bool:
    return sender.partition("@")[0].lower() == "mailer-daemon"


def _text(mail: EmailMessage) -> str:
    """The text; the HTML stripped of its tags only where there is no text part."""
    text = next(_texts(mail, "plain"), None)
    if text is None:
        text = next((plain_of(one) for one in _texts(mail, "html")), "")
    return "\n".join(text.strip().splitlines())


def _texts(mail: EmailMessage, kind: str) -> Iterator[str]:
    """The text parts of one kind that are no files, in their order."""
    for part in mail.walk():
        if part.get_content_type() != f"text/{kind}" or _is_file(part):
            continue
        try:
            content = str(part.get_content())
        except BROKEN:  # a character set that nobody knows: better odd letters than none
            payload = part.get_payload(decode=True)
            content = payload.decode("latin-1") if isinstance(payload, bytes) else ""
        yield _storable(content)


def _is_file(part: EmailMessage) -> bool:
    try:
        named = part.get_content_disposition() == "attachment"
    except BROKEN:
        named = True
    return named or part.get_content_maintype() not in {"text", "multipart", "message"}


def plain_of(markup: str) -> str:
    """The words of HTML as a reader sees them, however broken its tags are.

    >>> plain_of("<head><title>x</title></head><p>Please&nbsp;<b>stop</b></p><script>go()</script>")
    'Please stop'
    """
    words: list[str] = []
    unread: str | None = None
    for piece in _TAG.split(markup):
        if not piece.startswith("<"):
            if unread is None:
                words.append(html.unescape(piece))
            continue
        found = _TAG_NAME.match(piece)
        name = found[1].lower() if found else ""
        if unread is not None:
            unread = None if piece.startswith("</") and name == unread else unread
        elif name in _UNREAD and not piece.startswith("</"):
            unread = name
        elif name in _BREAKS:
            words.append("\n")
    lines = (" ".join(line.split()) for line in "".join(words).splitlines())
    return "\n".join(line for line in lines if line)


def _about(mail: EmailMessage, *, in_words: bool) -> tuple[UUID, ...]:
    """The ids like ours: of mails that are enclosed, that it refers to, and, for a machine's words, that they name."""
    named = [_header(enclosed, "Message-ID") for enclosed in _enclosed(mail)]
    named += [_header(mail, "In-Reply-To"), _header(mail, "References")]
    if in_words:
        named += [
            *_texts(mail, "plain"),
            *_texts(mail, "html"),
            *_texts(mail, "rfc822-headers"),
            _as_text(mail),
        ]
    found = dict.fromkeys(UUID(one[1]) for each in named for one in _OUR_ID.finditer(each))
    return tuple(found)[:MOST_NAMED]


def _enclosed(mail: EmailMessage) -> Iterator[EmailMessage]:
    for part in mail.walk():
        try:
            if part.get_content_type() == "text/rfc822-headers":
                headers = part.get_payload(decode=True)
                text = headers.decode("utf-8", "replace") if isinstance(headers, bytes) else ""
                yield message_from_string(text, policy=policy.default)
            elif part.get_content_type() in {"message/rfc822", "message/global"}:
                yield from (one for one in part.iter_parts() if isinstance(one, EmailMessage))
        except BROKEN:
            continue


def _reports(mail: EmailMessage) -> Iterator[tuple[str, str]]:
    for part in _status_parts(mail):
        for block in part.get_payload():
            if isinstance(block, EmailMessage) and (action := _header(block, "Action")):
                yield action, _header(block, "Status")


def _as_text(mail: EmailMessage) -> str:
    """The report itself, without the mail that it returns: we have what that said."""
    return "\n".join(
        f"{name}: {_storable(str(value))}"
        for part in _status_parts(mail)
        for block in part.get_payload()
        if isinstance(block, EmailMessage)
        for name, value in block.raw_items()
    )[:LONGEST_TEXT]


def _status_parts(mail: EmailMessage) -> Iterator[EmailMessage]:
    for part in mail.walk():
        if part.get_content_type() == "message/delivery-status" and isinstance(part.get_payload(), list):
            yield part
