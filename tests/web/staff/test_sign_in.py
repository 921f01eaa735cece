"""Signing in: what lets staff in, what locks them out, and when a session is over."""

import pytest

from models.staff import Staff, StaffSession
from notify.errors import FieldFault
from notify.ledger.audit import THE_SERVICE
from notify.planning.staff_sign_in import set_password
from tests.web.staff.kit import PASSWORD, TOKEN, Desk

WRONG = "not the password at all"


def cookie(visitor, name="staff_session"):
    found = visitor.client.get_cookie(name)
    return found.value if found else None


def test_the_right_reference_and_password_lead_to_the_cases(desk: Desk) -> None:
    visitor = desk.browser()

    answer = visitor.sign_in("officer")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert "My cases" in visitor.client.get("/", follow_redirects=True).text


@pytest.mark.parametrize(
    ("ref", "password"), [("officer", WRONG), ("nobody", PASSWORD), ("officer\0", PASSWORD)]
)
def test_what_is_wrong_is_not_said(desk: Desk, ref: str, password: str) -> None:
    answer = desk.browser().sign_in(ref, password)

    assert answer.status_code == 200
    assert "The staff reference or the password is not right" in answer.text
    assert password not in answer.text


def test_five_wrong_tries_lock_the_account_for_fifteen_minutes_even_for_the_right_password(
    desk: Desk,
) -> None:
    for _ in range(5):
        desk.browser().sign_in("officer", WRONG)

    desk.world.clock.pass_time(minutes=14, seconds=59)
    assert desk.browser().sign_in("officer").status_code == 200

    desk.world.clock.pass_time(seconds=1)
    assert desk.browser().sign_in("officer").status_code == 303


def test_wrong_tries_are_counted_in_the_database_and_a_right_one_begins_again(desk: Desk) -> None:
    for _ in range(4):
        desk.browser().sign_in("officer", WRONG)
    assert desk.world.row(Staff, ref="officer").failed_sign_ins == 4

    desk.sign_in("officer")

    assert desk.world.row(Staff, ref="officer").failed_sign_ins == 0


def test_one_persons_wrong_tries_lock_nobody_else(desk: Desk) -> None:
    for _ in range(5):
        desk.browser().sign_in("officer", WRONG)

    assert desk.browser().sign_in("supervisor").status_code == 303


def test_every_try_is_in_the_audit_chain(desk: Desk) -> None:
    desk.browser().sign_in("officer", WRONG)
    desk.browser().sign_in("nobody", WRONG)
    desk.sign_in("officer")

    entries = desk.audit("sign-in refused", "signed in")
    assert [(entry.action, entry.subject_id) for entry in entries] == [
        ("sign-in refused", desk.world.staff["officer"].id),
        ("sign-in refused", None),
        ("signed in", desk.world.staff["officer"].id),
    ]


def test_the_try_that_locks_an_account_says_so_in_the_audit_chain(desk: Desk) -> None:
    for _ in range(5):
        desk.browser().sign_in("officer", WRONG)
    desk.browser().sign_in("officer")

    locked = [entry.detail["locked"] for entry in desk.audit("sign-in refused")]
    assert locked == [False] * 4 + [True, True]


def test_someone_who_left_cannot_sign_in_and_is_signed_out(desk: Desk) -> None:
    visitor = desk.sign_in("officer")
    with desk.world.services.sessions.begin() as session:
        session.get_one(Staff, desk.world.staff["officer"].id).active = False

    assert visitor.get("/cases").status_code == 303
    assert desk.browser().sign_in("officer").status_code == 200


def test_a_session_ends_after_half_an_hour_without_a_request(desk: Desk) -> None:
    visitor = desk.sign_in()

    desk.world.clock.pass_time(minutes=29)
    assert visitor.get("/cases").status_code == 200
    desk.world.clock.pass_time(minutes=29)
    assert visitor.get("/cases").status_code == 200
    desk.world.clock.pass_time(minutes=30)

    assert visitor.get("/cases").headers["Location"] == "/sign-in?next=%2Fcases"


def test_a_session_ends_after_twelve_hours_however_busy_it_is(desk: Desk) -> None:
    visitor = desk.sign_in()
    for _ in range(35):
        desk.world.clock.pass_time(minutes=20)
        assert visitor.get("/cases").status_code == 200

    desk.world.clock.pass_time(minutes=20)

    assert visitor.get("/cases").status_code == 303


def test_signing_out_ends_the_session_and_a_copy_of_its_cookie_opens_nothing(desk: Desk) -> None:
    visitor = desk.sign_in()
    stolen = cookie(visitor)

    answer = visitor.post("/sign-out", on="/cases")

    assert answer.headers["Location"] == "/sign-in"
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    thief = desk.browser()
    thief.client.set_cookie("staff_session", stolen)
    assert thief.get("/cases").status_code == 303


def test_the_session_that_begins_is_not_the_one_that_was_there_before(desk: Desk) -> None:
    visitor = desk.browser()
    before = TOKEN.search(visitor.get("/sign-in").text)

    visitor.sign_in()

    after = TOKEN.search(visitor.get("/cases").text)
    assert before
    assert after
    planted = visitor.client.post("/sign-out", data={"csrf_token": before[1]})
    assert planted.status_code == 400


def test_the_database_keeps_only_a_hash_of_what_the_cookie_holds(desk: Desk) -> None:
    visitor = desk.sign_in()
    with visitor.client.session_transaction() as session:
        token = session["token"]

    kept = desk.world.row(StaffSession)
    assert token.encode() not in kept.token_hash
    assert len(kept.token_hash) == 32


def test_a_new_password_ends_every_session_under_the_old_one(desk: Desk) -> None:
    visitor = desk.sign_in()

    with desk.world.services.acting(THE_SERVICE) as act:
        set_password(act, act.session.get_one(Staff, desk.world.staff["officer"].id), "another long password")

    assert visitor.get("/cases").status_code == 303
    assert desk.browser().sign_in("officer").status_code == 200
    assert desk.browser().sign_in("officer", "another long password").status_code == 303


@pytest.mark.parametrize("password", ["", "eleven char", "x" * 201])
def test_a_password_of_the_wrong_length_is_refused_and_nothing_changes(desk: Desk, password: str) -> None:
    with pytest.raises(FieldFault) as fault, desk.world.services.acting(THE_SERVICE) as act:
        set_password(act, act.session.get_one(Staff, desk.world.staff["officer"].id), password)

    assert fault.value.field == "password"
    assert desk.browser().sign_in("officer").status_code == 303


def test_after_signing_in_the_page_that_was_asked_for_comes(desk: Desk) -> None:
    visitor = desk.browser()
    asked = visitor.get("/due").headers["Location"]

    answer = visitor.post(asked, {"ref": "officer", "password": PASSWORD})

    assert answer.headers["Location"] == "/due"


@pytest.mark.parametrize(
    "elsewhere", ["//example.com", "https://example.com", "/\\example.com", "/cases?x=//a"]
)
def test_signing_in_leads_nowhere_but_to_our_own_pages(desk: Desk, elsewhere: str) -> None:
    answer = desk.browser().client.get("/sign-in", query_string={"next": elsewhere})
    assert answer.status_code == 200
    visitor = desk.browser()
    token = TOKEN.search(visitor.get("/sign-in").text)
    assert token

    answer = visitor.client.post(
        "/sign-in",
        query_string={"next": elsewhere},
        data={"csrf_token": token[1], "ref": "officer", "password": PASSWORD},
    )

    assert answer.headers["Location"] == "/"
