"""Texts that come in: kept, followed up by a person, and never answered."""

from datetime import timedelta

import pytest
import requests
from sqlalchemy import text

from models.ledger import AuditEntry
from models.messages import Inbound
from models.oversight import Task
from models.people import ContactPoint
from models.vocabulary import ContactPointState, TaskKind
from notify.delivery.inbound import SETTLED, apply_kept
from notify.dev import faults
from notify.ledger.audit import THE_SERVICE
from tests.signals import hears, listening
from tests.web.hooks.conftest import SENDER, Line

EMPTY = '<?xml version="1.0" encoding="UTF-8"?><Response />'


def states(line: Line) -> dict[str, ContactPointState]:
    return {point.ref: point.state for point in line.door.rows(ContactPoint)}


def test_a_text_is_kept_sealed_and_nothing_goes_back(each_line: Line):
    answer = each_line.text("Please ring me on Friday")

    assert (answer.status_code, answer.text) == (200, EMPTY)
    (kept,) = each_line.door.rows(Inbound)
    assert b"Friday" not in kept.text_sealed
    assert b"447700900123" not in kept.sender_sealed
    assert len(each_line.door.rows(Task, kind=TaskKind.FOLLOW_UP_INBOUND)) == 1
    assert each_line.peer.accepted == []


@pytest.mark.parametrize("words", ["STOP", "stop please", "Wrong number", "this is not safe"])
def test_words_that_ask_to_stop_stop_that_number_at_once(line: Line, words: str):
    assert line.text(words).text == EMPTY

    assert states(line) == {
        "V-1-mobile": ContactPointState.SUSPENDED,
        "V-1-landline": ContactPointState.VERIFIED,
    }


def text_in(line: Line, body: str) -> None:
    """A text that Twilio has a record of."""
    hook = line.url("/hooks/twilio/inbound")
    assert line.peer.text_in(hook, sender="+447700900123", to=SENDER, body=body) == 200


def test_what_twilio_keeps_of_a_text_is_gone_once_we_have_it(each_line: Line):
    text_in(each_line, "He is here, ring later")
    each_line.redact()
    assert len(each_line.peer.records) == 1

    each_line.door.clock.now += SETTLED
    each_line.redact()

    assert each_line.peer.records == {}
    (kept,) = each_line.door.rows(Inbound)
    assert kept.redact_at is None
    assert [entry.subject for entry in each_line.door.rows(AuditEntry, action="inbound redacted")] == [
        "inbound"
    ]


def test_a_twilio_that_fails_is_asked_again_to_forget_a_text(line: Line):
    text_in(line, "He is here, ring later")
    line.peer.faults["update"].append(faults.BROKEN)
    line.door.clock.now += SETTLED

    line.redact()
    assert len(line.peer.records) == 1
    line.door.clock.now += timedelta(hours=1)
    line.redact()

    assert line.peer.records == {}


def test_of_a_text_that_twilio_has_no_name_for_nothing_is_asked(line: Line):
    line.text("Please ring me", sid="")

    line.door.clock.now += SETTLED
    line.redact()

    assert line.door.rows(AuditEntry, action="inbound redacted") == []
    assert line.door.rows(AuditEntry, action="inbound not redacted") == []


def test_the_workers_hear_of_a_text_at_once(each_line: Line):
    with listening(each_line.door.services.database) as listener:
        each_line.text("Please ring me")

        assert hears(listener)


def test_a_text_that_comes_twice_is_kept_once(each_line: Line):
    for _ in range(2):
        assert each_line.text("Please ring me").status_code == 200

    assert len(each_line.door.rows(Inbound)) == 1
    assert len(each_line.door.rows(Task, kind=TaskKind.FOLLOW_UP_INBOUND)) == 1


def test_a_text_from_a_number_nobody_knows_is_kept_and_suspends_nothing(line: Line):
    assert line.text("STOP", sender="+447700900999").text == EMPTY

    assert len(line.door.rows(Inbound)) == 1
    assert set(states(line).values()) == {ContactPointState.VERIFIED}


