"""What a victim asks for: the officer sees first what goes with it and what stays owed, and afterwards who took it down."""

import pytest

from models.duties import Duty
from models.people import Participation
from notify.wording.render import call_prompt
from tests.make import ChannelPlan, close, decline, make_plan, make_victim, pause, record, resume
from tests.web.staff.kit import Desk, Visitor, faults


@pytest.fixture
def part(desk: Desk) -> Participation:
    return make_victim(desk.world, name="Ada Example", mobile="07700 900123")


@pytest.fixture
def officer(desk: Desk) -> Visitor:
    return desk.sign_in("officer")


@pytest.fixture
def owed(desk: Desk, part: Participation) -> None:
    """A duty that goes with a decline, one about bail and one for staff alone."""
    make_plan(desk.world, ChannelPlan(windows=()))
    record(desk.world, "crime_reported")
    record(desk.world, "bail_granted")


@pytest.mark.usefixtures("owed")
def test_before_a_decline_the_page_says_what_goes_and_what_stays(
    part: Participation, officer: Visitor
) -> None:
    page = officer.get(f"/victims/{part.id}/decline").text

    waived, rest = page.split("Releases and bail, as you choose below")
    releases, stays = rest.split("Stays owed")
    assert "R3-CONF" in waived.split("Will be waived")[1]
    assert "R6-BAIL" in releases
    assert "R4-REFER" in stays
    assert "R6-BAIL" not in stays


@pytest.mark.usefixtures("owed")
@pytest.mark.parametrize("page", ["pause", "support"])
def test_before_a_pause_or_a_word_on_support_the_page_says_that_all_stays(
    part: Participation, officer: Visitor, page: str
) -> None:
    stays = officer.get(f"/victims/{part.id}/{page}").text.split("Stays owed")[1]

    assert all(rule in stays for rule in ("R3-CONF", "R6-BAIL", "R4-REFER"))


@pytest.mark.usefixtures("owed")
def test_before_a_waiver_the_page_says_what_else_is_owed(desk: Desk, officer: Visitor) -> None:
    duty = desk.world.duty("R6-BAIL")

    page = officer.get(f"/duties/{duty.id}/waive").text

    assert f"Edition {duty.edition}, policy {duty.policy}" in page
    stays = page.split("Stays owed")[1]
    assert "R3-CONF" in stays
    assert "R6-BAIL" not in stays


@pytest.mark.usefixtures("owed")
def test_before_a_milestone_is_withdrawn_the_page_says_what_is_cancelled(
    desk: Desk, officer: Visitor
) -> None:
    milestone = desk.world.duty("R6-BAIL").milestone_id

    goes = officer.get(f"/milestones/{milestone}/withdraw").text.split("Will be cancelled")[1]

    assert "R6-BAIL" in goes
    assert "R3-CONF" not in goes


def test_with_nothing_owed_it_says_so(part: Participation, officer: Visitor) -> None:
    assert "Nothing" in officer.get(f"/victims/{part.id}/decline").text.split("Stays owed")[1]


@pytest.mark.usefixtures("owed")
@pytest.mark.parametrize(
    ("chosen", "wants", "bail"), [("yes", True, "open"), ("no", False, "waived"), ("not_asked", None, "open")]
)
def test_what_she_says_of_releases_is_recorded(
    desk: Desk, part: Participation, officer: Visitor, chosen: str, wants: bool | None, bail: str
) -> None:
    answer = officer.post(f"/victims/{part.id}/decline", {"reason": "Enough", "releases": chosen})

    assert answer.status_code == 303
    assert desk.world.row(Participation, id=part.id).wants_releases is wants
    assert desk.world.duty("R6-BAIL").state.value == bail
    assert desk.world.duty("R3-CONF").state.value == "waived"


def test_something_else_than_the_three_is_refused(desk: Desk, part: Participation, officer: Visitor) -> None:
    answer = officer.post(f"/victims/{part.id}/decline", {"reason": "Enough", "releases": "perhaps"})

    assert ("releases", "Choose what was said about releases and bail") in faults(answer.text)
    assert desk.world.row(Participation, id=part.id).declined_at is None


def test_the_timeline_says_who_took_down_each_wish_and_why(
    desk: Desk, part: Participation, officer: Visitor
) -> None:
    pause(desk.world, reason="away for a month")
    desk.world.clock.pass_time(minutes=5)
    resume(desk.world, reason="home again")
    desk.world.clock.pass_time(minutes=5)
    decline(desk.world, reason="it is too much", wants_releases=True)

    page = officer.get(f"/cases/{part.case_id}").text

    for said in ("away for a month", "home again", "it is too much", "Officer (fictional)"):
        assert said in page
    assert "Wants to be told of releases and bail only" in page


def test_the_timeline_shows_nobody_the_wishes_of_another_case(desk: Desk, part: Participation) -> None:
    decline(desk.world, reason="it is too much")

    answer = desk.sign_in("stranger").get(f"/cases/{part.case_id}")

    assert answer.status_code == 404
    assert "too much" not in answer.text


def test_what_to_say_of_a_closed_case_stands_where_the_call_is_logged(
    desk: Desk, part: Participation, officer: Visitor
) -> None:
    close(desk.world)

    page = officer.get(f"/victims/{part.id}/contacts/new").text

    first = call_prompt(desk.world.services.wording, "en", "case_closed").split("\n\n")[0]
    assert first in page
    assert desk.world.row(Duty).rule in page


def test_an_officer_may_let_her_read_that_the_case_is_closed(
    desk: Desk, part: Participation, officer: Visitor
) -> None:
    close(desk.world)
    duty = desk.world.row(Duty)

    page = officer.get(f"/duties/{duty.id}/release")

    assert "Your case is now closed" in page.text
    assert officer.post(f"/duties/{duty.id}/release").status_code == 303


def test_a_victim_who_declined_can_be_asked_again_and_the_answer_taken_down(
    desk: Desk, part: Participation, officer: Visitor
) -> None:
    decline(desk.world)
    record(desk.world, "charge")
    assert "Ask again whether updates are wanted" in officer.get(f"/victims/{part.id}").text

    officer.post(f"/victims/{part.id}/decline", {"reason": "She does want those", "releases": "yes"})

    assert desk.world.row(Participation, id=part.id).wants_releases is True
    assert "Ask again whether updates are wanted" not in officer.get(f"/victims/{part.id}").text
