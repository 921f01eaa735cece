"""Who may do what: tokens, their scopes, and the member of staff each acts as."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from models.staff import ApiToken, Staff
from notify.errors import Conflict, FieldFault
from notify.ledger.audit import THE_SERVICE
from notify.planning.api_tokens import Scope, revoke_token
from tests.web.api.kit import ARREST, BASE, CASE, NOW, ONE, Api, make_case


def revoke(api: Api) -> None:
    with api.services.acting(THE_SERVICE) as act:
        revoke_token(act, act.session.scalars(select(ApiToken)).one(), reason="left on a bus")


def leave(api: Api, staff: str) -> None:
    with api.services.acting(THE_SERVICE) as act:
        act.session.scalars(select(Staff).where(Staff.ref == staff)).one().active = False


@pytest.mark.parametrize(
    "header", [None, "Bearer", "Bearer ", "Bearer notify_wrong", "Basic b2ZmaWNlcjp4", "Token x", "Bearer é"]
)
def test_without_a_good_token_nothing_is_told_and_the_caller_learns_what_to_send(sqlite_api, header):
    headers = {} if header is None else {"Authorization": header}

    answer = sqlite_api.app.test_client().get(f"{BASE}/cases", headers=headers)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
    assert answer.mimetype == "application/problem+json"


def test_a_token_that_was_revoked_is_refused_at_once(api):
    caller = api.caller()
    assert caller.get("/cases").status_code == 200

    revoke(api)

    assert caller.get("/cases").status_code == 401


def test_a_token_ends_when_it_was_said_to_end(api):
    caller = api.caller(expires_at=NOW + timedelta(hours=1))
    assert caller.get("/cases").status_code == 200

    api.clock.pass_time(hours=1)

    assert caller.get("/cases").status_code == 401


def test_the_tokens_of_staff_who_have_left_are_refused(sqlite_api):
    caller = sqlite_api.caller()

    leave(sqlite_api, "officer")

    assert caller.get("/cases").status_code == 401


def test_a_token_is_kept_as_a_hash_only(sqlite_api):
    token = sqlite_api.token("officer")

    row = sqlite_api.rows(ApiToken)[0]

    assert token.removeprefix("notify_").encode() not in row.token_hash
    assert len(row.token_hash) == 32
    assert token not in repr(sqlite_api.stored())


def test_making_and_revoking_a_token_are_in_the_audit_chain(sqlite_api):
    sqlite_api.token("officer", [Scope.CASES_READ])
    revoke(sqlite_api)

    assert [entry.detail["scopes"] for entry in sqlite_api.audit("token created")] == ["cases:read"]
    assert len(sqlite_api.audit("token revoked")) == 1


@pytest.mark.parametrize(
    ("terms", "fault"),
    [({"scopes": []}, "scopes"), ({"expires_at": NOW}, "expires_at"), ({"name": "token 0"}, "name")],
)
def test_a_token_that_makes_no_sense_is_not_made(sqlite_api, terms, fault):
    sqlite_api.token("officer")
    good = {"name": "another", "scopes": [Scope.CASES_READ], "expires_at": None}

    with pytest.raises(FieldFault, match=fault):
        sqlite_api.token("officer", **good | terms)

    assert len(sqlite_api.rows(ApiToken)) == 1


def test_a_token_cannot_be_revoked_twice(sqlite_api):
    sqlite_api.token("officer")
    revoke(sqlite_api)

    with pytest.raises(Conflict):
        revoke(sqlite_api)


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("get", "/cases", Scope.CASES_READ),
        ("post", "/cases", Scope.CASES_WRITE),
        ("post", f"{ONE}/plans", Scope.PLANS_WRITE),
        ("post", "/contact-points/M-1/verification", Scope.CONTACT_POINTS_VERIFY),
        ("post", "/cases/C-1/milestones", Scope.MILESTONES_WRITE),
        ("post", f"{ONE}/contacts", Scope.CONTACTS_WRITE),
        ("get", "/duties", Scope.DUTIES_READ),
        ("post", f"{ONE}/waivers", Scope.DUTIES_WRITE),
        ("get", "/alerts", Scope.ALERTS_READ),
        ("post", "/alerts/x/acknowledgement", Scope.ALERTS_WRITE),
    ],
)
def test_a_missing_scope_is_refused_by_name(sqlite_api, method, path, scope):
    caller = sqlite_api.caller(scopes=set(Scope) - {scope})

    answer = getattr(caller, method)(path)

    assert answer.status_code == 403
    assert scope.value in answer.get_json()["detail"]
    assert f'scope="{scope.value}"' in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize("staff", ["auditor", "admin"])
def test_staff_who_may_not_change_cases_may_not_through_a_token_either(sqlite_api, sqlite_officer, staff):
    before = sqlite_api.stored("api_tokens", "audit_entries", "audit_heads")

    answer = sqlite_api.caller(staff).post("/cases/C-1/milestones", ARREST)

    assert answer.status_code == 403
    assert sqlite_api.stored("api_tokens", "audit_entries", "audit_heads") == before


def test_an_auditor_may_look(sqlite_api, sqlite_officer):
    assert sqlite_api.caller("auditor").get("/cases/C-1").status_code == 200


def test_an_administrator_sees_no_case(sqlite_api, sqlite_officer):
    admin = sqlite_api.caller("admin")

    assert admin.get("/cases").get_json()["items"] == []
    assert admin.get("/cases/C-1").status_code == 404


LOOKS = ["/cases/C-1", ONE, f"{ONE}/plans/current", "/cases/C-1/milestones", "/cases/C-1/hand-overs"]
ACTS = {
    "/cases/C-1/victims": {"victim": "V-2", "name": "Ada Example"},
    "/cases/C-1/closure": {"reason": "done"},
    "/cases/C-1/milestones": ARREST | {"milestone": "E-9"},
    "/milestones/E-1/corrections": {"reason": "wrong", "kind": "charge"},
    "/milestones/E-1/withdrawal": {"reason": "wrong"},
    "/victims/V-1/contact-points": {"contact_point": "M-2", "kind": "mobile", "value": "07700 900124"},
    "/contact-points/M-1/verification": {"reason": "rang"},
    "/contact-points/M-1/suspension": {"reason": "lost"},
    f"{ONE}/plans": {"every_days": 7, "channels": []},
    f"{ONE}/pause": {"reason": "asked"},
    f"{ONE}/resume": {"reason": "asked"},
    f"{ONE}/decline": {"reason": "asked"},
    f"{ONE}/support": {"supports": "no"},
    f"{ONE}/contacts": {"outcome": "no_answer"},
    f"{ONE}/waivers": {"rule": "R6-ARREST", "reason": "told before"},
    "/cases/C-1/hand-overs": {"agency": "police", "unit": "south", "officer": "stranger", "reason": "moved"},
}


@pytest.mark.parametrize("path", LOOKS)
def test_another_units_case_looks_like_none_at_all(sqlite_api, path):
    make_case(sqlite_api.caller())
    stranger = sqlite_api.caller("stranger")

    seen, none = stranger.get(path), stranger.get(path.replace("C-1", "C-0"))

    assert seen.status_code == none.status_code == 404
    assert seen.get_json() | {"instance": ""} == none.get_json() | {"instance": ""}


@pytest.mark.parametrize("path", ACTS)
def test_another_units_case_is_changed_by_nothing(sqlite_api, path):
    owner = sqlite_api.caller()
    make_case(owner)
    owner.done("/cases/C-1/milestones", ARREST)
    stranger = sqlite_api.caller("stranger")
    before = sqlite_api.stored()

    assert stranger.post(path, ACTS[path]).status_code == 404
    assert sqlite_api.stored() == before


def test_alerts_tasks_and_duties_of_another_unit_are_neither_listed_nor_changed(api, officer):
    officer.done("/cases/C-1/milestones", ARREST | {"kind": "cps_no_charge"})
    task = officer.get("/tasks").get_json()["items"][0]["id"]
    stranger = api.caller("stranger")

    assert [stranger.get(path).get_json()["items"] for path in ("/duties", "/alerts", "/tasks")] == [
        [],
        [],
        [],
    ]
    assert stranger.post(f"/tasks/{task}/completion", {}).status_code == 404


def test_a_restricted_case_is_seen_by_its_allow_list_alone(api):
    owner, colleague, other = api.caller(), api.caller("supervisor"), api.caller("auditor")
    make_case(owner, restricted=True, allow=["supervisor"])

    assert owner.get("/cases/C-1").status_code == 200
    assert colleague.get(ONE).status_code == 200
    assert other.get("/cases/C-1").status_code == 404
    assert other.get("/duties").get_json()["items"] == []


def test_a_case_is_opened_only_where_the_token_acts(sqlite_api):
    for unit in ("south", "nowhere"):
        answer = sqlite_api.caller().post("/cases", CASE | {"unit": unit})

        assert answer.status_code == 422
        assert [fault["pointer"] for fault in answer.get_json()["errors"]] == ["#/unit"]


def test_a_signed_in_browser_is_nobody_here(sqlite_api):
    client = sqlite_api.app.test_client()
    with client.session_transaction() as session:
        session["token"] = sqlite_api.token("officer")

    assert client.get(f"{BASE}/cases").status_code == 401


def test_a_token_opens_no_page(sqlite_api):
    headers = {"Authorization": f"Bearer {sqlite_api.token('officer')}"}

    answer = sqlite_api.app.test_client().get("/cases", headers=headers)

    assert answer.status_code in {302, 303}


def test_what_a_token_did_is_on_the_member_of_staff_and_names_the_token(sqlite_api):
    caller = sqlite_api.caller()
    caller.done("/cases", CASE)

    entry = sqlite_api.audit("case opened")[0]

    assert (entry.actor, entry.actor_id) == ("staff", sqlite_api.rows(Staff, ref="officer")[0].id)
    assert entry.detail["token"] == str(sqlite_api.rows(ApiToken)[0].id)
