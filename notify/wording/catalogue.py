"""Loads every wording file at start, and refuses to start on a missing, unknown or unsafe one."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from models.vocabulary import CASE_CLOSED, NO_CHANGE, WINDOW_KINDS, MilestoneKind
from notify.wording.budgets import Budget, over_budget, read_budgets
from notify.wording.discreet import discreet_faults, has_web_address
from notify.wording.template import Text, parse

FACTS: Final = frozenset(
    {
        "bail_until",
        "conditions",
        "hearing_date",
        "hearing_place",
        "hearing_time",
        "outcome",
        "reason",
        "release_date",
        "review_until",
    }
)
"""The facts of a milestone that a full text or a private page may use; any other fact is not shown."""

KINDS: Final = (*(kind.value for kind in MilestoneKind), NO_CHANGE, CASE_CLOSED, *WINDOW_KINDS)
ANY_KIND: Final = "any"
DEFAULT_LANGUAGE: Final = "en"
_FILES = Path(__file__).parent


class WordingError(Exception):
    """The wording files cannot be used; every fault is listed, one a line."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("wording cannot be used:\n" + "\n".join(faults))


class Status(StrEnum):
    """How far a locale's wording has come."""

    DRAFT = "draft"
    WORKING = "working"
    REVIEWED = "reviewed"


@dataclass(frozen=True, slots=True)
class Term:
    """A court word with its other forms and one plain sentence that says what it means."""

    word: str
    also: tuple[str, ...]
    means: str


@dataclass(frozen=True, slots=True)
class Locale:
    """The texts of one language, by kind (or `any`) and name (`full.sms`, `page`)."""

    language: str
    status: Status
    note: str
    texts: Mapping[tuple[str, str], Text]
    budgets: Mapping[str, Budget]
    terms: tuple[Term, ...]

    def budget(self, kind: str, name: str) -> Budget:
        """How long a text message may be: the kind's own budget, or that of all with this name."""
        return self.budgets.get(f"{kind}/{name}") or self.budgets[name]

    def text(self, kind: str, name: str) -> Text:
        """The kind's own text, or the one shared by all kinds; KeyError for an unknown kind or name."""
        if kind not in KINDS:
            raise KeyError(kind)
        own = self.texts.get((kind, name))
        return own if own is not None else self.texts[ANY_KIND, name]


@dataclass(frozen=True, slots=True)
class Wording:
    """All wording in use. `version` names the exact content of the files, for the record of each message."""

    locales: Mapping[str, Locale]
    version: str

    @classmethod
    def load(cls, root: Path = _FILES) -> "Wording":
        """Read every locale under `root` that is not a draft. Raises WordingError with all faults at once."""
        faults: list[str] = []
        locales: dict[str, Locale] = {}
        digest = sha256()
        for name in sorted({path.relative_to(root).parts[0] for path in root.glob("*/*/*.txt")}):
            folder = root / name
            locale = _load_locale(folder, faults)
            if locale is not None and locale.status is not Status.DRAFT:
                locales[locale.language] = locale
                for path in sorted(path for path in folder.rglob("*") if path.is_file()):
                    content = path.read_bytes()
                    digest.update(f"{path.relative_to(root).as_posix()} {len(content)}\n".encode() + content)
        if DEFAULT_LANGUAGE not in locales and not faults:
            faults.append(f"{DEFAULT_LANGUAGE}: the default language is missing or a draft")
        if faults:
            raise WordingError(faults)
        return cls(MappingProxyType(locales), digest.hexdigest()[:12])

    def locale(self, language: str) -> tuple[Locale, bool]:
        """The locale for a language tag (`cy`, `en-GB`), and whether it is English for want of another."""
        primary = language.partition("-")[0].casefold()
        found = self.locales.get(primary)
        return (self.locales[DEFAULT_LANGUAGE], True) if found is None else (found, False)

    def unreviewed(self) -> tuple[Locale, ...]:
        """The locales in use that no qualified person has reviewed; administrators are shown their notes."""
        return tuple(locale for locale in self.locales.values() if locale.status is not Status.REVIEWED)


@dataclass(frozen=True, slots=True)
class _Spec:
    """What one kind of file may and must contain."""

    allowed: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()
    may_be_missing: frozenset[str] = frozenset()
    anyone_may_see: bool = False
    is_sms: bool = False
    per_kind: bool = False
    reaches_her: bool = True


_COVER = frozenset({"cover"})
_LINK = frozenset({"link"})
_UPDATE = frozenset({"update"})
_SPECS: Final = MappingProxyType(
    {
        "subject": _Spec(anyone_may_see=True),
        "nudge.sms": _Spec(_COVER, _COVER, _COVER, anyone_may_see=True, is_sms=True),
        "nudge.email": _Spec(_COVER, _COVER, _COVER, anyone_may_see=True),
        "link.sms": _Spec(_COVER | _LINK, _COVER | _LINK, _COVER, anyone_may_see=True, is_sms=True),
        "link.email": _Spec(_COVER | _LINK, _COVER | _LINK, _COVER, anyone_may_see=True),
        "full.sms": _Spec(FACTS, may_be_missing=FACTS, is_sms=True, per_kind=True),
        "full.email": _Spec(_UPDATE, _UPDATE),
        "page": _Spec(FACTS, may_be_missing=FACTS, per_kind=True),
        "page_end": _Spec(),
        "call": _Spec(reaches_her=False),
    }
)


