"""Code words through the API: kept sealed, told only as set, and refused by name where they could be missed."""

import pytest

from models.people import Victim
from models.plans import Plan
from models.vocabulary import CodeWord
from notify.ledger.audit import THE_SERVICE
from tests.web.api.kit import ONE, PLAN

WORDS = {"safe": "Blue tit", "not_safe": "Magpie"}


def words_of(api, version):
    with api.services.acting(THE_SERVICE) as act:
        plan = act.session.query(Plan).filter_by(version=version).one()
        return plan.open_code_words(act.key(api.rows(Victim)[0].id))


def test_words_are_kept_and_only_that_they_are_set_is_told(api, officer):
    made = officer.post(f"{ONE}/plans", PLAN | {"code_words": WORDS})
    shown = officer.get(f"{ONE}/plans/current")

    assert made.status_code == 201
    assert made.get_json()["code_words"] == shown.get_json()["code_words"] == ["safe", "not_safe"]
    assert "agpie" not in made.text + shown.text
    assert words_of(api, 1) == {CodeWord.SAFE: "Blue tit", CodeWord.NOT_SAFE: "Magpie"}
    assert b"agpie" not in api.rows(Plan)[0].code_words_sealed


@pytest.mark.parametrize(
    ("given", "left"),
    [({}, WORDS), ({"code_words": {}}, {}), ({"code_words": {"call_me": "Robin"}}, {"call_me": "Robin"})],
)
def test_a_new_version_says_nothing_of_them_or_all(api, officer, given, left):
    officer.done(f"{ONE}/plans", PLAN | {"code_words": WORDS})

    officer.done(f"{ONE}/plans", PLAN | given)

    assert words_of(api, 2) == left


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"safe": "abc"}, "code_words.safe"),
        ({"safe": "STOP now"}, "code_words.safe"),
        ({"safe": "Blue tit", "call_me": "blue-tit"}, "code_words.call_me"),
        ({"safe": "x" * 41}, "code_words.safe"),
        ({"safe": None}, "code_words.safe"),
        ({"safe": 7}, "code_words.safe"),
        ({"duress": "Magpie"}, "code_words.duress"),
        (None, "code_words"),
        ("Magpie", "code_words"),
    ],
)
def test_a_word_that_cannot_be_used_is_refused_by_the_name_of_its_field(
    sqlite_api, sqlite_officer, words, field
):
    answer = sqlite_officer.post(f"{ONE}/plans", PLAN | {"code_words": words})

    assert answer.status_code == 422
    assert f"/{field.replace('.', '/')}" in answer.text
    assert "agpie" not in answer.text
    assert sqlite_api.rows(Plan) == []
