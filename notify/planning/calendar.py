"""The working days of England and Wales: the holidays library, put right by a data file."""

import tomllib
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from importlib.resources.abc import Traversable

import holidays

from notify.planning.rules.working_days import WorkingDays

YEARS = range(2015, 2051)
SHIPPED = files("notify.planning") / "bank-holiday-overrides.toml"


class CalendarError(ValueError):
    """The file of bank holiday overrides cannot be used; the message lists every fault."""


@dataclass(frozen=True)
class Overrides:
    """Bank holidays that the library lacks, and days that it wrongly takes for bank holidays."""

    added: frozenset[date]
    removed: frozenset[date]


def england_and_wales(overrides: Overrides | None = None) -> WorkingDays:
    """The working days from 2015 to 2050, with the overrides given or else those of the shipped file.

    Outside those years bank holidays are not known and every weekday counts.
    """
    given = load_overrides() if overrides is None else overrides
    known = frozenset(holidays.country_holidays("GB", subdiv="ENG", years=YEARS))
    return WorkingDays((known | given.added) - given.removed)


def load_overrides(file: Traversable = SHIPPED) -> Overrides:
    """The overrides in a file; CalendarError names each unknown key, missing reason and day that is no date."""
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CalendarError(f"{file.name}: {error}") from None
    faults = [f"{key}: unknown" for key in sorted(data.keys() - {"added", "removed"})]
    added = _days("added", data.get("added", []), faults)
    removed = _days("removed", data.get("removed", []), faults)
    faults += [f"{day}: both added and removed" for day in sorted(added & removed)]
    if faults:
        raise CalendarError("\n".join(f"{file.name}, {fault}" for fault in faults))
    return Overrides(added=added, removed=removed)


def _days(key: str, entries: object, faults: list[str]) -> frozenset[date]:
    """The days of one list of {day, reason}."""
    if not isinstance(entries, list):
        faults.append(f"{key}: must be a list")
        return frozenset()
    days = set()
    for number, entry in enumerate(entries, start=1):
        # The exact type, because TOML's date and time is also a date to isinstance.
        match entry:
            case {"day": day, "reason": str(reason), **others} if type(day) is date and reason and not others:
                days.add(day)
            case _:
                faults.append(f"{key} {number}: must be a day (a date) and a reason, and nothing else")
    return frozenset(days)
