"""Twilio, by its real client, against a local peer that is held to Twilio's own description."""

import json
import socket
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
from openapi_core.exceptions import OpenAPIError
from twilio.request_validator import RequestValidator

from models.vocabulary import Channel, ReceiptStatus, Sender
from notify.delivery.providers.base import (
    Accepted,
    Became,
    Refused,
    TryLater,
    Uncertain,
)
from notify.delivery.providers.twilio_sms import receipt_path
from notify.delivery.rules.failures import Fault as FaultOf
from notify.delivery.rules.failures import fault_of
from notify.dev import faults
from notify.dev.faults import Fault
from notify.dev.http_peer import Answer, Call, HttpPeer
from tests.integration.providers.kits import (
    NOW,
    NUMBER,
    TEXT,
    TOKEN,
    make_outgoing,
    make_twilio,
)
from tests.integration.providers.openapi import check
from tests.peers.smtp_peer import make_certificate

SERVICE = "MG" + "ab" * 16


def test_a_message_is_asked_to_be_forgotten_and_to_end_inside_its_window(twilio):
    outgoing = make_outgoing(valid_for=timedelta(minutes=10, seconds=30.9))

    make_twilio(twilio).send(outgoing, at=NOW)

    assert twilio.accepted[0].asked == {
        "To": NUMBER,
        "From": "+447700900999",
        "Body": TEXT,
        "StatusCallback": f"https://updates.example.org/hooks/twilio/receipts/{outgoing.message_id}/callback-secret",
        "ValidityPeriod": "630",
        "ContentRetention": "discard",
        "AddressRetention": "obfuscate",
    }


def test_a_window_longer_than_twilio_allows_is_cut_to_its_limit(twilio):
    make_twilio(twilio).send(make_outgoing(valid_for=timedelta(days=2)), at=NOW)

    assert twilio.accepted[0].asked["ValidityPeriod"] == "36000"


def test_a_messaging_service_takes_the_place_of_a_number(twilio):
    make_twilio(twilio, sender=SERVICE).send(make_outgoing(), at=NOW)

    assert twilio.accepted[0].asked["MessagingServiceSid"] == SERVICE
    assert "From" not in twilio.accepted[0].asked


SENDERS = {Sender.NEUTRAL: SERVICE, Sender.NAMED: "Callback", Sender.NUMERIC: "+447700900998"}


def test_each_text_comes_from_its_own_sender(twilio):
    provider = make_twilio(twilio, sender=SENDERS)

    provider.send_all([replace(make_outgoing(), sender=sender) for sender in Sender], at=NOW)

    assert {message.sender for message in twilio.accepted} == set(SENDERS.values())
    assert set(provider.senders) == set(Sender)


def test_a_text_from_a_sender_that_is_not_set_up_never_leaves(twilio):
    provider = make_twilio(twilio)

    with pytest.raises(Refused, match="sender_not_set_up"):
        provider.send(replace(make_outgoing(), sender=Sender.NAMED), at=NOW)

    assert twilio.accepted == []
    assert set(provider.senders) == {Sender.NEUTRAL}
    assert fault_of(Channel.SMS, "sender_not_set_up") is FaultOf.OURS


def test_texts_go_side_by_side_and_each_gets_its_own_answer(twilio):
    together = Barrier(3, timeout=5)  # nobody is answered before all three are there
    numbers = [NUMBER, "+15005550004", "+447700900124"]

    def answer(call: Call) -> Answer | None:
        together.wait()
        given: Answer | None = twilio.http.answer(call)
        return given

    with HttpPeer(answer) as slow:
        first, refused, last = make_twilio(url=slow.url).send_all(
            [make_outgoing(to=number) for number in numbers], at=NOW
        )

    sids = {message.to: message.sid for message in twilio.accepted}
    assert (first, last) == (Accepted(sids[numbers[0]]), Accepted(sids[numbers[2]]))
    assert str(refused) == "opted_out (21610)"


@pytest.mark.parametrize(
    "url", ["http://evil.example\\@127.0.0.1/", "http://127.0.0.1@evil.example/", "http://a b/"]
)
def test_an_address_that_can_be_read_two_ways_is_refused(url):
    with pytest.raises(ValueError, match="address"):
        make_twilio(url=url)


