"""What the API does with cases, victims, plans, milestones and contacts.

Long because it goes through every operation once.
"""

from typing import Any

import pytest

from models.duties import Duty
from models.ledger import ContactEntry
from models.milestones import Milestone, MilestoneCorrection
from models.oversight import Alert, DutyReview
from models.people import ContactPoint
from models.plans import Plan
from models.vocabulary import Channel, ContactPointState, Sender
from notify.ledger.audit import verify
from notify.oversight.alerts import raise_alerts
from tests.certificates import make_certificate_of
from tests.web.api.kit import ARREST, BASE, CASE, CHANNEL, MOBILE, NAME, ONE, PLAN, POINT, VICTIM, make_case

MILESTONES = "/cases/C-1/milestones"


def raise_all(api) -> None:
    services = api.services
    later = services.rulebook.calendar.later
    raise_alerts(services.sessions, services.keys, services.alert_policy, later, at=api.clock())


def pointers(answer) -> list[str]:
    return [fault["pointer"] for fault in answer.get_json()["errors"]]


def test_a_case_goes_from_report_to_closure(api):
    caller = api.caller()
    make_case(caller)
    caller.done("/contact-points/M-1/verification", {"reason": "rang her on it"})
    plan = caller.done(f"{ONE}/plans", PLAN)
    arrest = caller.done(MILESTONES, ARREST)
    contact = caller.done(f"{ONE}/contacts", {"outcome": "spoke_identity_checked", "covers": "all"})
    closed = caller.done("/cases/C-1/closure", {"reason": "no further lines of enquiry"})

    assert (plan["version"], plan["agreed_by"]) == (1, "officer")
    assert [duty["rule"] for duty in arrest["duties"]] == ["R6-ARREST"]
    assert (contact["reached"], contact["rules"]) == (True, ["R6-ARREST"])
    assert closed["closed_at"] == "2026-01-05T10:00:00+00:00"
    states = {duty["rule"]: duty["state"] for duty in caller.get("/duties").get_json()["items"]}
    assert states == {"R6-ARREST": "told", "PLAN-CLOSED": "open"}


def test_what_was_recorded_can_be_looked_at_with_numbers_masked(officer):
    officer.done(f"{ONE}/plans", PLAN)
    officer.done(MILESTONES, ARREST | {"suspect": "Sam Example", "facts": {"court": "Example Court"}})

    case = officer.get("/cases/C-1").get_json()
    victim = officer.get(ONE)
    plan = officer.get(f"{ONE}/plans/current").get_json()
    milestone = officer.get(MILESTONES).get_json()["items"][0]

    assert case["offence"] == "Assault"
    assert victim.get_json()["name"] == NAME
    assert victim.get_json()["contact_points"][0]["state"] == "pending"
    assert MOBILE not in victim.text
    assert plan["channels"] == [CHANNEL | {"counts_as_told": False, "sender": "neutral"}]
    assert (milestone["suspect"], milestone["facts"]) == ("Sam Example", {"court": "Example Court"})


def test_every_look_is_in_the_audit_chain_and_a_list_is_one_line(api, officer):
    officer.done(f"{ONE}/plans", PLAN)
    officer.done(MILESTONES, ARREST)
    for path in (
        "/cases/C-1",
        ONE,
        f"{ONE}/plans/current",
        MILESTONES,
        "/cases",
        "/duties",
        "/tasks",
        "/alerts",
    ):
        officer.get(path)

    assert [entry.subject for entry in api.audit("viewed")] == ["cases", "participations", "plans"]
    assert [entry.subject for entry in api.audit("milestones viewed")] == ["cases"]
    listed = [(entry.subject, entry.detail["count"]) for entry in api.audit("listed")]
    assert [subject for subject, _ in listed] == ["cases", "duties", "tasks", "alerts"]
    assert listed[:2] == [("cases", 1), ("duties", 1)]
    with api.services.reading() as session:
        assert verify(session) is None


def test_our_id_names_a_thing_as_well_as_your_reference_does(officer):
    ours = officer.done("/cases", CASE | {"case": "01/C/26"})["id"]

    assert officer.get(f"/cases/{ours}").get_json()["case"] == "01/C/26"
    assert officer.post(f"/cases/{ours}/victims", VICTIM | {"victim": "V/2"}).status_code == 201


