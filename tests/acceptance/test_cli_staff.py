"""`notify unit` and `notify staff`: who is away, who has left, who takes over, and how units stand to each other."""

from pathlib import Path
from typing import Any

import pytest

from models.cases import Case, HandOver
from models.keyring import SERVICE
from models.staff import Absence, Staff, Unit
from tests.acceptance.command_line import CommandLine, make_command_line, make_people, write_events


@pytest.fixture
def line(database_url: str, tmp_path: Path) -> CommandLine:
    """Officer S-1 with case C-1 and officer S-2, both in U-1; U-2 is another police unit, CPS-1 one of the CPS."""
    line = make_command_line(database_url)
    assert line.run("import", write_events(tmp_path / "people.ndjson", make_people())).exit_code == 0
    run(line, "unit", "add", "U-2", "--name", "Example South")
    run(line, "unit", "add", "CPS-1", "--name", "Example CPS", "--agency", "cps")
    run(line, "staff", "add", "S-2", "--name", "Next (fictional)", "--role", "case_officer", "--unit", "U-1")
    return line


def run(line: CommandLine, *arguments: str) -> str:
    result = line.run(*arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def refused(line: CommandLine, *arguments: str) -> str:
    result = line.run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    return result.stderr.splitlines()[-1]


def rows(line: CommandLine, noun: type[Any]) -> list[Any]:
    with line.services() as services, services.reading() as session:
        return session.query(noun).all()


def one(line: CommandLine, noun: type[Any], ref: str) -> Any:
    (found,) = [row for row in rows(line, noun) if row.ref == ref]
    return found


def test_somebody_is_away_until_they_are_back(line: CommandLine) -> None:
    run(line, "staff", "absent", "S-1")
    (absence,) = rows(line, Absence)
    assert absence.ends_at is None
    assert refused(line, "staff", "absent", "S-1") == "starts_at: meets another absence"

    run(line, "staff", "back", "S-1")

    (absence,) = rows(line, Absence)
    assert absence.ends_at is not None
    assert refused(line, "staff", "back", "S-1") == "staff: is not away"


@pytest.mark.parametrize(
    ("times", "said"),
    [
        (("--until", "2000-01-01T00:00:00Z"), "ends_at: must be later than starts_at"),
        (("--from", "2000-01-01T00:00:00Z", "--until", "2000-01-02T00:00:00Z"), "ends_at: has passed"),
    ],
)
def test_an_absence_that_cannot_be_is_told_in_a_line(
    line: CommandLine, times: tuple[str, ...], said: str
) -> None:
    assert refused(line, "staff", "absent", "S-1", *times) == said
    assert rows(line, Absence) == []


def test_whoever_leaves_is_followed_by_somebody_else(line: CommandLine) -> None:
    said = run(line, "staff", "leave", "S-1")
    assert said.startswith("Cases that wait for somebody else: 1.")
    assert not one(line, Staff, "S-1").active
    assert refused(line, "staff", "leave", "S-1") == "staff: has left already"
    assert refused(line, "staff", "absent", "S-1") == "staff: is not known"

    assert run(line, "staff", "reassign", "S-1", "S-2", "--reason", "left") == "Passed on: 1\n"

    assert one(line, Case, "C-1").officer_id == one(line, Staff, "S-2").id
    assert len(rows(line, HandOver)) == 1
    assert refused(line, "staff", "reassign", "S-1", "S-2", "--reason", "left").startswith("cases: ")


def test_one_case_is_passed_on_by_name_and_to_nobody_who_has_left(line: CommandLine) -> None:
    assert refused(line, "staff", "reassign", "S-1", "S-2", "--case", "C-0", "--reason", "x").startswith(
        "case: "
    )
    run(line, "staff", "leave", "S-2")

    said = refused(line, "staff", "reassign", "S-1", "S-2", "--case", "C-1", "--reason", "x")

    assert said == "to: is not known"
    assert rows(line, HandOver) == []


def test_the_address_of_a_digest_is_checked_kept_sealed_and_taken_away(line: CommandLine) -> None:
    assert refused(line, "staff", "email", "S-1", "nowhere") == "email: is not an e-mail address"
    run(line, "staff", "email", "S-1", "officer@EXAMPLE.com")
    with line.services() as services, services.reading() as session:
        officer = session.query(Staff).filter_by(ref="S-1").one()
        assert b"example" not in (officer.email_sealed or b"example")
        assert services.keys.of(session, SERVICE).open(officer, "email_sealed") == "officer@example.com"

    run(line, "staff", "email", "S-1")

    assert one(line, Staff, "S-1").email_sealed is None


def test_a_unit_stands_under_another_of_its_agency_and_never_in_a_circle(line: CommandLine) -> None:
    run(line, "unit", "under", "U-1", "U-2")
    assert one(line, Unit, "U-1").parent_id == one(line, Unit, "U-2").id
    assert refused(line, "unit", "under", "U-2", "U-1") == "parent: is this unit, or stands under it"
    assert refused(line, "unit", "under", "U-1", "CPS-1") == "parent: is a unit of another agency"
    assert refused(line, "unit", "under", "U-1", "U-9") == "parent: is not known"

    run(line, "unit", "under", "U-1")

    assert one(line, Unit, "U-1").parent_id is None
