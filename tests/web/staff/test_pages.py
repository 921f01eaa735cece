"""The other pages of an officer and a supervisor: each does what it says, or says beside its field why not.

Long because every form is tried with what is right and with each thing that can be wrong in it.
"""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from models.cases import Case, CaseAccess
from models.duties import Duty
from models.ledger import ContactEntry
from models.messages import Inbound, SealedUpdate
from models.milestones import Milestone, MilestoneCorrection
from models.oversight import Alert, Task
from models.people import ContactPoint, Participation, Representative, Victim
from models.session import open_database
from models.vocabulary import (
    AlertState,
    Channel,
    ContactPointState,
    Detail,
    DutyState,
    RiskLevel,
    TaskKind,
    TaskState,
)
from notify.delivery.providers.base import Outgoing
from notify.delivery.providers.outbox import Outbox
from notify.delivery.sealed_updates import check_secret, find_by_sign_in_name
from notify.ledger.audit import THE_SERVICE
from tests.certificates import make_certificate_of
from tests.make import (
    ChannelPlan,
    contact,
    inbound,
    make_case,
    make_plan,
    make_victim,
    read_page,
    record,
    run_ticks,
    when,
)
from tests.web.staff.kit import Desk, Visitor, faults, make_colleague, make_desk, typed

HAPPENED = {
    "kind": "bail_granted",
    "happened_day-day": "5",
    "happened_day-month": "1",
    "happened_day-year": "2026",
    "happened_time": "09:15",
    "owner": "police",
}


@pytest.fixture
def part(desk: Desk) -> Participation:
    return make_victim(desk.world, name="Ada Example", mobile="07700 900123")


@pytest.fixture
def officer(desk: Desk) -> Visitor:
    return desk.sign_in("officer")


def now(desk: Desk, part: Participation) -> Participation:
    return desk.world.row(Participation, id=part.id)


def milestone_page(part: Participation) -> str:
    return f"/cases/{part.case_id}/milestones/new"


def test_a_pause_a_resume_and_a_decline_are_recorded_with_their_reasons(
    desk: Desk, part: Participation, officer: Visitor
) -> None:
    for act, moment in (("pause", "paused_at"), ("resume", "resumed_at"), ("decline", "declined_at")):
        answer = officer.post(f"/victims/{part.id}/{act}", {"reason": "She asked for it"})

        assert answer.status_code == 303
        assert getattr(now(desk, part), moment) == desk.world.clock()
    assert len(desk.audit("paused", "resumed", "declined")) == 3


def test_whoever_paused_or_declined_is_marked_wherever_she_is_shown(
    desk: Desk, part: Participation, officer: Visitor
) -> None:
    officer.post(f"/victims/{part.id}/pause", {"reason": "She asked for it"})

    for path in ("/cases", f"/cases/{part.case_id}", f"/victims/{part.id}", f"/victims/{part.id}/plan"):
        assert "Paused" in officer.get(path).text, path


def test_a_second_pause_is_refused_in_words_and_changes_nothing(
    desk: Desk, part: Participation, officer: Visitor
) -> None:
    officer.post(f"/victims/{part.id}/pause", {"reason": "once"})
    desk.world.clock.pass_time(minutes=5)

    answer = officer.post(f"/victims/{part.id}/pause", {"reason": "twice"})

    assert answer.status_code == 200
    assert "Victim has asked for a pause already" in answer.text
    assert "twice" in answer.text
    assert now(desk, part).paused_at != desk.world.clock()


@pytest.mark.parametrize("act", ["pause", "resume", "decline"])
def test_an_act_without_a_reason_is_refused(
    desk: Desk, part: Participation, officer: Visitor, act: str
) -> None:
    answer = officer.post(f"/victims/{part.id}/{act}", {"reason": "  "})

    assert faults(answer.text) == [("reason", "Enter the reason")]
    assert desk.audit("paused", "resumed", "declined") == []


