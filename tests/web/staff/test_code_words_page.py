"""Code words on the plan form: typed once, then only said to be set; and what the pages say where texts cannot be answered."""

from typing import Any

import pytest

from models.messages import Inbound
from models.oversight import Task
from models.people import ContactPoint, Participation
from models.plans import Plan
from models.vocabulary import CodeWord
from notify.delivery.inbound import Came, receive
from notify.ledger.audit import THE_SERVICE
from tests.make import make_plan, make_victim
from tests.web.staff.kit import Desk, faults, open_desk, typed

WORDS = {CodeWord.SAFE: "Blue tit", CodeWord.NOT_SAFE: "Magpie"}
NAMED_SENDER = {
    "SMS_PROVIDER": "twilio",
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "a-token-for-tests",
    "TWILIO_FROM": "Callback",
}


@pytest.fixture
def victim(desk: Desk) -> Participation:
    return make_victim(desk.world, name="Ada Example", mobile="07700 900123")


def path_of(victim: Participation) -> str:
    return f"/victims/{victim.id}/plan"


def make_fields(desk: Desk, version: Any = 0, **changes: Any) -> dict[str, Any]:
    return {
        "version": str(version),
        "every_days": "14",
        "automatic": "y",
        "reason": "Agreed on the telephone",
        "channels-0-point": str(desk.world.row(ContactPoint, ref="V-1-mobile").id),
        "channels-0-place": "1",
        "channels-0-detail": "nudge",
        "channels-0-windows-0-days": ["mon"],
        "channels-0-windows-0-opens": "09:30",
        "channels-0-windows-0-closes": "17:00",
        **changes,
    }


def words_of(desk: Desk, version: int) -> dict[CodeWord, str]:
    plan = desk.world.row(Plan, version=version)
    with desk.world.services.acting(THE_SERVICE) as act:
        owner = act.session.get_one(Participation, plan.participation_id).victim_id
        return plan.open_code_words(act.key(owner))


def test_words_are_kept_as_they_were_typed(desk: Desk, victim: Participation) -> None:
    fields = make_fields(desk, **{"code_words-safe": " Blue tit ", "code_words-not_safe": "Magpie"})

    answer = desk.sign_in().post(path_of(victim), fields)

    assert answer.status_code == 303
    assert words_of(desk, 1) == WORDS


@pytest.mark.parametrize("page", ["/victims/{}", "/victims/{}/plan"])
def test_a_word_that_is_set_is_not_shown_but_that_it_is_set_is(
    desk: Desk, victim: Participation, page: str
) -> None:
    make_plan(desk.world, code_words=WORDS)

    shown = desk.sign_in().get(page.format(victim.id)).text

    assert "agpie" not in shown
    assert "Blue tit" not in shown
    assert "set" in shown.lower()


def test_the_page_of_the_victim_says_for_what_a_word_is_set(desk: Desk, victim: Participation) -> None:
    visitor = desk.sign_in()
    make_plan(desk.world)
    assert "None agreed" in visitor.get(f"/victims/{victim.id}").text

    make_plan(desk.world, code_words=WORDS)

    assert "Set for: safe, not safe" in visitor.get(f"/victims/{victim.id}").text


def test_a_word_is_kept_changed_or_taken_away(desk: Desk, victim: Participation) -> None:
    make_plan(desk.world, code_words=WORDS)
    visitor = desk.sign_in()

    visitor.post(path_of(victim), make_fields(desk, 1))
    visitor.post(path_of(victim), make_fields(desk, 2, **{"code_words-not_safe": "Heron"}))
    visitor.post(path_of(victim), make_fields(desk, 3, **{"code_words-take_away": ["safe"]}))

    assert words_of(desk, 2) == WORDS
    assert words_of(desk, 3) == {CodeWord.SAFE: "Blue tit", CodeWord.NOT_SAFE: "Heron"}
    assert words_of(desk, 4) == {CodeWord.NOT_SAFE: "Heron"}


def test_what_was_just_typed_survives_a_preview(desk: Desk, victim: Participation) -> None:
    fields = make_fields(desk, preview="1", **{"code_words-call_me": "Robin red"})

    page = desk.sign_in().post(path_of(victim), fields).text

    assert typed(page, "code_words-call_me") == "Robin red"
    assert desk.world.rows(Plan) == []


@pytest.mark.parametrize(
    ("field", "word", "said"),
    [
        ("safe", "abc", "The word must have at least 4 letters or digits"),
        ("not_safe", "please stop", "The word must have no word that is an order to the network"),
        ("call_me", "police", "The word must say nothing to somebody who reads it on her phone"),
    ],
)
def test_a_word_that_cannot_be_used_is_refused_beside_its_field(
    desk: Desk, victim: Participation, field: str, word: str, said: str
) -> None:
    answer = desk.sign_in().post(path_of(victim), make_fields(desk, **{f"code_words-{field}": word}))

    (found,) = faults(answer.text)
    assert found[0] == f"code_words-{field}"
    assert found[1].startswith(said)
    assert desk.world.rows(Plan) == []


def test_two_words_that_could_be_mistaken_are_refused(desk: Desk, victim: Participation) -> None:
    make_plan(desk.world, code_words=WORDS)

    answer = desk.sign_in().post(
        path_of(victim), make_fields(desk, 1, **{"code_words-call_me": "magpie nest"})
    )

    assert [anchor for anchor, _ in faults(answer.text)] == ["code_words-call_me"]
    assert len(desk.world.rows(Plan)) == 1


def test_where_texts_cannot_be_answered_the_plan_says_so(desk: Desk, victim: Participation) -> None:
    make_plan(desk.world)
    named = open_desk(desk.world, **NAMED_SENDER).sign_in()

    assert "cannot be answered" in named.get(path_of(victim)).text
    assert "Do not reach us" in named.get(f"/victims/{victim.id}").text


def test_where_texts_can_be_answered_it_does_not(desk: Desk, victim: Participation) -> None:
    make_plan(desk.world)
    numbered = open_desk(desk.world, **NAMED_SENDER | {"TWILIO_FROM": "+447700900900"}).sign_in()

    assert "cannot be answered" not in numbered.get(path_of(victim)).text
    assert "Reach us" in numbered.get(f"/victims/{victim.id}").text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("STOP", "Asks to stop"),
        ("Wrong number", "Says that it is the wrong number"),
        ("UNSTOP", "Nothing starts by itself"),
        ("Magpie", "not safe"),
        ("Hello", "It may not be from the victim"),
    ],
)
def test_the_officer_reads_what_came_in_and_what_it_was_taken_for(
    desk: Desk, victim: Participation, text: str, said: str
) -> None:
    make_plan(desk.world, code_words=WORDS)
    services = desk.world.services
    receive(services.sessions, services.keys, Came("+447700900123", text), at=desk.world.clock())

    visitor = desk.sign_in()

    assert len(desk.world.rows(Inbound)) == 1
    (task,) = desk.world.rows(Task, kind="follow_up_inbound")
    for page in (f"/tasks/{task.id}/done", f"/cases/{victim.case_id}"):
        shown = visitor.get(page).text
        assert f"“{text}”" in shown
        assert said in shown


def test_in_the_lists_every_text_that_came_in_looks_the_same(desk: Desk, victim: Participation) -> None:
    make_plan(desk.world, code_words=WORDS)
    services = desk.world.services
    receive(services.sessions, services.keys, Came("+447700900123", "Magpie"), at=desk.world.clock())

    listed = desk.sign_in().get("/due").text

    assert "Follow up what came in" in listed
    assert "agpie" not in listed
    assert "not safe" not in listed
