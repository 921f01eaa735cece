"""Suspects and a victim's own times on staff pages: shown, chosen on forms, recorded as not concerning her, and undone."""

import re
from datetime import timedelta
from html import unescape
from threading import Thread

import pytest

from models.duties import Duty
from models.milestones import Milestone, UnconcernedSuspect
from models.people import Participation
from models.vocabulary import DutyState, MilestoneKind
from notify.ledger.locking import lock_case
from notify.planning.milestones import Happening, record_milestone
from notify.planning.queries import case_by_ref
from tests.make import contact, make_case, make_plan, make_victim, record, run_ticks, when
from tests.web.staff.kit import Desk, Visitor, faults, typed

REASON = "Another investigation"
SOON = 0.5
"""Seconds in which whoever need not wait is done."""


@pytest.fixture
def part(desk: Desk) -> Participation:
    return make_victim(desk.world)


@pytest.fixture
def officer(desk: Desk) -> Visitor:
    return desk.sign_in()


def page_of(part: Participation, rest: str = "") -> str:
    return f"/victims/{part.id}{rest}"


def section(page: str, heading: str) -> str:
    """The text under one heading."""
    found = page.partition(f">{heading}</h2>")[2].partition("<h2")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", found)).split())


def choice_of(page: str, name: str) -> str:
    """What choosing this suspect sends."""
    found = re.search(rf'value="([^"]*)"[^>]*>\s*<label[^>]*>\s*{re.escape(name)}\s*<', page)
    assert found, name
    return found[1]


def happened(desk: Desk, **more: str) -> dict[str, str]:
    at = desk.world.clock()
    return {
        "kind": "arrest",
        "happened_day-day": str(at.day),
        "happened_day-month": str(at.month),
        "happened_day-year": str(at.year),
        "happened_time": f"{at:%H:%M}",
        "owner": "police",
        **more,
    }


def correction_of(desk: Desk) -> str:
    return f"/milestones/{desk.world.row(Milestone).id}/correct"


def test_the_page_of_a_victim_lists_the_suspects_and_the_look_is_logged(
    desk: Desk, part: Participation, officer: Visitor
) -> None:
    record(desk.world, suspect="Sam Doe")

    page = officer.get(page_of(part)).text

    assert "Sam Doe" in section(page, "Suspects")
    (line,) = desk.audit("suspects viewed")
    assert (line.subject_id, line.detail["count"]) == (part.case_id, 1)


def test_one_who_does_not_concern_her_is_chosen_from_the_list_and_taken_back(
    desk: Desk, part: Participation, officer: Visitor
) -> None:
    record(desk.world, suspect="Sam Doe")
    form = page_of(part, "/suspects/new")
    sam = choice_of(officer.get(form).text, "Sam Doe")

    assert officer.post(form, {"who": sam, "reason": REASON}).status_code == 303

    assert desk.world.row(Duty).state is DutyState.CANCELLED
    assert "Does not concern the victim" in section(officer.get(page_of(part)).text, "Suspects")
    row = desk.world.row(UnconcernedSuspect)
    end = page_of(part, f"/suspects/{row.id}/end")
    assert "Sam Doe" in officer.get(end).text

    assert officer.post(end, {"reason": REASON}).status_code == 303

    assert sorted(duty.state for duty in desk.world.rows(Duty)) == [DutyState.CANCELLED, DutyState.OPEN]
    assert "Does not concern" not in section(officer.get(page_of(part)).text, "Suspects")


def test_one_whom_no_milestone_names_yet_can_be_written(
    desk: Desk, part: Participation, officer: Visitor
) -> None:
    officer.post(page_of(part, "/suspects/new"), {"who": "another", "another": "Sam Doe", "reason": REASON})
    record(desk.world, suspect="sam doe")

    assert desk.world.rows(Duty) == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "Choose the suspect"),
        ({"who": "another"}, "Enter the other suspect"),
        ({"who": "00ff"}, "Choose one of the list"),
        ({"who": "nobody"}, "Choose the suspect"),
    ],
)
def test_a_form_that_names_nobody_is_refused_and_changes_nothing(
    desk: Desk, part: Participation, officer: Visitor, fields: dict[str, str], said: str
) -> None:
    answer = officer.post(page_of(part, "/suspects/new"), {**fields, "reason": REASON})

    assert faults(answer.text) == [("another", said)]
    assert desk.world.rows(UnconcernedSuspect) == []