@pytest.mark.parametrize(
    ("header", "wait"),
    [("7", timedelta(seconds=7)), ("0", timedelta(0)), ("soon", None), (None, None), ("-1", None)],
)
def test_too_many_requests_says_how_long_to_wait(twilio, header, wait):
    twilio.next_faults.append(Fault(429, 20429, retry_after=header))

    with pytest.raises(TryLater) as later:
        make_twilio(twilio).send(make_outgoing(), at=NOW)

    assert later.value.retry_after == wait


def test_the_code_of_a_refusal_is_twilios_own(twilio):
    refusals = {}
    for number in faults.TEST_NUMBERS:
        with pytest.raises(Refused) as refused:
            make_twilio(twilio).send(make_outgoing(to=number), at=NOW)
        refusals[number] = str(refused.value)

    assert refusals == {
        "+15005550001": "number_not_valid (21211)",
        "+15005550002": "no_route_to_number (21612)",
        "+15005550003": "region_not_enabled (21408)",
        "+15005550004": "opted_out (21610)",
        "+15005550009": "not_a_mobile (21614)",
    }


@pytest.mark.parametrize(
    "fault", [Fault(400, 21606), Fault(400, 21660), Fault(400, 21703), Fault(404, 20404)]
)
def test_a_sender_or_an_account_that_is_not_there_is_our_fault_and_not_the_victims(twilio, fault):
    """Each text would fail alike: they wait, and the provider is left alone."""
    twilio.next_faults.append(fault)

    with pytest.raises(TryLater, match="account_refused"):
        make_twilio(twilio).send(make_outgoing(), at=NOW)


def test_a_wrong_token_is_our_fault_and_not_the_victims(twilio):
    twilio.auth_token = "another"

    with pytest.raises(TryLater, match="account_refused"):
        make_twilio(twilio).send(make_outgoing(), at=NOW)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"sid": null}', b'{"sid": "../../x"}'])
def test_a_success_that_cannot_be_understood_is_uncertain(body):
    answer = Answer(201, {"Content-Type": "application/json"}, body)

    with HttpPeer(lambda _call: answer) as server, pytest.raises(Uncertain, match="answer_not_understood"):
        make_twilio(url=server.url).send(make_outgoing(), at=NOW)


def test_a_redirect_is_not_followed():
    answer = Answer(307, {"Location": "/elsewhere"}, b"")

    with HttpPeer(lambda _call: answer) as server, pytest.raises(Uncertain, match="provider_failed"):
        make_twilio(url=server.url).send(make_outgoing(), at=NOW)

    assert len(server.exchanges) == 1


def test_a_machine_whose_certificate_is_not_trusted_hears_nothing(tmp_path):
    make_certificate(tmp_path / "own.pem")
    server = HttpPeer(lambda _call: None, certificate=tmp_path / "own.pem")

    with server, pytest.raises(TryLater, match="certificate_not_trusted"):
        make_twilio(url=server.url).send(make_outgoing(), at=NOW)


def test_a_connection_that_is_never_made_is_certainly_no_text_sent():
    """Whoever listens has more callers waiting than it takes: it answers no other, as a machine behind a broken route."""
    with socket.socket() as listening, ExitStack() as callers:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(8):
            caller = callers.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(listening.getsockname())

        with pytest.raises(TryLater, match="no_connection"):
            make_twilio(url=f"http://127.0.0.1:{listening.getsockname()[1]}", timeout=0.5).send(
                make_outgoing(), at=NOW
            )


def test_a_text_is_never_sent_in_the_clear_to_another_machine():
    with pytest.raises(ValueError, match="https"):
        make_twilio(url="http://twilio.example.org")


