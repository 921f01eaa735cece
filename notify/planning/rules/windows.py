"""Victim windows: until when a victim may ask for something herself, and when she is reminded of it."""

from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from models.vocabulary import WINDOW_KINDS, DutyClass
from notify.planning.rules.catalogue import Rule, WindowRule
from notify.planning.rules.due import end_of
from notify.planning.rules.working_days import local_date

KEYS = {"opens", "after", "months", "days", "reminder"}
OPENS = ("told", "happened")
LONGEST = {"months": 24, "days": 366}
"""A larger number is a slip of the pen."""
MONTHS_IN_A_YEAR = 12


def ends_at(opened_at: datetime, window: WindowRule) -> datetime:
    """The UTC instant at which the last London day of a window ends.

    Whole calendar months end on the same day of the month, or on the last one where there is no such day.

    >>> review = WindowRule("R6-VRR-REQ", "told", ("R6-NFA-POL",), 3, None, "review_window")
    >>> ends_at(datetime(2025, 11, 30, 9, tzinfo=UTC), review).isoformat()
    '2026-03-01T00:00:00+00:00'
    """
    first = local_date(opened_at)
    last = first + timedelta(days=window.days) if window.days else _months_later(first, window.months or 0)
    return end_of(last)


def half_way(opened_at: datetime, ends_at: datetime) -> datetime:
    """The UTC instant at which half of a window is over.

    >>> half_way(datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 7, tzinfo=UTC)).isoformat()
    '2026-01-06T00:00:00+00:00'
    """
    return opened_at.astimezone(UTC) + (ends_at - opened_at) / 2


def last_day(ends_at: datetime) -> date:
    """The last London day of a window that ends at this instant.

    >>> last_day(datetime(2026, 3, 1, tzinfo=UTC)).isoformat()
    '2026-02-28'
    """
    return local_date(ends_at) - timedelta(days=1)


def parse_windows(tables: Mapping[str, Any], faults: list[str]) -> dict[str, WindowRule]:
    """The windows of an edition's header by the name of their rule; `faults` is given each fault with its place."""
    windows = {}
    for rule, table in tables.items():
        found = list(_faults(table))
        faults += (f"windows.{rule}{fault}" for fault in found)
        if not found:
            windows[rule] = WindowRule(
                rule,
                table["opens"],
                tuple(table["after"]),
                table.get("months"),
                table.get("days"),
                table["reminder"],
            )
    return windows


def unfit(windows: Mapping[str, WindowRule], rules: Sequence[Rule]) -> Iterator[str]:
    """What does not fit together between the windows of an edition and its rules."""
    by_id = {rule.id: rule for rule in rules}
    for rule in rules:
        if rule.duty_class is not DutyClass.VICTIM_WINDOW:
            continue
        if rule.id not in windows:
            yield f"windows.{rule.id}: missing, and its class is victim_window"
        if rule.kinds:
            yield f"windows.{rule.id}: the rule names milestones itself; they are those of the rules in `after`"
    for name, window in windows.items():
        own = by_id.get(name)
        if own is None or own.duty_class is not DutyClass.VICTIM_WINDOW:
            yield f"windows.{name}: is no rule of the class victim_window"
        for after in window.after:
            if after not in by_id or not by_id[after].kinds:
                yield f"windows.{name}, after: {after!r} is no rule that a milestone sets off"


def _faults(table: object) -> Iterator[str]:
    if not isinstance(table, dict):
        yield ": must be a table"
        return
    yield from (f", {key}: unknown" for key in sorted(table.keys() - KEYS))
    yield from (f", {key}: missing" for key in ("opens", "after", "reminder") if key not in table)
    if len(table.keys() & LONGEST.keys()) != 1:
        yield ": has either months or days"
    for key, most in LONGEST.items():
        # The exact type, because true is also an int to isinstance.
        if key in table and (type(table[key]) is not int or not 1 <= table[key] <= most):
            yield f", {key}: must be a whole number from 1 to {most}"
    if "opens" in table and table["opens"] not in OPENS:
        yield f", opens: must be one of {', '.join(OPENS)}"
    if "reminder" in table and table["reminder"] not in WINDOW_KINDS:
        yield f", reminder: must be one of {', '.join(WINDOW_KINDS)}"
    after = table.get("after")
    if "after" in table and not (
        isinstance(after, list) and after and all(isinstance(one, str) for one in after)
    ):
        yield ", after: must be a list of rules"


def _months_later(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, MONTHS_IN_A_YEAR)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
