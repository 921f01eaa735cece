"""JSON objects, read strictly: no name twice, no NaN, and no fault that repeats what was given."""

import json
import re
from typing import Any, NoReturn

from notify.errors import FieldFault

WHOLE = ""
"""The field of a fault that concerns the text as a whole."""

_MACHINE_WORD = re.compile(r"[a-z][a-z0-9_]{0,63}")
_NOT_JSON = "must be one JSON object"


def read_object(text: str | bytes) -> dict[str, Any]:
    """The object that a JSON text holds. Raises FieldFault.

    >>> read_object('{"a": 1, "a": 2}')
    Traceback (most recent call last):
    notify.errors.FieldFault: a: must be given once only
    """
    try:
        given = json.loads(text, object_pairs_hook=_once, parse_constant=_not_json)
    except FieldFault:
        raise
    except (ValueError, RecursionError):  # RecursionError: nested deeper than anything we read
        raise FieldFault(WHOLE, _NOT_JSON) from None
    if not isinstance(given, dict):
        raise FieldFault(WHOLE, _NOT_JSON)
    return given


def shown(name: str) -> str:
    """A field's name, if it is one that can be repeated."""
    return name if _MACHINE_WORD.fullmatch(name) else "(unreadable name)"


def canonical(given: dict[str, Any]) -> str:
    """The one text (ASCII) of all the texts that hold the same object."""
    return json.dumps(given, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    given = dict(pairs)
    if len(given) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise FieldFault(shown(twice), "must be given once only")
    return given


def _not_json(_constant: str) -> NoReturn:
    raise FieldFault(WHOLE, "must not hold NaN or Infinity")