def test_a_reference_that_looks_like_the_id_of_another_thing_does_not_stand_before_it(officer):
    case = officer.get("/cases/C-1").get_json()["id"]
    victim = officer.done("/cases/C-1/victims", {"victim": "V-2", "name": "Ada Example"})["victim_id"]
    point = officer.done(
        "/victims/V-2/contact-points", POINT | {"contact_point": "M-2", "value": "07700 900124"}
    )["id"]
    milestone = officer.done(
        MILESTONES, {key: ARREST[key] for key in ("kind", "happened_at")} | {"milestone": "E-9"}
    )["id"]

    officer.done("/cases", CASE | {"case": case})
    officer.done("/cases/C-1/victims", {"victim": victim, "name": "Sam Example"})
    officer.done("/victims/V-1/contact-points", POINT | {"contact_point": point, "value": "07700 900125"})
    officer.done(MILESTONES, ARREST | {"milestone": milestone})

    assert officer.get(f"/cases/{case}").get_json()["case"] == "C-1"
    assert officer.get(f"/cases/C-1/victims/{victim}").get_json()["name"] == "Ada Example"
    suspended = officer.done(f"/contact-points/{point}/suspension", {"reason": "lost"})
    assert suspended["contact_point"] == "M-2"
    corrected = officer.done(f"/milestones/{milestone}/corrections", {"reason": "slip", "suspect": "A"})
    assert corrected["milestone"] == "E-9"


@pytest.mark.parametrize("hidden", ["\u200b", "\u200d", "\u202e", "\u00ad", "\ufeff"])
def test_a_reference_holds_no_character_that_cannot_be_seen(sqlite_api, hidden):
    answer = sqlite_api.caller().post("/cases", CASE | {"case": f"C{hidden}-1"})

    assert (answer.status_code, pointers(answer)) == (422, ["#/case"])


@pytest.mark.parametrize("ref", ["auditor", "admin"])
def test_the_officer_in_a_case_is_somebody_who_may_change_it(sqlite_api, ref):
    answer = sqlite_api.caller().post("/cases", CASE | {"officer": ref})

    assert (answer.status_code, pointers(answer)) == (422, ["#/officer"])


def test_a_reference_is_used_once(officer):
    officer.done(MILESTONES, ARREST)

    for path, body, pointer in [
        ("/cases", CASE, "#/case"),
        ("/cases/C-1/victims", VICTIM, "#/victim"),
        ("/victims/V-1/contact-points", POINT, "#/contact_point"),
        (MILESTONES, ARREST | {"kind": "charge"}, "#/milestone"),
    ]:
        answer = officer.post(path, body)
        assert (answer.status_code, pointers(answer)) == (409, [pointer])


def test_a_milestone_with_a_wrong_field_leaves_nothing(api, officer):
    before = api.stored()

    wrong_fields: list[tuple[dict[str, Any], str]] = [
        ({"kind": "parade"}, "#/kind"),
        ({"happened_at": "2026-01-05T09:00:00"}, "#/happened_at"),
        ({"happened_at": "2026-02-05T09:00:00Z"}, "#/happened_at"),
        ({"learned_at": "2026-01-05T08:59:59Z"}, "#/learned_at"),
        ({"facts": {"court": 7}}, "#/facts/court"),
        ({"colour": "red"}, "#/colour"),
    ]
    for wrong, pointer in wrong_fields:
        answer = officer.post(MILESTONES, ARREST | wrong)
        assert (answer.status_code, pointers(answer)) == (422, [pointer])
    assert api.stored() == before


def test_the_sender_of_texts_is_kept_and_one_that_is_not_set_up_is_refused(sqlite_api, sqlite_officer):
    sqlite_officer.done(f"{ONE}/plans", PLAN | {"channels": [CHANNEL | {"sender": "numeric"}]})
    kept = sqlite_officer.get(f"{ONE}/plans/current").get_json()["channels"][0]["sender"]

    sms = sqlite_api.services.providers.first(Channel.SMS)
    sms.senders = frozenset({Sender.NEUTRAL})
    refused = sqlite_officer.post(f"{ONE}/plans", PLAN | {"channels": [CHANNEL | {"sender": "named"}]})

    assert kept == "numeric"
    assert refused.status_code == 422
    assert "is not set up" in refused.text


