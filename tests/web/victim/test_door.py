"""The public door: what a stranger, a link preview and the victim see of it.

Long because every way to come to the door without being let in is tried.
"""

import re

import pytest
from flask.sessions import SecureCookieSessionInterface

from models.messages import VictimSession
from models.session import open_database
from notify.delivery.sealed_updates import set_secret, set_sign_in_name
from notify.delivery.writing import hashed
from notify.errors import Conflict, FieldFault
from notify.ledger.audit import Actor
from notify.web.app import create_app
from notify.web.victim.tries import MOST, WrongTries
from notify.wording.discreet import discreet_faults
from tests.web.victim.kit import (
    LINK,
    NOW,
    SECRET,
    SIGN_IN_NAME,
    WRONG,
    Door,
    make_door,
    make_victim,
)

BEFORE_SIGN_IN = ("/", f"/m/{LINK}", "/m/never-made", "/private-use", "/nowhere", "/health")
PRIVATE = ("/before-you-start", "/messages", "/messages/00000000-0000-0000-0000-000000000000", "/change")


def bare(page: str) -> str:
    """A page without what differs on every page: the form's token and the script's nonce."""
    return re.sub(r'(name="csrf_token" value|nonce)="[^"]*"', "", page)


def words_of(page: str) -> str:
    return " ".join(
        re.sub(r"<style.*?</style>|<script.*?</script>|<[^>]+>", " ", page, flags=re.DOTALL).split()
    )


def refusal(answer) -> tuple[int, str]:
    return answer.status_code, bare(answer.text)


def test_a_good_a_used_an_old_and_a_made_up_link_show_the_same_page(door: Door):
    fresh = door.browser().get(f"/m/{LINK}")
    door.browser().open_link()
    used = door.browser().get(f"/m/{LINK}")
    door.clock.pass_time(days=15)
    pages = [fresh, used, door.browser().get(f"/m/{LINK}"), door.browser().get("/m/never-made")]

    assert {page.status_code for page in pages} == {200}
    assert len({bare(page.text) for page in pages}) == 1
    assert len({tuple(page.headers.keys()) for page in pages}) == 1


@pytest.mark.parametrize("path", BEFORE_SIGN_IN)
def test_whatever_fetches_a_page_before_sign_in_changes_nothing(door: Door, path: str):
    before = door.stored()

    door.browser().get(path)
    door.browser().client.head(path)
    door.browser().client.options(path)

    assert door.stored() == before


@pytest.mark.parametrize("path", BEFORE_SIGN_IN)
def test_nothing_before_sign_in_tells_what_this_is(door: Door, path: str):
    answer = door.browser().get(path)

    assert discreet_faults(words_of(answer.text)) == []
    said = f"{answer.headers} {answer.text}"
    assert not re.search(r"police|crime|court|victim|officer|999|101|Rowan|arrest", said, re.IGNORECASE)


def test_the_right_secret_behind_a_link_opens_the_page_that_says_how_to_leave(each_door: Door):
    browser = each_door.browser()

    answer = browser.open_link()

    assert (answer.status_code, answer.headers["Location"]) == (303, "/before-you-start")
    assert "How to leave this page quickly" in browser.get("/before-you-start").text
    assert "A suspect has been arrested" in browser.get("/messages").text


def test_case_and_spaces_do_not_matter_in_what_is_agreed(door: Door):
    make_victim(door, ref="V-2", mobile="07700 900124", sign_in_name="Green Kettle", secret="Apple Tree 7")

    assert door.browser().sign_in(" greenKETTLE ", "appletree7").status_code == 303


def test_a_link_opens_nothing_after_its_time(door: Door):
    door.clock.pass_time(days=14)

    assert door.browser().open_link().status_code == 403
    assert door.browser().sign_in().status_code == 303


def test_every_refusal_of_a_link_reads_the_same(each_door: Door):
    wrong = refusal(each_door.browser().open_link(WRONG))
    unknown = refusal(each_door.browser().open_link(SECRET, link="never-made"))
    each_door.clock.pass_time(days=15)
    old = refusal(each_door.browser().open_link(SECRET))

    assert wrong == unknown == old
    assert wrong[0] == 403


def test_a_name_that_nobody_has_is_refused_and_logged_like_a_wrong_secret(each_door: Door):
    unknown = each_door.browser().sign_in("nobody here", SECRET)
    wrong = each_door.browser().sign_in(SIGN_IN_NAME, WRONG)

    assert unknown.status_code == wrong.status_code == 403
    assert bare(unknown.text).replace("nobody here", "") == bare(wrong.text).replace(SIGN_IN_NAME, "")
    assert len(each_door.audit("secret refused")) == 2


def test_what_was_typed_as_a_secret_never_comes_back(door: Door):
    assert "9876-typed" not in door.browser().sign_in(secret="9876-typed").text
    assert "9876-typed" not in door.browser().sign_in(name="", secret="9876-typed").text


