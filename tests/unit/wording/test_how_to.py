"""The how-to for writers against what is really there."""

import re
from pathlib import Path

import pytest

from models.vocabulary import NO_CHANGE
from notify.wording.catalogue import FACTS, Status, Wording

ROOT = Path(__file__).parents[3]
HOW_TO = (ROOT / "docs/how-to/change-wording.md").read_text("utf-8")
NAMES = sorted({name for _, name in Wording.load().locales["en"].texts})


@pytest.mark.parametrize(
    "words", [*(f"`{name}.txt`" for name in NAMES), *(f"| `{status}` |" for status in Status)]
)
def test_the_how_to_tells_of_every_file_and_status(words: str) -> None:
    assert words in HOW_TO


def test_the_how_to_tells_of_every_fact_and_no_other() -> None:
    assert set(re.findall(r"^\| `\{(\w+)\}` \|", HOW_TO, re.MULTILINE)) == FACTS


@pytest.mark.parametrize("how_to", ["change-wording.md", "add-a-milestone-kind.md"])
def test_the_paths_in_the_how_to_exist(how_to: str) -> None:
    told = (ROOT / "docs/how-to" / how_to).read_text("utf-8")

    paths = re.findall(r"\b(?:notify|models|tests|docs)/[\w./-]*\w", told)

    assert paths
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_no_change_has_a_folder_of_its_own_as_told() -> None:
    assert f"`{NO_CHANGE}`" in HOW_TO
