"""Reading an event file: a line in, an event or one named fault out; nothing personal is ever repeated in a fault."""

import codecs
import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, cast

from marshmallow import ValidationError

from notify.errors import FieldFault
from notify.eventfile import schema
from notify.eventfile.events import Event
from notify.fields import REQUIRED
from notify.strict_json import canonical, read_object, shown

LONGEST_LINE = 1024 * 1024  # bytes
LINE = "line"
"""The field of a fault that concerns the line as a whole."""

_KIND = re.compile(r"[a-z0-9_]{1,64}")
_TOO_LONG = f"must be at most {LONGEST_LINE} bytes long"

SCHEMAS: dict[str, schema.EventSchema] = {
    made.makes.do: made
    for made in (
        schema.UnitSchema(),
        schema.StaffSchema(),
        schema.CaseSchema(),
        schema.VictimSchema(),
        schema.ContactPointSchema(),
        schema.VerifySchema(),
        schema.SuspendSchema(),
        schema.PlanSchema(),
        schema.PauseSchema(),
        schema.ResumeSchema(),
        schema.DeclineSchema(),
        schema.SupportSchema(),
        schema.MilestoneSchema(),
        schema.CorrectSchema(),
        schema.ContactSchema(),
        schema.WaiveSchema(),
        schema.InboundSchema(),
        schema.ReceiptSchema(),
        schema.ReadSchema(),
        schema.CloseSchema(),
    )
}
"""What reads each `do`."""


class EventFault(ValueError):  # noqa: N818 (a fault of the file, not of the program; it is passed on as a value too)
    """Why a line was refused: which field, such as `channels[0].windows[1].from`, and a reason of one line."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(field, reason)
        self.field = field
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.field}: {self.reason}"


def load(line: str) -> Event:
    """The event that one line of an event file describes.

    Raises:
        EventFault: the first fault, in the order of the alphabet and of lists; the same for the same line, always.
    """
    if len(line) > LONGEST_LINE:
        raise EventFault(LINE, _TOO_LONG)
    given = _object(line)
    reader = _reader(given.get("do"))
    try:
        values = reader.load({name: value for name, value in given.items() if name != "do"})
    except ValidationError as error:
        raise _first_fault(error.messages, given) from None
    return cast("Event", reader.makes(**values, digest=_digest(given)))


def read_events(lines: Iterable[bytes]) -> Iterator[tuple[int, Event | EventFault]]:
    """Each line's number, from 1, with its event or its fault; blank lines are counted and passed over.

    Holds one line at a time. Give it `bounded_lines(file)` where the file is not ours.
    """
    for number, given in enumerate(lines, start=1):
        raw = given.removeprefix(codecs.BOM_UTF8) if number == 1 else given
        if raw.isspace() or not raw:
            continue
        try:
            yield number, load(_text(raw))
        except EventFault as fault:
            yield number, fault


def bounded_lines(file: BinaryIO) -> Iterator[bytes]:
    """The lines of a file, none of which takes more memory than just enough to be refused as too long."""
    most = LONGEST_LINE + 3  # room for the end of the line, and for one byte too many
    while line := file.readline(most):
        rest = line
        while len(rest) == most and not rest.endswith(b"\n"):
            rest = file.readline(most)
        yield line


def _text(raw: bytes) -> str:
    line = raw.rstrip(b"\r\n")
    if len(line) > LONGEST_LINE:
        raise EventFault(LINE, _TOO_LONG)
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        raise EventFault(LINE, "must be UTF-8") from None


def _object(line: str) -> dict[str, Any]:
    try:
        return read_object(line)
    except FieldFault as fault:
        raise EventFault(fault.field or LINE, fault.reason) from None


def _reader(do: object) -> schema.EventSchema:
    if do is None:
        raise EventFault("do", REQUIRED)
    if isinstance(do, str) and do in SCHEMAS:
        return SCHEMAS[do]
    raise EventFault("do", f"unknown event{_named(do)}")


def _named(value: object) -> str:
    """A machine word in quotes, to be put after its noun; nothing for what could be anything else."""
    return f" '{value}'" if isinstance(value, str) and _KIND.fullmatch(value) else ""


def _first_fault(messages: Any, given: dict[str, Any]) -> EventFault:
    field, reason = _first(messages, "")
    if field == "kind" and given.get("do") in ("milestone", "correct") and isinstance(given.get("kind"), str):
        reason = f"unknown milestone kind{_named(given['kind'])}"
    return EventFault(field or LINE, reason)


def _first(messages: Any, path: str) -> tuple[str, str]:
    if isinstance(messages, dict):
        step = min(messages)
        return _first(messages[step], _joined(path, step))
    return path, str(messages[0] if isinstance(messages, list) else messages)


def _joined(path: str, step: str | int) -> str:
    if isinstance(step, int):
        return f"{path}[{step}]"
    if step == "_schema":
        return path
    return f"{path}.{shown(step)}" if path else shown(step)


def _digest(given: dict[str, Any]) -> str:
    return hashlib.sha256(canonical(given).encode("ascii")).hexdigest()
