"""Trying a policy before it is in force: a replay under it, and what it would have changed."""

import json
import os
import re
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.command_line import (
    MOBILE,
    NAME,
    CommandLine,
    make_arrest,
    make_people,
    read_results,
    write_events,
)

UNTIL = "2026-02-01T00:00:00Z"
BAIL_AT = "2026-01-06T10:00:00Z"


@pytest.fixture
def line() -> CommandLine:
    return CommandLine()


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """An arrest that nobody tells of, and bail of which the victim is told three hours later."""
    told = {"do": "contact", "victim": "V-1", "case": "C-1", "by": "S-1", "covers": ["R6-BAIL"]}
    events = [
        *make_people(),
        make_arrest(),
        make_arrest(at=BAIL_AT, id="bail-1", kind="bail_granted"),
        {"at": "2026-01-06T13:00:00Z", "outcome": "spoke_identity_checked", **told},
    ]
    return write_events(tmp_path / "history.ndjson", events)


def make_policy(folder: Path, **figures: Any) -> Path:
    path = folder / "trial.toml"
    lines = [f"{name} = {json.dumps(value)}\n" for name, value in ({"version": "trial-1"} | figures).items()]
    path.write_text("".join(lines), encoding="utf-8")
    return path


def section(report: str, title: str) -> list[list[str]]:
    """The rows of one table of a report, each as its cells."""
    _, _, after = report.partition(f"\n{title}")
    rows = after.partition("\n\n")[0].splitlines()[2:]
    return [re.split(" {2,}", row.strip()) for row in rows]


def test_a_replay_runs_under_the_policy_it_is_given(line, history, tmp_path):
    trial = make_policy(tmp_path, urgent_hours=2, escalate_standard_days=1)

    usual = read_results(line.run("replay", history, "--until", UNTIL).stdout)
    result = line.run("replay", history, "--until", UNTIL, "--policy", trial)

    assert (result.exit_code, result.stderr) == (0, "")
    tried = read_results(result.stdout)
    closed = [one["late"] for results in (usual, tried) for one in results if one["what"] == "duty_closed"]
    assert closed == [False, True]
    escalated = [
        [one["at"] for one in results if one.get("level") == "escalated" and one["rule"] == "R6-ARREST"]
        for results in (usual, tried)
    ]
    assert escalated == [["2026-01-16T00:00:00+00:00"], ["2026-01-14T00:00:00+00:00"]]


def test_without_one_it_runs_under_the_policy_in_force_and_looks_at_no_other_setting(line, history, tmp_path):
    trial = make_policy(tmp_path, urgent_hours=2, escalate_standard_days=1)

    tried = line.run("replay", history, "--until", UNTIL, "--policy", trial)
    in_force = line.run("replay", history, "--until", UNTIL, POLICY_FILE=str(trial), STAFF_URL="no address")
    missing = line.run("replay", history, "--until", UNTIL, POLICY_FILE=str(tmp_path / "nowhere.toml"))

    assert in_force.exit_code == 0
    assert in_force.stdout == tried.stdout
    assert (missing.exit_code, missing.stdout) == (2, "")
    assert missing.stderr.startswith("POLICY_FILE: ")


@pytest.mark.parametrize("command", [("replay",), ("policy", "compare")])
def test_every_fault_of_a_policy_is_told_and_nothing_is_run(line, history, tmp_path, command):
    trial = make_policy(tmp_path, urgent_hours=0, urgent_hour=4, default_enhanced_days=9)
    out = tmp_path / "out.ndjson"

    result = line.run(*command, history, "--until", UNTIL, "--policy", trial, "--out", out)

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines() == [
        "trial.toml, urgent_hour: unknown",
        "trial.toml, urgent_hours: must be a whole number from 1 to 1000",
        "trial.toml, default_enhanced_days: is more than default_standard_days",
    ]
    assert not out.exists()


