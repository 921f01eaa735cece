"""Reading one edition of the Code from the text of its two files, naming the place of every fault."""

import csv
import io
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from enum import StrEnum
from typing import Any

from models.vocabulary import Agency, DutyClass, MilestoneKind
from notify.planning.rules.catalogue import CatalogueError, Edition, Rule, Stage
from notify.planning.rules.windows import parse_windows, unfit

HEADER_KEYS: Mapping[str, type] = {
    "id": str,
    "title": str,
    "source": str,
    "caution": str,
    "valid_from": date,
    "valid_to": date,
    "evidence": dict,
    "sources": dict,
    "windows": dict,
    "live_evidence": list,
}
OPTIONAL_KEYS = {"valid_to", "windows", "live_evidence"}
MOST_DAYS = 250  # about a year of working days: a larger number is a slip of the pen
LONGEST_ID = 32  # characters


def parse_edition(name: str, header_text: str, rules_text: str) -> Edition:
    """The edition in `name`.toml (header) and `name`.csv (rules); CatalogueError lists every fault of both."""
    faults: list[str] = []
    edition = _edition(name, header_text, faults)
    rules = tuple(_rules(name, rules_text, faults))
    for rule, number in Counter(rule.id for rule in rules).items():
        if number > 1:
            faults.append(f"{name}.csv: rule {rule} is there {number} times")
    if edition is not None:
        faults += (
            f"{name}.csv, rule {rule.id}, {fault}" for rule in rules for fault in _unexplained(rule, edition)
        )
        faults += (f"{name}.toml, {fault}" for fault in unfit(edition.windows, rules))
    if faults or edition is None:
        raise CatalogueError(faults)
    return replace(edition, rules=rules)


def _edition(name: str, text: str, faults: list[str]) -> Edition | None:
    """The edition without its rules; None when the header has a fault."""
    try:
        header = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        faults.append(f"{name}.toml: {error}")
        return None
    found = [f"{name}.toml, {key}: unknown" for key in header.keys() - HEADER_KEYS.keys()]
    found += [f"{name}.toml, {key}: missing" for key in HEADER_KEYS.keys() - header.keys() - OPTIONAL_KEYS]
    # The exact type, because TOML's date and time is also a date to isinstance.
    found += [
        f"{name}.toml, {key}: must be a {kind.__name__}"
        for key, kind in HEADER_KEYS.items()
        if key in header and type(header[key]) is not kind
    ]
    for tag in header.get("live_evidence", []):
        if tag not in header.get("evidence", {}):
            found.append(f"{name}.toml, live_evidence: {tag!r} is not explained under [evidence]")
    if header.get("id") != name:
        found.append(f"{name}.toml, id: must be the name of the file")
    faults += sorted(found)
    if found:
        return None
    wrong: list[str] = []
    windows = parse_windows(header.pop("windows", {}), wrong)
    faults += (f"{name}.toml, {fault}" for fault in wrong)
    return None if wrong else Edition(**{"valid_to": None, **header}, rules=(), windows=windows)


def _rules(name: str, text: str, faults: list[str]) -> Iterator[Rule]:
    """The rules of every row without a fault."""
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    columns = Counter(reader.fieldnames or ())
    if columns != Counter(CELLS.keys()):
        faults += (f"{name}.csv, column {column}: missing" for column in CELLS if column not in columns)
        faults += (
            f"{name}.csv, column {column}: unknown or twice" for column in columns - Counter(CELLS.keys())
        )
        return
    try:
        for row in reader:
            rule = _rule(name, f"{name}.csv line {reader.line_num}", row, faults)
            if rule is not None:
                yield rule
    except csv.Error as error:
        faults.append(f"{name}.csv after line {reader.line_num}: {error}")


def _rule(edition: str, place: str, row: Mapping[str, str | None], faults: list[str]) -> Rule | None:
    """The rule in a row; None when a cell of it has a fault."""
    if len(row) != len(CELLS) or None in row.values():
        faults.append(f"{place}: a row has {len(CELLS)} cells")
        return None
    values: dict[str, Any] = {}
    found = []
    for column, (field, parse) in CELLS.items():
        try:
            values[field] = parse((row[column] or "").strip())
        except ValueError as error:
            found.append(f"{place}, column {column}: {error}")
    if not found:
        standard, enhanced = values["standard_days"], values["enhanced_days"]
        if (standard is None) != (enhanced is None):
            found.append(f"{place}, column enhanced_working_days: both numbers of days are given or neither")
        elif standard is not None and enhanced > standard:
            found.append(f"{place}, column enhanced_working_days: is more than standard_working_days")
    faults += found
    return None if found else Rule(edition=edition, **values)


def _unexplained(rule: Rule, edition: Edition) -> Iterator[str]:
    """The tags of a rule that the edition's header does not explain."""
    if rule.evidence not in edition.evidence:
        yield f"column evidence: {rule.evidence!r} is not explained in {edition.id}.toml"
    if rule.source and rule.source not in edition.sources:
        yield f"column source: {rule.source!r} has no address in {edition.id}.toml"


def _some_text(text: str) -> str:
    if not text:
        raise ValueError("must not be empty")
    return text


def _rule_id(text: str) -> str:
    if not re.fullmatch(r"[A-Z0-9]+(-[A-Z0-9]+){1,3}", text) or len(text) > LONGEST_ID:
        raise ValueError(f"{text!r} is not a name like R6-ARREST")
    return text


def _number_up_to(most: int) -> Callable[[str], int | None]:
    def parse(text: str) -> int | None:
        if not text:
            return None
        if not re.fullmatch(r"[0-9]{1,4}", text) or not 1 <= int(text) <= most:
            raise ValueError(f"{text!r} is not a whole number from 1 to {most}")
        return int(text)

    return parse


def _one_of(words: type[StrEnum]) -> Callable[[str], StrEnum]:
    def parse(text: str) -> StrEnum:
        try:
            return words(text)
        except ValueError:
            raise ValueError(f"{text!r} is none of {', '.join(words)}") from None

    return parse


def _kinds(text: str) -> tuple[StrEnum, ...]:
    """Milestone kinds, parted by spaces; a rule that no milestone sets off has none."""
    words = text.split()
    if len(set(words)) != len(words):
        raise ValueError("names a milestone kind twice")
    return tuple(map(_one_of(MilestoneKind), words))


CELLS: Mapping[str, tuple[str, Callable[[str], object]]] = {
    "rule_id": ("id", _rule_id),
    "right": ("right", _number_up_to(12)),
    "milestone_kinds": ("kinds", _kinds),
    "stage": ("stage", _one_of(Stage)),
    "class": ("duty_class", _one_of(DutyClass)),
    "event": ("event", _some_text),
    "informer": ("informer", _some_text),
    "owner": ("owner", _one_of(Agency)),
    "clock_starts": ("clock_starts", str),
    "standard_working_days": ("standard_days", _number_up_to(MOST_DAYS)),
    "enhanced_working_days": ("enhanced_days", _number_up_to(MOST_DAYS)),
    "evidence": ("evidence", _some_text),
    "source": ("source", str),
    "notes": ("notes", str),
}
"""Each column of the file: the field of Rule it fills, and how its text is read."""
