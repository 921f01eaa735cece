"""The page of received texts: what the phones show, what its forms tell the service, and whom it turns away.

Long because every form of the page is tried with what is right and what is wrong in it.
"""

import re
import socket
import time
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from twilio.request_validator import RequestValidator

from notify.dev.faults import NAMED
from notify.dev.http_peer import Answer, Call, HttpPeer
from notify.dev.messages import PeerMessage
from notify.dev.page import HOOK, MOST_SHOWN, STATUSES, Page
from notify.dev.receipts import STEPS, Receipts
from notify.dev.twilio_peer import POOL_NUMBER, TwilioPeer
from tests.integration.providers.kits import ACCOUNT, NOW, NUMBER, TEXT, TOKEN, make_outgoing, make_twilio

OTHER = "+447700900456"
LONGEST_WAIT = 60.0  # seconds, on a machine with much else to do


class Line:
    """A peer with its page, and a service that writes down what it is told and answers as it is bid."""

    def __init__(self, peer: TwilioPeer, service: HttpPeer) -> None:
        self.peer = peer
        self.service = service
        self.web = requests.Session()

    def send(self, *, to: str = NUMBER, text: str = TEXT, sender: str = "+447700900999") -> str:
        """Send a text as the service does; Twilio's name for it."""
        provider = make_twilio(self.peer, sender=sender, public_url=self.service.url)
        sid = provider.send(make_outgoing(to=to, text=text), at=NOW).provider_ref
        assert sid is not None
        return sid

    def page(self, path: str = "/") -> str:
        answer = self.web.get(self.peer.url + path, timeout=5)
        assert answer.status_code == 200
        return answer.text

    def post(self, path: str, **fields: str) -> requests.Response:
        return self.web.post(self.peer.url + path, data=fields, timeout=5)

    def wait_until(self, true: Callable[[], bool]) -> None:
        until = time.monotonic() + LONGEST_WAIT
        while not true():
            assert time.monotonic() < until
            time.sleep(0.01)

    def told(self) -> list[dict[str, str]]:
        """What the service was told, in order; every signature is good."""
        return [self._told(call) for call, _ in list(self.service.exchanges)]

    def _told(self, call: Call) -> dict[str, str]:
        fields = {name: value for name, [value] in parse_qs(call.body.decode()).items()}
        signature = call.headers["x-twilio-signature"]
        assert RequestValidator(TOKEN).validate(self.service.url + call.target, fields, signature)
        return fields


class Shape(HTMLParser):
    """The elements of a page, and the text outside any element that ends at once."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in {"meta", "link", "input"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture
def line() -> Iterator[Line]:
    with (
        HttpPeer(lambda _call: Answer(204, {}, b"")) as service,
        TwilioPeer(ACCOUNT, TOKEN, lambda: NOW) as peer,
    ):
        Page(peer, service=service.url, silent=True)
        yield Line(peer, service)


def test_the_newest_text_stands_first_with_what_became_of_it(line):
    line.send(text="First")
    sid = line.send(text="Second")
    line.peer.advance(sid, "undelivered", error_code=30005)

    page = line.page()

    assert page.index("<blockquote>Second") < page.index("<blockquote>First")
    assert re.findall(r"<strong>(\w+)</strong>(.*)</p>", page) == [
        ("undelivered", ", error 30005"),
        ("queued", ""),
    ]


def test_a_phone_has_a_page_of_its_own_that_an_answer_leads_back_to(line):
    sid = line.send(text="For one")
    line.send(to=OTHER, text="For the other")

    page = line.page("/?phone=%2B447700900123")
    answered = line.post("/answer", sid=sid, body="Thank you", phone=NUMBER)

    assert "For one" in page
    assert "For the other" not in page
    assert answered.url == f"{line.peer.url}/?phone=%2B447700900123"
    assert "Thank you" in answered.text
    assert "For the other" not in answered.text


def test_only_the_last_texts_are_shown_and_all_are_counted(line):
    for number in range(MOST_SHOWN + 1):
        line.peer.text_in("", sender=NUMBER, to=OTHER, body=f"Text {number}.")

    page = line.page()

    assert f"{MOST_SHOWN + 1} texts, the last {MOST_SHOWN} shown" in page
    assert ("Text 0." in page, "Text 1." in page) == (False, True)


def test_nothing_in_a_text_becomes_part_of_the_page(line):
    hostile = """</blockquote><script>alert(1)</script>"'&{{ 7 * 7 }}<b onclick=x>"""
    sid = line.send(text=hostile)
    line.post("/answer", sid=sid, body=hostile)

    page = line.page()

    assert (
        page.count("&lt;script&gt;alert(1)&lt;/script&gt;&#34;&#39;&amp;{{ 7 * 7 }}&lt;b onclick=x&gt;") == 2
    )
    assert Shape(page).all("script") == Shape(page).all("b") == []