def test_the_report_says_what_the_policy_would_have_changed(line, history, tmp_path):
    trial = make_policy(tmp_path, urgent_hours=2, escalate_standard_days=1)

    result = line.run("policy", "compare", history, "--policy", trial, "--until", UNTIL)

    assert (result.exit_code, result.stderr) == (0, "")
    report = result.stdout
    assert report.startswith("Before: policy 2026-11, in force. After: policy trial-1.\n")
    assert section(report, "Figures of the policy") == [
        ["urgent_hours", "4", "2"],
        ["escalate_standard_days", "3", "1"],
    ]
    duties = section(report, "Duties, and how they were met")
    assert ["immediate, told in time", "1", "0", "-1"] in duties
    assert ["immediate, told late", "0", "1", "+1"] in duties
    assert ["routine, still open, overdue", "1", "1", "0"] in duties
    assert ["overdue, supervisor", "1", "2", "+1"] in section(report, "Alerts, and to whom")
    assert section(report, "Messages, and how much they say")[0][:1] == ["sms, nudge"]
    singles = report.partition("\nSingle duties\n")[2]
    assert singles.splitlines()[:3] == [
        "  V-1, C-1, R6-BAIL, owed since Tue 6 Jan 2026 10:00",
        "    urgent, to be told by Tue 6 Jan 2026 14:00 -> Tue 6 Jan 2026 12:00",
        "    told in time -> told late",
    ]
    assert "    escalated alert Fri 16 Jan 2026 00:00 -> Wed 14 Jan 2026 00:00" in singles.splitlines()


def test_the_report_and_its_file_name_nobody(line, history, tmp_path):
    out = tmp_path / "difference.ndjson"
    trial = make_policy(tmp_path, urgent_hours=2)

    result = line.run("policy", "compare", history, "--policy", trial, "--until", UNTIL, "--out", out)

    written = out.read_text(encoding="utf-8")
    assert '"victim": "V-1"' in written
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    for told in (result.stdout, written):
        assert NAME not in told
        assert MOBILE[-6:] not in told


def test_the_file_holds_what_the_report_shows(line, history, tmp_path):
    out = tmp_path / "difference.ndjson"

    line.run("policy", "compare", history, "--policy", make_policy(tmp_path, urgent_hours=2), "--out", out)

    lines = read_results(out.read_text(encoding="utf-8"))
    assert lines[0]["what"] == "policy"
    assert {one["what"] for one in lines} == {"policy", "figure", "rule", "duty"}
    (bail,) = [one for one in lines if one["what"] == "duty" and one["rule"] == "R6-BAIL"]
    assert (bail["before"]["how"], bail["after"]["how"]) == ("told in time", "told late")
    late = [one for one in lines if one.get("words") == ["immediate", "told late"]]
    assert [(one["before"], one["after"], one["change"]) for one in late] == [(0, 1, 1)]


def test_the_same_report_comes_out_each_time(line, history, tmp_path):
    trial = make_policy(tmp_path, due_soon_hours=48, default_standard_days=3)

    reports = {
        line.run("policy", "compare", history, "--policy", trial, "--until", UNTIL, COLUMNS=columns).stdout
        for columns in ("", "60")
    }

    assert len(reports) == 1


def test_what_comes_before_is_the_policy_that_is_in_force_here(line, history, tmp_path):
    in_force = make_policy(tmp_path, version="local-7", urgent_hours=2)

    result = line.run(
        "policy", "compare", history, "--policy", in_force, "--until", UNTIL, POLICY_FILE=str(in_force)
    )

    assert result.stdout.splitlines()[:2] == [
        "Before: policy local-7, in force. After: policy local-7.",
        "They have the same figures.",
    ]
    assert result.stdout.endswith("\nEvery duty went as before.\n")


def test_other_figures_under_the_version_in_force_are_remarked_on(line, history, tmp_path):
    trial = make_policy(tmp_path, version="2026-11", urgent_hours=2)

    result = line.run("policy", "compare", history, "--policy", trial, "--until", UNTIL)

    assert "give them a version of their own" in result.stdout


def test_a_refused_line_is_told_once_and_the_rest_is_compared(line, history, tmp_path):
    with history.open("a", encoding="utf-8") as file:
        file.write("{\n")

    result = line.run(
        "policy", "compare", history, "--policy", make_policy(tmp_path, urgent_hours=2), "--until", UNTIL
    )

    assert result.exit_code == 2
    assert [said.partition(":")[0] for said in result.stderr.splitlines()] == ["line 10"]
    assert "told in time -> told late" in result.stdout


def test_a_history_that_can_be_read_only_once_is_not_compared(line, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    result = line.run("policy", "compare", pipe, "--policy", make_policy(tmp_path))

    assert (result.exit_code, result.stdout) == (2, "")
    assert "must be a file that can be read twice" in result.stderr
