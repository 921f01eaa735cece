"""The overdue page: whose each line is, how long it has waited, who has seen it, why it is late and what comes next.

Long because every column and filter of the list has its test.
"""

import re
from collections.abc import Collection
from datetime import timedelta
from html import unescape

import pytest

from models.cases import Case
from models.duties import Duty
from models.oversight import Alert, Digest, DutyReview
from models.people import Participation, Victim
from models.running import ProviderHealth
from models.staff import Unit
from models.vocabulary import Agency, BreakerState, Channel, Role
from notify.ledger.audit import THE_SERVICE
from notify.planning.staff_changes import place_unit
from tests.integration.oversight.offices import make_absent, make_dealt_with, make_unit_beneath
from tests.make import contact, make_case, make_staff, make_unit, make_victim, record, run_ticks, when
from tests.web.staff.kit import Desk, Visitor, faults, give_password

TUESDAY = when("Tue 13 Jan 2026 13:00")
SAID = {
    "reason": "could_not_reach",
    "note": "Rang <three> times",
    "next_step": "visit",
    "next_step_by-day": "14",
    "next_step_by-month": "1",
    "next_step_by-year": "2026",
}


def make_late(desk: Desk) -> Duty:
    """One arrest that V-1 was to hear of by the end of Monday 12 January; it is one on Tuesday."""
    make_victim(desk.world, name="Ada Example", mobile="07700 900123")
    record(desk.world)
    run_ticks(desk.world, TUESDAY)
    return desk.world.duty()


def lines(page: str) -> list[str]:
    """The words of each line of the list."""
    rows = re.findall(r"<tr class=\"govuk-table__row\">\s*<th scope=\"row\".*?</tr>", page, re.DOTALL)
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", row)).split()) for row in rows]


def shown(visitor: Visitor, path: str = "/overdue") -> list[str]:
    return [line.partition(" ")[0] for line in lines(visitor.get(path).text)]


def test_a_line_says_who_owes_it_how_long_it_is_overdue_and_that_nobody_has_looked(either_desk: Desk) -> None:
    make_late(either_desk)

    (line,) = lines(either_desk.sign_in("supervisor").get("/overdue").text)

    assert "R6-ARREST, owed by Police 13 hours overdue" in line
    assert "Overdue Nobody has looked at it Nothing said yet" in line
    assert "Officer (fictional) C-1" in line


def test_age_counts_working_days_only(desk: Desk) -> None:
    make_late(desk)
    desk.world.clock.now = when("Mon 19 Jan 2026 15:00")

    assert "4 working days and 15 hours overdue" in desk.sign_in("supervisor").get("/overdue").text


def test_saying_why_and_what_comes_next_is_on_the_line_and_counts_as_seen(either_desk: Desk) -> None:
    duty = make_late(either_desk)
    supervisor = either_desk.sign_in("supervisor")

    answer = supervisor.post(f"/duties/{duty.id}/review", SAID)
    page = supervisor.get("/overdue")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/overdue")
    (line,) = lines(page.text)
    assert "Could not reach the victim “Rang <three> times”" in line
    assert "Next: Visit the victim, by the end of Wednesday 14 January 2026" in line
    assert "Said by Officer (fictional), 13 January 2026 at 1:00pm" in line
    assert "Seen by Officer (fictional), 13 January 2026 at 1:00pm" in line
    assert "Time has passed" not in line


def test_a_next_step_whose_time_has_passed_is_marked_and_the_duty_escalates_all_the_same(desk: Desk) -> None:
    duty = make_late(desk)
    supervisor = desk.sign_in("supervisor")
    supervisor.post(f"/duties/{duty.id}/review", SAID)

    run_ticks(desk.world, when("Fri 16 Jan 2026 09:00"))
    (line,) = lines(desk.sign_in("supervisor").get("/overdue").text)

    assert "Time has passed" in line
    assert "Escalated Nobody has looked at it" in line


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ({"reason": ""}, ("reason", "Choose why it is late")),
        ({"next_step": ""}, ("next_step", "Choose what comes next")),
        ({"next_step_by-day": "12"}, ("next_step_by-day", "By when?: must not be in the past")),
        ({"next_step_by-day": "32"}, ("next_step_by-day", "Enter a date that exists")),
        (
            {"next_step_by-day": "", "next_step_by-month": "", "next_step_by-year": ""},
            ("next_step_by-day", "Enter by when it is to be done"),
        ),
        (
            {"reason": "other", "note": ""},
            ("note", "What else should be known?: must say what the reason is"),
        ),
    ],
)
def test_what_is_missing_or_past_is_told_beside_its_field_and_nothing_is_kept(
    desk: Desk, wrong: dict[str, str], fault: tuple[str, str]
) -> None:
    duty = make_late(desk)

    answer = desk.sign_in("supervisor").post(f"/duties/{duty.id}/review", SAID | wrong)

    assert faults(answer.text) == [fault]
    assert desk.world.rows(DutyReview) == []
    assert {alert.state for alert in desk.world.rows(Alert)} == {"open"}


