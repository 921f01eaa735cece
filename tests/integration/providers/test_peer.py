"""The local Twilio under Twilio's own client, with nothing of ours between: each operation, each error, each fault.

Whatever is said here, either way, is held to Twilio's own description (the fixture checks it).

Long because each of the five operations has its errors.
"""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import requests
from openapi_core.exceptions import OpenAPIError
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from notify.dev import faults
from notify.dev.faults import Fault
from notify.dev.messages import LONGEST_TEXT
from notify.dev.twilio_peer import Operation, TwilioPeer, error
from tests.integration.providers.kits import ACCOUNT, NOW, NUMBER, TEXT, TOKEN
from tests.integration.providers.openapi import check

OTHER = "+447700900456"
SENDER, OTHER_SENDER = "+447700900999", "+447700900998"
SERVICE = "MG" + "ab" * 16
NOBODY = "SM" + "0" * 32
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def messages(twilio: TwilioPeer) -> Any:
    """`client.messages` as Twilio's documentation has it."""
    return make_client(twilio).messages


def make_client(peer: TwilioPeer) -> Client:
    """Twilio's client on its own transport; all that is changed is where it finds Twilio."""
    transport = TwilioHttpClient(timeout=5)
    client = Client(ACCOUNT, TOKEN, http_client=transport, environment={"TWILIO_EDGE": ""})
    client.api.base_url = peer.url
    return client


def make_message(messages: Any, **more: Any) -> Any:
    return messages.create(**({"to": NUMBER, "from_": SENDER, "body": TEXT} | more))


def make_scheduled(messages: Any, send_at: datetime = LATER) -> Any:
    return messages.create(
        to=NUMBER, messaging_service_sid=SERVICE, body=TEXT, schedule_type="fixed", send_at=send_at
    )


def make_sent_at(twilio: TwilioPeer, messages: Any, *, hours: int) -> str:
    """A message sent so many hours after NOW; its sid."""
    sid: str = make_message(messages).sid
    twilio.advance(sid, "sent").sent_at = NOW + timedelta(hours=hours)
    return sid


def sids(found: Any) -> list[str]:
    return [message.sid for message in found]


def test_a_created_message_is_queued_and_is_fetched_as_it_was_made(messages):
    made = make_message(messages)

    fetched = messages(made.sid).fetch()

    assert (made.status, made.direction, made.body, made.date_created) == (
        "queued",
        "outbound-api",
        TEXT,
        NOW,
    )
    assert vars(fetched)["uri"] == made.uri
    assert (fetched.to, fetched.from_, fetched.body, fetched.date_sent) == (NUMBER, SENDER, TEXT, None)


def test_a_list_has_the_newest_first_and_by_number_and_sender_only_what_fits(messages):
    first = make_message(messages)
    to_other = make_message(messages, to=OTHER)
    by_other = make_message(messages, from_=OTHER_SENDER)

    assert sids(messages.list()) == [by_other.sid, to_other.sid, first.sid]
    assert sids(messages.list(to=OTHER)) == [to_other.sid]
    assert sids(messages.list(from_=SENDER)) == [to_other.sid, first.sid]
    assert sids(messages.list(to=NUMBER, from_=OTHER_SENDER)) == [by_other.sid]


def test_a_list_by_when_it_was_sent_has_the_ends_and_nothing_unsent(twilio, messages):
    yesterday, now, tomorrow = (make_sent_at(twilio, messages, hours=hours) for hours in (-24, 0, 24))
    make_message(messages)

    assert sids(messages.list(date_sent_after=NOW)) == [tomorrow, now]
    assert sids(messages.list(date_sent_before=NOW)) == [now, yesterday]
    assert sids(messages.list(date_sent=NOW)) == [now]
    assert sids(messages.list(date_sent_after=NOW, date_sent_before=NOW)) == [now]


def test_a_list_by_a_day_has_all_of_that_day():
    # Not by the fixture: a day is what Twilio's description explains and gives as its example, but not what it demands.
    with TwilioPeer(ACCOUNT, TOKEN, lambda: NOW) as peer:
        messages, day = make_client(peer).messages, NOW.date().isoformat()
        yesterday, first, last, tomorrow = (
            make_sent_at(peer, messages, hours=hours) for hours in (-10, -9, 14, 15)
        )

        assert sids(messages.list(date_sent=day)) == [last, first]
        assert sids(messages.list(date_sent_after=day)) == [tomorrow, last, first]
        assert sids(messages.list(date_sent_before=day)) == [last, first, yesterday]