@pytest.mark.parametrize("path", ["/?phone=%22%3E%3Cscript%3Ex", "/?phone=<script>"])
def test_nothing_in_an_address_becomes_part_of_the_page(line, path):
    assert Shape(line.page(path)).all("script") == []


def test_a_link_in_a_text_can_be_followed_without_saying_from_where(line):
    line.send(text="There is a message for you here: http://localhost:8081/m/a-Token_1")

    [link] = [a for a in Shape(line.page()).all("a") if a.get("rel")]

    assert link == {"href": "http://localhost:8081/m/a-Token_1", "rel": "noopener noreferrer"}


def test_every_page_says_what_it_is_and_every_field_what_it_is_for(line):
    line.send()
    fault = line.post("/receipt", sid="SM0", status="delivered").text

    for page in (line.page(), fault):
        shape = Shape(page)
        assert shape.open == []
        assert [shape.all("html")[0]["lang"], len(shape.all("title")), len(shape.all("main"))] == ["en", 1, 1]
        labelled = {label["for"] for label in shape.all("label")}
        fields = [*shape.all("select"), *(f for f in shape.all("input") if f.get("type") != "hidden")]
        assert {field["id"] for field in fields} == labelled
        ids = [attributes["id"] for _, attributes in shape.elements if "id" in attributes]
        assert len(ids) == len(set(ids))


def test_an_answer_reaches_the_services_hook_signed_and_as_from_that_phone(line):
    sid = line.send()

    page = line.post("/answer", sid=sid, body="STOP £1 & more").text

    [told] = line.told()
    assert line.service.exchanges[0][0].target == HOOK
    assert (told["From"], told["To"], told["Body"]) == (NUMBER, "+447700900999", "STOP £1 & more")
    assert told["MessageSid"] != sid
    assert "received: the service answered 204" in page


def test_an_answer_to_a_messaging_service_goes_to_the_number_behind_it(line):
    sid = line.send(sender="MG" + "ab" * 16)

    line.post("/answer", sid=sid, body="Yes")

    assert line.told()[0]["To"] == POOL_NUMBER


def test_a_text_from_a_name_has_no_way_back(line):
    sid = line.send(sender="Reminders")

    refused = line.post("/answer", sid=sid, body="Who is this")

    assert "/answer" not in [form["action"] for form in Shape(line.page()).all("form")]
    assert (refused.status_code, line.told()) == (400, [])
    assert "A text from a name cannot be answered." in refused.text


@pytest.mark.parametrize(
    ("status", "given", "code"),
    [
        ("delivered", "", None),
        ("delivered", "30003", None),
        ("undelivered", "", "30003"),
        ("undelivered", "30006", "30006"),
        ("failed", "", "30008"),
        ("sent", "", None),
    ],
)
def test_what_is_said_of_a_text_is_told_to_the_service(line, status, given, code):
    sid = line.send()

    page = line.post("/receipt", sid=sid, status=status, code=given)

    [told] = line.told()
    assert (told["MessageSid"], told["MessageStatus"], told.get("ErrorCode")) == (sid, status, code)
    assert line.service.exchanges[0][0].target.startswith("/hooks/twilio/receipts/")
    assert f"{status}: the service answered 204" in page.text
    assert line.peer.records[sid].status == status


def test_a_text_that_arrived_may_still_bounce(line):
    sid = line.send()

    for status in ("delivered", "undelivered"):
        line.post("/receipt", sid=sid, status=status)

    assert [told["MessageStatus"] for told in line.told()] == ["delivered", "undelivered"]
    assert line.peer.records[sid].error_code == STATUSES["undelivered"]


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/receipt", {"status": "read"}),
        ("/receipt", {"status": "undelivered", "code": "3000"}),
        ("/receipt", {"status": "undelivered", "code": "<30003>"}),
        ("/receipt", {"status": "delivered", "sid": "SM" + "0" * 32}),
        ("/receipt", {}),
        ("/answer", {"body": ""}),
        ("/answer", {"body": "x" * 1601}),
        ("/answer", {"body": "Hello", "sid": ""}),
        ("/fault", {"fault": "none"}),
    ],
)
def test_a_form_that_is_filled_in_wrong_says_so_and_does_nothing(line, path, fields):
    sid = line.send()

    answer = line.post(path, **{"sid": sid, **fields})

    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert (line.told(), len(line.peer.next_faults), line.peer.records[sid].status) == ([], 0, "queued")


