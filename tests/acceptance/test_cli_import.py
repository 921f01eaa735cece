"""`notify import`: a line at a time, wholly or not at all, as often as one likes."""

import json
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import func, select

from models.duties import Duty
from models.ledger import AuditEntry
from models.milestones import Milestone
from models.staff import Unit
from notify.eventfile.apply import apply_event
from notify.eventfile.parse import load
from notify.wiring import Services
from tests.acceptance.command_line import (
    CommandLine,
    make_arrest,
    make_command_line,
    make_people,
    write_events,
)

EXAMPLE = Path(__file__).parents[2] / "examples" / "restricted-record.ndjson"
EVENTS = len(EXAMPLE.read_text(encoding="utf-8").splitlines())


@pytest.fixture
def line(database_url: str) -> CommandLine:
    return make_command_line(database_url)


def count(line: CommandLine, table: type) -> int:
    with line.services() as services, services.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_file_brought_in_twice_is_applied_once(line):
    first, second = line.run("import", EXAMPLE), line.run("import", EXAMPLE)

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert first.stdout == f"{EVENTS} events applied, 0 applied before, 0 refused\n"
    assert second.stdout == f"0 events applied, {EVENTS} applied before, 0 refused\n"


def test_a_longer_file_applies_what_is_new(line, tmp_path):
    line.run("import", write_events(tmp_path / "one.ndjson", make_people()))

    result = line.run("import", write_events(tmp_path / "two.ndjson", [*make_people(), make_arrest()]))

    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "1 events applied, 6 applied before, 0 refused\n"
    assert count(line, Milestone) == 1


def test_a_refused_line_is_told_with_its_number_and_the_others_go_on(line, tmp_path):
    events: list[dict[str, Any] | str] = [
        *make_people(),
        "",
        "not JSON",
        make_arrest(kind="teleported"),
        make_arrest(),
    ]

    result = line.run("import", write_events(tmp_path / "events.ndjson", events))

    assert result.exit_code == 2
    assert [said.rpartition(":")[0] for said in result.stderr.splitlines()] == [
        "line 8: line",
        "line 9: kind",
    ]
    assert result.stdout == "7 events applied, 0 applied before, 2 refused\n"
    assert count(line, Duty) > 0


def test_the_same_id_with_other_content_is_refused_and_changes_nothing(line, tmp_path):
    line.run("import", write_events(tmp_path / "one.ndjson", [*make_people(), make_arrest()]))
    duties = count(line, Duty)

    result = line.run("import", write_events(tmp_path / "two.ndjson", [make_arrest(kind="charge")]))

    assert result.exit_code == 2
    assert result.stderr == "line 1: id: was used before for an event with different content\n"
    assert (count(line, Milestone), count(line, Duty)) == (1, duties)


def test_a_line_is_applied_wholly_or_not_at_all(line, tmp_path):
    twice = {
        "at": "2026-01-05T09:00:00Z",
        "do": "unit",
        "id": "u",
        "unit": "U-1",
        "name": "N",
        "agency": "police",
    }

    result = line.run("import", write_events(tmp_path / "units.ndjson", [twice, twice | {"id": "v"}]))
    again = line.run("import", write_events(tmp_path / "other.ndjson", [twice | {"id": "v", "unit": "U-2"}]))

    assert result.stderr == "line 2: unit: is used already\n"
    assert again.exit_code == 0  # the id of a refused line is still free
    assert count(line, Unit) == 2


def test_the_audit_chain_tells_when_the_service_learned_of_an_old_event(line, tmp_path):
    line.run("import", write_events(tmp_path / "events.ndjson", [*make_people(), make_arrest()]))

    with line.services() as services, services.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "milestone recorded")).one()
        milestone = session.scalars(select(Milestone)).one()
        newest = session.scalar(select(func.max(AuditEntry.at)))

    assert entry.at > milestone.recorded_at
    assert (newest - entry.at).total_seconds() < 60
    assert line.run("audit", "verify").exit_code == 0


def test_a_missing_file_is_told_in_words(line, tmp_path):
    result = line.run("import", tmp_path / "nowhere.ndjson")

    assert result.exit_code == 2
    assert "does not exist" in result.stderr


def test_two_imports_of_one_line_at_the_same_moment_apply_it_once(line):
    event = load(
        json.dumps(
            {
                "at": "2026-01-05T09:00:00Z",
                "do": "unit",
                "id": "u",
                "unit": "U-1",
                "name": "N",
                "agency": "police",
            }
        )
    )
    together = Barrier(2)
    applied: list[bool] = []

    def bring_in(services: Services) -> None:
        together.wait()
        applied.append(apply_event(services, event))

    with line.services() as one, line.services() as other:
        threads = [Thread(target=bring_in, args=(services,)) for services in (one, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert sorted(applied) == [False, True]
    assert count(line, Unit) == 1