@pytest.mark.parametrize("sender", ["Parcels", "12345", "+44 \x00", "é" * 500])
def test_a_sender_that_is_no_number_is_kept_all_the_same(line: Line, sender: str):
    assert line.text("Hello", sender=sender).status_code == 200

    assert len(line.door.rows(Inbound)) == 1


def test_a_text_from_nobody_is_refused(line: Line):
    assert line.post("/hooks/twilio/inbound", {"Body": "Hello"}).status_code == 400
    assert line.door.rows(Inbound) == []


def test_a_text_that_twilio_did_not_sign_suspends_nothing(line: Line):
    url = line.door.services.settings.public_url + "/hooks/twilio/inbound"
    fields = {"From": "+447700900123", "Body": "STOP", "MessageSid": "SM" + "0" * 32}

    assert requests.post(url, data=fields, timeout=10).status_code == 403
    assert line.post("/hooks/twilio/inbound", fields, token="another-token").status_code == 403
    assert line.door.rows(Inbound) == []
    assert set(states(line).values()) == {ContactPointState.VERIFIED}


@pytest.mark.parametrize(
    ("took_for", "state"),
    [
        ("STOP", "suspended"),
        ("START", "verified"),
        ("HELP", "verified"),
        ("OTHER", "verified"),
        ("", "verified"),
    ],
)
def test_what_twilio_took_a_text_for_and_acted_on_holds(each_line: Line, took_for: str, state: str):
    fields = {"From": "+447700900123", "Body": "Arret", "MessageSid": "SM" + "1" * 32, "OptOutType": took_for}

    answer = each_line.post("/hooks/twilio/inbound", fields)

    assert (answer.status_code, answer.text) == (200, EMPTY)
    assert states(each_line)["V-1-mobile"] == state
    assert len(each_line.door.rows(Task, kind=TaskKind.FOLLOW_UP_INBOUND)) == 1
    assert each_line.peer.accepted == []


def test_start_opens_no_number_that_stopped(line: Line):
    line.text("STOP")

    fields = {"From": "+447700900123", "Body": "START", "MessageSid": "SM" + "1" * 32, "OptOutType": "START"}
    line.post("/hooks/twilio/inbound", fields)

    assert states(line)["V-1-mobile"] == ContactPointState.SUSPENDED


def test_a_stop_that_is_replayed_after_the_number_was_checked_stops_nothing(line: Line):
    """The same request again is signed rightly, as whoever recorded it knows."""
    line.text("STOP")
    with line.door.services.acting(THE_SERVICE) as act:
        point = act.session.query(ContactPoint).filter_by(ref="V-1-mobile").one()
        point.state = ContactPointState.VERIFIED

    assert line.text("STOP").text == EMPTY

    assert states(line)["V-1-mobile"] == ContactPointState.VERIFIED
    assert len(line.door.rows(Inbound)) == 1


def test_a_picture_is_not_fetched_and_a_person_is_told_that_it_came(line: Line):
    fields = {"From": "+447700900123", "Body": "", "MessageSid": "MM" + "1" * 32, "NumMedia": "1"}

    assert line.post("/hooks/twilio/inbound", fields).status_code == 200

    (kept,) = line.door.rows(Inbound)
    with line.door.services.acting(THE_SERVICE) as act:
        key = act.key(line.door.rows(ContactPoint)[0].victim_id)
        assert "picture" in key.open(kept, "text_sealed")


def test_a_text_is_kept_whatever_becomes_of_acting_on_it(line: Line):
    """Acting on it fails here, because where tasks go is away; once it is back the worker acts on what was kept."""
    with line.door.services.sessions.begin() as session:
        session.execute(text("alter table contact_point_changes rename to elsewhere"))
    assert line.text("STOP").status_code == 500
    (kept,) = line.door.rows(Inbound)
    assert not kept.applied

    with line.door.services.sessions.begin() as session:
        session.execute(text("alter table elsewhere rename to contact_point_changes"))
    services = line.door.services
    assert apply_kept(services.sessions, services.keys, at=line.door.clock()) == 1

    assert states(line)["V-1-mobile"] == ContactPointState.SUSPENDED