def test_a_victim_is_enrolled_with_her_signs(desk: Desk, officer: Visitor) -> None:
    case = desk.world.row(Case)
    fields = {"victim": "V-5", "name": "Ben Sample", "enhanced": ["most_serious", "persistently_targeted"],
              "risk": "medium", "language": "cy", "date_of_birth-day": "1", "date_of_birth-month": "2",
              "date_of_birth-year": "2015"}  # fmt: skip

    officer.post(f"/cases/{case.id}/victims/new", fields)

    made = desk.world.row(Participation)
    assert made.risk is RiskLevel.MEDIUM
    assert made.enhanced == ["most_serious", "persistently_targeted", "vulnerable_or_intimidated"]
    page = officer.get(f"/cases/{case.id}").text
    assert "Priority" in page
    assert "Medium risk" in page


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"victim": ""}, "victim"),
        ({"victim": "V-1"}, "victim"),
        ({"victim": "V\u20285"}, "victim"),
        ({"victim": "x" * 101}, "victim"),
        ({"name": ""}, "name"),
        ({"victim": "V-2", "name": "Somebody Else"}, "name"),
        ({"risk": "none"}, "risk"),
        ({"language": "english please"}, "language"),
        ({"enhanced": ["royal"]}, "enhanced"),
        (
            {"date_of_birth-day": "31", "date_of_birth-month": "2", "date_of_birth-year": "1990"},
            "date_of_birth-day",
        ),
        (
            {"date_of_birth-day": "1", "date_of_birth-month": "2", "date_of_birth-year": "0090"},
            "date_of_birth-day",
        ),
    ],
)
def test_an_enrolment_that_cannot_be_names_its_field_and_keeps_the_rest(
    desk: Desk, part: Participation, officer: Visitor, change: dict[str, Any], field: str
) -> None:
    make_case(desk.world, "C-2")
    make_victim(desk.world, "V-2", case="C-2", name="Cara Sample", mobile=None)
    fields = {"victim": "V-5", "name": "Ada Example", "risk": "high", "language": "en", **change}

    answer = officer.post(f"/cases/{part.case_id}/victims/new", fields)

    assert answer.status_code == 200
    assert [anchor for anchor, _ in faults(answer.text)] == [field]
    assert typed(answer.text, "name") == (fields["name"] or None) or not fields["name"]
    assert len(desk.world.rows(Participation, case_id=part.case_id)) == 1


def test_a_case_is_opened_in_the_officers_own_unit(desk: Desk, officer: Visitor) -> None:
    fields = {"case": "C-5", "offence": "Example offence", "officer": str(desk.world.staff["supervisor"].id)}

    answer = officer.post("/cases/new", fields)

    made = desk.world.row(Case, ref="C-5")
    assert answer.headers["Location"] == f"/cases/{made.id}"
    assert (made.unit_id, made.officer_id) == (
        desk.world.staff["officer"].unit_id,
        desk.world.staff["supervisor"].id,
    )


def test_a_restricted_case_is_for_those_who_were_listed(desk: Desk, officer: Visitor) -> None:
    fields = {"case": "C-5", "offence": "Example offence", "officer": str(desk.world.staff["officer"].id),
              "restricted": "y", "allow": "supervisor\n\nstranger"}  # fmt: skip

    officer.post("/cases/new", fields)

    listed = {row.staff_id for row in desk.world.rows(CaseAccess)}
    assert listed == {desk.world.staff[ref].id for ref in ("officer", "supervisor", "stranger")}


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"case": "C-1"}, "case", "Case reference: is used already"),
        ({"offence": ""}, "offence", "Enter the offence"),
        ({"officer": str(UUID(int=5))}, "officer", "Choose one of the list"),
        ({"restricted": "y", "allow": "ghost"}, "allow", "Who else may see it: is not known"),
        ({"allow": "supervisor"}, "allow", "Who else may see it: goes with a restricted case only"),
    ],
)
def test_a_case_that_cannot_be_names_its_field(
    desk: Desk, officer: Visitor, change: dict[str, Any], field: str, said: str
) -> None:
    fields = {"case": "C-5", "offence": "Example", "officer": str(desk.world.staff["officer"].id), **change}

    answer = officer.post("/cases/new", fields)

    assert faults(answer.text) == [(field, said)]
    assert len(desk.world.rows(Case)) == 1


def test_only_writers_of_the_own_unit_can_be_the_officer(desk: Desk, officer: Visitor) -> None:
    page = officer.get("/cases/new").text

    offered = {ref for ref, staff in desk.world.staff.items() if f'value="{staff.id}"' in page}
    assert offered == {"officer", "supervisor"}


def test_a_contact_point_is_added_verified_and_suspended(
    desk: Desk, part: Participation, officer: Visitor
) -> None:
    victim = f"/victims/{part.id}"
    officer.post(
        f"{victim}/contact-points/new", {"kind": "email", "value": "Ada@EXAMPLE.com", "belongs_to": "victim"}
    )
    (point,) = [row for row in desk.world.rows(ContactPoint) if row.kind == "email"]
    assert point.state is ContactPointState.PENDING
    assert "Ada@example.com" in officer.get(victim).text

    for act, state in (("verify", "verified"), ("suspend", "suspended"), ("verify", "verified")):
        assert (
            officer.post(f"{victim}/contact-points/{point.id}/{act}", {"reason": "asked her"}).status_code
            == 303
        )
        assert desk.world.row(ContactPoint, id=point.id).state == state


