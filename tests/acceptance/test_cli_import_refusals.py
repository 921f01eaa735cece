"""What `notify import` will not believe: a time that has not come, and a name behind `by` that may not act."""

import codecs
from typing import Any

import pytest
from sqlalchemy import func, select

from models.ledger import AuditEntry
from models.running import AppliedEvent
from models.staff import Staff
from notify.eventfile.parse import SCHEMAS
from tests.acceptance.command_line import (
    ALWAYS,
    LATER,
    CommandLine,
    make_arrest,
    make_command_line,
    make_people,
    write_events,
)

FAR_OFF = "2199-12-31T23:59:59Z"
STAFF = {
    "auditor-1": "auditor",
    "admin-1": "admin",
    "officer-1": "case_officer",
    "supervisor-1": "supervisor",
    "left-1": "case_officer",
}
ABOUT = {"victim": "V-1", "case": "C-1", "reason": "a reason"}
NAMES_WHO: dict[str, dict[str, Any]] = {
    "verify": {"contact_point": "P-1", "reason": "a reason"},
    "suspend": {"contact_point": "P-1", "reason": "a reason"},
    "plan": {
        "victim": "V-1",
        "case": "C-1",
        "every_days": 7,
        "channels": [{"contact_point": "P-1", "detail": "nudge", "windows": ALWAYS}],
    },
    "pause": ABOUT,
    "resume": ABOUT,
    "waive": {**ABOUT, "rule": "R6-ARREST"},
    "decline": ABOUT,
    "support": {"victim": "V-1", "case": "C-1", "supports": "yes"},
    "milestone": {"case": "C-1", "kind": "charge", "happened_at": LATER},
    "correct": {"milestone": "arrest-1", "reason": "a reason", "kind": "charge"},
    "contact": {"victim": "V-1", "case": "C-1", "outcome": "voicemail"},
    "close": {"case": "C-1", "reason": "a reason"},
}
"""Every event that says who did it, with all that it needs but that; in an order in which they go together."""


@pytest.fixture
def line(database_url: str) -> CommandLine:
    return make_command_line(database_url)


@pytest.fixture
def staffed(line, tmp_path):
    """A database with a victim, an arrest, and staff of every role; one of them has left."""
    events = [*make_people(), make_arrest(), *map(new_staff, STAFF)]
    assert line.run("import", write_events(tmp_path / "before.ndjson", events)).exit_code == 0
    with line.services() as services, services.sessions.begin() as session:
        session.scalars(select(Staff).where(Staff.ref == "left-1")).one().active = False
    return line


def new_staff(ref: str) -> dict[str, Any]:
    return {
        "at": LATER,
        "do": "staff",
        "id": f"staff-{ref}",
        "staff": ref,
        "name": "Example (fictional)",
        "role": STAFF[ref],
        "unit": "U-1",
    }


def test_an_event_that_has_not_happened_yet_is_refused_by_line_and_field_and_the_others_go_on(line, tmp_path):
    events = [*make_people(), make_arrest() | {"at": FAR_OFF}, make_arrest(id="arrest-2")]

    result = line.run("import", write_events(tmp_path / "events.ndjson", events))

    assert (result.exit_code, result.stderr) == (2, "line 7: at: lies in the future\n")
    assert result.stdout == "7 events applied, 0 applied before, 1 refused\n"


def test_an_event_that_had_not_happened_yet_may_be_brought_in_once_it_has(line, tmp_path):
    """Nothing of the refused line was kept, so that its id is free."""
    early = [*make_people(), make_arrest() | {"at": FAR_OFF}]
    line.run("import", write_events(tmp_path / "early.ndjson", early))

    result = line.run("import", write_events(tmp_path / "in-time.ndjson", [make_arrest()]))

    assert (result.exit_code, result.stdout) == (0, "1 events applied, 0 applied before, 0 refused\n")


def test_a_byte_order_mark_at_the_beginning_of_the_file_is_read_past(line, tmp_path):
    path = write_events(tmp_path / "marked.ndjson", make_people())
    path.write_bytes(codecs.BOM_UTF8 + path.read_bytes())

    result = line.run("import", path)

    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "6 events applied, 0 applied before, 0 refused\n"


def test_a_byte_order_mark_before_a_blank_first_line_is_read_past(line, tmp_path):
    path = write_events(tmp_path / "marked.ndjson", ["", *make_people()])
    path.write_bytes(codecs.BOM_UTF8 + path.read_bytes())

    assert line.run("import", path).exit_code == 0


def test_a_byte_order_mark_anywhere_else_is_a_fault_of_its_line(line, tmp_path):
    first, second, *others = (
        event.encode()
        for event in write_events(tmp_path / "e.ndjson", make_people()).read_text().splitlines()
    )
    path = tmp_path / "glued.ndjson"
    path.write_bytes(b"\n".join([first, codecs.BOM_UTF8 + second, *others]))

    result = line.run("import", path)

    assert result.exit_code == 2
    assert result.stderr.splitlines()[0].startswith("line 2: line: ")


def test_every_event_that_says_who_did_it_is_tried_here():
    assert {do for do, schema in SCHEMAS.items() if "by" in schema.fields} == set(NAMES_WHO)


@pytest.mark.parametrize(
    ("who", "reason"),
    [
        ("auditor-1", "is neither a case officer nor a supervisor"),
        ("admin-1", "is neither a case officer nor a supervisor"),
        ("left-1", "is not known"),
        ("nobody-1", "is not known"),
    ],
)
def test_nobody_acts_who_may_not_or_is_not_known(staffed, tmp_path, who, reason):
    events = [made_by(who, do) for do in NAMES_WHO]
    before = written(staffed)

    result = staffed.run("import", write_events(tmp_path / "events.ndjson", events))

    assert result.exit_code == 2
    assert result.stderr.splitlines() == [f"line {n}: by: {reason}" for n in range(1, len(events) + 1)]
    assert written(staffed) == before


@pytest.mark.parametrize("who", ["officer-1", "supervisor-1"])
def test_a_case_officer_and_a_supervisor_may_record_all_of_it(staffed, tmp_path, who):
    events = [made_by(who, do) for do in NAMES_WHO]

    result = staffed.run("import", write_events(tmp_path / "events.ndjson", events))

    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"{len(events)} events applied, 0 applied before, 0 refused\n"


@pytest.mark.parametrize(
    ("who", "reason"),
    [("auditor-1", "is neither a case officer nor a supervisor"), ("nobody-1", "is not known")],
)
def test_nobody_verifies_a_contact_point_who_may_not(staffed, tmp_path, who, reason):
    point = {"contact_point": "P-9", "victim": "V-1", "kind": "mobile", "value": "07700 900909"}
    event = {"at": LATER, "id": "point", "do": "contact_point", **point, "verified": True, "verified_by": who}

    result = staffed.run("import", write_events(tmp_path / "events.ndjson", [event]))

    assert (result.exit_code, result.stderr) == (2, f"line 1: verified_by: {reason}\n")


def made_by(who: str, do: str) -> dict[str, Any]:
    return {"at": LATER, "id": f"{do}-{who}", "do": do, "by": who, **NAMES_WHO[do]}


def written(line: CommandLine) -> list[int | None]:
    """How much there is of what every applied event leaves behind."""
    with line.services() as services, services.reading() as session:
        return [
            session.scalar(select(func.count()).select_from(table)) for table in (AppliedEvent, AuditEntry)
        ]