def test_the_same_suspect_twice_is_refused_beside_the_field(
    desk: Desk, part: Participation, officer: Visitor
) -> None:
    for _ in range(2):
        answer = officer.post(
            page_of(part, "/suspects/new"), {"who": "another", "another": "Sam Doe", "reason": REASON}
        )

    assert faults(answer.text) == [
        ("another", "Another suspect: is recorded already as not concerning this victim")
    ]
    assert len(desk.world.rows(UnconcernedSuspect)) == 1


def test_what_was_recorded_of_one_victim_is_not_found_under_another(
    desk: Desk, part: Participation, officer: Visitor
) -> None:
    other = make_victim(desk.world, "V-2", mobile=None)
    officer.post(page_of(part, "/suspects/new"), {"who": "another", "another": "Sam Doe", "reason": REASON})
    end = page_of(other, f"/suspects/{desk.world.row(UnconcernedSuspect).id}/end")

    assert officer.get(end).status_code == 404
    assert officer.post(end, {"reason": REASON}, on=page_of(part, "/pause")).status_code == 404
    assert desk.world.row(UnconcernedSuspect).ended_at is None


@pytest.mark.parametrize("ref", ["stranger", "auditor", "admin"])
def test_who_may_not_change_the_case_changes_nothing(desk: Desk, part: Participation, ref: str) -> None:
    officer = desk.sign_in()
    officer.post(page_of(part, "/suspects/new"), {"who": "another", "another": "Sam Doe", "reason": REASON})
    row = desk.world.row(UnconcernedSuspect)
    visitor = desk.sign_in(ref)
    fields = {"who": "another", "another": "Alex Roe", "reason": REASON}

    refused = {
        visitor.post(page_of(part, "/suspects/new"), fields, on="/about").status_code,
        visitor.post(page_of(part, f"/suspects/{row.id}/end"), fields, on="/about").status_code,
    }

    assert refused <= {400, 403, 404}
    assert [one.ended_at for one in desk.world.rows(UnconcernedSuspect)] == [None]


def test_suspects_of_a_restricted_case_are_not_there_for_whoever_is_not_on_its_list(desk: Desk) -> None:
    make_case(desk.world, "C-2", allow=["supervisor"])
    hidden = make_victim(desk.world, "V-2", case="C-2", mobile=None)
    record(desk.world, suspect="Sam Doe", case="C-2")

    page = desk.sign_in("auditor").get(page_of(hidden))

    assert page.status_code == 404
    assert "Sam Doe" not in page.text


def test_the_milestone_form_offers_the_suspects_of_the_case_and_another(
    desk: Desk, part: Participation, officer: Visitor
) -> None:
    form = f"/cases/{part.case_id}/milestones/new"
    assert "Which suspect?" not in officer.get(form).text
    record(desk.world, suspect="Sam Doe")
    sam = choice_of(officer.get(form).text, "Sam Doe")

    assert officer.post(form, happened(desk, who=sam)).status_code == 303
    assert officer.post(form, happened(desk, who="another", suspect="Alex Roe")).status_code == 303
    assert officer.post(form, happened(desk, who="nobody")).status_code == 303

    assert len({row.suspect_index for row in desk.world.rows(Milestone)}) == 3
    assert sum(row.suspect_index is None for row in desk.world.rows(Milestone)) == 1