@pytest.mark.parametrize(
    ("fields", "field", "said"),
    [
        ({"kind": "mobile", "value": "0207 946 0018"}, "value", "Number or address: not a mobile number"),
        ({"kind": "email", "value": "ada"}, "value", "Number or address: not an e-mail address"),
        ({"kind": "pigeon", "value": "coo"}, "kind", "Choose what it is"),
        (
            {"kind": "mobile", "value": "07700 900124", "belongs_to": "him"},
            "belongs_to",
            "Choose one of the list",
        ),
    ],
)
def test_a_contact_point_that_cannot_be_names_its_field(
    desk: Desk, part: Participation, officer: Visitor, fields: dict[str, str], field: str, said: str
) -> None:
    answer = officer.post(f"/victims/{part.id}/contact-points/new", {"belongs_to": "victim", **fields})

    assert faults(answer.text) == [(field, said)]
    assert len(desk.world.rows(ContactPoint)) == 1


def test_mail_to_a_representative_is_sealed_with_a_certificate_that_fits(
    desk: Desk, part: Participation, officer: Visitor
) -> None:
    victim_page = f"/victims/{part.id}"
    day = {f"{name}-{box}": value for name in ("consent_at", "starts_at")
           for box, value in (("day", "5"), ("month", "1"), ("year", "2026"))}  # fmt: skip
    officer.post(f"{victim_page}/representatives/new", {"kind": "idva", "name": "Dee", "scope": "All", **day})
    whose = str(desk.world.row(Representative).id)
    officer.post(
        f"{victim_page}/contact-points/new",
        {"kind": "email", "value": "dee@agency.example", "belongs_to": whose},
    )
    point = desk.world.row(ContactPoint, representative_id=desk.world.row(Representative).id)
    path = f"{victim_page}/contact-points/{point.id}/certificate"
    _, fits = make_certificate_of("dee@agency.example")
    _, another = make_certificate_of("other@agency.example")

    refused = officer.post(path, {"certificate": another, "reason": "Handed over"})
    officer.post(path, {"certificate": fits, "reason": "Handed over"})

    assert "is for another e-mail address" in refused.text
    assert desk.world.row(ContactPoint, id=point.id).certificate_sealed
    assert "E-mail is sealed with a certificate" in officer.get(victim_page).text
    officer.post(path, {"certificate": "", "reason": "Lost"})
    assert desk.world.row(ContactPoint, id=point.id).certificate_sealed is None


def test_a_representative_is_added_reached_and_ended(
    desk: Desk, part: Participation, officer: Visitor
) -> None:
    victim = f"/victims/{part.id}"
    day = {f"{name}-{box}": value for name in ("consent_at", "starts_at")
           for box, value in (("day", "5"), ("month", "1"), ("year", "2026"))}  # fmt: skip
    officer.post(
        f"{victim}/representatives/new", {"kind": "idva", "name": "Dee Sample", "scope": "Everything", **day}
    )
    one = desk.world.row(Representative)
    officer.post(
        f"{victim}/contact-points/new", {"kind": "mobile", "value": "07700 900999", "belongs_to": str(one.id)}
    )
    point = desk.world.row(ContactPoint, representative_id=one.id)
    assert "Dee Sample" in officer.get(victim).text

    officer.post(f"{victim}/representatives/{one.id}/end", {"reason": "No longer wanted"})

    assert desk.world.row(Representative).ends_at == desk.world.clock()
    assert desk.world.row(ContactPoint, id=point.id).state is ContactPointState.SUSPENDED


def test_a_representation_that_ends_before_it_starts_is_refused(
    part: Participation, officer: Visitor
) -> None:
    days = {"consent_at-day": "5", "starts_at-day": "5", "ends_at-day": "1"}
    rest = {f"{name}-{box}": value for name in ("consent_at", "starts_at", "ends_at")
            for box, value in (("month", "1"), ("year", "2026"))}  # fmt: skip

    answer = officer.post(
        f"/victims/{part.id}/representatives/new",
        {"kind": "idva", "name": "Dee Sample", "scope": "Everything", **days, **rest},
    )

    assert faults(answer.text) == [("ends_at-day", "The last day must not be before the first")]


