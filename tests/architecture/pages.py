"""The project's own pages of text, as the architecture tests read them."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source import ROOT

FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"(?:^\n|\A)((?: {4}.*\n)+)", re.MULTILINE)
SPAN = re.compile(r"`([^`]+)`")
LINK = re.compile(r"\[(?:[^\[\]]|!?\[[^\]]*\])*\]\(([^()\s]+)\)")
HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)


def pages() -> list[str]:
    """Every page of text of the project, from its top."""
    found = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")]
    return sorted(str(path.relative_to(ROOT)) for path in found)


def read(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def code_in(text: str) -> Iterator[str]:
    """Each line that is set as code: in a fence, indented, or in a sentence."""
    for block in FENCED.findall(text):
        yield from (line.strip() for line in block.splitlines()[1:-1])
    prose = FENCED.sub("", text)
    for block in INDENTED.findall(prose):
        yield from (line.strip() for line in block.splitlines())
    # A span in a sentence may go on in the next line.
    yield from (" ".join(span.split()) for span in SPAN.findall(prose))


def links_in(page: str) -> Iterator[tuple[Path, str]]:
    """Where each link of a page to another file of ours leads: the file, and the heading in it or nothing."""
    for target in LINK.findall(FENCED.sub("", read(page))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, heading = target.partition("#")
        yield ((ROOT / page).parent / name).resolve() if name else ROOT / page, heading


def headings_of(path: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub and GitLab make them."""
    found = HEADING.findall(FENCED.sub("", path.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


def tables_in(text: str) -> Iterator[list[str]]:
    """The cells of every line of every table, but for the line under the heads."""
    for line in text.splitlines():
        if line.startswith("| ") and not line.startswith("| ---"):
            yield [cell.strip() for cell in line.strip("|").split("|")]