def test_redaction_leaves_neither_text_nor_number_whatever_the_account_allows(twilio):
    provider = make_twilio(twilio)
    for _ in range(2):
        provider.send(make_outgoing(), at=NOW)
    kept, hidden = twilio.records
    twilio.records[kept].asked |= {
        "AddressRetention": "retain",
        "ContentRetention": "retain",
    }  # an account set up wrong
    for sid in (kept, hidden):
        twilio.advance(sid, "delivered")

    for sid in (kept, hidden, kept, hidden):
        provider.redact(sid)

    assert [(m.sid, m.shown_body, m.shown_to) for m in twilio.records.values()] == [
        (hidden, "", NUMBER[:-4] + "XXXX")
    ]


@pytest.mark.parametrize(
    ("word", "code", "became"),
    [
        ("sent", None, Became(ReceiptStatus.ACCEPTED, None)),
        ("delivered", None, Became(ReceiptStatus.DELIVERED, None)),
        ("undelivered", 30005, Became(ReceiptStatus.UNDELIVERED, "30005")),
        ("failed", 30008, Became(ReceiptStatus.FAILED, "30008")),
    ],
)
def test_what_became_of_a_text_can_be_asked_when_its_receipt_was_lost(twilio, word, code, became):
    provider = make_twilio(twilio)
    sid = provider.send(make_outgoing(), at=NOW).provider_ref
    twilio.advance(sid, word, error_code=code)

    assert provider.became(str(sid)) == became


def test_of_a_text_that_twilio_does_not_know_it_cannot_say(twilio):
    assert make_twilio(twilio).became("SM" + "0" * 32) is None


@pytest.mark.parametrize("fault", [faults.BROKEN, faults.TOO_MANY, faults.DROP_BEFORE_ACCEPTING], ids=str)
def test_a_twilio_that_fails_is_asked_later_what_became_of_a_text(twilio, fault):
    provider = make_twilio(twilio)
    sid = provider.send(make_outgoing(), at=NOW).provider_ref
    twilio.faults["fetch"].append(fault)

    with pytest.raises(TryLater):
        provider.became(str(sid))


def test_a_message_still_on_its_way_is_redacted_later(twilio):
    provider = make_twilio(twilio)
    provider.send(make_outgoing(), at=NOW)

    with pytest.raises(TryLater, match="not_final"):
        provider.redact(twilio.accepted[0].sid)


def test_the_peer_signs_its_callbacks_as_twilio_does(twilio):
    outgoing = make_outgoing()
    sid = make_twilio(twilio).send(outgoing, at=NOW).provider_ref

    callback = twilio.callback(sid, "undelivered", error_code=30005)

    assert callback.url.endswith(receipt_path(outgoing.message_id, outgoing.callback_token))
    assert RequestValidator(TOKEN).validate(callback.url, callback.fields, callback.signature)
    assert (callback.fields["MessageStatus"], callback.fields["ErrorCode"]) == ("undelivered", "30005")


def test_the_peer_posts_its_callback_to_the_address_it_was_given(twilio):
    with HttpPeer(lambda _call: Answer(204, {}, b"")) as ours:
        sid = make_twilio(twilio, public_url=ours.url).send(make_outgoing(), at=NOW).provider_ref

        assert twilio.deliver(sid) == 204

    [(call, _)] = ours.exchanges
    assert call.method == "POST"
    assert f"MessageSid={sid}&MessageStatus=delivered" in call.body.decode()
    assert call.headers["x-twilio-signature"]


def test_a_wrong_answer_of_the_peer_would_be_found_out(twilio):
    make_twilio(twilio).send(make_outgoing(), at=NOW)
    [(call, answer)] = twilio.http.exchanges
    right = json.loads(answer.body)

    for wrong in ({"status": "despatched"}, {"sid": "SM1"}, {"num_segments": 1}):
        with pytest.raises(OpenAPIError):
            check(call, replace(answer, body=json.dumps(right | wrong).encode()))


def test_a_wrong_request_of_ours_would_be_found_out(twilio):
    make_twilio(twilio).send(make_outgoing(), at=NOW)
    [(call, answer)] = twilio.http.exchanges

    for before, after in (
        (b"ValidityPeriod=", b"ValidityPeriod=x"),
        (b"=discard", b"=forget"),
        (b"To=", b"Too="),
    ):
        with pytest.raises(OpenAPIError):
            check(replace(call, body=call.body.replace(before, after)), answer)
