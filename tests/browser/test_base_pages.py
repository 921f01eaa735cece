"""The base layouts in a real browser: accessible, with and without scripts, and quick to leave."""

from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import render_template
from playwright.sync_api import Browser, Page
from werkzeug.serving import WSGIRequestHandler, make_server

from notify.web.app import Face
from tests.conftest import SLOWEST_PAGE
from tests.web.doors import add_sample_page, make_door

pytestmark = pytest.mark.browser
FACES: tuple[Face, Face] = ("staff", "public")
PATHS = ("/sample", "/nowhere", "/broken")


class QuietHandler(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002  # the library's name
        """Say nothing: a test's output is its result."""


@pytest.fixture(scope="module")
def doors() -> Iterator[dict[Face, str]]:
    """Both doors served on this machine; leaving the public one leads to the staff one's stylesheet."""
    servers = {}
    addresses: dict[Face, str] = {}
    for face in FACES:
        leave_to = f"{addresses['staff']}/elsewhere" if face == "public" else "https://www.example.com"
        app = make_door(face, env={"EXIT_URL": leave_to})
        add_sample_page(app)
        app.add_url_rule("/elsewhere", "elsewhere", lambda: "It will rain.")
        app.add_url_rule(
            "/stop", "stop", lambda: render_template("victim/interruption.html", continue_to="/sample")
        )
        servers[face] = make_server("127.0.0.1", 0, app, threaded=True, request_handler=QuietHandler)
        addresses[face] = f"http://127.0.0.1:{servers[face].server_port}"
        Thread(target=servers[face].serve_forever, daemon=True).start()
    yield addresses
    for server in servers.values():
        server.shutdown()
        server.server_close()


def accessibility_faults(page: Page) -> list[str]:
    return [fault["id"] for fault in Axe().run(page).response["violations"]]


@pytest.mark.parametrize("face", FACES)
def test_no_page_of_the_base_has_an_accessibility_fault(
    page: Page, doors: dict[Face, str], face: Face
) -> None:
    for path in (*PATHS, "/stop") if face == "public" else PATHS:
        page.goto(doors[face] + path)

        assert accessibility_faults(page) == [], path


@pytest.mark.parametrize("face", FACES)
def test_a_form_with_faults_is_accessible_and_takes_the_reader_to_them(
    page: Page, doors: dict[Face, str], face: Face
) -> None:
    page.goto(doors[face] + "/sample")
    page.get_by_role("button", name="Save").click()

    assert accessibility_faults(page) == []
    page.get_by_role("link", name="Enter a name").click()
    assert page.evaluate("document.activeElement.id") == "name"


@pytest.mark.parametrize("face", FACES)
def test_the_strict_policy_blocks_nothing_that_a_page_needs(
    page: Page, doors: dict[Face, str], face: Face
) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(error.message))

    page.goto(doors[face] + "/sample")
    page.wait_for_function("document.body.classList.contains('govuk-frontend-supported')")

    assert [text for text in said if "autocomplete" not in text] == []


def test_the_red_button_leaves_and_going_back_finds_no_session(page: Page, doors: dict[Face, str]) -> None:
    page.goto(doors["public"] + "/sample")
    assert [cookie["name"] for cookie in page.context.cookies()] == ["session"]

    page.get_by_role("button", name="Exit this page").click()
    page.wait_for_url("**/elsewhere")

    assert page.context.cookies() == []


def test_three_presses_of_shift_leave(page: Page, doors: dict[Face, str]) -> None:
    page.goto(doors["public"] + "/sample")
    page.wait_for_function("document.body.classList.contains('govuk-frontend-supported')")

    for _ in range(3):
        page.keyboard.press("Shift")

    page.wait_for_url("**/elsewhere")


def test_leaving_works_without_scripts(browser: Browser, doors: dict[Face, str]) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        context.set_default_timeout(SLOWEST_PAGE)
        page = context.new_page()
        page.goto(doors["public"] + "/sample")

        page.locator("a.govuk-exit-this-page__button").click()
        page.wait_for_url("**/elsewhere")

        assert page.content().count("It will rain.") == 1


def test_a_form_works_without_scripts(browser: Browser, doors: dict[Face, str]) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        context.set_default_timeout(SLOWEST_PAGE)
        page = context.new_page()
        page.goto(doors["staff"] + "/sample")
        page.get_by_label("Name <script>").fill("Ada Example")
        page.get_by_role("radio", name="First").check()
        page.get_by_label("From").fill("09:00")

        page.get_by_role("button", name="Save").click()

        assert page.get_by_role("alert").get_by_text("Saved").count() == 1
