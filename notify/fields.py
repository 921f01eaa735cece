"""Strict marshmallow fields of what callers send (event file, API): no conversions, and no fault that repeats what was given."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from enum import Enum
from typing import Any, Generic, TypeVar

from marshmallow import Schema, ValidationError, fields, validate

from notify.planning.milestones import LONGEST_FACT, MOST_FACTS

T = TypeVar("T")
E = TypeVar("E", bound=Enum)

REQUIRED = "must be given"
NULL = "must not be null"
LONGEST_REF = 100
LONGEST_NAME = 200
LONGEST_TEXT = 5_000
MOST_COVERED = 200
EARLIEST_YEAR, LATEST_YEAR = 1900, 2199

# Control characters (but for tabs and line ends), and halves of characters that no database can store.
_NEVER = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_NEVER_IN_REF = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d(:?\d\d)?)", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_WALL_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
_FACT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_ -]{0,63}")

REF = {"type": "string", "minLength": 1, "maxLength": LONGEST_REF, "pattern": r"^\S(.*\S)?$"}
"""What JSON Schema can say of a caller's own name for a thing."""

_MESSAGES: dict[str, str | list[Any] | dict[Any, Any]] = {"required": REQUIRED, "null": NULL}


class Read(fields.Field[T], Generic[T]):
    """A field that one function reads: it returns the value or raises ValidationError.

    `told` is what JSON Schema can say of it, for the OpenAPI document; the function may be stricter.
    """

    def __init__(self, read: Callable[[Any], T], told: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(error_messages=_MESSAGES, metadata=told, **kwargs)
        self._read = read

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> T:  # noqa: ARG002 (marshmallow's)
        return self._read(value)


def words(*, longest: int = LONGEST_TEXT, shortest: int = 1, **kwargs: Any) -> Read[str]:
    """Text for people, `shortest` to `longest` characters; lines and tabs allowed, other control characters not."""
    told = {"type": "string", "minLength": shortest, "maxLength": longest}
    return Read(lambda value: _text(value, shortest, longest, _NEVER), told, **kwargs)


def ref(**kwargs: Any) -> Read[str]:
    """The caller's own name for a thing: one line, without spaces around it."""
    return Read(_ref, REF, **kwargs)


def language_tag(**kwargs: Any) -> Read[str]:
    """A language such as en or pt-BR."""
    told = {"type": "string", "pattern": f"^{_LANGUAGE.pattern}$", "example": "en"}
    return Read(
        lambda value: _matching(value, _LANGUAGE, "must be a language like en or pt-BR"), told, **kwargs
    )


def flag(**kwargs: Any) -> Read[bool]:
    """True or false, and nothing that looks like them."""
    return Read(_flag, {"type": "boolean"}, **kwargs)


def moment(**kwargs: Any) -> Read[datetime]:
    """An ISO 8601 date and time with its offset, as an aware UTC datetime."""
    return Read(
        _moment, {"type": "string", "format": "date-time", "example": "2026-01-05T09:00:00Z"}, **kwargs
    )


def day(**kwargs: Any) -> Read[date]:
    """A date such as 2026-01-05."""
    return Read(_day, {"type": "string", "format": "date", "example": "2026-01-05"}, **kwargs)


def wall_time(**kwargs: Any) -> Read[time]:
    """Hours and minutes on the wall in London, 00:00 to 23:59."""
    told = {"type": "string", "pattern": f"^{_WALL_TIME.pattern}$", "example": "09:00"}
    return Read(
        lambda value: time.fromisoformat(_matching(value, _WALL_TIME, "must be a time like 09:00")),
        told,
        **kwargs,
    )


def covered_rules(**kwargs: Any) -> Read[tuple[str, ...] | None]:
    """A list of rule ids; None for "all"."""
    told = {"anyOf": [{"enum": ["all"]}, {"type": "array", "items": REF, "maxItems": MOST_COVERED}]}
    return Read(_covered, told, **kwargs)


def fact_texts(**kwargs: Any) -> Read[dict[str, str]]:
    """A few short texts by name, for the wording to use."""
    text = {"type": "string", "minLength": 1, "maxLength": LONGEST_FACT}
    return Read(
        _facts, {"type": "object", "additionalProperties": text, "maxProperties": MOST_FACTS}, **kwargs
    )


def choice(vocabulary: type[E], *, among: tuple[E, ...] | None = None, **kwargs: Any) -> fields.Enum[E]:
    """One of the words of an enum, or of those in `among`."""
    allowed = among or tuple(vocabulary)
    message = "must be one of: " + ", ".join(word.value for word in allowed)
    return fields.Enum(
        vocabulary,
        by_value=True,
        validate=validate.OneOf(allowed, error=message),
        error_messages={**_MESSAGES, "unknown": message},
        **kwargs,
    )


def whole(*, least: int, most: int, **kwargs: Any) -> fields.Integer:
    """A whole number within limits; 1.0 and "1" are not."""
    return fields.Integer(
        strict=True,
        validate=validate.Range(least, most, error=f"must be {least} to {most}"),
        error_messages={**_MESSAGES, "invalid": "must be a whole number"},
        **kwargs,
    )


def several(inner: fields.Field[Any], *, most: int, least: int = 0, **kwargs: Any) -> fields.List[Any]:
    """A list of `least` to `most` of one field."""
    return fields.List(
        inner,
        validate=validate.Length(least, most, error=f"must be a list of {least} to {most}"),
        error_messages={**_MESSAGES, "invalid": "must be a list"},
        **kwargs,
    )


def nested(schema: type[Schema], **kwargs: Any) -> fields.Nested:
    """An object inside another."""
    return fields.Nested(schema, error_messages={**_MESSAGES, "type": "must be an object"}, **kwargs)


def _text(value: Any, shortest: int, longest: int, never: re.Pattern[str]) -> str:
    if not isinstance(value, str):
        raise ValidationError("must be text")
    if len(value) > longest:
        raise ValidationError(f"must be at most {longest} characters")
    if never.search(value):
        raise ValidationError("must not hold control characters")
    if shortest and not value.strip():
        raise ValidationError("must not be empty")
    return value


def _ref(value: Any) -> str:
    text = _text(value, 1, LONGEST_REF, _NEVER_IN_REF)
    if text != text.strip():
        raise ValidationError("must not begin or end with a space")
    if not text.isascii() and any(
        unicodedata.category(character) == "Cf" for character in text
    ):  # unseen: two would look the same
        raise ValidationError("must not hold hidden characters")
    return text


def _matching(value: Any, pattern: re.Pattern[str], otherwise: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ValidationError(otherwise)
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValidationError("must be true or false")
    return value


def _moment(value: Any) -> datetime:
    otherwise = "must be a date and time with an offset, like 2026-01-05T09:00:00Z"
    text = _matching(value, _MOMENT, otherwise)
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError as error:  # a 30th of February, or a 25th hour
        raise ValidationError(otherwise) from error
    _check_year(parsed.year)
    return parsed.astimezone(UTC)


def _day(value: Any) -> date:
    otherwise = "must be a date like 2026-01-05"
    text = _matching(value, _DAY, otherwise)
    try:
        parsed = date.fromisoformat(text)
    except ValueError as error:
        raise ValidationError(otherwise) from error
    _check_year(parsed.year)
    return parsed


def _check_year(year: int) -> None:
    if not EARLIEST_YEAR <= year <= LATEST_YEAR:
        raise ValidationError(f"must be in the years {EARLIEST_YEAR} to {LATEST_YEAR}")


def _covered(value: Any) -> tuple[str, ...] | None:
    if value == "all":
        return None
    if not isinstance(value, list):
        raise ValidationError('must be "all" or a list of rule ids')
    rules: list[str] = _RULES.deserialize(value)
    return tuple(rules)


def _facts(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise ValidationError("must be an object of short texts")
    if len(value) > MOST_FACTS:
        raise ValidationError(f"must hold at most {MOST_FACTS} facts")
    if not all(_FACT_NAME.fullmatch(name) for name in value):
        raise ValidationError("must have names of letters, digits, spaces, - and _")
    faults: dict[str, Any] = {}
    for name, fact in value.items():
        try:
            _text(fact, 1, LONGEST_FACT, _NEVER)
        except ValidationError as error:
            faults[name] = error.messages
    if faults:
        raise ValidationError(faults)
    return value


_RULES: fields.Field[Any] = several(ref(), most=MOST_COVERED)