def test_of_a_text_whose_record_was_deleted_nothing_more_can_be_said(line):
    sid = line.send()
    line.peer.records[sid].asked["AddressRetention"] = "retain"
    line.peer.advance(sid, "delivered")
    make_twilio(line.peer).redact(sid)

    page, refused = line.page(), line.post("/receipt", sid=sid, status="undelivered")

    assert (TEXT in page, "record deleted" in page) == (True, True)
    assert (refused.status_code, line.told()) == (400, [])


@pytest.mark.parametrize("name", NAMED)
def test_a_fault_chosen_on_the_page_spoils_one_text(line, name):
    page = line.post("/fault", fault=name)

    assert list(line.peer.next_faults) == [NAMED[name]]
    assert "Requests to send that will be spoiled: 1" in page.text


def test_a_service_that_is_not_there_is_said_not_to_have_been_told(line):
    sid = line.send()
    line.service.stop()

    page = line.post("/receipt", sid=sid, status="delivered")

    assert (page.status_code, "delivered: not told" in page.text) == (200, True)


def test_no_other_machine_is_ever_called(line):
    sid = make_twilio(line.peer, public_url="https://updates.example.org").send(make_outgoing(), at=NOW)

    page = line.post("/receipt", sid=sid.provider_ref or "", status="delivered")

    assert "delivered: refused, not told" in page.text


@pytest.mark.parametrize("path", ["/", "/texts.css", "/2010-04-01/Accounts/x/Messages.json"])
@pytest.mark.parametrize("host", ["twilio.example.org", "192.0.2.1", "127.0.0.1.example.org", "", "["])
def test_whoever_calls_this_machine_by_another_name_is_turned_away(line, path, host):
    answer = line.web.get(line.peer.url + path, headers={"Host": host}, timeout=5)

    assert (answer.status_code, TEXT in answer.text) == (421, False)


@pytest.mark.parametrize("origin", ["https://example.org", "null", "http://127.0.0.1:1"])
def test_another_sites_page_changes_nothing(line, origin):
    sid = line.send()

    for path in ("/answer", "/receipt", "/fault"):
        fields = {"sid": sid, "body": "STOP", "status": "failed", "fault": next(iter(NAMED))}
        answer = line.web.post(line.peer.url + path, data=fields, headers={"Origin": origin}, timeout=5)
        assert answer.status_code == 403
    assert (line.told(), len(line.peer.next_faults)) == ([], 0)


def test_only_one_loopback_address_listens(line):
    port = urlsplit(line.peer.url).port

    with pytest.raises(OSError), socket.create_connection(("127.0.0.2", port), timeout=5):
        pass


def test_the_page_needs_no_script_and_nothing_from_elsewhere(line):
    answer = line.web.get(line.peer.url, timeout=5)

    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self';")
    assert [link["href"] for link in Shape(answer.text).all("link")] == ["/texts.css"]
    assert (
        line.web.get(line.peer.url + "/texts.css", timeout=5).headers["Content-Type"].startswith("text/css")
    )


def test_receipts_that_come_by_themselves_tell_of_each_step_in_order(line):
    with Receipts(line.peer, 0.0):
        first, second = line.send(), line.send()
        line.wait_until(lambda: len(line.told()) == 2 * len(STEPS))

    for sid in (first, second):
        assert [told["MessageStatus"] for told in line.told() if told["MessageSid"] == sid] == list(STEPS)
        assert line.peer.records[sid].status == "delivered"


def test_no_receipt_comes_by_itself_for_what_bounced_meanwhile(line):
    with Receipts(line.peer, 0.2):
        heard = line.peer.on_accepted

        def bounce(message: PeerMessage) -> None:
            heard(message)
            line.peer.advance(message.sid, "undelivered", error_code=30003)

        line.peer.on_accepted = bounce
        line.send()
        line.peer.on_accepted = heard
        later = line.send()
        line.wait_until(lambda: line.peer.records[later].status == "delivered")

    assert {told["MessageSid"] for told in line.told()} == {later}


def test_receipts_that_still_wait_end_with_the_peer(line):
    with Receipts(line.peer, 3600.0):
        line.send()

    assert line.told() == []
