"""What the shipped texts say, and what they must not say."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.vocabulary import Channel, Detail, DutyClass
from notify.planning.catalogue_files import load_catalogue
from notify.wording.budgets import LONGEST_LINK
from notify.wording.catalogue import FACTS, KINDS, Term, Wording
from notify.wording.discreet import cover_text_faults
from notify.wording.render import call_prompt, render_message, render_page
from notify.wording.segments import segments
from notify.wording.template import Text, fill
from tests.unit.wording.readability import grade

WORDING = Wording.load()
ENGLISH = WORDING.locales["en"]
GRADE_LIMIT = 5.0  # a reader of nine or ten

NO_FACTS: dict[str, str] = {}
EVERY_FACT = dict.fromkeys(FACTS, "some words")
LINK = "https://m.example.org/" + "x" * (LONGEST_LINK - 22)

# Written apart from the service's own list, so that a gap in one is found by the other.
SAYS_TOO_MUCH = re.compile(
    r"polic|forc|crim|court|case|offic|constab|detect|arrest|bail|charg|victim|witness|investig|prison|"
    r"abus|assault|hearing|urgent|appeal|safe|999|101|!",
    re.IGNORECASE,
)
OFFENCES = re.compile(
    r"assault|rape|burglar|robb|theft|murder|stalk|harass|abus|violen|sexual|fraud|kidnap|arson|hate",
    re.IGNORECASE,
)


def whole(text: Text, facts: dict[str, str]) -> str:
    stand_ins = {"cover": "See you.", "link": "Here.", "update": "Your news."}
    return "\n".join(fill(text, {**stand_ins, **facts}))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("detail", [Detail.NUDGE, Detail.LINK])
def test_a_nudge_a_link_and_every_subject_say_nothing(kind: str, channel: Channel, detail: Detail) -> None:
    message = render_message(
        WORDING,
        language="en",
        kind=kind,
        detail=detail,
        channel=channel,
        cover_text=None,
        link="https://m.example.org/k",
        facts=EVERY_FACT,
    )

    assert not SAYS_TOO_MUCH.search(message.text)
    assert not SAYS_TOO_MUCH.search(message.subject or "")
    assert (message.subject is None) == (channel is Channel.SMS)


@pytest.mark.parametrize("kind", KINDS)
def test_the_subject_of_a_full_email_and_what_mailboxes_show_beside_it_say_nothing(kind: str) -> None:
    message = render_message(
        WORDING,
        language="en",
        kind=kind,
        detail=Detail.FULL,
        channel=Channel.EMAIL,
        cover_text=None,
        link=None,
        facts=EVERY_FACT,
    )

    assert message.subject
    assert not SAYS_TOO_MUCH.search(message.subject)
    shown_beside_the_subject = " ".join(message.text.split())[:140]
    assert not SAYS_TOO_MUCH.search(shown_beside_the_subject)
    assert max(map(len, message.text.splitlines())) <= 72


@given(
    kind=st.sampled_from(KINDS),
    detail=st.sampled_from(Detail),
    cover=st.none() | st.text("abc DE,.[€", max_size=120) | st.text("abŵŷ \N{GRINNING FACE}", max_size=66),
    facts=st.dictionaries(
        st.sampled_from(sorted(FACTS)), st.text(max_size=600) | st.text("a[ŵ", max_size=300)
    ),
)
def test_no_text_message_ever_takes_more_segments_than_its_budget(
    kind: str, detail: Detail, cover: str | None, facts: dict[str, str]
) -> None:
    message = render_message(
        WORDING,
        language="en",
        kind=kind,
        detail=detail,
        channel=Channel.SMS,
        cover_text=None if cover is None or cover_text_faults(cover) else cover,
        link=LINK,
        facts=facts,
    )

    assert message.text
    measured = segments(message.text)
    assert measured.count <= MOST_SEGMENTS[detail][measured.encoding]


MOST_SEGMENTS = {
    Detail.NUDGE: {"gsm-7": 1, "ucs-2": 1},
    Detail.LINK: {"gsm-7": 2, "ucs-2": 3},
    Detail.FULL: {"gsm-7": 2, "ucs-2": 4},
}


@pytest.mark.parametrize("kind", KINDS)
def test_facts_of_everyday_length_fit_the_text_message(kind: str) -> None:
    everyday = {
        "bail_until": "14 March 2026",
        "conditions": "not to contact you or go to your street",
        "hearing_date": "Monday 14 September 2026",
        "hearing_place": "Example Magistrates' Court, Room 2",
        "hearing_time": "10.30am",
        "outcome": "guilty of two charges",
        "release_date": "14 March 2026",
    }

    message = render_message(
        WORDING,
        language="en",
        kind=kind,
        detail=Detail.FULL,
        channel=Channel.SMS,
        cover_text=None,
        link=None,
        facts=everyday,
    )

    used = ENGLISH.text(kind, "full.sms").placeholders()
    assert all(value in message.text for fact, value in everyday.items() if fact in used)


@pytest.mark.parametrize("facts", [NO_FACTS, EVERY_FACT], ids=["no facts", "every fact"])
@pytest.mark.parametrize("text", ENGLISH.texts.values(), ids=lambda text: text.id)
def test_every_text_is_easy_to_read(text: Text, facts: dict[str, str]) -> None:
    assert grade(whole(text, facts)) <= GRADE_LIMIT


def test_the_measure_of_reading_tells_hard_from_easy() -> None:
    assert grade("The dog sat on the mat. It was wet.") < 2
    assert grade("Notwithstanding the aforementioned determination, proceedings will be discontinued.") > 12


@pytest.mark.parametrize("facts", [NO_FACTS, EVERY_FACT], ids=["no facts", "every fact"])
@pytest.mark.parametrize("text", ENGLISH.texts.values(), ids=lambda text: text.id)
def test_no_text_names_an_offence_shouts_or_gives_a_number_but_the_public_ones(
    text: Text, facts: dict[str, str]
) -> None:
    said = whole(text, facts)

    assert not OFFENCES.search(said)
    assert "!" not in said
    assert set(re.findall(r"\d+", said)) <= {"999", "101"}


@pytest.mark.parametrize("kind", KINDS)
def test_every_page_tells_how_to_ask_get_support_and_get_help_now(kind: str) -> None:
    page = render_page(WORDING, language="en", kind=kind, facts=NO_FACTS)

    said = " ".join(page.paragraphs)
    assert "your officer" in said
    assert "Support is free" in said
    assert "call 999" in page.paragraphs[-1]
    assert "You can" in said
    assert not re.search(r"[{}]|^[?!]", said, re.MULTILINE)


@pytest.mark.parametrize("fact", sorted(FACTS))
def test_every_fact_is_used_by_some_page(fact: str) -> None:
    assert any(fact in ENGLISH.text(milestone, "page").placeholders() for milestone in KINDS)


OFFICER_FIRST = sorted(
    {
        kind
        for edition in load_catalogue().editions
        for rule in edition.rules
        if rule.duty_class is DutyClass.OFFICER_FIRST
        for kind in rule.kinds
    }
)


@pytest.mark.parametrize("kind", OFFICER_FIRST)
def test_news_that_an_officer_gives_first_has_words_for_the_call(kind: str) -> None:
    general = call_prompt(WORDING, "en", "no_change")

    prompt = call_prompt(WORDING, "en", kind)

    assert prompt.startswith(general)
    assert len(prompt) > len(general)


@pytest.mark.parametrize(
    "kind",
    ["police_no_further_action", "cps_no_charge", "charges_stopped", "charge_altered", "no_investigation"],
)
def test_a_decision_that_can_be_reviewed_says_so(kind: str) -> None:
    page = render_page(WORDING, language="en", kind=kind, facts=NO_FACTS)

    assert re.search(r"review|looked at again", " ".join(page.paragraphs))


@pytest.mark.parametrize("term", ENGLISH.terms, ids=lambda term: term.word)
def test_every_word_of_the_glossary_is_used_and_explained_in_one_plain_sentence(term: Term) -> None:
    pages = [render_page(WORDING, language="en", kind=kind, facts=NO_FACTS) for kind in KINDS]

    assert any(term in page.terms for page in pages)
    assert re.fullmatch(r"[^.?!]+\.", term.means)
    assert len(term.means.split()) <= 25