def test_a_corrected_milestone_keeps_the_earlier_facts_and_plans_anew(sqlite_api, sqlite_officer):
    sqlite_officer.done(MILESTONES, ARREST)

    corrected = sqlite_officer.done(
        "/milestones/E-1/corrections", {"reason": "typing slip", "happened_at": "2026-01-02T09:00:00Z"}
    )

    assert corrected["learned_at"] == "2026-01-02T09:00:00+00:00"  # it had been learned of at once
    assert [duty["due_at"] for duty in corrected["duties"]] == ["2026-01-10T00:00:00+00:00"]
    assert sorted(duty.state for duty in sqlite_api.rows(Duty)) == ["cancelled", "open"]
    assert len(sqlite_api.rows(MilestoneCorrection)) == len(sqlite_api.rows(Milestone)) == 1


def test_a_withdrawn_milestone_is_kept_and_who_was_told_is_owed_a_correction(sqlite_api, sqlite_officer):
    sqlite_officer.done(MILESTONES, ARREST)
    sqlite_officer.done(f"{ONE}/contacts", {"outcome": "spoke_identity_checked"})

    withdrawn = sqlite_officer.done("/milestones/E-1/withdrawal", {"reason": "entered for another case"})

    assert [(duty["rule"], duty["class"]) for duty in withdrawn["duties"]] == [
        ("CORRECTION", "officer_first")
    ]
    assert withdrawn["withdrawn_at"] is not None
    (listed,) = sqlite_officer.get(MILESTONES).get_json()["items"]
    assert listed["withdrawn_at"] == withdrawn["withdrawn_at"]
    again = sqlite_officer.post("/milestones/E-1/withdrawal", {"reason": "again"})
    assert again.status_code == 409
    corrected = sqlite_officer.post("/milestones/E-1/corrections", {"reason": "again", "kind": "charge"})
    assert corrected.status_code == 409


def test_a_new_plan_is_a_new_version(sqlite_api, sqlite_officer):
    sqlite_officer.done(f"{ONE}/plans", PLAN)

    second = sqlite_officer.done(f"{ONE}/plans", PLAN | {"every_days": 7, "reason": "she asked"})

    assert second["version"] == 2
    assert sqlite_officer.get(f"{ONE}/plans/current").get_json()["reason"] == "she asked"
    assert len(sqlite_api.rows(Plan)) == 2


def test_a_plan_names_contact_points_of_this_victim_only(sqlite_officer):
    sqlite_officer.done("/cases/C-1/victims", {"victim": "V-2", "name": "Ada Example"})

    answer = sqlite_officer.post("/cases/C-1/victims/V-2/plans", PLAN)

    assert (answer.status_code, pointers(answer)) == (422, ["#/channels/0/contact_point"])


def test_a_plan_that_would_give_her_away_is_refused(sqlite_officer):
    channel = CHANNEL | {"cover_text": "The police have news of your case"}

    answer = sqlite_officer.post(f"{ONE}/plans", PLAN | {"channels": [channel]})

    assert (answer.status_code, pointers(answer)) == (422, ["#/channels/0/cover_text"])


def test_there_is_no_current_plan_before_one_is_agreed(sqlite_officer):
    assert sqlite_officer.get(f"{ONE}/plans/current").status_code == 404


def test_a_contact_point_goes_from_pending_to_verified_to_suspended(sqlite_api, sqlite_officer):
    verified = sqlite_officer.done("/contact-points/M-1/verification", {"reason": "rang"})
    suspended = sqlite_officer.done("/contact-points/M-1/suspension", {"reason": "lost"})

    assert (verified["state"], suspended["state"]) == ("verified", "suspended")
    assert sqlite_officer.post("/contact-points/M-1/suspension", {"reason": "again"}).status_code == 200
    assert sqlite_api.rows(ContactPoint)[0].state is ContactPointState.SUSPENDED