def test_the_secret_opens_the_private_page_and_is_shown_nowhere(
    desk: Desk, part: Participation, officer: Visitor
) -> None:
    make_plan(desk.world, ChannelPlan(detail=Detail.LINK))
    assert desk.world.row(Task, kind=TaskKind.AGREE_SECRET).state is TaskState.OPEN

    officer.post(f"/victims/{part.id}/secret", {"secret": "Blue Teapot"})
    officer.post(f"/victims/{part.id}/sign-in-name", {"sign_in_name": "Kitchen"})

    with desk.world.services.acting(THE_SERVICE) as act:
        found = find_by_sign_in_name(act, "kitchen")
        assert found
        assert check_secret(act, found, "blueteapot")
    assert desk.world.row(Task, kind=TaskKind.AGREE_SECRET).state is TaskState.DONE
    page = officer.get(f"/victims/{part.id}").text
    assert "PIN or code word set, sign-in name set" in page
    assert "eapot" not in page


def test_a_secret_that_is_too_short_is_refused_and_not_sent_back(
    desk: Desk, part: Participation, officer: Visitor
) -> None:
    answer = officer.post(f"/victims/{part.id}/secret", {"secret": "q7z"})

    assert faults(answer.text) == [("secret", "PIN or code word: must have 4 to 64 characters")]
    assert "q7z" not in answer.text
    assert desk.world.row(Victim).secret_hash_sealed is None


def test_support_for_a_prosecution_is_recorded(desk: Desk, part: Participation, officer: Visitor) -> None:
    officer.post(f"/victims/{part.id}/support", {"supports": "unsure", "reason": "afraid"})

    assert now(desk, part).supports == "unsure"
    assert "Unsure" in officer.get(f"/victims/{part.id}").text


def test_a_milestone_makes_its_duties_and_the_page_says_how_many(
    desk: Desk, part: Participation, officer: Visitor
) -> None:
    fields = HAPPENED | {"facts-conditions": "not to contact you", "facts-bail_until": "3 April 2026", "learned_day-day": "5",
                         "learned_day-month": "1", "learned_day-year": "2026", "learned_time": "09.45"}  # fmt: skip

    answer = officer.post(milestone_page(part), fields)

    assert "Bail granted is recorded. It made 1 duty." in officer.get(answer.headers["Location"]).text
    milestone = desk.world.row(Milestone)
    assert milestone.happened_at == datetime(2026, 1, 5, 9, 15, tzinfo=UTC)
    assert milestone.learned_at == datetime(2026, 1, 5, 9, 45, tzinfo=UTC)
    page = officer.get(f"/cases/{part.case_id}").text
    assert "Conditions: not to contact you" in page
    assert desk.world.row(Duty).kind == "bail_granted"


def test_a_milestone_form_sent_twice_records_one_milestone(
    desk: Desk, part: Participation, officer: Visitor
) -> None:
    once = re.findall(r'name="once"[^>]*value="([^"]+)"', officer.get(milestone_page(part)).text)
    fields = HAPPENED | {"once": once[0]}

    officer.post(milestone_page(part), fields)
    answer = officer.post(milestone_page(part), fields)

    assert "That was recorded already." in officer.get(answer.headers["Location"]).text
    assert len(desk.world.rows(Milestone)) == 1


def test_a_milestone_form_sent_again_with_something_else_in_it_is_refused(
    desk: Desk, part: Participation, officer: Visitor
) -> None:
    once = re.findall(r'name="once"[^>]*value="([^"]+)"', officer.get(milestone_page(part)).text)
    officer.post(milestone_page(part), HAPPENED | {"once": once[0]})

    answer = officer.post(milestone_page(part), HAPPENED | {"once": once[0], "kind": "arrest"})

    assert "was sent before and said something else" in answer.text
    assert len(desk.world.rows(Milestone)) == 1


