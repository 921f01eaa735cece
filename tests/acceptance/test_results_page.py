"""The page about results says what the program writes."""

import json
import re
from collections import defaultdict
from pathlib import Path

import pytest

from notify.eventfile.replay import SimulatedClock, replay, replay_services, throw_away_database
from notify.eventfile.results import write_results
from tests.make import when

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
ROWS = {
    what: set(re.findall(r"`(\w+)`", fields))
    for what, fields in re.findall(r"^\| `(\w+)` \| (.*) \|$", PAGE, re.MULTILINE)
}


@pytest.fixture(scope="module")
def written() -> dict[str, set[str]]:
    """The fields that the example histories give rise to, by what they are of."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for file in ("domestic-abuse", "stranger-assault", "restricted-record"):
        clock = SimulatedClock()
        with (
            throw_away_database(None, None) as database,
            (ROOT / "examples" / f"{file}.ndjson").open("rb") as lines,
        ):
            services = replay_services(database, clock)
            replay(services, clock, lines, until=when("Fri 1 Jan 2027 00:00"))
            with services.reading() as session:
                for line in map(json.loads, write_results(session, services.keys)):
                    found[line["what"]] |= line.keys() - {"at", "what"}
    return found


def test_the_page_names_each_sort_of_line(written):
    assert written.keys() == ROWS.keys()


@pytest.mark.parametrize("what", ROWS)
def test_the_page_names_each_field_that_is_written(what, written):
    assert written[what] <= ROWS[what]
    # an e-mail has a subject and a text has segments; the rest may depend on what happens
    assert ROWS[what] - written[what] <= {"subject", "segments", "by_contact", "contact_point", "due_at"}
