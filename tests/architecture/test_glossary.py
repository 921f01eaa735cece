"""The glossary has every word of the closed lists, and every noun that has a table."""

import re
from enum import StrEnum

import pytest

from models import vocabulary
from models.base import Table
from models.tables import metadata
from tests.architecture.pages import read, tables_in

PAGE = read("docs/glossary.md")
EXPLAINED_ELSEWHERE = {"StrEnum", "MilestoneKind", "Weekday"}  # no list; in docs/code.md; plain English
LISTS: dict[str, type[StrEnum]] = {
    name: thing
    for name, thing in vars(vocabulary).items()
    if isinstance(thing, type) and issubclass(thing, StrEnum) and name not in EXPLAINED_ELSEWHERE
}
SECTIONS = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))
THINGS = PAGE.partition("## Closed lists")[0]


def test_the_glossary_has_every_closed_list_and_no_other():
    assert SECTIONS.keys() == LISTS.keys()


@pytest.mark.parametrize("name", LISTS)
def test_every_word_of_a_closed_list_is_explained_in_its_order(name):
    words = [cells[0].strip("`") for cells in tables_in(SECTIONS[name]) if cells[0].startswith("`")]

    assert words == [member.value for member in LISTS[name]]


def test_every_noun_of_the_glossary_is_a_class_with_a_table():
    classes = {cells[2].strip("`") for cells in tables_in(THINGS) if len(cells) == 3 and cells[2] != "class"}
    tables = {mapper.class_.__name__ for mapper in Table.registry.mappers}

    assert metadata.tables
    assert classes
    assert classes <= tables


def test_every_word_is_explained_once():
    words = [cells[0] for cells in tables_in(THINGS) if cells[0].startswith("**")]

    assert len(words) == len(set(words))
