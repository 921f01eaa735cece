"""A long file is lived through in parts side by side: nobody can tell from what it says."""

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from notify.eventfile.figures import figures_of
from notify.eventfile.parts import split
from notify.eventfile.replay import SimulatedClock, replay, replay_services, throw_away_database
from notify.eventfile.side_by_side import replay_side_by_side, results_of
from notify.planning.policy import load_policy

MAKER = Path(__file__).parents[2] / "examples" / "make_month.py"
UNTIL = datetime(2026, 2, 1, tzinfo=UTC)
BAD_STAFF = (
    '{"at": "2026-01-01T00:00:00Z", "do": "staff", "staff": "S-1", "name": "A", "role": "x", "unit": "U"}\n'
)
NO_UNIT = '{"at": "2026-01-01T00:00:00Z", "do": "staff", "staff": "S-1", "name": "A", "role": "admin", "unit": "U"}\n'
STRANGER = '{"at": "2026-01-31T23:59:59Z", "do": "pause", "victim": "nobody", "case": "none", "by": "S", "reason": "x"}\n'
BEYOND = (
    '{"at": "2026-02-03T09:00:00Z", "do": "close", "case": "case-0001", "by": "officer-1", "reason": "x"}\n'
)


@pytest.fixture
def month(tmp_path):
    """A month of sixty cases, with lines that are refused by each part, by one, and one after the end."""
    path = tmp_path / "month.ndjson"
    command = [sys.executable, str(MAKER), "--start", "2026-01-01", "--cases", "60", "--out", str(path)]
    subprocess.run(command, check=True)
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join([BAD_STAFF, NO_UNIT, *lines, STRANGER, BEYOND]), encoding="utf-8")
    return path


def in_one_piece(path, url, *, policy=None, write=results_of):
    clock = SimulatedClock()
    with throw_away_database(url, None) as database, path.open("rb") as lines:
        services = replay_services(database, clock, policy=policy)
        outcome = replay(services, clock, lines, until=UNTIL)
        return outcome, list(write(services))


def test_parts_side_by_side_give_the_same_results_byte_for_byte(month, database_url, tmp_path):
    url = database_url if database_url.startswith("postgresql") else None
    with month.open("rb") as lines:
        how = split(lines, 2, until=UNTIL)
    assert how is not None
    assert set(how.part_of) == {0, 1, 255}

    outcome, results = replay_side_by_side(month, how, tmp_path, until=UNTIL, url=url)
    whole, expected = in_one_piece(month, url)

    assert list(results) == expected
    assert [refusal.line for refusal in whole.refused][:2] == [1, 2]
    assert (outcome.refused, outcome.applied, outcome.beyond) == (whole.refused, whole.applied, 1)


def test_every_part_is_under_the_policy_that_is_tried(month, tmp_path):
    trial = replace(load_policy(), version="trial-1", urgent_hours=1, due_soon_hours=100)
    with month.open("rb") as lines:
        how = split(lines, 2, until=UNTIL)
    assert how is not None

    _, counted = replay_side_by_side(month, how, tmp_path, until=UNTIL, policy=trial, write=figures_of)
    _, expected = in_one_piece(month, None, policy=trial, write=figures_of)
    _, untried = in_one_piece(month, None, write=figures_of)

    assert list(counted) == expected
    assert untried != expected
