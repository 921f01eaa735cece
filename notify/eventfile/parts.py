"""Splits an event file into parts that have nothing to do with each other, so that each can be lived through by itself."""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

SHARED = frozenset({"unit", "staff"})
"""Events that every part needs; all others belong to one part."""
SETTLES = frozenset({"receipt", "read", "inbound"})
"""Events about what the service did, before which a replay does what is due at their instant."""
EVERY_PART = 255
MOST_PARTS = 32
LINES_WORTH_A_PART = 500
"""With fewer lines a process of its own costs more than it saves."""

_NAMES = ("victim", "case", "contact_point")
_PHONE_DIGITS = 6
"""So many of the last digits are the same however a number is written."""


@dataclass(frozen=True)
class Split:
    """Which part each line belongs to, by its number from 0; `EVERY_PART` for what all of them need."""

    parts: int
    part_of: bytes

    def lines(self, lines: Iterable[bytes], part: int) -> Iterator[bytes]:
        """The lines of one part, and an empty one in the place of each other line, so that numbers stay."""
        for belongs_to, line in zip(self.part_of, lines, strict=False):
            yield line if belongs_to in (part, EVERY_PART) else b"\n"


class _Groups:
    """Names that belong together, because an event speaks of both of them."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def find(self, name: str) -> str:
        parent = self._parent.setdefault(name, name)
        while parent != name:
            self._parent[name] = self._parent[parent]
            name, parent = parent, self._parent[parent]
        return name

    def join(self, names: list[str]) -> str:
        first = self.find(names[0])
        for other in names[1:]:
            self._parent[self.find(other)] = first
        return first


def split(lines: Iterable[bytes], parts: int, *, until: datetime) -> Split | None:
    """Share the lines out over `parts` parts of about the same size; None where that is not plainly safe.

    Two events are in the same part when they name the same victim, case, contact point, event or number, or when
    others link what they name. Wherever order or time must be judged over the whole file, it is not split.
    """
    groups = _Groups()
    owners: list[str | None] = []
    shared_ids: set[str] = set()
    own_ids: set[str] = set()
    latest: datetime | None = None
    now: list[str] = []  # named at this instant
    settles = False
    for line in lines:
        event = _object(line)
        names = [] if event is None else list(_names(event))
        do = None if event is None else event.get("do")
        shared = isinstance(do, str) and do in SHARED
        owners.append(None if shared else groups.join(names or ["nothing"]))
        if event is None:
            continue
        (shared_ids if shared else own_ids).update(_named("event", event.get("id")))
        at = _moment(event.get("at"))
        if at is None or (latest is not None and at < latest) or (at > until and (shared or latest is None)):
            return None
        if at != latest:
            now, settles = [], False
        # What was due at the same instant is done before such an event, for whomever it is due.
        settles = settles or (isinstance(do, str) and do in SETTLES)
        now += names
        if settles and now:
            now = [groups.join(now)]
        latest = at
    if shared_ids & own_ids:
        return None
    parts = min(parts, MOST_PARTS, len(owners) // LINES_WORTH_A_PART)
    return Split(parts, _shared_out(groups, owners, parts)) if parts > 1 else None


def _shared_out(groups: _Groups, owners: list[str | None], parts: int) -> bytes:
    """Each group to the part that has least so far: the biggest group first, then as they come in the file."""
    sizes = Counter(groups.find(owner) for owner in owners if owner is not None)
    load = [0] * parts
    part_of: dict[str, int] = {}
    for group, size in sizes.most_common():
        part_of[group] = load.index(min(load))
        load[part_of[group]] += size
    return bytes(EVERY_PART if owner is None else part_of[groups.find(owner)] for owner in owners)


def _object(line: bytes) -> dict[str, Any] | None:
    """What a line says, if it can be read at all; what is wrong with it is said by the part that it falls to."""
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None


def _moment(given: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(given) if isinstance(given, str) else None
    except ValueError:
        return None
    return None if at is None or at.tzinfo is None else at


def _names(event: Mapping[str, Any]) -> Iterator[str]:
    for name in _NAMES:
        yield from _named(name, event.get(name))
    for name in ("id", "milestone"):  # a correction names an earlier event
        yield from _named("event", event.get(name))
    for name in ("value", "from"):
        if isinstance(value := event.get(name), str):
            yield f"value {_value(value)}"
    if isinstance(match := event.get("match"), dict):
        yield from _named("victim", match.get("victim"))
    channels = event.get("channels")
    for channel in channels if isinstance(channels, list) else []:
        if isinstance(channel, dict):
            yield from _named("contact_point", channel.get("contact_point"))


def _named(kind: str, given: object) -> Iterator[str]:
    if isinstance(given, str):
        yield f"{kind} {given}"


def _value(given: str) -> str:
    """Alike for every way to write one number or address; that others may be alike too does no harm."""
    text = unicodedata.normalize("NFKC", given).casefold().strip()
    if "@" in text:
        return text.rpartition("@")[0]
    return re.sub(r"\D", "", text)[-_PHONE_DIGITS:] or text
