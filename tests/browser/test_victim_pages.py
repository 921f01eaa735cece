"""The victim's journey in a real browser: with and without scripts, on a small phone, and quick to leave."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from threading import Thread
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from werkzeug.serving import WSGIRequestHandler, make_server

from models.duties import Duty
from models.session import open_database
from models.vocabulary import DutyState, MilestoneKind
from tests.conftest import SLOWEST_PAGE
from tests.web.victim.kit import LINK, SECRET, SIGN_IN_NAME, WRONG, Door, make_door

pytestmark = pytest.mark.browser
SMALLEST = 320  # CSS pixels


class QuietHandler(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002  # the library's name
        """Say nothing: a test's output is its result."""


@dataclass
class Served:
    door: Door
    url: str

    def enter(self, page: Page) -> None:
        """Follow the link, give the secret, and read how to leave."""
        page.goto(f"{self.url}/m/{LINK}")
        page.get_by_label("Your PIN or code word").fill(SECRET)
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("heading", name="How to leave this page quickly").wait_for()

    def read(self, page: Page) -> None:
        self.enter(page)
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("button", name="Read this message").first.click()
        page.get_by_text("You can close this page now.").wait_for()


@pytest.fixture
def served(sqlite_url: str) -> Iterator[Served]:
    server = make_server("127.0.0.1", 0, lambda *_: [], threaded=True, request_handler=QuietHandler)
    url = f"http://127.0.0.1:{server.server_port}"
    database = open_database(sqlite_url, throw_away=True)
    with closing(server.socket):
        door = make_door(database, EXIT_URL=f"{url}/elsewhere")
        door.tell(MilestoneKind.BAIL_GRANTED)
        door.app.add_url_rule("/elsewhere", "elsewhere", lambda: "It will rain.")
        server.app = door.app
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield Served(door, url)
        server.shutdown()
        thread.join()
    database.engine.dispose()


def faults(page: Page) -> list[str]:
    """What is wrong with the page as it stands: for a reader's tools, and on the smallest phone."""
    found = [fault["id"] for fault in Axe().run(page).response["violations"]]
    if page.evaluate("document.documentElement.scrollWidth") > page.evaluate("window.innerWidth"):
        found.append("wider than the screen")
    return found


@pytest.mark.parametrize("width", [SMALLEST, 1280])
def test_no_page_has_an_accessibility_fault(page: Page, served: Served, width: int):
    page.set_viewport_size({"width": width, "height": 800})
    found = {}

    def look(name: str) -> None:
        found[name] = faults(page)

    page.goto(served.url)
    look("front door")
    page.get_by_role("button", name="Continue").click()
    look("front door, nothing entered")
    page.get_by_label("Your sign-in name").fill(SIGN_IN_NAME)
    page.get_by_label("Your PIN or code word").fill(WRONG)
    page.get_by_role("button", name="Continue").click()
    look("front door, refused")
    page.goto(f"{served.url}/private-use")
    look("private use")
    served.enter(page)
    look("how to leave")
    page.get_by_role("button", name="Continue").click()
    look("messages")
    page.get_by_role("button", name="Read this message").last.click()
    look("a message")
    page.get_by_role("button", name="Ask us to call me").click()
    look("asked for a call")
    page.get_by_role("link", name="It is no longer safe to contact me").click()
    look("no longer safe")
    page.get_by_role("button", name="Stop contacting me like this").click()
    look("stopped")
    page.goto(f"{served.url}/messages/{served.door.updates()[1].id}")
    look("unopened")

    assert {name: wrong for name, wrong in found.items() if wrong} == {}
    assert len(found) == 11


def test_the_whole_journey_works_without_scripts(browser: Browser, served: Served):
    with browser.new_context(java_script_enabled=False) as context:
        context.set_default_timeout(SLOWEST_PAGE)
        page = context.new_page()
        served.read(page)

        assert page.get_by_role("heading", level=1).inner_text() == "The suspect has been released on bail"
        page.get_by_role("link", name="Back to your messages").click()
        assert page.get_by_role("link", name="Read this message again").count() == 1
        page.get_by_role("button", name="Ask us to call me").click()
        assert page.get_by_role("alert").get_by_text("We will ring you").count() == 1
        page.get_by_role("button", name="Sign out").click()

        assert page.url == f"{served.url}/"
        page.goto(f"{served.url}/messages")
        assert page.url == f"{served.url}/"
    assert sorted(duty.state for duty in served.door.rows(Duty)) == [DutyState.OPEN, DutyState.TOLD]


def test_after_leaving_the_back_button_shows_no_message(page: Page, served: Served):
    served.read(page)

    page.get_by_role("button", name="Exit this page").click()
    page.wait_for_url("**/elsewhere")
    for _ in range(3):
        page.go_back()

        assert "bail" not in page.content()


def test_after_signing_out_the_back_button_shows_no_message(page: Page, served: Served):
    served.read(page)
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{served.url}/")

    page.go_back()
    page.wait_for_load_state()

    assert "bail" not in page.content()


def test_a_message_may_be_loaded_again_without_a_question_from_the_browser(page: Page, served: Served):
    served.read(page)

    page.reload()

    assert page.get_by_text("You can close this page now.").count() == 1


def test_the_history_of_the_browser_tells_nothing(page: Page, served: Served):
    titles = []
    page.on("load", lambda loaded: titles.append((loaded.url.removeprefix(served.url), loaded.title())))

    served.read(page)

    assert {title for _, title in titles} == {"Your messages"}
    assert [path.split("/")[1] for path, _ in titles] == ["m", "before-you-start", "messages", "messages"]
