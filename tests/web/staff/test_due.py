"""The due page: one's own work, what others owe in one's cases, and the unit's; each line says whose it is."""

import pytest

from models.cases import Case
from models.staff import Unit
from models.vocabulary import Agency
from notify.planning.api_tokens import Scope, bearer_of, create_token
from tests.integration.oversight.offices import make_dealt_with, make_unit_beneath
from tests.make import make_staff, make_victim, record
from tests.web.staff.kit import Desk, give_password

POLICE, CARE = "owed by Police", "owed by Witness care"


@pytest.fixture
def shared(desk: Desk) -> Desk:
    """The officer's case with a duty of the police, and one of Witness Care that the carer has."""
    world = desk.world
    make_unit_beneath(world, "W-1", None, Agency.WITNESS_CARE)
    make_staff(world, "carer", unit="W-1", name="Casey Carer")
    for ref in ("carer", "supervisor of W-1"):
        give_password(world, ref)
    make_dealt_with(world, world.row(Case).id, "W-1", "carer")
    make_victim(world, name="Ada Example", enhanced=True)
    record(world, "police_no_further_action")
    record(world, "verdict", owner=Agency.WITNESS_CARE)
    return desk


def owed_on(desk: Desk, ref: str, path: str) -> tuple[bool, bool]:
    page = desk.sign_in(ref).get(path)
    assert page.status_code == 200
    return POLICE in page.text, CARE in page.text


@pytest.mark.parametrize(
    ("ref", "path", "shown"),
    [
        ("officer", "/due", (True, False)),
        ("officer", "/due?show=others", (False, True)),
        ("officer", "/due?show=unit", (True, False)),
        ("officer", "/due?show=everything", (True, False)),
        ("carer", "/due", (False, True)),
        ("carer", "/due?show=others", (True, False)),
        ("supervisor", "/due", (True, False)),
        ("supervisor", "/due?show=mine", (False, False)),
        ("supervisor of W-1", "/due", (False, True)),
        ("auditor", "/due", (True, True)),
        ("auditor", "/due?show=mine", (True, True)),
    ],
)
def test_each_choice_shows_whose_work_it_says(shared: Desk, ref: str, path: str, shown: tuple[bool, bool]):
    assert owed_on(shared, ref, path) == shown


def test_each_page_offers_the_choices_that_it_is_not(shared: Desk):
    page = shared.sign_in().get("/due?show=others").text
    assert "/due?show=mine" in page
    assert "/due?show=unit" in page
    assert 'href="/due?show=others"' not in page
    assert "/due?show=" not in shared.sign_in("auditor").get("/due").text


def test_who_deals_with_a_case_opens_it_and_who_does_no_more_does_not(shared: Desk):
    path = f"/cases/{shared.world.row(Case).id}"
    assert shared.sign_in("carer").get(path).status_code == 200

    make_unit_beneath(shared.world, "W-2", None, Agency.WITNESS_CARE)
    make_dealt_with(shared.world, shared.world.row(Case).id, "W-2")

    assert shared.sign_in("carer").get(path).status_code == 404
    assert CARE not in shared.sign_in("carer").get("/due").text


def test_the_supervisor_of_the_unit_above_opens_the_case_by_the_page_and_by_a_token(shared: Desk):
    world = shared.world
    make_unit_beneath(world, "D-1", None)
    give_password(world, "supervisor of D-1")
    path = f"/cases/{world.row(Case).id}"
    assert shared.sign_in("supervisor of D-1").get(path).status_code == 404

    below = world.row(Unit, ref="U-1").id
    with world.services.sessions.begin() as session:
        session.get_one(Unit, below).parent_id = world.row(Unit, ref="D-1").id

    assert shared.sign_in("supervisor of D-1").get(path).status_code == 200
    with world.acting() as act:
        staff = world.staff["supervisor of D-1"]
        token = create_token(act, name="system", staff=staff, scopes=[Scope.CASES_READ], expires_at=None)
        bearer = bearer_of(act.session, token, at=act.at)
    assert bearer is not None
    assert bearer.viewer.beneath == {below}


def test_what_others_owe_is_said_to_be_their_officers_or_nobodys(shared: Desk):
    assert "Casey Carer</div>" in shared.sign_in().get("/due?show=others").text

    make_dealt_with(shared.world, shared.world.row(Case).id, "W-1", None)
    page = shared.sign_in("supervisor of W-1").get("/due").text

    assert "No officer named</div>" in page
    assert "Officer (fictional)</div>" not in page
