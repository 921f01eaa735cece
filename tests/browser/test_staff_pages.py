"""The staff pages in a real browser: accessible, usable without scripts, and never wider than a small screen."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from models.duties import Duty
from models.milestones import Milestone
from models.oversight import Alert, Task
from models.people import ContactPoint, Participation
from models.plans import Plan
from models.session import open_database
from models.staff import Staff, Unit
from models.vocabulary import Agency, Detail, DutyState
from notify.planning.hand_overs import hand_over_duty
from notify.planning.staff_changes import record_absence
from tests.browser.test_base_pages import QuietHandler, accessibility_faults
from tests.conftest import SLOWEST_PAGE
from tests.make import (
    OFFICE_HOURS,
    ChannelPlan,
    contact,
    make_plan,
    make_unit,
    make_victim,
    record,
    run_ticks,
    when,
)
from tests.web.staff.kit import PASSWORD, Desk, make_desk

pytestmark = pytest.mark.browser
SMALL = 320  # CSS pixels: the width at which a page must need no scrolling sideways (WCAG 1.4.10)


@dataclass
class Served:
    """The staff door on this machine, with a case in which most things have happened."""

    desk: Desk
    address: str
    part: Participation


@pytest.fixture(scope="module")
def served(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    file = tmp_path_factory.mktemp("staff") / "notify.db"
    file.write_bytes(sqlite_template.read_bytes())
    database = open_database(f"sqlite:///{file}", throw_away=True)
    desk = make_desk(database)
    part = make_happenings(desk)
    server = make_server("127.0.0.1", 0, desk.app, threaded=True, request_handler=QuietHandler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield Served(desk, f"http://127.0.0.1:{server.server_port}", part)
    server.shutdown()
    server.server_close()
    database.engine.dispose()


def make_happenings(desk: Desk) -> Participation:
    world = desk.world
    part = make_victim(world, name="Ada Example", enhanced=True, email="ada@example.com")
    make_victim(world, "V-2", name="Ben Sample", mobile="07700 900002")
    make_plan(
        world,
        ChannelPlan(detail=Detail.LINK, windows=OFFICE_HOURS, cover_text="Your library book is ready."),
        ChannelPlan("V-1-email", detail=Detail.FULL, windows=OFFICE_HOURS, counts_as_told=True),
    )
    record(world, "bail_granted", facts={"conditions": "not to contact you"}, suspect="Suspect A")
    record(world, "police_no_further_action")
    contact(world, "voicemail", note="Asked to ring back")
    run_ticks(world, when("Wed 7 Jan 2026 10:00"))
    make_unit(world, "CPS-1", name="CPS Team", agency=Agency.CPS)
    duty = world.rows(Duty, state=DutyState.OPEN)[0]
    with world.acting() as act:
        found = act.session.get_one(Duty, duty.id)
        hand_over_duty(act, found, to_agency=Agency.CPS, reason="They see her next week")
        away = act.session.get_one(Staff, world.staff["officer"].id)
        record_absence(act, away, starts_at=act.at, ends_at=when("Fri 9 Jan 2026 00:00"))
    return part


def sign_in(page: Page, served: Served, ref: str) -> None:
    page.goto(served.address + "/sign-in")
    page.get_by_label("Staff reference").fill(ref)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda address: "sign-in" not in address)


def officers_pages(served: Served) -> list[str]:
    world, part = served.desk.world, served.part
    victim, case = f"/victims/{part.id}", f"/cases/{part.case_id}"
    point = world.row(ContactPoint, ref="V-1-mobile")
    officer_first = next(duty for duty in world.rows(Duty) if duty.duty_class == "officer_first")
    return [
        "/cases", "/cases?show=unit", "/cases/new", "/due", "/overdue", "/nowhere",
        case, f"{case}/milestones/new", f"{case}/victims/new", f"{case}/close", f"{case}/hand-over",
        f"{case}/hand-over?unit={world.row(Unit, ref='U-2').id}", f"/duties/{officer_first.id}/hand-over",
        victim, f"{victim}/plan", f"{victim}/contacts/new", f"{victim}/contact-points/new", f"{victim}/decline",
        f"{victim}/support", f"{victim}/secret", f"{victim}/sign-in-name", f"{victim}/representatives/new",
        f"{victim}/contact-points/{point.id}/suspend", f"/duties/{officer_first.id}/waive",
        f"/duties/{officer_first.id}/release", f"/milestones/{world.rows(Milestone)[0].id}/correct",
        f"/milestones/{world.rows(Milestone)[0].id}/withdraw",
        f"/tasks/{world.rows(Task)[0].id}/done",
    ]  # fmt: skip


def test_no_staff_page_has_an_accessibility_fault(page: Page, served: Served) -> None:
    page.goto(served.address + "/sign-in")
    assert accessibility_faults(page) == []
    sign_in(page, served, "officer")

    for path in officers_pages(served):
        page.goto(served.address + path)
        assert accessibility_faults(page) == [], path


@pytest.mark.parametrize(
    ("ref", "paths"), [("supervisor", ["/overdue", "/outbox", "/cases"]), ("admin", ["/about"])]
)
def test_no_page_of_the_others_has_an_accessibility_fault(
    page: Page, served: Served, ref: str, paths: list[str]
) -> None:
    alert = next(alert for alert in served.desk.world.rows(Alert) if alert.level == "overdue")
    sign_in(page, served, ref)

    about_it = [f"/alerts/{alert.id}/resolve", f"/duties/{alert.duty_id}/review", "/overdue?seen=no"]
    for path in [*paths, *about_it] if ref == "supervisor" else paths:
        page.goto(served.address + path)
        assert accessibility_faults(page) == [], path


def test_no_page_about_the_team_has_an_accessibility_fault(page: Page, served: Served) -> None:
    officer = served.desk.world.staff["officer"].id
    sign_in(page, served, "supervisor")
    page.set_viewport_size({"width": SMALL, "height": 640})

    for path in ("/team", f"/team/{officer}/absences/new", f"/team/{officer}/cases"):
        page.goto(served.address + path)
        assert accessibility_faults(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= SMALL, path


def test_a_supervisor_records_an_absence_and_hands_a_case_over_without_scripts(
    browser: Browser, served: Served
) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        context.set_default_timeout(SLOWEST_PAGE)
        page = context.new_page()
        sign_in(page, served, "supervisor")
        page.get_by_role("link", name="Team").click()
        page.get_by_role("link", name="Record an absence of Officer (fictional)").first.click()
        for part, value in {"Day": "9", "Month": "3", "Year": "2026"}.items():
            page.get_by_label(part).first.fill(value)
        page.get_by_role("button", name="Record it").click()
        assert page.get_by_text("The absence is recorded.").count() == 1
        page.get_by_role("button", name="Call off").click()

        page.goto(f"{served.address}/cases/{served.part.case_id}")
        page.get_by_role("link", name="Hand over", exact=True).click()
        page.get_by_label("Which unit is to deal with it?").select_option(label="CPS Team")
        page.get_by_role("button", name="Continue").click()
        page.get_by_label("Reason").fill("The charging decision is theirs")
        page.get_by_role("button", name="Hand it over").click()
        assert page.get_by_text("CPS Team").count() >= 1


def test_no_staff_page_scrolls_sideways_on_a_small_screen(page: Page, served: Served) -> None:
    sign_in(page, served, "officer")
    page.set_viewport_size({"width": SMALL, "height": 640})

    for path in officers_pages(served):
        page.goto(served.address + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= SMALL, path


def test_the_plan_form_with_faults_leads_to_each_of_them(page: Page, served: Served) -> None:
    sign_in(page, served, "officer")
    page.goto(f"{served.address}/victims/{served.part.id}/plan")
    page.get_by_label("How often, in days").fill("")
    page.get_by_label("From").nth(0).fill("late")
    page.get_by_role("checkbox", name="Mon").nth(1).check()
    page.get_by_role("button", name="Agree this plan").click()

    assert accessibility_faults(page) == []
    assert page.title().startswith("Error: ")
    for link in (
        "Enter how often, in days",
        "Enter a time like 09:30",
        "Enter when it is safe from, like 09:30",
    ):
        page.get_by_role("link", name=link).click()
        focused = page.evaluate("document.activeElement.closest('.govuk-form-group').innerText")
        assert link in focused


def test_an_officer_agrees_a_plan_and_logs_a_contact_without_scripts(
    browser: Browser, served: Served
) -> None:
    world = served.desk.world
    ben = next(part for part in world.rows(Participation) if part.id != served.part.id)
    with browser.new_context(java_script_enabled=False) as context:
        context.set_default_timeout(SLOWEST_PAGE)
        page = context.new_page()
        sign_in(page, served, "officer")
        page.goto(f"{served.address}/cases/{ben.case_id}")
        page.get_by_role("link", name="Plan of Ben Sample").click()
        page.get_by_label("How often, in days").fill("14")
        page.get_by_label("Order").select_option("1")
        page.get_by_role("checkbox", name="Sat").first.check()
        page.get_by_label("From").first.fill("09:00")
        page.get_by_label("To", exact=True).first.fill("12:00")
        page.get_by_role("button", name="Add more safe times").click()
        page.get_by_role("button", name="Preview the messages").click()
        assert page.get_by_text("Please give me a ring when you have a moment").count() == 1
        page.get_by_label("What was agreed, and why").fill("Agreed in person")
        page.get_by_role("button", name="Agree this plan").click()

        assert page.get_by_text("The plan is agreed.").count() == 1
        page.get_by_role("button", name="Log a contact").click()
        page.get_by_role("radio", name="Met in person").check()
        page.get_by_role("button", name="Log the contact").click()
        assert page.get_by_text("Nothing is owed now.").count() == 1
    assert world.row(Plan, participation_id=ben.id).every_days == 14