@pytest.mark.parametrize("once", ["", "not an id", "' or 1=1"])
def test_a_milestone_form_without_its_mark_is_taken_as_a_new_one(
    desk: Desk, part: Participation, officer: Visitor, once: str
) -> None:
    for _ in range(2):
        officer.post(milestone_page(part), HAPPENED | {"once": once})

    assert len(desk.world.rows(Milestone)) == 2


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"kind": ""}, "kind", "Choose what happened"),
        ({"kind": "alien_landing"}, "kind", "Choose one of the list"),
        ({"happened_day-day": ""}, "happened_day-day", "Enter a day, a month and a year as numbers"),
        ({"happened_time": "noon"}, "happened_time", "Enter a time like 09:30"),
        ({"happened_time": "10:06"}, "happened_time", "Time it happened: lies in the future"),
        ({"learned_time": "09:30"}, "learned_day-day", "Enter the day you learned of it"),
        ({"learned_day-day": "5", "learned_day-month": "1", "learned_day-year": "2026"}, "learned_time",
         "Enter the time you learned of it"),
        ({"learned_day-day": "5", "learned_day-month": "1", "learned_day-year": "2026", "learned_time": "09:00"},
         "learned_time", "You cannot have learned of it before it happened"),
        ({"facts-conditions": "x" * 501}, "facts-conditions", "Conditions must be 500 characters or fewer"),
    ],
)  # fmt: skip
def test_a_milestone_that_cannot_be_names_its_field_keeps_what_was_typed_and_makes_nothing(
    desk: Desk, part: Participation, officer: Visitor, change: dict[str, str], field: str, said: str
) -> None:
    answer = officer.post(milestone_page(part), {**HAPPENED, "suspect": "Suspect A", **change})

    assert faults(answer.text) == [(field, said)]
    assert typed(answer.text, "suspect") == "Suspect A"
    assert desk.world.rows(Milestone) == []


def test_what_happens_after_a_case_is_closed_can_still_be_recorded(
    desk: Desk, part: Participation, officer: Visitor
) -> None:
    officer.post(f"/cases/{part.case_id}/close", {"reason": "ended"})
    page = officer.get(f"/cases/{part.case_id}").text
    assert "Closed" in page
    assert "Enrol a victim" not in page
    assert milestone_page(part) in page

    officer.post(milestone_page(part), HAPPENED)

    assert desk.world.duty("R6-BAIL").state is DutyState.OPEN


def test_a_case_is_closed_once(desk: Desk, part: Participation, officer: Visitor) -> None:
    officer.post(f"/cases/{part.case_id}/close", {"reason": "ended"})

    answer = officer.post(f"/cases/{part.case_id}/close", {"reason": "again"})

    assert "Case is closed already" in answer.text


def test_a_correction_keeps_what_was_said_before_and_plans_anew(
    desk: Desk, part: Participation, officer: Visitor
) -> None:
    happened = when("Mon 5 Jan 2026 09:15").replace(second=42)
    milestone, _ = record(
        desk.world, "bail_granted", happened_at=happened, facts={"conditions": "none", "house rule": "kept"}
    )
    path = f"/milestones/{milestone.id}/correct"
    page = officer.get(path).text
    assert typed(page, "facts-conditions") == "none"

    officer.post(path, HAPPENED | {"facts-conditions": "not to contact you", "why": "Read the record again"})

    kept = desk.world.row(Milestone)
    assert kept.happened_at == happened  # the minute was left as it stood, so the second is too
    assert desk.world.row(MilestoneCorrection).by_id == desk.world.staff["officer"].id
    assert sorted(duty.state for duty in desk.world.rows(Duty)) == [DutyState.CANCELLED, DutyState.OPEN]
    page = officer.get(f"/cases/{part.case_id}").text
    for words in ("Corrected", "Read the record again", "House rule: kept", "Conditions: not to contact you"):
        assert words in page


def test_a_withdrawn_milestone_stays_on_the_timeline_and_says_why(
    desk: Desk, part: Participation, officer: Visitor
) -> None:
    milestone, _ = record(desk.world, "bail_granted")
    contact(desk.world)
    path = f"/milestones/{milestone.id}/withdraw"
    assert path in officer.get(f"/cases/{part.case_id}").text
    assert "Enter the reason" in officer.post(path).text
    assert desk.world.row(Milestone).withdrawn_at is None

    officer.post(path, {"reason": "Entered for another case"})

    assert desk.world.row(Milestone).withdrawn_at == desk.world.clock()
    page = officer.get(f"/cases/{part.case_id}").text
    for words in (
        "Victims who were told of it and must be rung: 1.",
        "Withdrawn",
        "Withdrawal",
        "Entered for another case",
    ):
        assert words in page
    assert path not in page
    assert "Milestone is withdrawn" in officer.post(path, {"reason": "again"}).text


def test_a_correction_is_told_by_a_person_who_reads_how_and_is_not_released(
    desk: Desk, part: Participation, officer: Visitor
) -> None:
    milestone, _ = record(desk.world, "police_no_further_action")
    contact(desk.world)
    officer.post(f"/milestones/{milestone.id}/withdraw", {"reason": "Entered for another case"})
    owed = desk.world.row(Duty, rule="CORRECTION")

    page = officer.get(f"/victims/{part.id}/contacts/new").text

    assert "what she was told was wrong" in page
    assert f"/duties/{owed.id}/release" not in officer.get(f"/victims/{part.id}").text
    assert officer.get(f"/duties/{owed.id}/release").status_code == 404


