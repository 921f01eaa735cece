"""The commands of those who run the service: what they do, and the one line they say when they cannot."""

import stat
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from jobs.heartbeats import OLD, beat
from jobs.timetable import TIMETABLE
from models.keyring import RootKeys
from models.ledger import AuditEntry
from models.messages import Message
from models.people import Participation
from notify.clock import utc_now
from notify.ledger.audit import THE_SERVICE
from notify.planning.api_tokens import Scope, bearer_of
from notify.planning.staff_sign_in import check_password
from tests.acceptance.command_line import (
    CommandLine,
    make_arrest,
    make_command_line,
    make_people,
    write_events,
)

PASSWORD = "a long enough password"


@pytest.fixture
def line(database_url: str) -> CommandLine:
    return make_command_line(database_url)


@pytest.fixture
def staffed(line: CommandLine, tmp_path: Path) -> CommandLine:
    """With a unit, an officer and a victim."""
    assert line.run("import", write_events(tmp_path / "people.ndjson", make_people())).exit_code == 0
    return line


def actions(line: CommandLine) -> list[str]:
    with line.services() as services, services.reading() as session:
        return [entry.action for entry in session.query(AuditEntry).order_by(AuditEntry.seq)]


def test_upgrade_makes_an_embedded_database_that_only_its_owner_may_read(tmp_path):
    path = tmp_path / "new" / "folder" / "notify.db"
    line = CommandLine({"DATABASE_URL": f"sqlite:///{path}"})

    first, second = line.run("database", "upgrade"), line.run("database", "upgrade")

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert line.run("audit", "verify").exit_code == 0


def test_a_database_without_tables_is_told_in_one_line(tmp_path):
    line = make_command_line(f"sqlite:///{tmp_path / 'empty.db'}")

    result = line.run("unit", "add", "U-1", "--name", "Example North")

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("the database cannot be used: no such table")
    assert "notify database upgrade" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_database_that_cannot_be_reached_is_told_without_its_password():
    line = make_command_line("postgresql://somebody:a-secret-word@127.0.0.1:1/notify")

    result = line.run("audit", "verify")

    assert result.exit_code == 2
    assert result.stderr.startswith("the database cannot be used: ")
    assert result.stderr.count("\n") == 1
    assert "a-secret-word" not in result.stderr


def test_every_bad_setting_is_told_by_name(line):
    result = line.run("keys", "rotate", NOTIFY_ROOT_KEY="", STAFF_URL="ftp://x", PUBLIC_URL="nowhere")

    assert (result.exit_code, result.stdout) == (2, "")
    assert [fault.split(":")[0] for fault in result.stderr.splitlines()] == ["STAFF_URL", "PUBLIC_URL"]


def test_a_missing_root_key_is_told(line):
    result = line.run("keys", "rotate", NOTIFY_ROOT_KEY="")

    assert result.exit_code == 2
    assert result.stderr == "NOTIFY_ROOT_KEY: not set, and neither is NOTIFY_ROOT_KEY_FILE\n"


def test_the_root_key_of_another_database_is_told(staffed):
    other = RootKeys.generate()

    result = staffed.run("staff", "password", "S-1", given=PASSWORD, NOTIFY_ROOT_KEY=other)

    assert result.exit_code == 2
    assert result.stderr == "NOTIFY_ROOT_KEY: the root key does not fit this database\n"


def test_after_a_rotation_the_old_root_key_is_not_needed(staffed):
    old = staffed.env["NOTIFY_ROOT_KEY"]
    new = staffed.run("keys", "generate", "--number", 2).stdout.strip()

    rotated = staffed.run("keys", "rotate", NOTIFY_ROOT_KEY=f"{new},{old}")

    assert rotated.exit_code == 0
    assert rotated.stdout == "4 data keys wrapped under the first root key\n"  # service, index, case, victim
    assert staffed.run("unit", "add", "U-2", "--name", "Example South", NOTIFY_ROOT_KEY=new).exit_code == 0
    assert staffed.run("unit", "add", "U-3", "--name", "Example West", NOTIFY_ROOT_KEY=old).exit_code == 2


def test_two_generated_root_keys_differ(line):
    first, second = line.run("keys", "generate").stdout, line.run("keys", "generate").stdout

    assert first != second
    assert RootKeys.parse(first).current == 1


def test_staff_are_added_and_sign_in_with_their_password(line):
    line.run("unit", "add", "U-1", "--name", "Example North")
    added = line.run("staff", "add", "A-1", "--name", "Admin (fictional)", "--role", "admin", "--unit", "U-1")

    given = line.run("staff", "password", "A-1", given=f"{PASSWORD}\n")

    assert (added.exit_code, given.exit_code) == (0, 0)
    assert PASSWORD not in given.output
    with line.services() as services, services.acting(THE_SERVICE) as act:
        assert check_password(act, "A-1", PASSWORD) is not None
    assert actions(line)[:3] == ["unit added", "staff added", "password set"]


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (("staff", "password", "S-1"), "password: must have 12 to 200 characters\n"),
        (("staff", "password", "S-9"), "staff: is not known\n"),
        (("unit", "add", "U-1", "--name", "Example North"), "unit: is used already\n"),
        (("staff", "add", "S-2", "--name", "X", "--role", "admin", "--unit", "U-9"), "unit: is not known\n"),
        (("token", "revoke", "nobody", "--reason", "left"), "name: is not known\n"),
        (("token", "create", "t", "--staff", "S-9", "--scope", "cases:read"), "staff: is not known\n"),
        (("code", "explain", "R0-NOTHING"), "RULE: is not known; `notify code list` names them all\n"),
    ],
)
def test_bad_input_is_one_line_that_names_the_field(staffed, arguments, fault):
    before = actions(staffed)

    result = staffed.run(*arguments, given="short\n")

    assert (result.exit_code, result.stdout, result.stderr) == (2, "", fault)
    assert actions(staffed) == before


