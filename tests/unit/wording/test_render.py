"""Filling in one message or one page."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.vocabulary import Channel, Detail
from notify.wording.catalogue import FACTS, Wording
from notify.wording.render import FACT_LONGEST, Page, Rendered, render_message, render_page

WORDING = Wording.load()
LINK = "https://m.example.org/k/abc"


def make_message(**changed: Any) -> Rendered:
    choices: dict[str, Any] = {
        "language": "en",
        "kind": "bail_granted",
        "detail": Detail.NUDGE,
        "channel": Channel.SMS,
        "cover_text": None,
        "link": None,
        "facts": {},
    }
    return render_message(WORDING, **(choices | changed))


def make_page(facts: dict[str, str], kind: str = "bail_granted") -> Page:
    return render_page(WORDING, language="en", kind=kind, facts=facts)


@pytest.mark.parametrize("channel", Channel)
def test_a_cover_text_stands_in_for_the_nudge(channel: Channel) -> None:
    message = make_message(channel=channel, cover_text="Your book is in.")

    assert message.text.strip() == "Your book is in."


@pytest.mark.parametrize("channel", Channel)
def test_a_cover_text_goes_before_the_link(channel: Channel) -> None:
    message = make_message(detail=Detail.LINK, channel=channel, cover_text="Your book is in.", link=LINK)

    assert message.text.split() == ["Your", "book", "is", "in.", LINK]


@pytest.mark.parametrize("channel", Channel)
def test_a_link_is_whole_and_alone_on_nothing_but_a_neutral_sentence(channel: Channel) -> None:
    message = make_message(detail=Detail.LINK, channel=channel, link=LINK + "x" * 80)

    assert (
        " ".join(message.text.split())
        == f"There is a message for you here when it suits you: {LINK}{'x' * 80}"
    )


def test_a_full_text_ignores_cover_text_and_link() -> None:
    plain = make_message(detail=Detail.FULL)

    assert make_message(detail=Detail.FULL, cover_text="Your book is in.", link=LINK) == plain


@pytest.mark.parametrize("link", [None, ""])
def test_a_link_message_without_a_link_is_refused(link: str | None) -> None:
    with pytest.raises(ValueError, match="needs a link"):
        make_message(detail=Detail.LINK, link=link)


@pytest.mark.parametrize("kind", ["arest", "any", ""])
def test_an_unknown_kind_is_refused(kind: str) -> None:
    with pytest.raises(KeyError):
        make_message(kind=kind)


def test_a_full_email_says_what_the_private_page_says() -> None:
    facts = {"conditions": "not to contact you", "bail_until": "14 March 2026"}

    page = make_page(facts)
    email = make_message(detail=Detail.FULL, channel=Channel.EMAIL, facts=facts)

    flat = " ".join(email.text.split())
    assert all(paragraph in flat for paragraph in (page.title, *page.paragraphs))
    assert email.wording_id == page.wording_id == "en/bail_granted/page"


def test_the_record_of_a_message_names_its_wording() -> None:
    nudge = make_message()
    full = make_message(detail=Detail.FULL)

    assert (nudge.wording_id, full.wording_id) == ("en/any/nudge.sms", "en/bail_granted/full.sms")
    assert nudge.wording_version == full.wording_version == WORDING.version
    assert not nudge.fallback


def test_english_stands_in_for_a_language_without_wording_and_says_so() -> None:
    message = make_message(language="pl", detail=Detail.FULL)
    page = render_page(WORDING, language="pl", kind="arrest", facts={})

    assert message.text == make_message(detail=Detail.FULL).text
    assert message.fallback
    assert page.fallback


def test_facts_too_long_for_a_text_message_are_left_for_the_officer() -> None:
    message = make_message(detail=Detail.FULL, facts={"conditions": "to stay away " * 30})

    assert "to stay away" not in message.text
    assert "Ask your officer what rules they must keep." in message.text
    assert message.facts_left_out


def test_facts_that_fit_a_text_message_are_in_it() -> None:
    message = make_message(detail=Detail.FULL, facts={"conditions": "to stay away"})

    assert "The rules they must keep: to stay away." in message.text
    assert not message.facts_left_out


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("address", ["See bit.ly/x", "https://example.com", "sam@example.com", "bit．ly"])
def test_a_fact_with_an_address_is_left_out_of_a_message_and_the_others_stay(
    channel: Channel, address: str
) -> None:
    facts = {"conditions": address, "bail_until": "14 March 2026"}

    message = make_message(detail=Detail.FULL, channel=channel, facts=facts)

    without = make_message(detail=Detail.FULL, channel=channel, facts={"bail_until": "14 March 2026"})
    assert message.text == without.text
    assert "14 March 2026" in message.text
    assert message.facts_left_out
    assert not without.facts_left_out


@pytest.mark.parametrize("channel", Channel)
def test_an_address_in_a_fact_that_the_text_never_uses_takes_nothing_from_it(channel: Channel) -> None:
    message = make_message(detail=Detail.FULL, channel=channel, facts={"hearing_place": "example.com"})

    assert not message.facts_left_out


def test_a_fact_with_an_address_stays_on_the_private_page() -> None:
    page = make_page({"conditions": "to read example.com"})

    assert "These are the rules that they must keep to: to read example.com." in page.paragraphs


def test_a_fact_is_one_line_of_plain_text() -> None:
    page = make_page({"conditions": "not to\n\ncall\tyou\x1b[2J \u202e<b>{link}</b>\x00."})

    assert "These are the rules that they must keep to: not to call you[2J <b>{link}</b>." in page.paragraphs


def test_a_fact_that_is_too_long_shows_that_it_goes_on() -> None:
    page = make_page({"conditions": "x" * (FACT_LONGEST + 1)})

    shown = next(paragraph for paragraph in page.paragraphs if "xxx" in paragraph)
    assert shown.count("x") == FACT_LONGEST - 1
    assert "\u2026" in shown


def test_facts_that_no_text_asks_for_are_not_shown() -> None:
    page = make_page({"suspect": "Example Person", "cover": "Hello", "reference": "REF-1"})

    assert page == make_page({})


@given(st.dictionaries(st.sampled_from(sorted(FACTS)), st.text()))
def test_no_fact_breaks_a_page(facts: dict[str, str]) -> None:
    page = make_page(facts)

    assert page.title == "The suspect has been released on bail"
    assert all(paragraph and paragraph.splitlines() == [paragraph] for paragraph in page.paragraphs)


def test_a_page_explains_the_court_words_that_it_uses() -> None:
    words = [term.word for term in make_page({}).terms]

    assert "bail" in words
    assert "suspect" in words
    assert "warrant" not in words


def test_what_a_message_says_is_not_in_its_repr() -> None:
    message = make_message(detail=Detail.FULL, channel=Channel.EMAIL)
    page = make_page({})

    assert "bail is" not in repr(message)
    assert "suspect" not in repr(message) + repr(page)
    assert "A message for you" not in repr(message)