def test_five_wrong_secrets_lock_out_the_right_one_until_the_lock_ends(each_door: Door):
    for _ in range(5):
        wrong = each_door.browser().open_link(WRONG)

    locked = each_door.browser().open_link(SECRET)
    each_door.clock.pass_time(minutes=29)
    still = each_door.browser().open_link(SECRET)
    each_door.clock.pass_time(minutes=1)

    assert refusal(locked) == refusal(still) == refusal(wrong)
    assert each_door.browser().open_link(SECRET).status_code == 303


def test_tries_at_either_door_count_towards_one_lock(door: Door):
    for _ in range(3):
        door.browser().open_link(WRONG)
    for _ in range(2):
        door.browser().sign_in(secret=WRONG)

    assert door.browser().sign_in().status_code == 403
    assert door.browser().open_link().status_code == 403


def test_a_right_secret_forgives_the_wrong_ones_before_it(door: Door):
    for secret in [WRONG] * 4 + [SECRET] + [WRONG] * 4:
        door.browser().open_link(secret)

    assert door.browser().open_link().status_code == 303


def test_another_victims_wrong_tries_lock_nobody_else(door: Door):
    make_victim(door, ref="V-2", mobile="07700 900124", sign_in_name="green kettle", secret="2580")
    for _ in range(5):
        door.browser().sign_in("green kettle", WRONG)

    assert door.browser().sign_in().status_code == 303


def test_a_victim_without_a_secret_cannot_be_entered_for(door: Door):
    make_victim(door, ref="V-2", mobile="07700 900124", sign_in_name="green kettle", secret=None)

    for secret in ("", " ", WRONG):
        assert door.browser().sign_in("green kettle", secret).status_code in {400, 403}
    assert door.rows(VictimSession) == []


@pytest.mark.parametrize("fields", [{"name": "", "secret": SECRET}, {"name": SIGN_IN_NAME, "secret": ""}])
def test_an_empty_field_is_named_and_counts_as_no_try(door: Door, fields: dict[str, str]):
    before = door.stored()

    answer = door.browser().post("/", **fields)

    assert answer.status_code == 400
    assert re.search(r'href="#(name|secret)">Enter your', answer.text)
    assert door.stored() == before


@pytest.mark.parametrize("path", ["/", f"/m/{LINK}"])
def test_a_form_that_this_door_did_not_write_is_refused_and_counts_as_no_try(door: Door, path: str):
    before = door.stored()

    answer = door.browser().client.post(path, data={"name": SIGN_IN_NAME, "secret": SECRET})

    assert answer.status_code == 400
    assert door.stored() == before


def test_one_address_that_tries_many_names_is_asked_to_wait(door: Door):
    for number in range(MOST):
        door.browser().sign_in(f"name-{number}")

    answer = door.browser().sign_in()

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "900")
    assert door.browser().open_link().status_code == 303  # a link is beyond guessing
    door.clock.pass_time(minutes=15)
    assert door.browser().sign_in().status_code == 303


def try_names(door: Door, *addresses: str) -> list[int]:
    """One wrong try from each of these, as a proxy tells of them; the statuses of the answers."""
    statuses = []
    for number, address in enumerate(addresses):
        browser = door.browser()
        browser.client.environ_base["HTTP_X_FORWARDED_FOR"] = address
        statuses.append(browser.sign_in(f"name-{number}").status_code)
    return statuses


def test_behind_a_proxy_the_tries_of_one_stranger_stop_nobody_else(sqlite_url: str):
    door = make_door(open_database(sqlite_url, throw_away=True), TRUSTED_PROXIES="1")
    claimed = [
        f"192.0.2.{number}, 198.51.100.7" for number in range(MOST)
    ]  # the first is what he says of himself

    assert try_names(door, *claimed, "198.51.100.7", "198.51.100.8") == [403] * MOST + [429, 403]


def test_without_a_proxy_an_address_that_somebody_claims_is_not_believed(door: Door):
    assert try_names(door, *(f"192.0.2.{number}" for number in range(MOST + 1))) == [403] * MOST + [429]


def test_tries_are_counted_by_the_part_of_an_address_that_its_owner_cannot_change():
    tries = WrongTries()
    for number in range(MOST):
        tries.note(f"2001:db8:1:1::{number:x}", at=NOW)

    assert tries.too_many("2001:db8:1:1:ffff::1", at=NOW)
    assert not tries.too_many("2001:db8:1:2::1", at=NOW)
    assert not tries.too_many("192.0.2.1", at=NOW)


@pytest.mark.parametrize("path", PRIVATE)
def test_without_a_visit_every_private_page_leads_to_the_door(door: Door, path: str):
    answer = door.browser().get(path)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


