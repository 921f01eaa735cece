"""Texts that come in: kept, followed up by a person, and never answered."""

import pytest
import requests

from models.messages import Inbound
from models.oversight import Task
from models.people import ContactPoint
from models.vocabulary import ContactPointState, TaskKind
from tests.web.hooks.conftest import Line

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