_SMS: Final = tuple(name for name, spec in _SPECS.items() if spec.is_sms)
_BUDGETS: Final = MappingProxyType(
    dict.fromkeys(_SMS, True) | {f"{kind}/{name}": False for kind in KINDS for name in _SMS}
)
"""What may have a budget of segments, and whether it must."""


def _load_locale(folder: Path, faults: list[str]) -> Locale | None:
    """One locale; a draft is not checked, so that it can grow in the tree without stopping the service."""
    found: list[str] = []
    head = _read_toml(folder / "locale.toml", found)
    try:
        status = Status(str(head.get("status")))
    except ValueError:
        faults.extend([*found, f"{folder.name}/locale.toml: status must be one of {', '.join(Status)}"])
        return None
    if status is Status.DRAFT:
        return None
    texts = dict(_read_texts(folder, found))
    for name, spec in _SPECS.items():
        kinds = KINDS if spec.per_kind else (ANY_KIND,)
        found.extend(
            f"{folder.name}/{kind}/{name}.txt: missing" for kind in kinds if (kind, name) not in texts
        )
    for (_, name), text in texts.items():
        found.extend(f"{text.id}.txt: {fault}" for fault in _faults_of(text, name))
    wrong: list[str] = []
    budgets = read_budgets(head.get("budget"), _BUDGETS, wrong)
    found.extend(f"{folder.name}/locale.toml: {fault}" for fault in wrong)
    terms = tuple(_terms(folder, found))
    locale = Locale(
        folder.name,
        status,
        str(head.get("note", "")),
        MappingProxyType(texts),
        MappingProxyType(budgets),
        terms,
    )
    found.extend(_too_long(locale))
    faults.extend(found)
    return locale


def _too_long(locale: Locale) -> Iterator[str]:
    for (kind, name), text in locale.texts.items():
        spec = _SPECS[name]
        can_be_filled = text.placeholders() <= spec.allowed and not text.unguarded(spec.may_be_missing)
        if spec.is_sms and name in locale.budgets and can_be_filled:
            yield from (f"{text.id}.txt: {fault}" for fault in over_budget(text, locale.budget(kind, name)))


def _read_texts(folder: Path, faults: list[str]) -> Iterator[tuple[tuple[str, str], Text]]:
    for path in sorted(folder.rglob("*.txt")):
        kind, name = path.parent.name, path.name.removesuffix(".txt")
        text_id = path.relative_to(folder.parent).as_posix().removesuffix(".txt")
        if path.parent.parent != folder or kind not in (*KINDS, ANY_KIND):
            faults.append(f"{text_id}.txt: not in the folder of a known kind")
        elif name not in _SPECS:
            faults.append(f"{text_id}.txt: unknown name; known are {', '.join(_SPECS)}")
        else:
            try:
                yield (kind, name), parse(text_id, path.read_text("utf-8"))
            except UnicodeDecodeError:
                faults.append(f"{text_id}.txt: not UTF-8")
            except ValueError as error:
                faults.append(f"{text_id}.txt: {error}")


def _faults_of(text: Text, name: str) -> Iterator[str]:
    spec = _SPECS[name]
    used = text.placeholders()
    if not text.paragraphs:
        yield "empty"
        return
    for unknown in sorted(used - spec.allowed):
        yield f"unknown placeholder {unknown}"
    for missing in sorted(spec.required - used):
        yield f"{{{missing}}} is missing"
    for fact in sorted(text.unguarded(spec.may_be_missing)):
        yield f"{{{fact}}} may be missing: put it on a line that starts ?{fact}:"
    if spec.anyone_may_see:
        for line in text.lines():
            yield from discreet_faults(line.words)
    if spec.reaches_her and any(has_web_address(line.words) for line in text.lines()):
        yield "has a web or e-mail address: the private link is the only one that is ever sent"
    if name == "page" and (len(text.paragraphs) < 2 or len(text.paragraphs[0]) != 1):  # noqa: PLR2004
        yield "a page is a title of one line, a blank line, and at least one paragraph"


def _terms(folder: Path, faults: list[str]) -> Iterator[Term]:
    for number, row in enumerate(_read_toml(folder / "glossary.toml", faults).get("term", []), start=1):
        match {"also": [], **row} if isinstance(row, dict) else row:
            case {"word": str(word), "means": str(means), "also": [*also]} if word and means:
                yield Term(word, tuple(map(str, also)), means)
            case _:
                faults.append(f"{folder.name}/glossary.toml: term {number} needs a word and what it means")


def _read_toml(path: Path, faults: list[str]) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:  # TOMLDecodeError and UnicodeDecodeError are ValueErrors
        faults.append(f"{path.parent.name}/{path.name}: {type(error).__name__}")
        return {}