def test_today_is_early_enough_for_a_next_step(desk: Desk) -> None:
    duty = make_late(desk)

    desk.sign_in("supervisor").post(f"/duties/{duty.id}/review", SAID | {"next_step_by-day": "13"})

    assert desk.world.row(DutyReview).next_step_by == when("Wed 14 Jan 2026 00:00")


def test_the_page_to_say_why_shows_what_was_said_before(desk: Desk) -> None:
    duty = make_late(desk)
    supervisor = desk.sign_in("supervisor")
    supervisor.post(f"/duties/{duty.id}/review", SAID)

    page = unescape(supervisor.get(f"/duties/{duty.id}/review").text)

    assert "Said by Officer (fictional), 13 January 2026 at 1:00pm" in page
    assert "Could not reach the victim. “Rang <three> times” Next: visit the victim" in page


def test_what_was_said_is_on_the_timeline_of_the_case(desk: Desk) -> None:
    duty = make_late(desk)
    officer = desk.sign_in()
    assert officer.post(f"/duties/{duty.id}/review", SAID).headers["Location"] == "/due"

    case = desk.world.row(Participation).case_id
    page = unescape(officer.get(f"/cases/{case}").text)

    assert "Why it is late" in page
    assert "Could not reach the victim. “Rang <three> times”" in page


def test_an_officer_is_asked_why_on_the_due_list_once_a_duty_is_late(desk: Desk) -> None:
    duty = make_late(desk)
    link = f'href="/duties/{duty.id}/review"'
    late = desk.sign_in().get("/due").text
    desk.world.clock.now = when("Mon 12 Jan 2026 13:00")
    in_time = desk.sign_in().get("/due").text

    assert link in late
    assert "R6-ARREST" in in_time
    assert link not in in_time


def test_a_duty_that_was_told_meanwhile_is_not_reviewed(desk: Desk) -> None:
    duty = make_late(desk)
    contact(desk.world)

    answer = desk.sign_in("supervisor").post(f"/duties/{duty.id}/review", SAID)

    assert "Duty is closed already" in answer.text
    assert desk.world.rows(DutyReview) == []


@pytest.mark.parametrize(("ref", "status"), [("stranger", 404), ("auditor", 403), ("admin", 403)])
def test_nobody_else_says_why(desk: Desk, ref: str, status: int) -> None:
    duty = make_late(desk)
    visitor = desk.sign_in(ref)

    assert visitor.get(f"/duties/{duty.id}/review").status_code == status
    page = "/about" if ref == "admin" else "/cases"
    assert visitor.post(f"/duties/{duty.id}/review", SAID, on=page).status_code == status
    assert desk.world.rows(DutyReview) == []


def test_a_restricted_case_is_reviewed_by_those_on_its_list_alone(desk: Desk) -> None:
    make_case(desk.world, "C-9", allow=[])
    make_victim(desk.world, "V-9", case="C-9", name="Ada Example", mobile=None)
    record(desk.world, case="C-9")
    run_ticks(desk.world, TUESDAY)
    duty = desk.world.duty()

    assert desk.sign_in("supervisor").post(f"/duties/{duty.id}/review", SAID, on="/due").status_code == 404
    assert desk.world.rows(DutyReview) == []
    assert desk.sign_in("officer").post(f"/duties/{duty.id}/review", SAID).status_code == 303


def make_levels(desk: Desk) -> Visitor:
    """Two that are overdue, one of them seen; and one, enhanced, that is escalated."""
    make_victim(desk.world, "V-1", name="Ada Overdue")
    make_victim(desk.world, "V-2", name="Ben Seen", mobile="07700 900002")
    make_victim(desk.world, "V-3", name="Cara Escalated", mobile="07700 900003", enhanced=True)
    record(desk.world)
    run_ticks(desk.world, TUESDAY)
    supervisor = desk.sign_in("supervisor")
    ben = desk.world.row(Victim, ref="V-2")
    part = desk.world.row(Participation, victim_id=ben.id)
    alert = desk.world.row(Alert, participation_id=part.id, level="overdue")
    supervisor.post(f"/alerts/{alert.id}/acknowledge", on="/overdue")
    return supervisor


