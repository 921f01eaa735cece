"""The data map names every column of every table: in what form, why, and for how long."""

import re

import pytest

from models.tables import metadata
from tests.architecture.pages import read, tables_in

PAGE = "docs/data-map.md"
COLUMNS = sorted((table.name, column.name) for table in metadata.tables.values() for column in table.columns)
LEGENDS, _, TABLES = read(PAGE).partition("\n## What the clear columns give away")
SECTIONS = dict(re.findall(r"^### `(\w+)`\n(.*?)(?=^##|\Z)", TABLES, re.MULTILINE | re.DOTALL))
MAPPED = {
    (table, cells[0].strip("`")): cells[1:]
    for table, section in SECTIONS.items()
    for cells in tables_in(section)
    if cells[0].startswith("`")
}
EXPLAINED = {word for cells in tables_in(LEGENDS) for word in [cells[0].partition(":")[0]]}
OWNERS = ("victim", "case", "service", "owner")
DIGESTS = re.compile(r"(_hash|_index|^hash|^previous|^digest)$")


def test_the_map_and_the_tables_have_the_same_columns():
    assert sorted(MAPPED) == COLUMNS


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_a_column_has_a_form_a_reason_and_a_time(table, column):
    form, why, kept = MAPPED[table, column]

    assert form.partition(":")[0] in EXPLAINED
    assert kept in EXPLAINED
    assert why.endswith(".")


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_what_is_sealed_is_said_to_be_and_nothing_else(table, column):
    form, _, kept = MAPPED[table, column]

    kind, _, owner = form.partition(": ")

    assert (kind == "sealed") == column.endswith("_sealed")
    assert kind != "sealed" or owner in OWNERS
    assert kind != "sealed" or kept != "record"


@pytest.mark.parametrize(("table", "column"), [named for named in COLUMNS if DIGESTS.search(named[1])])
def test_what_is_a_digest_is_said_to_be(table, column):
    assert MAPPED[table, column][0] in {"digest", "keyed digest", "password hash"}


@pytest.mark.parametrize("table", sorted(metadata.tables))
def test_a_table_says_what_it_holds(table):
    assert SECTIONS[table].strip().splitlines()[0].endswith(".")
