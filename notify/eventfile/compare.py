"""Compares two replays of the same events: what was counted, and each duty with itself."""

import heapq
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from models.vocabulary import AlertLevel, DutyClass
from notify.eventfile.figures import HOW_MET

LISTED = 20
"""So many single duties are listed: those that changed most."""

PLACE = {str(word): place for place, word in enumerate((*DutyClass, *HOW_MET, *AlertLevel))}
"""Where a word stands in a report; others stand by the alphabet."""

_Key = tuple[str, str, str, str, int]


@dataclass(frozen=True)
class Figure:
    """How many there were, before and after; `words` are the class and how met, the channel and detail, and so on."""

    of: str
    words: tuple[str, ...]
    before: int
    after: int


@dataclass(frozen=True)
class DutyChange:
    """One duty that is not as it was; one of the two is None when the other replay has no such duty.

    Each is `due_at`, `urgent_by`, `how` and `alerts`, as `figures_of` writes them.
    """

    at: str
    victim: str
    case: str
    rule: str
    nth: int
    before: dict[str, Any] | None
    after: dict[str, Any] | None

    @property
    def came_or_went(self) -> bool:
        return self.before is None or self.after is None

    def differs(self, name: str) -> bool:
        return (self.before or {}).get(name) != (self.after or {}).get(name)

    @property
    def due_moved(self) -> bool:
        return self.differs("due_at") or self.differs("urgent_by")

    @property
    def raised_moved(self) -> bool:
        """Whether other alerts than that it is due soon were raised, whenever it was."""
        return _raised(self.before) != _raised(self.after)

    @property
    def rank(self) -> int:
        """Lower is more: how it was met, who was alerted, when it was due, and last when somebody was alerted."""
        if self.came_or_went or self.differs("how"):
            return 0
        if self.raised_moved:
            return 1
        return 2 if self.due_moved else 3


@dataclass
class RuleChange:
    """How many duties of one rule changed, and in what. A duty may have changed in several ways."""

    rule: str
    changed: int = 0
    came_or_went: int = 0
    how_met: int = 0
    due: int = 0
    alerts: int = 0

    def add(self, change: DutyChange) -> None:
        self.changed += 1
        if change.came_or_went:
            self.came_or_went += 1
            return
        self.how_met += change.differs("how")
        self.due += change.due_moved
        self.alerts += change.differs("alerts")


@dataclass
class Comparison:
    """What two replays of the same events counted, and where they differ."""

    figures: list[Figure] = field(default_factory=list)
    rules: list[RuleChange] = field(default_factory=list)
    """Most changed first."""
    listed: list[DutyChange] = field(default_factory=list)
    """What changed most first; at most `LISTED`."""

    @property
    def changed(self) -> int:
        return sum(rule.changed for rule in self.rules)


def compare(before: Iterable[str], after: Iterable[str]) -> Comparison:
    """Compare two streams of `figures_of`, without holding either in memory."""
    counts: defaultdict[tuple[str, ...], list[int]] = defaultdict(lambda: [0, 0])
    rules: dict[str, RuleChange] = {}
    sides = (_duties(before, counts, 0), _duties(after, counts, 1))
    listed = heapq.nsmallest(
        LISTED,
        _changes(heapq.merge(*sides, key=lambda duty: duty[0]), rules),
        key=lambda change: (change.rank, change.at, change.victim, change.case, change.rule, change.nth),
    )
    return Comparison(
        [Figure(of, tuple(words), *counts[of, *words]) for of, *words in sorted(counts, key=_place)],
        sorted(rules.values(), key=lambda one: (-one.changed, one.rule)),
        listed,
    )


def _duties(
    lines: Iterable[str], counts: defaultdict[tuple[str, ...], list[int]], side: int
) -> Iterator[tuple[_Key, int, dict[str, Any]]]:
    """The duties of one replay; what it counts is added up on the way."""
    for line in lines:
        one = json.loads(line)
        if one["what"] != "duty":
            counts[one["what"], *one["words"]][side] += 1
            continue
        counts["duty", one["class"], one["how"]][side] += 1
        for (level, role), raised in Counter((level, role) for level, role, _ in one["alerts"]).items():
            counts["alert", level, role][side] += raised
        standing = {name: one[name] for name in ("due_at", "urgent_by", "how", "alerts")}
        yield (one["at"], one["victim"], one["case"], one["rule"], one["nth"]), side, standing


def _changes(
    duties: Iterable[tuple[_Key, int, dict[str, Any]]], rules: dict[str, RuleChange]
) -> Iterator[DutyChange]:
    """Each duty that is not the same on both sides; the rules' counts are added up on the way."""
    for (at, victim, case, rule, nth), found in groupby(duties, key=lambda duty: duty[0]):
        by_side = {side: standing for _, side, standing in found}
        change = DutyChange(at, victim, case, rule, nth, by_side.get(0), by_side.get(1))
        if change.before != change.after:
            rules.setdefault(rule, RuleChange(rule)).add(change)
            yield change


def _raised(standing: dict[str, Any] | None) -> list[tuple[str, str]]:
    alerts = standing["alerts"] if standing else ()
    return sorted((level, role) for level, role, _ in alerts if level != AlertLevel.DUE_SOON)


def _place(words: tuple[str, ...]) -> list[tuple[int, str]]:
    return [(PLACE.get(word, -1), word) for word in words]