def test_the_top_counts_by_level_and_what_nobody_has_looked_at(either_desk: Desk) -> None:
    page = make_levels(either_desk).get("/overdue").text

    nav = page.partition('aria-label="Which lines are shown"')[2].partition("</nav>")[0]
    found = re.findall(r">([A-Z][^<>]+) \((\d+)\)<", nav)
    assert found == [("All", "3"), ("Escalated", "1"), ("Overdue", "2"), ("Nobody has looked at", "2")]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Cara", "Ada", "Ben"]),
        ("?level=overdue", ["Ada", "Ben"]),
        ("?level=escalated", ["Cara"]),
        ("?level=urgent", []),
        ("?seen=no", ["Cara", "Ada"]),
        ("?level=overdue&seen=no", ["Ada"]),
        ("?level=nonsense&page=x", ["Cara", "Ada", "Ben"]),
        ("?page=2", []),
    ],
)
def test_lines_can_be_filtered_by_level_and_by_whether_somebody_has_looked(
    either_desk: Desk, query: str, names: list[str]
) -> None:
    supervisor = make_levels(either_desk)

    assert sorted(shown(supervisor, f"/overdue{query}")) == sorted(names)


def test_the_links_of_the_filters_keep_the_other_filter(desk: Desk) -> None:
    page = unescape(make_levels(desk).get("/overdue?seen=no").text)

    assert 'href="/overdue?level=overdue&seen=no"' in page
    assert 'href="/overdue"' in page


def test_the_unit_is_named_where_it_is_not_the_viewers_own(desk: Desk) -> None:
    world = desk.world
    make_unit(world, "U-0", name="Whole Division")
    make_staff(world, "boss", Role.SUPERVISOR, unit="U-0")
    give_password(world, "boss")
    with world.services.acting(THE_SERVICE) as act:
        units = {ref: act.session.get_one(Unit, world.row(Unit, ref=ref).id) for ref in ("U-0", "U-2")}
        place_unit(act, units["U-2"], units["U-0"])
    world.by = "stranger"
    make_case(world, "C-2", unit="U-2")
    make_victim(world, "V-2", case="C-2", name="Ada Example", mobile=None)
    record(world, case="C-2")
    run_ticks(world, TUESDAY)

    (line,) = lines(desk.sign_in("boss").get("/overdue").text)

    assert "owed by Police, South Team" in line
    assert "Whole Division" not in line


@pytest.mark.parametrize(
    ("named", "away", "told"),
    [
        ("carer", ("officer",), "Casey Carer C-1"),
        ("carer", ("carer",), "Casey Carer Away C-1"),
        (None, ("officer",), "No officer named C-1"),
    ],
)
def test_a_line_names_the_officer_of_the_agency_that_owes_it(
    desk: Desk, named: str | None, away: Collection[str], told: str
) -> None:
    world = desk.world
    make_unit_beneath(world, "W-1", None, Agency.WITNESS_CARE)
    make_staff(world, "carer", unit="W-1", name="Casey Carer")
    give_password(world, "supervisor of W-1")
    make_dealt_with(world, world.row(Case).id, "W-1", named)
    make_victim(world, name="Ada Example", mobile=None)
    record(world, "hearing_listed", owner=Agency.WITNESS_CARE)
    run_ticks(world, TUESDAY)
    for ref in away:
        make_absent(world, ref)

    (line,) = lines(desk.sign_in("supervisor of W-1").get("/overdue").text)

    assert told in line


def test_an_administrator_is_told_of_units_that_nobody_watches_and_of_digests_that_did_not_go(
    either_desk: Desk,
) -> None:
    admin = either_desk.sign_in("admin")
    before = unescape(admin.get("/about").text)
    with either_desk.world.services.sessions.begin() as session:
        officer = either_desk.world.staff["officer"].id
        for day in ("2025-12-28", "2026-01-02"):  # the one lately, the other not
            session.add(Digest(staff_id=officer, day=day, created_at=either_desk.world.clock(), tries=9))

    after = admin.get("/about").text

    assert "No supervisor is on duty, here or in a unit above, for: U-2." in before
    assert "could not be sent" not in before
    assert "could not be sent in the last 7 days: 1." in after
    assert "On working days at 07:30" in after


def test_an_administrator_is_told_of_a_provider_that_is_left_alone(either_desk: Desk) -> None:
    admin, now = either_desk.sign_in("admin"), either_desk.world.clock()
    before = admin.get("/about").text
    with either_desk.world.services.sessions.begin() as session:
        for channel, name in ((Channel.SMS, "recording"), (Channel.EMAIL, "of another day")):
            session.add(
                ProviderHealth(
                    channel=channel,
                    name=name,
                    state=BreakerState.OPEN,
                    failures=0,
                    trips=1,
                    ready_at=now + timedelta(minutes=2),
                    since=now,
                    reason="no_connection",
                )
            )

    after = unescape(admin.get("/about").text)

    assert "do not go by" not in before
    assert "Texts do not go by recording, which has failed since" in after
    assert "(no_connection)" in after
    assert "of another day" not in after


def test_an_auditor_reads_the_list_and_is_offered_nothing_to_say(desk: Desk) -> None:
    make_late(desk)

    page = desk.sign_in("auditor").get("/overdue").text

    assert "13 hours overdue" in page
    assert "/review" not in page
