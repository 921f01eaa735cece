"""The Victims' Code as data: editions of rules, each in force from a date."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
from typing import Literal

from models.vocabulary import Agency, DutyClass, MilestoneKind


class Stage(StrEnum):
    """Where in a case a rule belongs."""

    REPORT = "report"
    ARREST = "arrest"
    BAIL = "bail"
    CHARGE = "charge"
    COURT = "court"
    ANY = "any"


class UnknownRuleError(LookupError):
    """No rule of that name in the edition asked for."""


class CatalogueError(ValueError):
    """The catalogue's files cannot be used; every fault is listed, each with its place."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of an edition: what is owed to a victim, by whom, and in how many working days.

    `informer` is the source's own wording of who informs, `owner` our reading of it. The days are both given or
    both None; when None the Code names no number and policy does.
    """

    id: str
    edition: str
    right: int | None
    kinds: tuple[MilestoneKind, ...]
    stage: Stage
    duty_class: DutyClass
    event: str
    informer: str
    owner: Agency
    clock_starts: str
    standard_days: int | None
    enhanced_days: int | None
    evidence: str
    source: str
    notes: str

    @property
    def source_kind(self) -> Literal["code", "policy"]:
        """Where the number of days comes from: the Code, or policy when the Code gives none."""
        return "policy" if self.standard_days is None else "code"


@dataclass(frozen=True, slots=True)
class WindowRule:
    """Until when a victim herself may ask for something under a rule of the class victim_window.

    Its clock starts when what a rule of `after` is about `opens` it: when it "happened", or when she was "told". It runs
    `months` calendar months or `days` calendar days, one of the two. `reminder` is the kind of the words about it.
    """

    rule: str
    opens: Literal["told", "happened"]
    after: tuple[str, ...]
    months: int | None
    days: int | None
    reminder: str

    @property
    def length(self) -> str:
        """How long it is, in words.

        >>> WindowRule("R9-ULS", "happened", ("R9-SENTENCE",), None, 28, "sentence_review_window").length
        '28 calendar days'
        """
        count, unit = (self.days, "day") if self.days else (self.months, "month")
        return f"{count} calendar {unit}{'' if count == 1 else 's'}"


@dataclass(frozen=True)
class Edition:
    """One edition of the Code: its rules in file order, where they were read, and what to beware of.

    `valid_from` and `valid_to` are its first and last day in force, in London; no `valid_to` means until the next
    edition. `evidence` explains the rules' evidence tags, `sources` gives the address of each of their sources.
    """

    id: str
    title: str
    valid_from: date
    valid_to: date | None
    source: str
    caution: str
    evidence: Mapping[str, str]
    sources: Mapping[str, str]
    rules: tuple[Rule, ...]
    windows: Mapping[str, WindowRule] = field(default_factory=dict)
    """The victim's own times, by the name of their rule."""
    live_evidence: Sequence[str] = ()
    """The evidence tags that stand for a live official text."""

    @cached_property
    def to_check(self) -> tuple[Rule, ...]:
        """The rules whose evidence is not a live official text, in file order."""
        return tuple(rule for rule in self.rules if rule.evidence not in self.live_evidence)

    @cached_property
    def by_kind(self) -> Mapping[MilestoneKind, tuple[Rule, ...]]:
        """The rules that each kind of milestone sets off, in file order."""
        return {kind: tuple(rule for rule in self.rules if kind in rule.kinds) for kind in MilestoneKind}

    @cached_property
    def windows_by_kind(self) -> Mapping[MilestoneKind, tuple[WindowRule, ...]]:
        """The windows that each kind of milestone may open, in file order."""
        return {
            kind: tuple(
                window
                for window in self.windows.values()
                if any(kind in self.by_id[rule].kinds for rule in window.after)
            )
            for kind in MilestoneKind
        }

    @cached_property
    def by_id(self) -> Mapping[str, Rule]:
        """The rules by name."""
        return {rule.id: rule for rule in self.rules}


@dataclass(frozen=True)
class Catalogue:
    """Every edition, oldest first. Editions that overlap, leave a gap or are missing are a CatalogueError."""

    editions: tuple[Edition, ...]

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "editions", tuple(sorted(self.editions, key=lambda edition: edition.valid_from))
        )
        if faults := _line_up_faults(self.editions):
            raise CatalogueError(faults)

    def edition_on(self, on: date) -> Edition:
        """The edition in force on a London day.

        A day before the first edition is answered by the first, because a duty must never be silently dropped.
        """
        return next(
            (edition for edition in reversed(self.editions) if edition.valid_from <= on), self.editions[0]
        )

    def rules_for(self, kind: MilestoneKind, on: date) -> tuple[Rule, ...]:
        """The rules that a milestone sets off on a day, in file order."""
        return self.edition_on(on).by_kind[kind]

    def windows_for(self, kind: MilestoneKind, on: date) -> tuple[WindowRule, ...]:
        """The victim windows that a milestone may open, by the edition in force on a day."""
        return self.edition_on(on).windows_by_kind[kind]

    def window(self, rule_id: str, edition_id: str) -> WindowRule | None:
        """The window under a rule of one edition; None when that edition is not here or has none."""
        return next(
            (edition.windows.get(rule_id) for edition in self.editions if edition.id == edition_id), None
        )

    def rule(self, rule_id: str, on: date) -> Rule:
        """The rule of that name in the edition in force on a day; UnknownRuleError when it has none."""
        edition = self.edition_on(on)
        try:
            return edition.by_id[rule_id]
        except KeyError:
            raise UnknownRuleError(f"edition {edition.id} has no such rule") from None

    def rules_named(self, rule_id: str) -> tuple[Rule, ...]:
        """The rule of that name in every edition that has it, oldest first."""
        return tuple(edition.by_id[rule_id] for edition in self.editions if rule_id in edition.by_id)


def _line_up_faults(editions: Sequence[Edition]) -> list[str]:
    """What keeps editions, oldest first, from covering every day from the first on exactly once."""
    if not editions:
        return ["no edition of the Code was found"]
    faults = [
        f"edition {edition.id}: the id is used twice"
        for index, edition in enumerate(editions)
        if edition.id in {earlier.id for earlier in editions[:index]}
    ]
    for earlier, later in pairwise(editions):
        if earlier.valid_from == later.valid_from:
            faults.append(f"edition {later.id}: valid_from is that of edition {earlier.id} as well")
        elif earlier.valid_to is not None and (later.valid_from - earlier.valid_to).days != 1:
            faults.append(f"edition {earlier.id}: valid_to is not the day before edition {later.id} begins")
    if editions[-1].valid_to is not None:
        faults.append(f"edition {editions[-1].id}: valid_to is set but no edition follows")
    return faults