def test_a_correction_to_the_same_is_refused(desk: Desk, part: Participation, officer: Visitor) -> None:
    milestone, _ = record(desk.world, "bail_granted", happened_at=when("Mon 5 Jan 2026 09:15"))

    answer = officer.post(f"/milestones/{milestone.id}/correct", HAPPENED | {"why": "To be sure"})

    assert "Milestone is corrected to what it says already" in answer.text
    assert desk.world.rows(MilestoneCorrection) == []


def test_only_what_was_ticked_is_told_even_under_one_rule(
    desk: Desk, part: Participation, officer: Visitor
) -> None:
    record(desk.world, "bail_conditions_changed")
    record(desk.world, "bail_conditions_changed")
    first, second = desk.world.rows(Duty)
    assert first.rule == second.rule
    path = f"/victims/{part.id}/contacts/new"
    assert len(re.findall(r"value=\S+ checked", officer.get(path).text)) == 2

    officer.post(path, {"outcome": "met_in_person", "covers": [str(first.id)], "contact_point": ""})

    assert desk.world.row(Duty, id=first.id).state is DutyState.TOLD
    assert desk.world.row(Duty, id=second.id).state is DutyState.OPEN


def test_a_voicemail_tells_nothing(desk: Desk, part: Participation, officer: Visitor) -> None:
    record(desk.world)

    officer.post(
        f"/victims/{part.id}/contacts/new",
        {"outcome": "voicemail", "covers": [str(desk.world.duty().id)], "contact_point": ""},
    )

    assert desk.world.row(ContactEntry).rules == ["R6-ARREST"]
    assert desk.world.duty().state is DutyState.OPEN


def test_another_person_answering_suspends_the_number_that_was_rung(
    desk: Desk, part: Participation, officer: Visitor
) -> None:
    point = desk.world.row(ContactPoint)

    officer.post(
        f"/victims/{part.id}/contacts/new",
        {"outcome": "other_person_answered", "contact_point": str(point.id)},
    )

    assert desk.world.row(ContactPoint).state is ContactPointState.SUSPENDED


def test_a_duty_that_closed_meanwhile_cannot_be_ticked(
    desk: Desk, part: Participation, officer: Visitor
) -> None:
    record(desk.world)
    duty = desk.world.duty()
    officer.post(f"/duties/{duty.id}/waive", {"reason": "told at the station"})

    answer = officer.post(
        f"/victims/{part.id}/contacts/new",
        {"outcome": "met_in_person", "covers": [str(duty.id)], "contact_point": ""},
    )

    assert desk.world.rows(ContactEntry) == []
    assert answer.status_code == 200
    assert "There is a problem" in answer.text


def test_what_to_say_is_shown_for_news_that_a_person_must_tell(
    desk: Desk, part: Participation, officer: Visitor
) -> None:
    record(desk.world, "arrest")
    assert "When you ring about this" not in officer.get(f"/victims/{part.id}/contacts/new").text

    record(desk.world, "police_no_further_action")

    assert "I have some hard news" in officer.get(f"/victims/{part.id}/contacts/new").text


def test_a_waived_duty_is_closed_with_its_reason_and_cannot_be_waived_again(
    desk: Desk, part: Participation, officer: Visitor
) -> None:
    record(desk.world)
    path = f"/duties/{desk.world.duty().id}/waive"

    officer.post(path, {"reason": "told at the station"})

    assert desk.world.duty().state is DutyState.WAIVED
    assert "Reason: told at the station" in officer.get(f"/cases/{part.case_id}").text
    assert "Duty is closed already" in officer.post(path, {"reason": "again"}).text


def test_officer_first_news_is_read_only_after_its_release(
    desk: Desk, part: Participation, officer: Visitor
) -> None:
    record(desk.world, "police_no_further_action")
    run_ticks(desk.world)
    assert desk.world.rows(SealedUpdate) == []
    path = f"/duties/{desk.world.row(Duty).id}/release"

    assert officer.post(path).status_code == 303
    read_page(desk.world)

    assert desk.world.row(Duty).state is DutyState.TOLD
    assert "has no update to release" in officer.post(path).text


def test_news_that_messages_may_carry_is_not_released_by_hand(
    desk: Desk, part: Participation, officer: Visitor
) -> None:
    record(desk.world, "arrest")

    assert officer.get(f"/duties/{desk.world.duty().id}/release").status_code == 404


