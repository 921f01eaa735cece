"""What came in is taken for: words that ask to stop, code words however they are spelt, and senders that can be answered."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.vocabulary import CodeWord, Reading
from notify.delivery.rules.inbound import (
    MOST_WORDS,
    SUSPENDING,
    can_be_answered,
    is_too_long,
    reading_of,
    unquoted,
)
from notify.delivery.rules.inbound import word_in as word_in_folded
from notify.wording.discreet import folded

WORDS = {CodeWord.SAFE: "Blue tit", CodeWord.NOT_SAFE: "Magpie 7", CodeWord.CALL_ME: "Café nero"}
ANYTHING = st.text(max_size=200)
FEW_WORDS = ANYTHING.filter(lambda text: len(re.findall(r"[^\W_]+", folded(text))) < MOST_WORDS // 2)
BETWEEN = st.text(alphabet=" .,-_'\u2019!?\u00ad\n\t", max_size=3)


def word_in(text, agreed):
    return word_in_folded(text, agreed, fold=folded)


@pytest.mark.parametrize(
    ("words", "reading"),
    [
        ("STOP", Reading.STOP),
        ("stop please", Reading.STOP),
        ("Unsubscribe", Reading.STOP),
        ("END", Reading.STOP),
        ("Please do not text me at work", Reading.STOP),
        ("leave me alone", Reading.STOP),
        ("Wrong number mate", Reading.WRONG_NUMBER),
        ("this is not her phone", Reading.WRONG_NUMBER),
        ("who's this?", Reading.WRONG_NUMBER),
        ("Who is this", Reading.WRONG_NUMBER),
        ("STOP. Wrong number", Reading.WRONG_NUMBER),
        ("It's not safe", Reading.UNSAFE),
        ("he reads my texts", Reading.UNSAFE),
        ("START", Reading.START),
        ("Unstop.", Reading.START),
        ("HELP", Reading.HELP),
        ("help!", Reading.HELP),
        ("Please help me to start the car", Reading.OTHER),
        ("See you on Friday at the end of the road", Reading.OTHER),
        ("", Reading.OTHER),
    ],
)
def test_words_are_taken_for_what_they_ask(words, reading):
    assert reading_of(words) is reading


@given(ANYTHING, ANYTHING, st.booleans())
def test_stop_anywhere_in_a_text_is_heard(before, after, shouted):
    word = "STOP" if shouted else "stop"

    assert reading_of(f"{unquoted(before)} {word} {unquoted(after)}".replace(">", "")) in SUSPENDING


@given(ANYTHING, st.booleans())
def test_whatever_came_in_the_provider_that_obeyed_a_stop_is_obeyed(text, automatic):
    assert reading_of(text, provider_says=Reading.OPTED_OUT, automatic=automatic) is Reading.OPTED_OUT


@given(ANYTHING, st.sampled_from([None, Reading.START, Reading.HELP]))
def test_what_the_provider_took_for_start_or_help_hides_no_stop(text, provider_says):
    suspended = reading_of(text) in SUSPENDING

    assert (reading_of(text, provider_says=provider_says) in SUSPENDING) is suspended


@pytest.mark.parametrize("provider_says", [Reading.START, Reading.HELP])
def test_what_the_provider_took_a_text_for_holds_when_it_asks_nothing_else(provider_says):
    assert reading_of("yes", provider_says=provider_says) is provider_says


def test_a_machine_that_asks_for_no_reply_stops_nothing():
    away = "I am out of office. Please do not reply to this e-mail. In an emergency call 999."

    assert reading_of(away) is Reading.STOP
    assert reading_of(away, automatic=True) is Reading.AUTOMATIC
    assert reading_of("Unsubscribe", automatic=True) is Reading.STOP


def test_what_an_earlier_mail_said_is_not_said_again():
    assert reading_of("Thank you\n> Write STOP to stop\n  > or ring us") is Reading.OTHER
    assert reading_of("> You can ring me\nSTOP") is Reading.STOP


@pytest.mark.parametrize("piece", ["don't ", "wrong ", "opt   ", "do  not ", "he  ", "a", "magpie "])
def test_ten_times_the_text_takes_about_ten_times_as_long(piece):
    def seconds(length: int) -> float:
        started = time.process_time()
        reading_of(piece * (length // len(piece)))
        word_in(piece * (length // len(piece)), WORDS)
        return time.process_time() - started

    assert seconds(50_000) < 50 * max(min(seconds(5_000) for _ in range(3)), 0.001)


@given(st.sampled_from(list(CodeWord)), st.data())
def test_a_code_word_is_known_however_it_is_spelt(meaning, data):
    word = WORDS[meaning]
    spelt = "".join(
        f"{data.draw(st.sampled_from([letter, letter.upper(), letter.lower()]))}{data.draw(BETWEEN)}"
        for letter in word
    )

    assert word_in(spelt, WORDS) is meaning


def test_a_code_word_is_known_without_its_accents():
    assert word_in("CAFE NERO", WORDS) is CodeWord.CALL_ME
    assert word_in("ｍａｇｐｉｅ７", WORDS) is CodeWord.NOT_SAFE


@given(FEW_WORDS, FEW_WORDS)
def test_that_she_is_not_safe_is_heard_wherever_its_word_stands(before, after):
    text = f"{before} magpie 7 {after}".replace(">", " ")

    assert word_in(text, WORDS) is CodeWord.NOT_SAFE


@given(st.from_regex(r"[b-h]{1,9}", fullmatch=True), st.booleans())
def test_that_she_is_safe_is_heard_only_when_nothing_else_is_said(more, before):
    assert word_in(f"{more} blue tit" if before else f"blue tit {more}", WORDS) is None


@given(
    st.text(alphabet="abcdefgh 0123", max_size=100),
    st.dictionaries(st.sampled_from(list(CodeWord)), ANYTHING),
)
def test_a_text_without_the_letters_of_a_word_never_says_it(text, agreed):
    assert word_in(text, WORDS) is None
    assert word_in("", agreed) is None


@pytest.mark.parametrize(
    ("agreed", "typed"), [("Łukasz", "Lukasz"), ("Smørre", "smorre"), ("Lukasz", "ŁUKASZ")]
)
def test_a_code_word_is_known_without_its_strokes(agreed, typed):
    assert word_in(typed, {CodeWord.NOT_SAFE: agreed}) is CodeWord.NOT_SAFE


@given(st.integers(min_value=0, max_value=200), st.integers(min_value=0, max_value=200))
def test_among_too_many_words_none_is_heard(before, after):
    text = f"{'hello ' * before} magpie7 {'hello ' * after}"
    too_long = before + 1 + after > MOST_WORDS

    assert is_too_long(text, fold=folded) is too_long
    assert word_in(text, WORDS) is (None if too_long else CodeWord.NOT_SAFE)


@pytest.mark.parametrize("letters", ["", "?!", " "])
def test_a_word_without_letters_is_never_said(letters):
    assert word_in(letters, {CodeWord.NOT_SAFE: letters}) is None


@pytest.mark.parametrize("sender", ["+447700900900", "447700900900", "60300", "MG" + "0a" * 16])
def test_a_number_or_a_messaging_service_can_be_answered(sender):
    assert can_be_answered(sender)


@pytest.mark.parametrize("sender", ["Callback", "Call 123", "MG123", "", "AC" + "0a" * 16])
def test_a_name_cannot_be_answered(sender):
    assert not can_be_answered(sender)
