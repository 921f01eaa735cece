"""Logs carry fixed words and ids, and never a name, a number or a text, however they get there."""

import io
import json
import logging
import sys
from datetime import UTC, datetime
from uuid import UUID

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from models.vocabulary import MessageState
from notify.logs import configure_logs

CANARY = "Ada Example 07700 900123"
MESSAGE_ID = UUID("5b0f6d0a-0c5e-4b0e-9d53-0a8b6b8f1c11")


@pytest.fixture
def written():
    """The lines written since the start of the test, after logging was set up as in production."""
    root, hook = logging.getLogger(), sys.excepthook
    before = root.handlers[:], root.level, logging.raiseExceptions
    stream = io.StringIO()
    configure_logs("DEBUG", stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logging.captureWarnings(False)
    root.handlers[:], root.level, logging.raiseExceptions = before
    sys.excepthook = hook


def test_a_line_says_when_how_grave_who_and_what_with_ids(written):
    logging.getLogger("notify.delivery.send").info(
        "message handed over", extra={"message_id": MESSAGE_ID, "state": MessageState.ACCEPTED, "attempt": 2}
    )

    (line,) = written()

    assert datetime.fromisoformat(line.pop("at")).tzinfo is UTC
    assert line == {
        "level": "info",
        "logger": "notify.delivery.send",
        "event": "message handed over",
        "message_id": str(MESSAGE_ID),
        "state": "accepted",
        "attempt": 2,
    }


@pytest.mark.parametrize("value", ["check_outbox", "R4-ARREST", "en/arrest/page", "sha256", True, None, 3.5])
def test_a_machine_word_or_a_number_may_be_an_extra(written, value):
    logging.getLogger("jobs").info("tick ended", extra={"about": value})

    assert written()[0]["about"] == value


@pytest.mark.parametrize(
    "value",
    [
        CANARY,
        "07700900123",
        "+447700900123",
        "ada@example.com",
        "Ada",
        b"Ada",
        {"name": "ada"},
        ["Ada Example"],
    ],
)
def test_an_extra_that_could_be_about_a_person_is_withheld(written, value):
    logging.getLogger("notify").info("it happened", extra={"about": value})

    assert written()[0]["about"] in ("[withheld]", ["[withheld]"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # the lines of all examples may add up
@given(name=st.from_regex(r"[A-Z][a-z]+( [A-Z][a-z]+)*", fullmatch=True))
def test_no_name_in_capitals_passes_as_a_machine_word(written, name):
    logging.getLogger("notify").info("it happened", extra={"about": name})

    assert written()[-1]["about"] == "[withheld]"


def test_arguments_are_not_put_into_a_message(written):
    logging.getLogger("notify").warning("could not reach %s", CANARY)

    assert written()[0]["event"] == "could not reach %s"


def test_ids_bound_for_a_request_are_on_its_lines_and_names_are_not(written):
    with structlog.contextvars.bound_contextvars(request_id=MESSAGE_ID, who=CANARY):
        logging.getLogger("notify.web").info("request ended")

    assert written()[0]["request_id"] == str(MESSAGE_ID)
    assert written()[0]["who"] == "[withheld]"


def test_an_exception_is_told_by_types_and_places_through_its_causes(written):
    def fail():
        try:
            int(CANARY)
        except ValueError as error:
            raise LookupError(CANARY) from error

    try:
        fail()
    except LookupError:
        logging.getLogger("notify").exception("it failed")

    outer, cause = written()[0]["error"]
    assert outer.startswith("builtins.LookupError at test_logs.py:")
    assert cause.startswith("builtins.ValueError at test_logs.py:")
    assert "Ada" not in json.dumps(written())


def test_a_failed_statement_does_not_quote_its_parameters(written, tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'x.db'}", echo=True)

    try:
        with engine.begin() as connection:
            connection.execute(text("INSERT INTO nowhere VALUES (:name)"), {"name": CANARY})
    except DBAPIError:
        logging.getLogger("notify").exception("it failed")
    engine.dispose()

    assert "sqlalchemy.exc.OperationalError" in written()[-1]["error"][0]
    assert "Ada" not in json.dumps(written())


def test_a_library_is_heard_only_when_it_warns_and_then_only_where(written):
    library = logging.getLogger("twilio.http_client")
    library.setLevel(logging.DEBUG)
    library.info("Data: %s", CANARY)
    library.warning(f"Data: {CANARY}", extra={"body": CANARY})

    (line,) = written()

    assert (line["logger"], line["event"]) == ("twilio.http_client", "a library warned")
    assert line["where"].startswith("test_logs.py:")
    assert "Ada" not in json.dumps(line)


def test_the_web_server_does_not_quote_a_request(written):
    put_together = f"Invalid request: {CANARY}"
    logging.getLogger("gunicorn.error").warning(put_together)

    assert written()[0]["event"] == "a library warned"
    assert "Ada" not in json.dumps(written())


def test_an_error_that_nobody_caught_is_told_without_its_text(written):
    error = ValueError(CANARY)

    sys.excepthook(ValueError, error, None)

    assert written()[0]["level"] == "critical"
    assert "Ada" not in json.dumps(written())


def test_a_line_that_cannot_be_written_is_not_shown_elsewhere(written, capsys):
    logging.getLogger("notify").info("%d things", CANARY)

    assert written()[0]["event"] == "%d things"
    assert capsys.readouterr().err == ""
