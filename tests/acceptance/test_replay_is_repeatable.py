"""The same file gives the same results: today, tomorrow, and whatever the database."""

from pathlib import Path

import pytest

from tests.story import Story, replayed

EXAMPLES = Path(__file__).parents[2] / "examples"


def example(name: str) -> Story:
    return Story((EXAMPLES / f"{name}.ndjson").read_bytes().splitlines())


@pytest.mark.parametrize("name", ["domestic-abuse", "stranger-assault", "restricted-record"])
def test_each_example_gives_the_same_bytes_twice_and_on_both_databases(postgresql_url, name):
    until = "Thu 31 Dec 2026 12:00"

    first = replayed(example(name), until)
    again = replayed(example(name), until)
    elsewhere = replayed(example(name), until, postgresql_url)

    assert first.lines
    assert first.refused == again.refused == elsewhere.refused == []
    assert first.lines == again.lines
    assert first.lines == elsewhere.lines


def test_results_are_in_the_order_of_time():
    found = replayed(example("domestic-abuse"), "Thu 31 Dec 2026 12:00")

    times = [line.split('"')[3] for line in found.lines]
    assert times == sorted(times)