@pytest.mark.parametrize("path", ["/call", "/change", "/sign-out", PRIVATE[2]])
def test_without_a_visit_nothing_private_can_be_done(door: Door, path: str):
    before = door.stored()

    answer = door.browser().post(path, on="/")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert door.stored() == before


def test_a_staff_cookie_does_nothing_at_the_public_door(door: Door):
    staff = create_app(door.services, face="staff")
    visitor = door.browser()
    visitor.open_link()
    with visitor.client.session_transaction() as session:
        word = session["visit"]
    signer = SecureCookieSessionInterface().get_signing_serializer(staff)
    assert signer is not None
    forged = signer.dumps({"visit": word})  # a real visit, but signed by the other door
    for name in ("session", "staff_session"):
        browser = door.browser()
        browser.client.set_cookie(name, forged)

        assert browser.get("/messages").headers["Location"] == "/"


def test_the_browser_gets_a_random_word_of_which_only_the_hash_is_kept(door: Door):
    visitor = door.browser()
    cookie = visitor.open_link().headers["Set-Cookie"]
    with visitor.client.session_transaction() as session:
        word = session["visit"]

    (visit,) = door.rows(VictimSession)
    assert visit.token_hash == hashed(word)
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Expires" not in cookie


def test_nothing_a_browser_held_before_the_secret_lives_on(door: Door):
    visitor = door.browser()
    with visitor.client.session_transaction() as session:
        session["visit"] = "planted"

    visitor.post(f"/m/{LINK}", secret=SECRET)

    with visitor.client.session_transaction() as session:
        assert session["visit"] != "planted"


def test_a_visit_ends_fifteen_minutes_after_the_last_page(door: Door):
    visitor = door.browser()
    visitor.open_link()
    for _ in range(2):
        door.clock.pass_time(minutes=14)
        assert visitor.get("/messages").status_code == 200
    other = door.browser()
    other.open_link()
    door.clock.pass_time(minutes=15)

    assert other.get("/messages").headers["Location"] == "/"


def test_a_visit_ends_after_thirty_minutes_whatever_is_done(door: Door):
    visitor = door.browser()
    visitor.open_link()
    for _ in range(3):
        door.clock.pass_time(minutes=9)
        assert visitor.get("/messages").status_code == 200
    door.clock.pass_time(minutes=3)

    assert visitor.get("/messages").headers["Location"] == "/"


def test_signing_out_ends_the_visit_for_a_copied_cookie_too(each_door: Door):
    visitor, thief = each_door.browser(), each_door.browser()
    visitor.open_link()
    kept = visitor.client.get_cookie("session")
    assert kept is not None

    answer = visitor.post("/sign-out", on="/messages")
    thief.client.set_cookie("session", kept.value)

    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert answer.headers["Location"] == "/"
    assert visitor.client.get_cookie("session") is None
    assert thief.get("/messages").headers["Location"] == "/"


def test_leaving_ends_the_visit_for_a_copied_cookie_too(each_door: Door):
    visitor, thief = each_door.browser(), each_door.browser()
    visitor.open_link()
    kept = visitor.client.get_cookie("session")
    assert kept is not None

    answer = visitor.get("/exit")
    answer.close()
    thief.client.set_cookie("session", kept.value)

    assert answer.headers["Location"] == each_door.services.settings.exit_url
    assert visitor.client.get_cookie("session") is None
    assert thief.get("/messages").headers["Location"] == "/"


def test_leaving_works_when_the_database_does_not(door: Door):
    visitor = door.browser()
    visitor.open_link()
    with door.services.sessions.begin() as session:
        VictimSession.__table__.drop(session.connection())  # type: ignore[attr-defined]  # a Table

    answer = visitor.get("/exit")
    answer.close()

    assert answer.headers["Location"] == door.services.settings.exit_url


def test_a_new_secret_ends_every_visit_begun_with_the_old_one(door: Door):
    visitor = door.browser()
    visitor.open_link()

    with door.services.acting(Actor("staff", door.by[0].id)) as act:
        set_secret(act, door.victim(), "new word")

    assert visitor.get("/messages").headers["Location"] == "/"


def test_a_sign_in_name_belongs_to_one_victim(each_door: Door):
    make_victim(each_door, ref="V-2", mobile="07700 900124", sign_in_name=None)

    with (
        pytest.raises(Conflict, match="sign_in_name"),
        each_door.services.acting(Actor("staff", each_door.by[0].id)) as act,
    ):
        set_sign_in_name(act, each_door.victim("V-2"), SIGN_IN_NAME.upper())


@pytest.mark.parametrize("secret", ["", "123", "    ", "1 2 3", "x" * 65])
def test_a_secret_too_short_or_too_long_is_refused_by_name(door: Door, secret: str):
    with (
        pytest.raises(FieldFault, match="secret"),
        door.services.acting(Actor("staff", door.by[0].id)) as act,
    ):
        set_secret(act, door.victim(), secret)
