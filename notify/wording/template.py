"""The small language of the wording files: paragraphs of lines, some of which are kept only when a fact is known."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_OPTIONAL = re.compile(r"([?!])([a-z_]+): +(\S.*)")
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a text, and the fact that decides whether it is kept."""

    words: str
    if_given: str | None = None
    if_missing: str | None = None

    def is_kept(self, values: Mapping[str, str]) -> bool:
        """Whether the line belongs in a text about these values; an empty value counts as missing."""
        if self.if_given is not None:
            return bool(values.get(self.if_given))
        return self.if_missing is None or not values.get(self.if_missing)


@dataclass(frozen=True, slots=True)
class Text:
    """One wording file: its id (`en/arrest/page`) and its paragraphs."""

    id: str
    paragraphs: tuple[tuple[Line, ...], ...]

    def lines(self) -> Iterator[Line]:
        for paragraph in self.paragraphs:
            yield from paragraph

    def placeholders(self) -> frozenset[str]:
        """Every name that the text asks for, in braces or as a condition."""
        return frozenset(
            name
            for line in self.lines()
            for name in (*_PLACEHOLDER.findall(line.words), line.if_given, line.if_missing)
            if name is not None
        )

    def unguarded(self, names: frozenset[str]) -> frozenset[str]:
        """Those of `names` that a line uses without being dropped when they are missing."""
        return frozenset(
            name
            for line in self.lines()
            for name in _PLACEHOLDER.findall(line.words)
            if name in names and name != line.if_given
        )


def parse(text_id: str, source: str) -> Text:
    r"""Read a wording file.

    A blank line ends a paragraph; the other lines of a paragraph are joined with spaces. A line
    `?fact: words` is kept only if the fact is given, `!fact: words` only if it is missing.

    Raises ValueError, saying which line, for a condition or a brace that is not well formed.

    >>> parse("en/x/page", "Bail\n\n?conditions: The conditions are: {conditions}.").paragraphs[1][0].if_given
    'conditions'
    """
    paragraphs: list[tuple[Line, ...]] = []
    paragraph: list[Line] = []
    for number, raw in enumerate([*source.splitlines(), ""], start=1):
        line = raw.strip()
        if line:
            paragraph.append(_parse_line(number, line))
        elif paragraph:
            paragraphs.append(tuple(paragraph))
            paragraph = []
    return Text(text_id, tuple(paragraphs))


def fill(text: Text, values: Mapping[str, str]) -> tuple[str, ...]:
    r"""The paragraphs of a text with the values in place; a paragraph with no line left is left out.

    Values are put in once and never read again, so braces inside a value are only braces.

    >>> fill(parse("en/x/page", "Hello.\n!day: We will tell you the day.\n?day: It is {day}."), {"day": "1 May"})
    ('Hello. It is 1 May.',)
    """
    filled = (
        " ".join(_insert(line.words, values) for line in paragraph if line.is_kept(values))
        for paragraph in text.paragraphs
    )
    return tuple(paragraph for paragraph in filled if paragraph)


def _insert(words: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda found: values[found[1]], words)


def _parse_line(number: int, line: str) -> Line:
    if re.search(r"[{}]", _PLACEHOLDER.sub("", line)):
        raise ValueError(f"line {number}: a brace that is not part of a {{name}}")
    if line[0] not in "?!":
        return Line(line)
    found = _OPTIONAL.fullmatch(line)
    if found is None:
        raise ValueError(f"line {number}: a condition is written ?name: or !name: before its words")
    mark, name, words = found.groups()
    return Line(words, if_given=name) if mark == "?" else Line(words, if_missing=name)
