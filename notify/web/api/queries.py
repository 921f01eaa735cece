"""What may be asked of a list: which page of it, and which of its rows."""

import re
from typing import Any

from marshmallow import ValidationError, fields

from models.vocabulary import AlertLevel, AlertState, DutyState, TaskState
from notify.fields import Read, choice, moment
from notify.oversight.pages import Wanted
from notify.shapes import Shape

MOST = 200
USUAL = 50
_LIMIT = re.compile(r"[1-9][0-9]{0,2}", re.ASCII)


def _limit(value: Any) -> int:
    if not isinstance(value, str) or not _LIMIT.fullmatch(value) or int(value) > MOST:
        raise ValidationError(f"must be a whole number from 1 to {MOST}")
    return int(value)


def _flag(value: Any) -> bool:
    if value not in {"true", "false"}:
        raise ValidationError("must be true or false")
    return bool(value == "true")


class PageQuery(Shape):
    """A page of a list."""

    limit = Read(_limit, {"type": "integer", "minimum": 1, "maximum": MOST}, load_default=USUAL)
    after = fields.UUID(
        load_default=None,
        allow_none=False,
        error_messages={"invalid_uuid": "must be the next of the page before"},
        metadata={"description": "the `next` of the page before"},
    )


class CasesQuery(PageQuery):
    open = Read(_flag, {"type": "boolean"}, load_default=None, allow_none=False)


class DutiesQuery(PageQuery):
    state = choice(DutyState, load_default=None, allow_none=False)
    due_before = moment(load_default=None, allow_none=False)


class AlertsQuery(PageQuery):
    state = choice(AlertState, load_default=None, allow_none=False)
    level = choice(AlertLevel, load_default=None, allow_none=False)


class TasksQuery(PageQuery):
    state = choice(TaskState, load_default=None, allow_none=False)


def wanted(query: dict[str, Any]) -> Wanted:
    """The page that a query asks for."""
    return Wanted(query["limit"], query["after"])