def test_what_the_victim_asks_for_is_recorded(sqlite_officer):
    paused = sqlite_officer.done(f"{ONE}/pause", {"reason": "asked"})
    again = sqlite_officer.post(f"{ONE}/pause", {"reason": "asked"})
    resumed = sqlite_officer.done(f"{ONE}/resume", {"reason": "asked"})
    support = sqlite_officer.done(f"{ONE}/support", {"supports": "unsure"})
    declined = sqlite_officer.done(f"{ONE}/decline", {"reason": "asked"})

    assert again.status_code == 409
    assert (paused["paused_at"] is None, resumed["paused_at"]) == (False, None)
    assert support["supports"] == "unsure"
    assert declined["declined_at"] is not None
    assert declined["wants_releases"] is None


def test_a_decline_may_say_what_is_wanted_of_releases_and_later_say_it_otherwise(sqlite_officer):
    for wants in (True, False):
        declined = sqlite_officer.done(f"{ONE}/decline", {"reason": "asked", "wants_releases": wants})
        assert declined["wants_releases"] is wants

    again = sqlite_officer.post(f"{ONE}/decline", {"reason": "asked", "wants_releases": False})
    wrong = sqlite_officer.post(f"{ONE}/decline", {"reason": "asked", "wants_releases": "yes"})

    assert (again.status_code, wrong.status_code) == (409, 422)
    assert pointers(wrong) == ["#/wants_releases"]


def test_a_duty_says_under_which_edition_and_policy_it_was_made(sqlite_officer, sqlite_api):
    duties = sqlite_officer.done(MILESTONES, ARREST)["duties"]

    policy = sqlite_api.services.rulebook.policy.version
    assert {(duty["edition"], duty["policy"]) for duty in duties} == {("2021", policy)}


def test_closing_a_case_owes_each_victim_a_last_word(sqlite_officer, sqlite_api):
    sqlite_officer.done("/cases/C-1/closure", {"reason": "done"})

    (duty,) = sqlite_api.rows(Duty, rule="PLAN-CLOSED")
    assert (duty.kind, duty.state.value, duty.owner.value) == ("case_closed", "open", "police")


def test_a_certificate_is_for_the_mail_of_a_representative_alone(sqlite_officer):
    _, pem = make_certificate_of("her@example.org")

    body = {"certificate": pem, "reason": "handed over"}
    refused = sqlite_officer.post("/contact-points/M-1/certificate", body)

    assert refused.status_code == 422
    assert pointers(refused) == ["#/certificate"]
    assert pem[28:60] not in refused.text


def test_when_another_person_answers_only_the_phone_that_was_tried_is_suspended(sqlite_api, sqlite_officer):
    sqlite_officer.done(
        "/victims/V-1/contact-points", {"contact_point": "M-2", "kind": "mobile", "value": "07700 900124"}
    )

    sqlite_officer.done(f"{ONE}/contacts", {"outcome": "other_person_answered", "contact_point": "M-2"})

    states = {point.ref: point.state.value for point in sqlite_api.rows(ContactPoint)}
    assert states == {"M-1": "pending", "M-2": "suspended"}


def test_only_what_a_person_did_can_be_recorded_as_a_contact(sqlite_api, sqlite_officer):
    answer = sqlite_officer.post(f"{ONE}/contacts", {"outcome": "message_told"})

    assert (answer.status_code, pointers(answer)) == (422, ["#/outcome"])
    assert sqlite_api.rows(ContactEntry) == []


def test_a_duty_is_waived_with_a_reason(sqlite_officer):
    sqlite_officer.done(MILESTONES, ARREST)

    waived = sqlite_officer.done(f"{ONE}/waivers", {"rule": "R6-ARREST", "reason": "she was there"})

    assert [(duty["state"], duty["milestone"]) for duty in waived["duties"]] == [("waived", "E-1")]