def test_the_due_list_holds_what_is_due_by_the_end_of_the_next_working_day(
    desk: Desk, officer: Visitor
) -> None:
    desk.world.clock.now = when("Fri 9 Jan 2026 10:00")
    officer = desk.sign_in()
    make_victim(desk.world, "V-1", name="Ada Example", enhanced=True)
    make_victim(desk.world, "V-2", name="Ben Sample", mobile="07700 900002")
    record(desk.world, "arrest")

    page = officer.get("/due").text
    duties = page.partition("My tasks")[0]

    assert "Ada Example" in duties  # enhanced: by the end of Monday
    assert "Ben Sample" not in duties  # five working days


def test_an_officers_due_list_is_her_own_unless_the_units_is_asked_for(
    desk: Desk, part: Participation
) -> None:
    record(desk.world, "bail_granted")
    make_colleague(desk)
    colleague = desk.sign_in("colleague")

    assert "Ada Example" not in colleague.get("/due").text
    assert "Ada Example" in colleague.get("/due?show=unit").text


def test_a_task_is_done_when_the_officer_says_so(desk: Desk, part: Participation, officer: Visitor) -> None:
    record(desk.world, "police_no_further_action")
    task = desk.world.row(Task)
    assert f"/tasks/{task.id}/done" in officer.get("/due").text

    assert officer.post(f"/tasks/{task.id}/done", {"note": "rang twice"}).headers["Location"] == "/due"

    done = desk.world.row(Task)
    assert (done.state, done.done_by_id) == (TaskState.DONE, desk.world.staff["officer"].id)
    assert "is not open any more" in officer.post(f"/tasks/{task.id}/done", {"note": ""}).text


def test_what_came_in_from_her_phone_is_shown_with_the_case_and_the_task(
    desk: Desk, part: Participation, officer: Visitor
) -> None:
    inbound(desk.world, "Who is <this>?", sender="07700 900123")
    task = desk.world.row(Task, kind=TaskKind.FOLLOW_UP_INBOUND)

    for path in (f"/cases/{part.case_id}", f"/tasks/{task.id}/done"):
        assert "“Who is &lt;this&gt;?”" in officer.get(path).text, path


def make_overdue(desk: Desk) -> Visitor:
    """A standard, a high-risk and an enhanced victim of the same arrest, all told of nothing."""
    make_victim(desk.world, "V-1", name="Ada Standard")
    high = make_victim(desk.world, "V-2", name="Ben High", mobile="07700 900002")
    make_victim(desk.world, "V-3", name="Cara Enhanced", mobile="07700 900003", enhanced=True)
    with desk.world.services.sessions.begin() as session:
        session.get_one(Participation, high.id).risk = RiskLevel.HIGH
    record(desk.world, "arrest")
    run_ticks(desk.world, when("Tue 13 Jan 2026 09:00"))
    return desk.sign_in("supervisor")


def test_the_overdue_list_puts_enhanced_rights_first_then_risk(desk: Desk) -> None:
    page = make_overdue(desk).get("/overdue").text

    names = ["Cara Enhanced", "Ben High", "Ada Standard"]
    assert sorted(names, key=page.index) == names
    assert "Escalated" in page
    assert "9 hours overdue" in page


def test_an_alert_is_seen_then_resolved_and_leaves_the_list_but_the_duty_stays(desk: Desk) -> None:
    supervisor = make_overdue(desk)
    alert = next(alert for alert in desk.world.rows(Alert) if alert.level == "escalated")

    supervisor.post(f"/alerts/{alert.id}/acknowledge", on="/overdue")
    assert desk.world.row(Alert, id=alert.id).state is AlertState.ACKNOWLEDGED
    assert "Seen by Officer (fictional), 13 January 2026" in supervisor.get("/overdue").text

    empty = supervisor.post(f"/alerts/{alert.id}/resolve", {"note": ""})
    assert faults(empty.text) == [("note", "Enter what was done")]
    supervisor.post(f"/alerts/{alert.id}/resolve", {"note": "Spoke to the officer"})

    assert "Cara Enhanced" not in supervisor.get("/overdue").text
    assert desk.world.row(Duty, id=alert.duty_id).state is DutyState.OPEN
    again = supervisor.post(f"/alerts/{alert.id}/resolve", {"note": "Again"})
    assert "Alert is resolved already" in again.text


