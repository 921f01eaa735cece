"""The figures that the Code leaves to the force: a versioned data file."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import time, timedelta
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from models.vocabulary import MilestoneKind
from notify.planning.plans import LONGEST_SILENCE
from notify.planning.rules.catalogue import Rule

SHIPPED = files("notify.planning") / "policy.toml"
KINDS = [kind.value for kind in MilestoneKind]
MOST = 1000  # days, hours or minutes: a larger number is a slip of the pen
NO_DIGEST = "none"
WALL_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)
NEVER_LONGER = (
    ("default_enhanced_days", "default_standard_days"),
    ("escalate_enhanced_days", "escalate_standard_days"),
    ("no_receipt_urgent_hours", "no_receipt_hours"),
)
"""An enhanced victim never waits longer than a standard one, nor urgent news longer than other."""


class PolicyError(ValueError):
    """The policy file cannot be used; the message lists every fault by name."""


@dataclass(frozen=True, slots=True)
class OffenceGroup:
    """Offences with one of `words` in them, and the frequency (days) that is offered for them."""

    group: str
    words: tuple[str, ...]
    every_days: int

    def has(self, offence: str) -> bool:
        """Whether an offence is of this group: a word of the group stands in it, whole, capitals or not."""
        return any(re.search(rf"\b{re.escape(word)}\b", offence, re.IGNORECASE) for word in self.words)


@dataclass(frozen=True, slots=True)
class Policy:
    """How long things may take where the Code is silent: working days (`_days`), real hours and minutes.

    `default_every_days` and `frequency` are calendar days, and only offered: what is agreed with the victim holds.
    """

    version: str
    default_standard_days: int
    default_enhanced_days: int
    urgent_hours: int
    due_soon_hours: int
    stuck_minutes: int
    no_receipt_urgent_hours: int
    no_receipt_hours: int
    escalate_standard_days: int
    escalate_enhanced_days: int
    default_every_days: int
    frequency: tuple[OffenceGroup, ...]
    ask_again_at: tuple[str, ...]
    """The kinds of milestone at which a victim who declined updates is asked again."""
    digest_at: time | None
    """The London time at which staff are sent the digest of a working day; None when nobody is."""

    def days_for(self, rule: Rule, *, enhanced: bool) -> int:
        """The working days in which a rule is to be met: the Code's number, or policy's when it gives none."""
        days = rule.enhanced_days if enhanced else rule.standard_days
        return self.default_days(enhanced=enhanced) if days is None else days

    def default_days(self, *, enhanced: bool) -> int:
        """The working days for what no rule gives a number."""
        return self.default_enhanced_days if enhanced else self.default_standard_days

    @property
    def stuck(self) -> timedelta:
        """How long a message that may leave can be kept from leaving."""
        return timedelta(minutes=self.stuck_minutes)

    def every_days_for(self, offence: str) -> int:
        """The frequency (days) to offer for an offence: the shortest of its groups, or the usual one of none."""
        found = (group.every_days for group in self.frequency if group.has(offence))
        return min(found, default=self.default_every_days)


FIGURES = tuple(field.name for field in fields(Policy) if field.type is int)
LONGEST = dict.fromkeys(FIGURES, MOST) | {"default_every_days": LONGEST_SILENCE}


def load_policy(path: Path | None = None) -> Policy:
    """The policy in a file, or the shipped one; PolicyError names every unknown key and bad value at once."""
    data = _read(SHIPPED)
    if path is not None:
        given = _read(path)
        faults = list(_faults(given, data))
        if faults:
            raise PolicyError("\n".join(f"{path.name}, {fault}" for fault in faults))
        data |= given
    groups = (OffenceGroup(**group | {"words": tuple(group["words"])}) for group in data["frequency"])
    asked = {"ask_again_at": tuple(data["ask_again_at"])}
    digest = {"digest_at": None if data["digest_at"] == NO_DIGEST else time.fromisoformat(data["digest_at"])}
    return Policy(**data | asked | digest | {"frequency": tuple(groups)})


def _read(file: Traversable) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PolicyError(f"{file.name}: {error}") from error


def _faults(given: dict[str, Any], shipped: dict[str, Any]) -> Iterator[str]:
    for key in sorted(given.keys() - {field.name for field in fields(Policy)}):
        yield f"{key}: unknown"
    if not _is_text(given.get("version")):
        yield "version: must be a text"
    bad = {key for key in FIGURES if key in given and not _is_whole(given[key], LONGEST[key])}
    for key in FIGURES:
        if key in bad:
            yield f"{key}: must be a whole number from 1 to {LONGEST[key]}"
    both = shipped | given
    for enhanced, standard in NEVER_LONGER:
        if not bad & {enhanced, standard} and both[enhanced] > both[standard]:
            yield f"{enhanced}: is more than {standard}"
    yield from _group_faults(both["frequency"])
    yield from _kind_faults(both["ask_again_at"])
    if both["digest_at"] != NO_DIGEST and not _is_wall_time(both["digest_at"]):
        yield f"digest_at: must be a time such as 07:30, or {NO_DIGEST}"


def _group_faults(groups: Any) -> Iterator[str]:
    if not isinstance(groups, list) or not all(isinstance(group, dict) for group in groups):
        yield "frequency: must be tables, each under [[frequency]]"
        return
    names: set[str] = set()
    for place, group in enumerate(groups, start=1):
        at = f"frequency, table {place}"
        for key in sorted(group.keys() - {field.name for field in fields(OffenceGroup)}):
            yield f"{at}, {key}: unknown"
        name, words = group.get("group"), group.get("words")
        if not _is_text(name):
            yield f"{at}, group: must be a text"
        elif name in names:
            yield f"{at}, group: is there twice"
        else:
            names.add(name)
        if not isinstance(words, list) or not words or not all(map(_is_text, words)):
            yield f"{at}, words: must be a list of texts"
        if not _is_whole(group.get("every_days"), LONGEST_SILENCE):
            yield f"{at}, every_days: must be a whole number from 1 to {LONGEST_SILENCE}"


def _kind_faults(kinds: Any) -> Iterator[str]:
    if not isinstance(kinds, list):
        yield "ask_again_at: must be a list of milestone kinds"
        return
    for place, kind in enumerate(kinds, start=1):
        if kind not in KINDS:
            yield f"ask_again_at, {place}: {_named(kind)}unknown milestone kind"
        elif kind in kinds[: place - 1]:
            yield f"ask_again_at, {place}: {kind} is there twice"


def _named(given: Any) -> str:
    return f"{given}: " if _is_text(given) else ""


def _is_text(given: Any) -> bool:
    return isinstance(given, str) and bool(given) and given == given.strip()


def _is_wall_time(given: Any) -> bool:
    return isinstance(given, str) and WALL_TIME.fullmatch(given) is not None


def _is_whole(given: Any, most: int) -> bool:
    # The exact type, because true is also an int to isinstance.
    return type(given) is int and 0 < given <= most