def test_a_closed_case_takes_no_more_victims_but_what_still_happens(sqlite_officer):
    sqlite_officer.done("/cases/C-1/closure", {"reason": "done"})

    assert sqlite_officer.post("/cases/C-1/closure", {"reason": "done"}).status_code == 409
    assert sqlite_officer.post(MILESTONES, ARREST | {"kind": "appeal_lodged"}).status_code == 201
    assert (
        sqlite_officer.post("/cases/C-1/victims", {"victim": "V-2", "name": "Ada Example"}).status_code == 409
    )


def test_an_alert_is_acknowledged_and_resolved(api, officer):
    officer.done(MILESTONES, ARREST)
    api.clock.pass_time(days=10)
    raise_all(api)
    alerts = officer.get("/alerts", state="open", level="overdue").get_json()["items"]
    path = f"/alerts/{alerts[0]['id']}"

    acknowledged = officer.done(f"{path}/acknowledgement")
    resolved = officer.done(f"{path}/resolution", {"note": "rang her twice"})

    assert len(alerts) == 1
    assert (acknowledged["state"], resolved["state"]) == ("acknowledged", "resolved")
    assert officer.post(f"{path}/acknowledgement").status_code == 409
    assert officer.get("/alerts", state="open", level="overdue").get_json()["items"] == []
    assert len(api.rows(Alert)) > 1


REVIEW = {
    "reason_late": "could_not_reach",
    "note": "Rang Rowan three times",
    "next_step": "visit",
    "next_step_by": "2026-01-20T00:00:00Z",
}


def make_late(api, officer) -> str:
    """An arrest nobody was told of in ten days; returns the id of the duty."""
    officer.done(MILESTONES, ARREST)
    api.clock.pass_time(days=10)
    raise_all(api)
    return str(officer.get("/duties").get_json()["items"][0]["id"])


def test_an_alert_says_whose_it_is_why_it_is_late_and_what_comes_next(api, officer):
    duty = make_late(api, officer)
    (before,) = officer.get("/alerts", level="overdue").get_json()["items"]

    answer = api.caller("supervisor").post(f"/duties/{duty}/reviews", REVIEW)
    (after,) = officer.get("/alerts", level="overdue").get_json()["items"]

    names = ("owner", "state", "acknowledged_at", "reason_late", "next_step", "next_step_by")
    assert [before[name] for name in names] == ["police", "open", None, None, None, None]
    assert [after[name] for name in names] == [
        "police",
        "acknowledged",
        "2026-01-15T10:00:00+00:00",
        "could_not_reach",
        "visit",
        "2026-01-20T00:00:00+00:00",
    ]
    assert answer.status_code == 201
    assert "Rowan" not in answer.text
    assert (answer.get_json()["victim"], answer.get_json()["duty"]) == ("V-1", duty)


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"reason_late": "bored"}, "#/reason_late"),
        ({"next_step": None}, "#/next_step"),
        ({"next_step_by": "2026-01-15T09:59:59Z"}, "#/next_step_by"),
        ({"reason_late": "other", "note": " "}, "#/note"),
        ({"colour": "red"}, "#/colour"),
    ],
)
def test_a_review_with_a_wrong_field_leaves_nothing(sqlite_api, sqlite_officer, wrong, pointer):
    duty = make_late(sqlite_api, sqlite_officer)
    before = sqlite_api.stored("idempotent_requests")

    answer = sqlite_officer.post(f"/duties/{duty}/reviews", REVIEW | wrong)

    assert (answer.status_code, pointers(answer)) == (422, [pointer])
    assert sqlite_api.stored("idempotent_requests") == before


def test_a_duty_that_is_closed_or_not_the_callers_to_see_is_not_reviewed(sqlite_api, sqlite_officer):
    duty = make_late(sqlite_api, sqlite_officer)

    assert sqlite_api.caller("stranger").post(f"/duties/{duty}/reviews", REVIEW).status_code == 404
    assert sqlite_api.caller("auditor").post(f"/duties/{duty}/reviews", REVIEW).status_code == 403
    assert sqlite_officer.post(f"/duties/{sqlite_api.rows(Alert)[0].id}/reviews", REVIEW).status_code == 404
    sqlite_officer.done(f"{ONE}/contacts", {"outcome": "spoke_identity_checked"})
    assert sqlite_officer.post(f"/duties/{duty}/reviews", REVIEW).status_code == 409
    assert sqlite_api.rows(DutyReview) == []