def test_what_came_in_from_an_unknown_number_is_shown_to_a_supervisor_and_the_look_is_logged(
    either_desk: Desk,
) -> None:
    desk = either_desk
    inbound(desk.world, "Long ago", sender="07700 900555")
    desk.world.clock.pass_time(days=31)
    inbound(desk.world, "New number, it's <Ada>", sender="+447700900777")
    make_victim(desk.world, mobile="07700 900123")
    inbound(desk.world, "A number we know", sender="07700 900123")

    page = desk.sign_in("supervisor").get("/overdue").text

    section = page.partition("From numbers we do not know")[2]
    for words in ("•••• 777", "5 February 2026 at 10:00am", "New number, it&#39;s &lt;Ada&gt;"):
        assert words in section
    for words in ("7700900777", "Long ago", "A number we know"):
        assert words not in page
    supervisor = desk.world.staff["supervisor"].id
    assert [(look.subject_id, look.detail) for look in desk.audit("listed")] == [
        (supervisor, {"list": "overdue", "count": 0}),
        (supervisor, {"list": "unknown inbound", "count": 1}),
    ]


def test_what_came_in_from_an_unknown_number_is_for_supervisors_and_no_empty_section_is_shown(
    desk: Desk,
) -> None:
    assert "From numbers we do not know" not in desk.sign_in("supervisor").get("/overdue").text

    inbound(desk.world, "New number", sender="07700 900777")

    auditor = desk.sign_in("auditor").get("/overdue")
    assert auditor.status_code == 200
    assert "New number" not in auditor.text
    assert [look.detail["list"] for look in desk.audit("listed")] == ["overdue", "overdue"]


def test_one_unknown_text_that_cannot_be_read_does_not_take_the_others_away(desk: Desk) -> None:
    inbound(desk.world, "First", sender="07700 900777")
    inbound(desk.world, "Second", sender="07700 900778")
    with desk.world.services.sessions.begin() as session:
        session.get_one(Inbound, desk.world.rows(Inbound)[0].id).text_sealed = b"torn"

    page = desk.sign_in("supervisor").get("/overdue").text

    assert "Cannot be read" in page
    assert ("First" in page) != ("Second" in page)


def test_another_units_supervisor_does_not_reach_an_alert(desk: Desk) -> None:
    make_overdue(desk)
    alert = desk.world.rows(Alert)[0]

    assert desk.sign_in("stranger").post(f"/alerts/{alert.id}/acknowledge", on="/cases").status_code == 403


def test_the_timeline_is_newest_first_and_pages_do_not_overlap(
    desk: Desk, part: Participation, officer: Visitor
) -> None:
    for hour in range(30):
        desk.world.clock.pass_time(hours=1)
        record(desk.world, "arrest", facts={"reason": f"reason number {hour}."})
    officer = desk.sign_in()
    path = f"/cases/{part.case_id}"

    first, second = officer.get(path).text, officer.get(f"{path}?page=2").text

    assert first.index("reason number 29.") < first.index("reason number 10.")
    for hour in range(30):
        assert (f"reason number {hour}." in first) != (f"reason number {hour}." in second)
    assert officer.get(f"{path}?page=none").text.count("reason number 29.") == 1


def test_the_outbox_page_shows_the_newest_messages_and_says_that_it_is_for_development(
    sqlite_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "outbox.ndjson"
    desk = make_desk(open_database(sqlite_url, throw_away=True), OUTBOX_FILE=str(file))
    supervisor = desk.sign_in("supervisor")
    assert "Nothing was sent yet" in supervisor.get("/outbox").text
    sent = Outgoing(
        message_id=UUID(int=9),
        channel=Channel.SMS,
        to="+447700900123",
        subject=None,
        text="Your <b>book</b> is ready",
        valid_until=when("Mon 5 Jan 2026 17:00"),
        attempt=1,
        callback_token="none",
    )
    Outbox(file).send(sent, at=when("Mon 5 Jan 2026 10:00"))

    page = supervisor.get("/outbox").text

    assert "For development only" in page
    assert "Your &lt;b&gt;book&lt;/b&gt; is ready" in page


def test_a_service_that_really_sends_has_no_outbox_page(sqlite_url: str) -> None:
    twilio = {
        "SMS_PROVIDER": "twilio",
        "TWILIO_ACCOUNT_SID": "AC0",
        "TWILIO_AUTH_TOKEN": "none",
        "TWILIO_FROM": "+1",
    }
    smtp = {"EMAIL_PROVIDER": "smtp", "SMTP_HOST": "mail.example", "EMAIL_FROM": "us@example.com"}
    supervisor = make_desk(open_database(sqlite_url, throw_away=True), **twilio, **smtp).sign_in("supervisor")

    assert supervisor.get("/outbox").status_code == 404
    assert "/outbox" not in supervisor.get("/cases").text
