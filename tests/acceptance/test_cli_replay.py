"""`notify replay`: a history in simulated time, and what would have been sent and flagged."""

import stat
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, inspect

from tests.acceptance.command_line import (
    AT,
    LATER,
    MOBILE,
    CommandLine,
    make_arrest,
    make_people,
    read_results,
    write_events,
)

UNTIL = "2026-01-20T00:00:00Z"
SENT_TO = "+44" + MOBILE.replace(" ", "")[1:]


@pytest.fixture
def line() -> CommandLine:
    """Nothing is set: a replay needs no key and no database."""
    return CommandLine()


@pytest.fixture
def history(tmp_path: Path) -> Path:
    return write_events(tmp_path / "history.ndjson", [*make_people(), make_arrest()])


def test_the_results_tell_what_would_have_happened_and_nothing_else_is_written(line, history):
    result = line.run("replay", history, "--until", UNTIL)

    assert (result.exit_code, result.stderr) == (0, "")
    results = read_results(result.stdout)
    assert [one["at"] for one in results] == sorted(one["at"] for one in results)
    (message,) = [one for one in results if one["what"] == "message"]
    assert (message["to"], message["rules"], message["detail"]) == (SENT_TO, ["R6-ARREST"], "nudge")
    assert message["at"] == LATER.replace("Z", "+00:00")
    levels = [one["level"] for one in results if one["what"] == "alert"]
    assert levels == ["due_soon", "overdue", "escalated"]


def test_a_file_of_results_holds_the_same_bytes_and_is_its_owners_alone(line, history, tmp_path):
    out = tmp_path / "results.ndjson"

    written = line.run("replay", history, "--until", UNTIL, "--out", out)
    printed = line.run("replay", history, "--until", UNTIL)

    assert (written.exit_code, written.stdout) == (0, "")
    assert out.read_text(encoding="utf-8") == printed.stdout
    assert stat.S_IMODE(out.stat().st_mode) == 0o600


def test_without_until_time_ends_at_the_last_event(line, history):
    results = read_results(line.run("replay", history).stdout)

    assert {one["at"] for one in results} == {moment.replace("Z", "+00:00") for moment in (AT, LATER)}


def test_refused_lines_are_told_and_the_rest_is_replayed(line, tmp_path):
    events: list[dict[str, Any] | str] = [*make_people(), make_arrest(case="C-9"), "{", make_arrest()]
    backwards = make_arrest(at=AT, id="backwards")

    result = line.run("replay", write_events(tmp_path / "bad.ndjson", [*events, backwards]))

    assert result.exit_code == 2
    assert [said.split(": ")[:2] for said in result.stderr.splitlines()] == [
        ["line 7", "case"],
        ["line 8", "line"],
        ["line 10", "at"],
    ]
    assert any(one["what"] == "message" for one in read_results(result.stdout))


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (("--until", "2026-01-01T00:00:00Z"), "--until: is earlier than the first event"),
        (("--until", "2026-02-01T00:00:00"), "must be a date and time with an offset"),
        (("--until", "soon"), "must be a date and time with an offset"),
        (("--out", "no/such/folder/results.ndjson"), "its folder does not exist"),
        (("--database", "mysql://x"), "--database: must start with postgresql://"),
        (("--database", "sqlite:///a.db", "--keep-database", "b.db"), "exclude each other"),
        (("--keep-database", __file__), "is there already"),
        (("--database", f"sqlite:///{__file__}"), "is there already"),
        (("--database", "postgresql://127.0.0.1:1/x"), "the database cannot be used: "),
    ],
)
def test_what_cannot_be_done_is_told_and_nothing_is_written(line, history, arguments, fault):
    result = line.run("replay", history, *arguments)

    assert (result.exit_code, result.stdout) == (2, "")
    assert fault in result.stderr


def test_a_missing_file_is_told_in_words(line, tmp_path):
    result = line.run("replay", tmp_path / "nowhere.ndjson")

    assert (result.exit_code, result.stdout) == (2, "")
    assert "does not exist" in result.stderr


def test_an_empty_file_has_no_results(line, tmp_path):
    result = line.run("replay", write_events(tmp_path / "empty.ndjson", [""]), "--until", UNTIL)

    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")


def test_postgresql_gives_the_same_results_and_is_left_as_it_was(
    line, history, postgresql_url, postgresql_admin: Engine
):
    there = line.run("replay", history, "--until", UNTIL, "--database", postgresql_url)
    here = line.run("replay", history, "--until", UNTIL)

    assert there.exit_code == 0
    assert there.stdout == here.stdout
    assert not [name for name in inspect(postgresql_admin).get_schema_names() if name.startswith("replay")]


def test_a_kept_database_opens_with_the_key_beside_it_and_with_no_other(line, history, tmp_path):
    kept = tmp_path / "kept.db"
    key = tmp_path / "kept.db.key"

    result = line.run("replay", history, "--until", UNTIL, "--keep-database", kept)

    assert result.exit_code == 0
    assert str(key) in result.stderr
    assert {stat.S_IMODE(path.stat().st_mode) for path in (kept, key)} == {0o600}
    served = CommandLine({"DATABASE_URL": f"sqlite:///{kept}", "NOTIFY_ROOT_KEY_FILE": str(key)})
    assert served.run("audit", "verify").exit_code == 0
    assert served.run("unit", "add", "U-2", "--name", "Example South").exit_code == 0
    assert line.run("unit", "add", "U-3", "--name", "X", DATABASE_URL=f"sqlite:///{kept}").exit_code == 2
    assert served.run("database", "upgrade").exit_code == 0
