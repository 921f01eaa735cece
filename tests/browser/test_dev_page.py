"""The page of received texts in a real browser: accessible, usable without scripts, and never wider than a small screen."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from notify.dev.http_peer import Answer, HttpPeer
from notify.dev.page import Page as TextsPage
from notify.dev.twilio_peer import TwilioPeer
from tests.browser.test_base_pages import accessibility_faults
from tests.conftest import SLOWEST_PAGE
from tests.integration.providers.kits import ACCOUNT, NOW, NUMBER, TEXT, TOKEN, make_outgoing, make_twilio

pytestmark = pytest.mark.browser
SMALL = 320  # CSS pixels


@pytest.fixture
def peer() -> Iterator[TwilioPeer]:
    """A peer with one text of each sort on its page, and a service that takes what it is told."""
    with (
        HttpPeer(lambda _call: Answer(204, {}, b"")) as service,
        TwilioPeer(ACCOUNT, TOKEN, lambda: NOW) as running,
    ):
        TextsPage(running, service=service.url, silent=True)
        for sender in ("Reminders", "MG" + "ab" * 16, "+447700900999"):
            make_twilio(running, sender=sender, public_url=service.url).send(make_outgoing(), at=NOW)
        running.text_in(
            service.url, sender=NUMBER, to="+447700900999", body="https://www.example.org/" + "x" * 200
        )
        yield running


def test_the_page_has_no_accessibility_fault_and_fits_a_small_screen(page: Page, peer: TwilioPeer) -> None:
    page.set_viewport_size({"width": SMALL, "height": 640})

    for path in ("/", "/?phone=%2B447700900123"):
        page.goto(peer.url + path)
        assert accessibility_faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= SMALL
    page.get_by_label("Error code if it did not arrive").first.evaluate(
        "field => field.removeAttribute('pattern')"
    )
    page.get_by_label("Error code if it did not arrive").first.fill("none")
    page.get_by_role("button", name="Tell the service").first.click()
    assert page.get_by_role("alert").inner_text() == "An error code of Twilio has five digits."
    assert accessibility_faults(page) == []


def test_a_text_is_answered_and_said_to_have_bounced_without_scripts(
    browser: Browser, peer: TwilioPeer
) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        context.set_default_timeout(SLOWEST_PAGE)
        page = context.new_page()
        page.goto(peer.url)
        text = page.get_by_role("article").filter(has_text=TEXT).first

        text.get_by_label("Answer this text").fill("Call me")
        text.get_by_role("button", name="Answer").click()
        assert page.get_by_role("article").first.get_by_text("Call me").count() == 1
        text.get_by_label("What became of it").select_option("undelivered")
        text.get_by_role("button", name="Tell the service").click()

        assert text.get_by_text("undelivered: the service answered 204").count() == 1
        assert text.get_by_text("undelivered, error 30003").count() == 1
