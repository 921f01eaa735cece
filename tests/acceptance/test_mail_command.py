"""`notify mail take`, as a mail server's pipe runs it: by its exit status the server keeps the mail, sends it back or forgets it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from models.messages import Inbound
from models.oversight import Task
from notify.delivery.mail_reading import LONGEST_MAIL
from tests.acceptance.command_line import CommandLine, make_command_line, make_people, write_events
from tests.mails import make_bounce, make_reply

TAKEN, BAD_MAIL, NOT_NOW = 0, 65, 75  # sysexits.h


@pytest.fixture
def line(database_url: str, tmp_path: Path) -> CommandLine:
    """With one victim, who has an e-mail address."""
    line = make_command_line(database_url)
    people = make_people()
    point = {"contact_point": "P-9", "victim": "V-1", "kind": "email", "value": "v1@example.org"}
    people.append({"at": people[-1]["at"], "id": "e9", "do": "contact_point", **point})
    assert line.run("import", write_events(tmp_path / "people.ndjson", people)).exit_code == 0
    return line


def take(line: CommandLine, raw: bytes, **env: str) -> tuple[int, str]:
    result = line.run("mail", "take", given=raw.decode(), **env)
    assert result.stdout == ""
    return result.exit_code, result.stderr


def kept(line: CommandLine) -> tuple[int, int]:
    """How many mails are kept, and how many tasks they led to."""
    with line.services() as services, services.reading() as session:
        return session.query(Inbound).count(), session.query(Task).filter_by(kind="follow_up_inbound").count()


def test_a_reply_is_taken_without_a_word(line):
    assert take(line, make_reply("Please ring me")) == (TAKEN, "")

    assert kept(line) == (1, 1)


def test_a_reply_that_the_server_hands_over_again_is_kept_once(line):
    assert [take(line, make_reply("Hello"))[0] for _ in range(2)] == [TAKEN, TAKEN]

    assert kept(line) == (1, 1)


def test_a_bounce_of_nothing_of_ours_is_kept(line):
    assert take(line, make_bounce("7b8f6d1e-4f43-4c52-9c9e-1f0a5a1f0001")) == (TAKEN, "")

    assert kept(line) == (1, 0)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "the message is empty\n"),
        (b"Subject: a secret word\n\nfrom nobody", "the message has no readable From address\n"),
        (b"a secret word", "the message has no readable From address\n"),
    ],
    ids=["empty", "from nobody", "no mail"],
)
def test_what_is_no_mail_goes_back_with_one_line_that_repeats_nothing(line, raw, said):
    assert take(line, raw) == (BAD_MAIL, said)

    assert kept(line) == (0, 0)


def test_of_a_mail_that_is_too_large_the_beginning_is_taken(line):
    assert take(line, make_reply("x" * LONGEST_MAIL)) == (TAKEN, "")

    assert kept(line) == (1, 1)


def test_while_the_database_cannot_be_used_the_server_keeps_the_mail(line):
    with line.services() as services, services.sessions.begin() as session:
        session.execute(text("alter table inbound rename to elsewhere"))
    status, said = take(line, make_reply("a secret word"))
    assert status == NOT_NOW
    assert said == "not now (notify health may say more)\n"

    with line.services() as services, services.sessions.begin() as session:
        session.execute(text("alter table elsewhere rename to inbound"))
    assert take(line, make_reply("a secret word")) == (TAKEN, "")
    assert kept(line) == (1, 1)


@pytest.mark.parametrize(
    "env", [{"NOTIFY_ROOT_KEY": ""}, {"NOTIFY_ROOT_KEY": "nonsense"}, {"STAFF_URL": "nowhere"}]
)
def test_with_settings_that_cannot_be_used_the_server_keeps_the_mail(line, env):
    assert take(line, make_reply(), **env) == (NOT_NOW, "not now (notify health may say more)\n")


def test_the_program_itself_ends_as_a_pipe_wants_it(line, environment):
    command = [str(Path(sys.executable).with_name("notify")), "mail", "take"]
    env = {"PATH": environment.get("PATH", os.defpath), **line.env}

    large = make_reply("x" * 2 * LONGEST_MAIL)  # a server whose pipe breaks would hand it over again
    good = subprocess.run(command, input=large, env=env, capture_output=True, check=False)
    bad = subprocess.run(command, input=b"\xff\xfe", env=env, capture_output=True, check=False)

    assert (good.returncode, good.stdout, good.stderr) == (TAKEN, b"", b"")
    assert (bad.returncode, bad.stdout) == (BAD_MAIL, b"")
    assert kept(line) == (1, 1)
