"""The same POST twice is one act with one answer, whatever happens between."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import select, text
from werkzeug.exceptions import HTTPException

from models.cases import Case
from models.duties import Duty
from models.milestones import Milestone
from models.running import IdempotentRequest
from models.session import open_database
from models.staff import ApiToken
from notify.ledger.audit import Actor
from notify.web.api import idempotency
from notify.web.api.idempotency import Asked
from tests.web.api.kit import ARREST, BASE, CASE, MOBILE, NAME, ONE, POINT, make_api, make_case

MILESTONES = "/cases/C-1/milestones"


def begin_and_die(api, key: str, words: str) -> None:
    """Claim a key as a process does that dies before its act is committed."""

    class Died(BaseException):
        pass

    def die(_act):
        raise Died

    token_id = api.rows(ApiToken)[0].id
    with pytest.raises(Died):
        idempotency.once(api.services, Actor("service"), Asked(token_id, key, words), die, 201)


def at_once(*acts):
    """Do these in as many threads, as close together as can be."""
    start = Barrier(len(acts))

    def run(act):
        start.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_a_repeat_gets_the_answer_of_the_first_and_changes_nothing(api, officer):
    first = officer.post(MILESTONES, ARREST, key="k")
    before = api.stored()

    api.clock.pass_time(minutes=5)
    again = officer.post(MILESTONES, ARREST, key="k")

    assert (again.status_code, again.data) == (first.status_code, first.data) == (201, first.data)
    assert (first.headers.get("Idempotent-Replayed"), again.headers["Idempotent-Replayed"]) == (None, "true")
    assert api.stored() == before


def test_the_order_of_the_fields_makes_no_other_body(sqlite_officer):
    sqlite_officer.post(MILESTONES, ARREST, key="k")

    again = sqlite_officer.post(MILESTONES, dict(reversed(ARREST.items())), key="k")

    assert again.headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize(
    ("path", "body"), [(MILESTONES, ARREST | {"milestone": "E-2"}), (f"{ONE}/pause", {"reason": "asked"})]
)
def test_a_key_is_not_used_for_two_requests(sqlite_api, sqlite_officer, path, body):
    sqlite_officer.post(MILESTONES, ARREST, key="k")
    before = sqlite_api.stored()

    answer = sqlite_officer.post(path, body, key="k")

    assert answer.status_code == 422
    assert [(f["in"], f["pointer"]) for f in answer.get_json()["errors"]] == [
        ("headers", "#/Idempotency-Key")
    ]
    assert sqlite_api.stored() == before


def test_the_same_key_under_another_token_is_another_key(sqlite_api, sqlite_officer):
    sqlite_officer.post(MILESTONES, ARREST, key="k")

    answer = sqlite_api.caller("supervisor").post(MILESTONES, ARREST | {"milestone": "E-2"}, key="k")

    assert answer.status_code == 201
    assert "Idempotent-Replayed" not in answer.headers


@pytest.mark.parametrize("key", [None, "", "two words", "é", "x" * 256])
def test_a_post_without_a_usable_key_is_refused(sqlite_api, key):
    caller = sqlite_api.caller()
    headers = {"Authorization": f"Bearer {caller.token}"} | ({} if key is None else {"Idempotency-Key": key})

    answer = sqlite_api.app.test_client().post(f"{BASE}/cases", json=CASE, headers=headers)

    assert answer.status_code == 400
    assert sqlite_api.rows(Case) == []


def test_a_refused_request_leaves_its_key_free(sqlite_api, sqlite_officer):
    wrong = sqlite_officer.post(MILESTONES, ARREST | {"happened_at": "2027-01-05T09:00:00Z"}, key="k")

    right = sqlite_officer.post(MILESTONES, ARREST, key="k")

    assert (wrong.status_code, right.status_code) == (422, 201)


def test_of_two_at_once_with_one_key_one_is_carried_out_and_both_can_learn_its_answer(api, officer):
    first, second = at_once(*[lambda: officer.post(MILESTONES, ARREST, key="k")] * 2)

    answers = [
        answer if answer.status_code == 201 else officer.post(MILESTONES, ARREST, key="k")
        for answer in (first, second)
    ]
    assert {first.status_code, second.status_code} <= {201, 409}
    assert answers[0].get_json() == answers[1].get_json()
    assert len(api.rows(Milestone)) == 1


def test_of_two_at_once_with_one_reference_one_is_refused(api):
    caller = api.caller()

    answers = at_once(*[lambda n=n: caller.post("/cases", CASE, key=f"k{n}") for n in range(2)])

    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert len(api.rows(Case)) == 1


def test_many_at_once_are_all_carried_out(api, officer):
    acts = [
        lambda n=n: officer.post(MILESTONES, ARREST | {"milestone": f"E-{n}"}, key=f"k{n}") for n in range(6)
    ]

    assert {answer.status_code for answer in at_once(*acts)} == {201}
    assert len(api.rows(Milestone)) == len(api.rows(Duty)) == 6


def words_of(body: str) -> str:
    return f"POST {BASE}{MILESTONES} {body}"


CANONICAL = '{"happened_at":"2026-01-05T09:00:00Z","kind":"arrest","milestone":"E-1"}'


def test_while_a_request_is_answered_a_repeat_is_told_to_wait(sqlite_api, sqlite_officer):
    begin_and_die(sqlite_api, "k", words_of(CANONICAL))

    answer = sqlite_officer.post(MILESTONES, ARREST, key="k")

    assert answer.status_code == 409
    assert int(answer.headers["Retry-After"]) >= 1
    assert sqlite_api.rows(Milestone) == []


def test_the_key_of_a_process_that_died_can_be_used_again(api, officer):
    begin_and_die(api, "k", words_of(CANONICAL))

    api.clock.pass_time(seconds=61)

    assert officer.post(MILESTONES, ARREST, key="k").status_code == 201
    assert len(api.rows(Milestone)) == 1


def test_whoever_lost_its_key_to_another_changes_nothing(postgresql_url):
    """On PostgreSQL, where others can write while a slow act does."""
    api = make_api(open_database(postgresql_url, throw_away=True))
    make_case(api.caller())
    asked = Asked(api.rows(ApiToken)[0].id, "k", words_of(CANONICAL))

    def slow(act):
        act.log("slow act", api.rows(Case)[0])
        with api.services.sessions.begin() as other:
            row = other.scalars(select(IdempotentRequest).where(IdempotentRequest.status.is_(None))).one()
            row.created_at = api.clock() + timedelta(seconds=61)
        return "{}"

    with pytest.raises(HTTPException) as refused:
        idempotency.once(api.services, Actor("service"), asked, slow, 201)

    assert refused.value.code == 409
    assert api.audit("slow act") == []
    api.services.database.engine.dispose()


def test_a_failure_inside_leaves_nothing_behind_and_the_key_free(api, officer):
    """The table of duties is taken away for a while: a milestone is never left without its duties."""
    engine = api.services.database.engine
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE duties RENAME TO duties_away"))

    failed = officer.post(MILESTONES, ARREST, key="k")

    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE duties_away RENAME TO duties"))
    assert failed.status_code == 500
    assert api.rows(Milestone) == []
    assert officer.post(MILESTONES, ARREST, key="k").status_code == 201
    assert len(api.rows(Duty)) == 1


def test_keys_are_forgotten_after_a_week(api, officer):
    officer.post(MILESTONES, ARREST, key="k")
    api.clock.pass_time(days=8)

    officer.post(f"{ONE}/pause", {"reason": "asked"}, key="other")

    assert len(api.rows(IdempotentRequest)) == 1


def test_what_is_kept_of_a_request_tells_nothing(sqlite_api):
    caller = sqlite_api.caller()
    make_case(caller)
    caller.post("/victims/V-1/contact-points", POINT | {"contact_point": "M-2"}, key=f"for-{NAME[:5]}")

    kept = repr(sqlite_api.stored()["idempotent_requests"])

    assert all(word not in kept for word in (NAME, NAME[:5], MOBILE, "447700900123", "C-1"))


def test_answers_that_are_kept_name_no_person_and_no_number(sqlite_api):
    caller = sqlite_api.caller()
    answers = [
        caller.post("/cases", CASE),
        caller.post("/cases/C-1/victims", {"victim": "V-1", "name": NAME, "date_of_birth": "2015-01-05"}),
        caller.post("/victims/V-1/contact-points", POINT),
        caller.post(MILESTONES, ARREST | {"suspect": "Sam Example", "facts": {"court": "Example Court"}}),
        caller.post(f"{ONE}/contacts", {"outcome": "no_answer", "note": "dog barked"}),
    ]

    told = " ".join(answer.text for answer in answers)
    assert {answer.status_code for answer in answers} == {201}
    assert all(
        word not in told
        for word in (NAME, "2015", "900123", "Assault", "Sam Example", "Example Court", "barked")
    )