def test_a_token_is_shown_once_works_and_is_revoked(staffed):
    made = staffed.run("token", "create", "custody", "--staff", "S-1", "--scope", "milestones:write")
    token = made.stdout.strip()

    with staffed.services() as services, services.reading() as session:
        bearer = bearer_of(session, token, at=utc_now())
    revoked = staffed.run("token", "revoke", "custody", "--reason", "the contract ended")
    again = staffed.run("token", "revoke", "custody", "--reason", "the contract ended")

    assert bearer is not None
    assert bearer.scopes == {Scope.MILESTONES_WRITE}
    assert (revoked.exit_code, again.exit_code) == (0, 2)
    with staffed.services() as services, services.reading() as session:
        assert bearer_of(session, token, at=utc_now()) is None


@pytest.mark.parametrize("moment", ["2027-01-01", "2027-01-01T00:00:00", "tomorrow"])
def test_an_expiry_without_an_offset_is_refused(staffed, moment):
    result = staffed.run(
        "token", "create", "t", "--staff", "S-1", "--scope", "cases:read", "--expires", moment
    )

    assert result.exit_code == 2
    assert "must be a date and time with an offset" in result.stderr


def test_the_audit_chain_is_whole_until_somebody_changes_an_entry(staffed):
    assert staffed.run("audit", "verify").exit_code == 0

    with staffed.services() as services, services.database.engine.begin() as connection:
        connection.execute(text("UPDATE audit_entries SET action = 'nothing' WHERE seq = 2"))
    result = staffed.run("audit", "verify", NOTIFY_ROOT_KEY="")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "entry 2: its content was changed\n"


def test_health_fails_until_every_tick_was_heard_of_lately(line):
    names = [tick.name for tick in TIMETABLE]
    before = line.run("health")
    with line.services() as services:
        for name in names[1:]:
            beat(services.sessions, name, "worker-1", at=utc_now())
        beat(services.sessions, names[0], "worker-1", at=utc_now() - 2 * OLD)
        one_old = line.run("health")
        beat(services.sessions, names[0], "worker-2", at=utc_now())
        after = line.run("health")

    assert [one.exit_code for one in (before, one_old, after)] == [1, 1, 0]
    assert before.stderr == f"worker: not heard of lately: {', '.join(names)}\n"
    assert one_old.stderr == f"worker: not heard of lately: {names[0]}\n"
    assert after.stdout == "database: ok\nworker: ok\nsending: ok\n"


def test_health_fails_while_messages_do_not_leave_whoever_works(staffed):
    told = utc_now() - timedelta(minutes=5)
    with staffed.services() as services:
        for tick in TIMETABLE:
            beat(services.sessions, tick.name, "worker-1", at=utc_now())
        with services.acting(THE_SERVICE) as act:
            part = act.session.scalars(select(Participation)).one()
            message = Message(
                participation_id=part.id,
                victim_id=part.victim_id,
                kind="arrest",
                state="queued",
                created_at=told,
                not_before=told,
                attempt=0,
                counts_as_told=False,
            )
            act.session.add(message)

    result = staffed.run("health")

    assert (result.exit_code, result.stdout) == (1, "database: ok\nworker: ok\n")
    assert result.stderr == f"sending: 1 stuck, the first since {told.isoformat()}\n"


def test_health_fails_without_a_database():
    result = make_command_line("postgresql://127.0.0.1:1/notify").run("health")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("the database cannot be used: ")


def test_the_code_is_listed_and_each_rule_explained():
    line = CommandLine()
    listed, explained = line.run("code", "list"), line.run("code", "explain", "R6-ARREST")

    assert "  R6-ARREST     routine       police       5/1    suspect arrested\n" in listed.stdout
    assert explained.stdout.startswith("R6-ARREST: suspect arrested\n")
    assert "working days: 5/1 standard/enhanced, from the Code" in explained.stdout
    assert "milestones:   arrest" in explained.stdout


def test_a_door_without_its_keys_is_not_served(line):
    result = line.run("serve", "staff")

    assert result.exit_code == 2
    assert result.stderr == "STAFF_SECRET_KEY: not set\nPUBLIC_SECRET_KEY: not set\n"


def test_nothing_personal_is_told_about_a_line_that_is_refused(staffed, tmp_path):
    bad = make_arrest(case="C-9", facts={"reason": "a very private reason"})

    result = staffed.run("import", write_events(tmp_path / "bad.ndjson", [bad]))

    assert result.exit_code == 2
    assert result.stderr == "line 1: case: is not known\n"
