"""An officer's way through the pages, from a new case to a victim who was told, on both databases."""

import re
from typing import Any
from uuid import UUID

from models.cases import Case
from models.duties import Duty
from models.ledger import ContactEntry
from models.milestones import Milestone
from models.people import ContactPoint, Participation, Victim
from models.vocabulary import ContactPointState, DutyState, Outcome
from notify.ledger.audit import verify
from tests.make import run_ticks
from tests.web.staff.kit import Desk, Visitor

ARREST = {
    "kind": "arrest",
    "happened_day-day": "5",
    "happened_day-month": "1",
    "happened_day-year": "2026",
    "happened_time": "09:15",
    "owner": "police",
}


def follow(visitor: Visitor, path: str, fields: dict[str, Any]) -> str:
    """Send a form that must be right; the address of the page it leads to."""
    answer = visitor.post(path, fields)
    assert answer.status_code == 303, re.findall(r'href="#([^"]+)">([^<]+)', answer.text)
    return answer.headers["Location"]


def make_agreed_victim(visitor: Visitor, case: str) -> str:
    victim = follow(
        visitor,
        f"{case}/victims/new",
        {
            "victim": "V-7",
            "name": "Ada Example",
            "enhanced": ["most_serious"],
            "risk": "high",
            "language": "en",
        },
    )
    follow(
        visitor,
        f"{victim}/contact-points/new",
        {"kind": "mobile", "value": "07700 900123", "belongs_to": "victim"},
    )
    point = re.search(r"/contact-points/([0-9a-f-]+)/verify", visitor.get(victim).text)
    assert point
    follow(
        visitor, f"{victim}/contact-points/{point[1]}/verify", {"reason": "Rang it and heard the code word"}
    )
    plan = {
        "version": "0",
        "every_days": "14",
        "automatic": "y",
        "reason": "Agreed on the telephone",
        "channels-0-point": point[1],
        "channels-0-place": "1",
        "channels-0-detail": "link",
        "channels-0-windows-0-days": ["mon", "tue", "wed", "thu", "fri"],
        "channels-0-windows-0-opens": "09:00",
        "channels-0-windows-0-closes": "17:00",
    }
    follow(visitor, f"{victim}/plan", plan)
    follow(visitor, f"{victim}/secret", {"secret": "blue teapot"})
    return victim


def test_from_a_new_case_to_a_victim_who_was_told(either_desk: Desk) -> None:
    desk, world = either_desk, either_desk.world
    visitor = desk.sign_in()
    officer = str(world.staff["officer"].id)

    case = follow(
        visitor, "/cases/new", {"case": "C-7", "offence": "Example offence", "officer": officer, "allow": ""}
    )
    victim = make_agreed_victim(visitor, case)
    follow(visitor, f"{case}/milestones/new", ARREST)
    run_ticks(world)

    assert [message.to for message in world.arrived] == ["+447700900123"]
    assert "Arrest" in visitor.get("/due").text
    page = visitor.get(case).text
    for words in (
        "Milestone: Arrest",
        "Duty: Arrest",
        "To tell",
        "Text message: Arrest",
        "Not read",
        "Priority",
        "High risk",
    ):
        assert words in page
    duty = world.duty()
    follow(
        visitor,
        f"{victim}/contacts/new",
        {
            "outcome": "spoke_identity_checked",
            "covers": [str(duty.id)],
            "contact_point": "",
            "note": "Code word given",
        },
    )
    told = world.duty()
    assert (told.state, told.late, told.closed_by_id) == (DutyState.TOLD, False, world.staff["officer"].id)
    assert "Told" in visitor.get(case).text
    assert "Code word given" in visitor.get(case).text
    follow(visitor, f"{case}/close", {"reason": "It ended"})
    assert world.row(Case, ref="C-7").closed_at == world.clock()
    with world.services.reading() as session:
        assert verify(session) is None


def test_what_the_pages_took_is_what_is_stored(either_desk: Desk) -> None:
    world = either_desk.world
    visitor = either_desk.sign_in()
    case = f"/cases/{world.row(Case, ref='C-1').id}"

    victim = make_agreed_victim(visitor, case)
    follow(
        visitor,
        f"{case}/milestones/new",
        ARREST | {"facts-conditions": "not to contact you", "suspect": "Suspect A"},
    )
    follow(visitor, f"{victim}/contacts/new", {"outcome": "voicemail", "contact_point": ""})

    participation = world.row(Participation, id=UUID(victim.rpartition("/")[2]))
    assert (participation.enhanced, participation.risk) == (["most_serious"], "high")
    assert world.row(ContactPoint).state is ContactPointState.VERIFIED
    assert world.row(Victim).secret_hash_sealed is not None
    milestone = world.row(Milestone)
    assert (
        milestone.happened_at.isoformat() == milestone.learned_at.isoformat() == "2026-01-05T09:15:00+00:00"
    )
    entry = world.row(ContactEntry, outcome=Outcome.VOICEMAIL)
    assert (entry.reached, entry.by_id) == (False, world.staff["officer"].id)
    assert world.row(Duty).state is DutyState.OPEN
