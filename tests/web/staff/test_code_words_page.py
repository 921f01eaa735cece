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
from notify.web.staff.shown import why_asked
from tests.make import make_case, make_plan, make_victim
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


def test_all_that_came_in_since_a_task_was_opened_is_on_its_page(desk: Desk, victim: Participation) -> None:
    make_plan(desk.world)
    services = desk.world.services
    for text in ("First of all", "<b>Then</b> this", "And help"):
        receive(services.sessions, services.keys, Came("+447700900123", text), at=desk.world.clock())
        desk.world.clock.pass_time(minutes=5)

    page = desk.sign_in().get(f"/tasks/{desk.world.row(Task).id}/done").text

    assert "“First of all”" in page
    assert "5 January 2026 at 10:05am: “&lt;b&gt;Then&lt;/b&gt; this”" in page
    assert "“And help”" in page


def test_what_came_in_after_a_task_was_done_is_not_on_its_page(desk: Desk, victim: Participation) -> None:
    make_plan(desk.world)
    services = desk.world.services
    receive(services.sessions, services.keys, Came("+447700900123", "First of all"), at=desk.world.clock())
    task = desk.world.row(Task)
    visitor = desk.sign_in()
    visitor.post(f"/tasks/{task.id}/done")
    desk.world.clock.pass_time(minutes=5)
    receive(services.sessions, services.keys, Came("+447700900123", "Later on"), at=desk.world.clock())

    with services.acting(THE_SERVICE) as act:
        why = why_asked(act, act.session.get_one(Task, task.id))

    assert why is not None
    assert "First of all" in why
    assert "Later on" not in why


@pytest.mark.parametrize(
    "text", ["Magpie", "Blue tit", "I am at Bird Street, magpi", "hello " * 60 + "magpie"]
)
def test_the_officer_of_another_victim_with_that_number_sees_nothing_of_what_she_wrote(
    desk: Desk, victim: Participation, text: str
) -> None:
    make_plan(desk.world, code_words=WORDS)
    desk.world.by = "stranger"
    desk.world.clock.pass_time(minutes=5)
    make_case(desk.world, "C-2", unit="U-2")
    other = make_victim(desk.world, "V-2", case="C-2", mobile="07700 900123")
    make_plan(desk.world, victim="V-2", case="C-2")
    services = desk.world.services
    receive(services.sessions, services.keys, Came("+447700900123", text), at=desk.world.clock())

    visitor = desk.sign_in("stranger")
    (task,) = desk.world.rows(Task, kind="follow_up_inbound", victim_id=other.victim_id)

    asked = visitor.get(f"/tasks/{task.id}/done").text
    assert "two people share. Check by another agreed way" in asked
    paths = (f"/tasks/{task.id}/done", f"/cases/{other.case_id}", f"/victims/{other.id}", "/due")
    for page in (visitor.get(path) for path in paths):
        assert page.status_code == 200
        assert not any(
            word in page.text.lower() for word in ("magpi", "blue tit", "not safe", "code word for")
        )


def test_a_text_too_long_to_be_searched_for_code_words_is_said_to_be(
    desk: Desk, victim: Participation
) -> None:
    make_plan(desk.world, code_words=WORDS)
    services = desk.world.services
    receive(services.sessions, services.keys, Came("+447700900123", "hello " * 61), at=desk.world.clock())

    page = desk.sign_in().get(f"/tasks/{desk.world.row(Task).id}/done").text

    assert "too long to be searched for code words" in page


def test_what_came_in_and_does_not_open_takes_no_page_away(desk: Desk, victim: Participation) -> None:
    make_plan(desk.world)
    services = desk.world.services
    receive(services.sessions, services.keys, Came("+447700900123", "Hello"), at=desk.world.clock())
    with services.acting(THE_SERVICE) as act:
        act.session.query(Inbound).one().text_sealed = b"torn"

    visitor = desk.sign_in()

    for path in (f"/tasks/{desk.world.row(Task).id}/done", f"/cases/{victim.case_id}"):
        shown = visitor.get(path).text
        assert "“Cannot be read”" in shown
        assert "Check by another agreed way." in shown


def test_code_words_that_do_not_open_are_agreed_anew_on_the_same_page(
    desk: Desk, victim: Participation
) -> None:
    make_plan(desk.world, code_words=WORDS)
    with desk.world.services.acting(THE_SERVICE) as act:
        act.session.query(Plan).one().code_words_sealed = b"torn"
    visitor = desk.sign_in()

    assert "Cannot be read: agree them anew" in visitor.get(f"/victims/{victim.id}").text
    assert visitor.get(path_of(victim)).status_code == 200
    visitor.post(path_of(victim), make_fields(desk, 1, **{"code_words-not_safe": "Heron"}))

    assert words_of(desk, 2) == {CodeWord.NOT_SAFE: "Heron"}