def test_a_task_is_done_once(sqlite_officer):
    sqlite_officer.done(MILESTONES, ARREST | {"kind": "cps_no_charge"})
    task = sqlite_officer.get("/tasks", state="open").get_json()["items"][0]

    done = sqlite_officer.done(f"/tasks/{task['id']}/completion", {"note": "rang"})

    assert (task["task"], done["state"]) == ("call", "done")
    assert sqlite_officer.post(f"/tasks/{task['id']}/completion", {}).status_code == 409


def test_duties_are_found_by_state_and_by_when_they_are_due(sqlite_officer):
    sqlite_officer.done(MILESTONES, ARREST)
    due = sqlite_officer.get("/duties").get_json()["items"][0]["due_at"]

    assert (
        len(
            sqlite_officer.get("/duties", state="open", due_before="2026-01-13T00:00:01Z").get_json()["items"]
        )
        == 1
    )
    assert sqlite_officer.get("/duties", due_before=due.replace("+00:00", "Z")).get_json()["items"] == []
    assert sqlite_officer.get("/duties", state="told").get_json()["items"] == []


def test_pages_lose_and_repeat_nothing_though_rows_are_added_meanwhile(api, officer):
    for number in range(5):
        officer.done(MILESTONES, ARREST | {"milestone": f"E-{number}"})
    seen, after = [], None
    for _ in range(4):
        page = officer.get(MILESTONES, limit=2, **({"after": after} if after else {})).get_json()
        seen += [item["milestone"] for item in page["items"]]
        after = page["next"]
        if after is None:
            break
        api.clock.pass_time(seconds=1)
        officer.done(MILESTONES, ARREST | {"milestone": f"later than {len(seen)}"})

    assert len(seen) == len(set(seen))
    assert {f"E-{number}" for number in range(5)} <= set(seen)
    assert seen[5:] == ["later than 2", "later than 4", "later than 6"][: len(seen) - 5]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"limit": 0}, "#/limit"),
        ({"limit": "5 or more"}, "#/limit"),
        ({"after": "x"}, "#/after"),
        ({"after": "00000000-0000-0000-0000-000000000000"}, "#/after"),
        ({"state": "lost"}, "#/state"),
        ({"due_before": "tomorrow"}, "#/due_before"),
        ({"due-before": "2026-01-05T09:00:00Z"}, "#/due-before"),
    ],
)
def test_a_question_that_is_not_understood_is_refused_by_name(sqlite_api, query, pointer):
    answer = sqlite_api.caller().get("/duties", **query)

    assert (answer.status_code, pointers(answer)) == (422, [pointer])
    assert [fault["in"] for fault in answer.get_json()["errors"]] == ["query"]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"data": "{"}, 400),
        ({"data": b"\xff"}, 400),
        ({"data": "[" * 100_000}, 400),
        ({"data": '{"case": "a", "case": "b"}'}, 400),
        ({"data": '{"case": NaN}'}, 400),
        ({"data": "[]"}, 400),
        ({"data": ""}, 400),
        ({"data": "{}", "content_type": "text/plain"}, 415),
        ({"data": b"x" * (1024 * 1024 + 1)}, 413),
    ],
)
def test_a_body_that_cannot_be_read_is_the_callers_fault(sqlite_api, sent, status):
    headers = {"Authorization": f"Bearer {sqlite_api.token('officer')}", "Idempotency-Key": "k"}

    answer = sqlite_api.app.test_client().post(
        f"{BASE}/cases", headers=headers, **{"content_type": "application/json"} | sent
    )

    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"


def test_a_wrong_method_names_the_right_ones(sqlite_api):
    answer = sqlite_api.app.test_client().put(f"{BASE}/cases/C-1")

    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize("ref", ["%00", "%ED%A0%80", "x" * 101, "C-0", "%20C-1"])
def test_a_path_that_names_nothing_is_not_found(api, officer, ref):
    assert officer.get(f"/cases/{ref}").status_code == 404