def test_a_choice_and_another_name_do_not_go_together(
    desk: Desk, part: Participation, officer: Visitor
) -> None:
    record(desk.world, suspect="Sam Doe")
    form = f"/cases/{part.case_id}/milestones/new"
    sam = choice_of(officer.get(form).text, "Sam Doe")

    answer = officer.post(form, happened(desk, who=sam, suspect="Alex Roe"))

    assert faults(answer.text) == [("suspect", "Choose one of the list or enter another, not both")]
    assert typed(answer.text, "suspect") == "Alex Roe"
    assert len(desk.world.rows(Milestone)) == 1


def test_a_correction_keeps_the_suspect_as_it_was_spelt_unless_another_is_chosen(
    desk: Desk, part: Participation, officer: Visitor
) -> None:
    record(desk.world, suspect="SAM  Doe")
    before = desk.world.row(Milestone).suspect_index
    assert before is not None
    sam = before.hex()
    assert f'value="{sam}" checked' in officer.get(correction_of(desk)).text

    same = officer.post(correction_of(desk), happened(desk, who=sam, why="slip"))
    assert "is corrected to what it says already" in same.text

    officer.post(correction_of(desk), happened(desk, who="another", suspect="Alex Roe", why="slip"))
    assert desk.world.row(Milestone).suspect_index not in (None, before)

    officer.post(correction_of(desk), happened(desk, who="nobody", why="slip"))
    assert desk.world.row(Milestone).suspect_index is None


def test_no_name_of_a_suspect_stands_in_an_address_or_a_title(
    desk: Desk, part: Participation, officer: Visitor
) -> None:
    record(desk.world, suspect="Sam Doe")

    page = officer.get(page_of(part)).text

    assert not [link for link in re.findall(r'(?:href|action)="([^"]*)"', page) if "Doe" in link]
    assert "Doe" not in page.partition("<title>")[2].partition("</title>")[0]


def test_her_own_time_is_shown_with_its_last_day_and_what_became_of_the_reminder(
    desk: Desk, part: Participation, officer: Visitor
) -> None:
    make_plan(desk.world)
    record(desk.world, "police_no_further_action")
    shown = section(officer.get(page_of(part)).text, "What the victim may ask for")
    assert "Begins when the victim is told of the decision" in shown
    assert "Not told yet" in shown

    contact(desk.world)
    run_ticks(desk.world)
    shown = section(officer.get(page_of(part)).text, "What the victim may ask for")
    assert "the end of Sunday 5 April 2026" in shown
    assert "if the plan allows it then" in shown

    run_ticks(desk.world, until=when("Mon 6 Apr 2026 00:00") - timedelta(days=1))
    officer = desk.sign_in()
    assert "Sent on 19 February 2026" in section(
        officer.get(page_of(part)).text, "What the victim may ask for"
    )


def test_a_sentence_told_after_her_time_was_over_is_said_plainly(desk: Desk, part: Participation) -> None:
    record(desk.world, "sentence")
    desk.world.clock.now = when("Tue 3 Feb 2026 09:00")
    contact(desk.world)

    page = desk.sign_in().get(page_of(part)).text

    assert "Told 3 February 2026 at 9:00am: the time was over already" in section(
        page, "What the victim may ask for"
    )


def test_it_is_recorded_while_somebody_records_what_the_suspect_did(either_desk: Desk) -> None:
    world = either_desk.world
    part = make_victim(world)
    visitor = either_desk.sign_in()
    fields = {"who": "another", "another": "Sam Doe", "reason": REASON}
    page = Thread(target=visitor.post, args=(page_of(part, "/suspects/new"), fields))

    with world.acting() as act:
        case = case_by_ref(act.session, "C-1")
        lock_case(act, case.id)
        page.start()
        page.join(timeout=SOON)
        happening = Happening(MilestoneKind.ARREST, act.at, act.at, suspect="Sam Doe")
        record_milestone(act, world.services.rulebook, case.id, happening)
    page.join()

    assert world.row(UnconcernedSuspect).ended_at is None
    assert world.row(Duty).state is DutyState.CANCELLED
