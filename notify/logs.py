"""Logs: one JSON object a line, of fixed words and ids, that cannot carry what a victim's phone must not show.

Nothing is trusted to be harmless because of where it came from. A message is written as the words in the source,
never with arguments put into it; an extra is written only if it is an id, a number, a time or a machine word; an
exception is written as its types and places, never its text, since a failing statement or parser quotes what it was
given. Of other people's libraries only warnings and worse are written, and of those only where they came from.
"""

import logging
import re
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from pathlib import Path
from traceback import walk_tb
from types import TracebackType
from typing import Any, TextIO
from uuid import UUID

import structlog
from structlog.typing import EventDict, WrappedLogger

OURS = ("notify", "jobs", "models", "config", "bench")
PLAIN = ("alembic", "apscheduler")  # they speak of revisions and ticks, not of people
GUNICORN_PLAIN = ("arbiter", "sock")  # its modules that speak of processes; the others quote requests
MACHINE_WORD = re.compile(r"(?!.*[0-9]{5})([a-z][a-z0-9_]*([.:/-][a-z0-9_]+)*|[A-Z0-9]+(-[A-Z0-9]+)+)")
LONGEST_WORD = 64  # characters
FRAMES = 12  # of a traceback, innermost last
WITHHELD = "[withheld]"
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def configure_logs(level: str, stream: TextIO | None = None) -> None:
    """Send every log of this process to stream (standard error if none is given), from level upwards."""
    logging.basicConfig(level=level, handlers=[make_handler(stream)], force=True)
    logging.captureWarnings(True)
    logging.raiseExceptions = False  # the traceback of a failed log line would quote its arguments
    sys.excepthook = _log_uncaught


def make_handler(stream: TextIO | None = None) -> logging.Handler:
    """What writes a log as told above, to stream (standard error if none is given)."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_formatter())
    handler.addFilter(_worth_writing)
    return handler


def _formatter() -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        processors=[
            _describe,
            structlog.contextvars.merge_contextvars,
            _safe,
            structlog.processors.JSONRenderer(),
        ],
        use_get_message=False,  # the message as it stands in the source, without its arguments
        keep_exc_info=False,
    )


def _worth_writing(record: logging.LogRecord) -> bool:
    return _is_plain(record) or record.levelno >= logging.WARNING


def _describe(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Make the line of one record: when, how grave, who says it, what, and its extras."""
    record: logging.LogRecord = event["_record"]
    line: EventDict = {
        "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "logger": record.name,
    }
    if _is_plain(record):
        line["event"] = _Fixed(event["event"])
        line.update({key: value for key, value in vars(record).items() if key not in _STANDARD})
    else:
        line["event"] = _Fixed("a library warned")
        line["where"] = _Fixed(f"{Path(record.pathname).name}:{record.lineno}")
    error = event.get("exc_info")
    if error:
        line["error"] = [_Fixed(part) for part in _describe_error(error[1])]
    return line


def _safe(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    return {
        key: value if key in {"at", "level", "logger"} else _harmless(value) for key, value in line.items()
    }


class _Fixed(str):
    """Words from source code, which may be written as they are."""

    __slots__ = ()


def _harmless(value: Any) -> Any:
    """Return what may be written of a value: an id, a number, a time or a machine word, or a list of those."""
    if isinstance(value, list | tuple | set | frozenset):
        return [_harmless(one) for one in value]
    if isinstance(value, Enum):
        return _harmless(value.value)
    if isinstance(value, UUID | date | timedelta):
        return str(value)
    if value is None or isinstance(value, bool | int | float | _Fixed):
        return value
    if isinstance(value, str) and (_is_uuid(value) or _is_word(value)):
        return value
    return WITHHELD


def _is_word(value: str) -> bool:
    return len(value) <= LONGEST_WORD and MACHINE_WORD.fullmatch(value) is not None


def _is_uuid(value: str) -> bool:
    try:
        return str(UUID(value)) == value
    except ValueError:
        return False


def _is_plain(record: logging.LogRecord) -> bool:
    """Whether the words of its message are fixed in source code."""
    package = record.name.partition(".")[0]
    return package in OURS + PLAIN or (package == "gunicorn" and record.module in GUNICORN_PLAIN)


def _describe_error(error: BaseException | None) -> Iterator[str]:
    """Tell an exception and its causes by type and place, innermost place first, without any of their text."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        frames = list(walk_tb(error.__traceback__))[-FRAMES:]
        places = " < ".join(
            f"{Path(frame.f_code.co_filename).name}:{number} {frame.f_code.co_name}"
            for frame, number in reversed(frames)
        )
        yield f"{type(error).__module__}.{type(error).__qualname__} at {places}"
        error = error.__cause__ or error.__context__


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger("notify").critical("stopped by an error", exc_info=(kind, error, trace))