def test_a_list_turns_pages_both_ways(messages):
    made = [make_message(messages).sid for _ in range(5)][::-1]

    first = messages.page(page_size=2)
    second = first.next_page()
    third = second.next_page()

    assert [sids(page) for page in (first, second, third)] == [made[:2], made[2:4], made[4:]]
    assert third.next_page() is None
    assert sids(third.previous_page()) == made[2:4]
    assert sids(messages.list(page_size=2)) == made


def test_an_emptied_text_is_gone_from_the_record_and_the_list(twilio, messages):
    made = make_message(messages)
    twilio.advance(made.sid, "delivered")

    emptied = messages(made.sid).update(body="")

    assert (emptied.body, emptied.status) == ("", "delivered")
    assert [message.body for message in messages.list()] == [""]


def test_what_is_to_be_sent_later_can_be_called_off(messages):
    made = make_scheduled(messages)

    called_off = messages(made.sid).update(status="canceled")

    assert (made.status, called_off.status, called_off.date_sent) == ("scheduled", "canceled", None)
    assert messages(made.sid).delete() is True


def test_without_a_messaging_service_a_later_time_is_not_heeded(messages):
    made = make_message(messages, schedule_type="fixed", send_at=LATER)

    assert made.status == "queued"


def test_a_deleted_message_is_found_nowhere_though_the_phone_still_shows_it(twilio, messages):
    made = make_message(messages)
    twilio.advance(made.sid, "undelivered", error_code=30003)

    assert messages(made.sid).delete() is True

    assert messages.list() == []
    assert refusal(messages(made.sid).fetch) == (404, 20404)
    assert twilio.texts[made.sid].body == TEXT


def test_an_error_of_a_network_is_in_the_record(twilio, messages):
    made = make_message(messages)
    twilio.advance(made.sid, "undelivered", error_code=30005)

    fetched = messages(made.sid).fetch()

    assert (fetched.status, fetched.error_code) == ("undelivered", 30005)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"to": "07700 900123"}, 21211),
        ({"to": "+44"}, 21211),
        ({"body": ""}, 21602),
        ({"body": "x" * (LONGEST_TEXT + 1)}, 21617),
        ({"from_": ""}, 21603),
        ({"from_": "Longer than 11"}, 21212),
        ({"from_": "<b>"}, 21212),
        ({"validity_period": 0}, 20001),
        ({"validity_period": 36_001}, 20001),
    ],
)
def test_a_request_that_is_wrong_is_refused_with_twilios_number_for_it(twilio, messages, change, code):
    assert refusal(lambda: make_message(messages, **change)) == (400, code)
    assert twilio.accepted == []


@pytest.mark.parametrize("sender", [SENDER, "Reminders", "60777", "A B+C"])
def test_a_number_a_short_code_and_a_name_may_send(messages, sender):
    assert make_message(messages, from_=sender).from_ == sender


@pytest.mark.parametrize("wait", [timedelta(minutes=14), timedelta(days=36), timedelta(days=-1)])
def test_a_message_is_to_be_sent_in_a_quarter_of_an_hour_at_the_soonest(messages, wait):
    assert refusal(lambda: make_scheduled(messages, NOW + wait)) == (400, 35114)


def test_each_of_twilios_test_numbers_is_refused_for_its_reason(messages):
    refused = {
        number: refusal(lambda number=number: make_message(messages, to=number))  # type: ignore[misc]
        for number in faults.TEST_NUMBERS
    }

    assert refused == {number: (fault.status, fault.code) for number, fault in faults.TEST_NUMBERS.items()}


def test_nothing_is_emptied_or_deleted_on_its_way_and_nothing_called_off_that_is(messages):
    made = messages(make_message(messages).sid)

    assert refusal(lambda: made.update(body="")) == (409, 20009)
    assert refusal(made.delete) == (409, 20009)
    assert refusal(lambda: made.update(status="canceled")) == (409, 30409)


def test_a_text_is_not_replaced_by_another(twilio, messages):
    made = make_message(messages)
    twilio.advance(made.sid, "delivered")

    assert refusal(lambda: messages(made.sid).update(body="Other words")) == (400, 30400)
    assert refusal(lambda: messages(made.sid).update(body="", status="canceled")) == (400, 30400)
    assert refusal(lambda: messages(made.sid).update()) == (400, 30400)


