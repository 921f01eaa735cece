"""Receipts from Twilio over HTTP: believed only with both proofs, in any order, any number of times."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
import requests
from sqlalchemy import select, text

from models.duties import Duty
from models.messages import Receipt
from models.session import open_database
from models.vocabulary import Channel, DutyState, MessageState, ReceiptStatus
from notify.delivery.providers.base import Accepted, OneByOne, Outgoing, Provider
from notify.delivery.providers.routes import Routes
from notify.delivery.receipts import Slip, store, take_receipt
from notify.web.hooks.twilio import LONGEST_BODY
from notify.wiring import Services
from tests.signals import hears, listening
from tests.web.hooks.conftest import Line
from tests.web.victim.kit import make_door


class CallsBackFirst(OneByOne):
    """Twilio's receipt overtakes its own answer: it comes before `send` returns."""

    def __init__(self, line: Line) -> None:
        self.line, self.real = line, line.door.services.providers.first(Channel.SMS)
        self.name, self.keeps_records = self.real.name, self.real.keeps_records

    def send(self, outgoing: Outgoing, *, at: datetime) -> Accepted:
        accepted = self.real.send(outgoing, at=at)
        assert self.line.peer.deliver(str(accepted.provider_ref)) == 204
        return accepted

    def look_up(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("nothing here is uncertain")

    def redact(self, provider_ref: str) -> None:
        self.real.redact(provider_ref)


def path_of(url: str) -> str:
    return "/" + url.split("/", 3)[3]


def receipts(line: Line) -> list[Receipt]:
    return sorted(line.door.rows(Receipt), key=lambda receipt: (receipt.received_at, str(receipt.status)))


def test_the_workers_hear_at_once_of_what_did_not_arrive(each_line: Line):
    sent = each_line.send()
    with listening(each_line.door.services.database) as listener:
        each_line.peer.deliver(sent.sid, "sent")
        assert not hears(listener, within=0.1)
        each_line.peer.deliver(sent.sid, "undelivered")

        assert hears(listener)


def test_a_delivered_link_is_delivered_and_not_told(each_line: Line):
    sent = each_line.send()

    assert [each_line.peer.deliver(sent.sid, status) for status in ("sent", "delivered")] == [204, 204]

    assert each_line.message().state is MessageState.DELIVERED
    assert {duty.state for duty in each_line.door.rows(Duty)} == {DutyState.OPEN}


@pytest.mark.parametrize(
    ("word", "status", "state"),
    [
        ("queued", ReceiptStatus.ACCEPTED, MessageState.ACCEPTED),
        ("accepted", ReceiptStatus.ACCEPTED, MessageState.ACCEPTED),
        ("scheduled", ReceiptStatus.ACCEPTED, MessageState.ACCEPTED),
        ("sending", ReceiptStatus.ACCEPTED, MessageState.ACCEPTED),
        ("sent", ReceiptStatus.ACCEPTED, MessageState.ACCEPTED),
        ("delivered", ReceiptStatus.DELIVERED, MessageState.DELIVERED),
        ("read", ReceiptStatus.DELIVERED, MessageState.DELIVERED),
        ("undelivered", ReceiptStatus.UNDELIVERED, MessageState.UNDELIVERED),
        ("failed", ReceiptStatus.FAILED, MessageState.UNDELIVERED),
        ("canceled", ReceiptStatus.FAILED, MessageState.UNDELIVERED),
        ("a-word-of-next-year", None, MessageState.ACCEPTED),
    ],
)
def test_every_word_of_twilio_is_kept_and_read_in_ours(
    line: Line, word: str, status: ReceiptStatus | None, state: MessageState
):
    sent = line.send()

    assert line.peer.deliver(sent.sid, word) == 204

    assert [receipt.status for receipt in receipts(line)] == [status]
    assert line.message().state is state


def test_a_receipt_that_overtakes_the_answer_is_believed(each_line: Line):
    overtaking: Provider = CallsBackFirst(each_line)
    each_line.door.services = replace(each_line.door.services, providers=Routes.to({Channel.SMS: overtaking}))

    each_line.send()

    assert each_line.message().state is MessageState.DELIVERED


def test_a_repeated_receipt_is_kept_once(each_line: Line):
    sent = each_line.send()

    assert [each_line.peer.deliver(sent.sid) for _ in range(3)] == [204] * 3

    assert len(receipts(each_line)) == 1


def test_the_same_receipt_twice_at_the_same_moment_is_kept_once(each_line: Line):
    callback = each_line.peer.callback(each_line.send().sid, "delivered")
    headers = {"X-Twilio-Signature": callback.signature}

    with ThreadPoolExecutor(6) as pool:
        answers = list(
            pool.map(
                lambda _: requests.post(callback.url, data=callback.fields, headers=headers, timeout=30),
                range(6),
            )
        )

    assert {answer.status_code for answer in answers} == {204}
    assert len(receipts(each_line)) == 1
    assert each_line.message().state is MessageState.DELIVERED


def test_a_receipt_that_waits_behind_the_same_one_is_kept_once(postgresql_url: str):
    """PostgreSQL lets two in at once: the second waits for the first at the unique index, and then is refused."""
    database = open_database(postgresql_url, throw_away=True)
    services = make_door(database).services
    slip = Slip("twilio", "SM" + "0" * 32, ReceiptStatus.DELIVERED, None, "raw")
    keep = partial(take_receipt, services.sessions, services.keys, slip, message_id=None, at=services.clock())
    with ThreadPoolExecutor(1) as pool:
        with services.sessions.begin() as session:
            store(session, services.keys, slip, message_id=None, at=services.clock())
            second = pool.submit(keep)
            while not somebody_waits(services):
                assert not second.done()
        second.result(timeout=10)

    with services.reading() as session:
        assert len(session.scalars(select(Receipt)).all()) == 1
    database.engine.dispose()


def somebody_waits(services: Services) -> bool:
    with services.reading() as session:
        return bool(session.scalar(text("select count(*) from pg_locks where not granted")))


def test_a_late_receipt_moves_nothing_back(line: Line):
    sent = line.send()

    for status in ("delivered", "sent", "queued"):
        assert line.peer.deliver(sent.sid, status) == 204

    assert line.message().state is MessageState.DELIVERED
    # Sent and queued are one word to us, and so one receipt.
    assert {receipt.status for receipt in receipts(line)} == {ReceiptStatus.ACCEPTED, ReceiptStatus.DELIVERED}


def test_a_bounce_after_delivered_is_believed(each_line: Line):
    sent = each_line.send()

    each_line.peer.deliver(sent.sid, "delivered")
    each_line.peer.deliver(sent.sid, "undelivered", error_code=30005)

    assert each_line.message().state is MessageState.UNDELIVERED
    assert {receipt.code for receipt in receipts(each_line)} == {None, "30005"}


def test_a_receipt_is_kept_sealed(line: Line):
    sent = line.send()
    fields = {"MessageSid": sent.sid, "MessageStatus": "failed", "ErrorCode": "07700 900123", "To": sent.to}

    line.post(path_of(sent.asked["StatusCallback"]), fields)

    (kept,) = receipts(line)
    assert kept.raw_sealed
    assert sent.to.encode() not in kept.raw_sealed
    assert kept.code is None  # it was no code, so it is in the sealed part only


def test_a_receipt_that_twilio_did_not_sign_is_refused_and_says_nothing(line: Line):
    callback = line.peer.callback(line.send().sid, "delivered")
    forgeries = [
        {},
        {"X-Twilio-Signature": ""},
        {"X-Twilio-Signature": "é"},
        {
            "X-Twilio-Signature": callback.signature[:-2]
            + ("E=" if callback.signature.endswith("A=") else "A=")
        },
    ]

    for headers in forgeries:
        answer = requests.post(
            callback.url,
            data=callback.fields,
            headers={name: value.encode() for name, value in headers.items()},
            timeout=10,
        )
        assert (answer.status_code, answer.content) == (403, b"")
    assert receipts(line) == []


def test_a_signature_is_good_for_one_form_and_one_address_only(line: Line):
    callback = line.peer.callback(line.send().sid, "sent")
    headers = {"X-Twilio-Signature": callback.signature}
    changed = {**callback.fields, "MessageStatus": "delivered"}

    answers = [
        requests.post(callback.url, data=changed, headers=headers, timeout=10),
        requests.post(callback.url + "x", data=callback.fields, headers=headers, timeout=10),
        requests.post(callback.url, json=callback.fields, headers=headers, timeout=10),
    ]

    assert [answer.status_code for answer in answers] == [403] * 3
    assert receipts(line) == []


def test_a_signed_receipt_without_the_messages_own_token_is_refused(line: Line):
    sent = line.send()
    path = path_of(sent.asked["StatusCallback"])
    fields = {"MessageSid": sent.sid, "MessageStatus": "delivered"}
    *start, message_id, token = path.split("/")

    for forged in ([message_id, "guessed"], [str(uuid4()), token]):
        answer = line.post("/".join([*start, *forged]), fields)
        assert (answer.status_code, answer.content) == (403, b"")
    assert receipts(line) == []
    assert line.post(path, fields).status_code == 204


def test_an_old_account_token_opens_nothing(line: Line):
    sent = line.send()

    answer = line.post(
        path_of(sent.asked["StatusCallback"]), {"MessageStatus": "delivered"}, token="another-token"
    )

    assert answer.status_code == 403


def test_a_hook_cannot_be_looked_at(line: Line):
    url = line.send().asked["StatusCallback"]

    assert requests.get(url, timeout=10).status_code in {403, 405}
    assert receipts(line) == []


def test_a_form_beyond_all_measure_is_not_read(line: Line):
    sent = line.send()

    answer = line.post(path_of(sent.asked["StatusCallback"]), {"MessageStatus": "x" * LONGEST_BODY})

    assert answer.status_code == 413
    assert receipts(line) == []


def test_behind_a_proxy_the_signature_is_for_the_address_that_twilio_was_given(sqlite_url: str):
    env = {
        "SMS_PROVIDER": "twilio",
        "TWILIO_ACCOUNT_SID": "AC1",
        "TWILIO_AUTH_TOKEN": "t",
        "TWILIO_FROM": "+447700900900",
        "COOKIE_SECURE": "true",
        "STAFF_URL": "https://staff.example.org",
        "EMAIL_PROVIDER": "smtp",
        "SMTP_HOST": "mail.example",
        "EMAIL_FROM": "updates@example.org",
    }
    door = make_door(
        open_database(sqlite_url, throw_away=True), PUBLIC_URL="https://messages.example.org", **env
    )
    line = Line(door, peer=None)  # type: ignore[arg-type]  # nobody at the other end
    signature = line.signature("/hooks/twilio/inbound", {"From": "+447700900123"}, token="t")

    answer = door.app.test_client().post(
        "/hooks/twilio/inbound",
        data={"From": "+447700900123"},
        headers={"X-Twilio-Signature": signature, "Host": "127.0.0.1:8000"},
    )

    assert answer.status_code == 200


def test_where_no_twilio_is_in_use_its_hooks_are_not_there(sqlite_url: str):
    client = make_door(open_database(sqlite_url, throw_away=True)).app.test_client()

    for path in ("/hooks/twilio/inbound", f"/hooks/twilio/receipts/{uuid4()}/token"):
        assert client.post(path, data={"From": "+447700900123"}).status_code == 404