def test_what_is_not_there_is_not_found(messages):
    nobody = messages(NOBODY)

    for act in (nobody.fetch, nobody.delete, lambda: nobody.update(body="")):
        assert refusal(act) == (404, 20404)


def test_another_token_opens_nothing(twilio, messages):
    sid = make_message(messages).sid
    twilio.auth_token = "another"

    for act in (messages.list, messages(sid).fetch, messages(sid).delete, lambda: make_message(messages)):
        assert refusal(act) == (401, 20003)


def operations(messages: Any, sid: str) -> dict[Operation, Callable[[], Any]]:
    return {
        "create": lambda: make_message(messages),
        "fetch": messages(sid).fetch,
        "list": messages.list,
        "update": lambda: messages(sid).update(body=""),
        "delete": messages(sid).delete,
    }


@pytest.mark.parametrize("operation", ["create", "fetch", "list", "update", "delete"])
def test_each_operation_fails_when_told_to_and_works_again_after(twilio, messages, operation):
    sid = make_message(messages).sid
    twilio.advance(sid, "delivered")
    act = operations(messages, sid)[operation]
    twilio.faults[operation] += [faults.TOO_MANY, faults.BROKEN, faults.DROP_BEFORE_ACCEPTING]

    assert refusal(act) == (429, 20429)
    assert twilio.http.exchanges[-1][1].headers["Retry-After"] == "7"
    assert refusal(act) == (500, 20500)
    with pytest.raises(requests.ConnectionError):
        act()
    assert (len(twilio.accepted), list(twilio.records)) == (1, [sid])
    assert act()


@pytest.mark.parametrize("fault", [faults.BROKEN_AFTER_ACCEPTING, faults.DROP_AFTER_ACCEPTING], ids=str)
def test_what_was_taken_before_it_failed_is_in_the_list(twilio, messages, fault):
    twilio.next_faults.append(fault)

    with pytest.raises((TwilioRestException, requests.ConnectionError)):
        make_message(messages)

    assert sids(messages.list()) == [twilio.accepted[0].sid]


def test_a_slow_answer_comes_in_the_end(twilio, messages):
    twilio.next_faults.append(Fault(200, accepted=True, delay=0.2))
    began = time.monotonic()

    made = make_message(messages)

    assert time.monotonic() - began >= 0.2
    assert sids(messages.list()) == [made.sid]


def test_a_text_that_came_in_is_in_the_list_as_such(twilio, messages):
    twilio.text_in("http://127.0.0.1:9/hooks/twilio/inbound", sender=NUMBER, to=SENDER, body="STOP")

    [found] = messages.list(to=SENDER)

    assert (found.direction, found.status, found.from_, found.body) == ("inbound", "received", NUMBER, "STOP")
    assert messages.list(to=NUMBER) == []


def test_a_wrong_error_of_the_peer_would_be_found_out(twilio, messages):
    refusal(messages(NOBODY).fetch)
    [(call, _)] = twilio.http.exchanges

    check(call, error(404, 20404))
    for wrong in (error(404, 0), error(200, 20404), replace(error(404, 20404), body=b"not found")):
        with pytest.raises(OpenAPIError):
            check(call, wrong)


@pytest.mark.parametrize(
    ("query", "code"),
    [("PageSize=0", 20001), ("PageSize=x", 20001), ("Page=-1", 20001), ("DateSent=soon", 20001)],
)
def test_a_search_that_is_wrong_is_refused(query, code):
    # Not by the fixture: Twilio's client makes no such request, and it would not fit the description.
    with TwilioPeer(ACCOUNT, TOKEN, lambda: NOW) as peer:
        url = f"{peer.url}/2010-04-01/Accounts/{ACCOUNT}/Messages.json?{query}"
        answer = requests.get(url, auth=(ACCOUNT, TOKEN), timeout=5)

    assert (answer.status_code, answer.json()["code"]) == (400, code)


def refusal(act: Callable[[], Any]) -> tuple[int, int | None]:
    """The HTTP status and Twilio's number of the error that an act meets, as Twilio's own client reads them."""
    with pytest.raises(TwilioException) as refused:
        act()
    error = refused.value
    if isinstance(error, TwilioRestException):
        return error.status, error.code
    response = error.args[1]  # of a list that could not be read, the client gives no more than this
    return response.status_code, json.loads(response.text)["code"]
