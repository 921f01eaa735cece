"""Fills in the wording of one message, one private page or one call."""

import re
import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from models.vocabulary import Channel, Detail
from notify.wording.budgets import as_sent
from notify.wording.catalogue import ANY_KIND, FACTS, Locale, Term, Wording
from notify.wording.discreet import has_web_address
from notify.wording.template import Text, fill

FACT_LONGEST: Final = 500
"""Characters of a fact that are shown."""

_WORD: Final = re.compile(r"[\w'-]+")
_EMAIL_LINE: Final = 72
_JOINERS: Final = "\u200c\u200d"
"""Invisible, but needed to write some languages and emoji."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """One message, ready to hand over.

    `fallback`: English stands in for a language that has no wording. `facts_left_out`: known facts did not fit the
    text message, or held a web or e-mail address, so that it tells less than the private page does.
    """

    subject: str | None = field(repr=False)
    text: str = field(repr=False)
    wording_id: str
    wording_version: str
    fallback: bool
    facts_left_out: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """The text of one private page; `terms` are the court words that it uses, in order of the glossary."""

    title: str = field(repr=False)
    paragraphs: tuple[str, ...] = field(repr=False)
    terms: tuple[Term, ...] = field(repr=False)
    wording_id: str
    wording_version: str
    fallback: bool


def render_message(
    wording: Wording,
    *,
    language: str,
    kind: str,
    detail: Detail,
    channel: Channel,
    cover_text: str | None,
    link: str | None,
    facts: Mapping[str, str],
) -> Rendered:
    """One message at one level of detail over one channel.

    `cover_text` stands in for the nudge's sentence and goes before the link; a full text ignores it.
    A full text leaves out each fact with a web or e-mail address in it: what a telephone makes a link of is ours alone.
    A full SMS whose facts would take it over its budget of segments is written without its facts.

    Raises KeyError for an unknown kind, ValueError for a link message without a link.
    """
    if detail is Detail.LINK and not link:
        raise ValueError("a link message needs a link")
    locale, fallback = wording.locale(language)
    facts_left_out = False
    if detail is Detail.FULL:
        wording_id, text, facts_left_out = _full(locale, kind, channel, facts)
    else:
        template = locale.text(kind, f"{detail}.{channel}")
        paragraphs = fill(template, {"cover": _clean(cover_text or ""), "link": link or ""})
        wording_id, text = template.id, _laid_out(paragraphs, channel)
    subject = " ".join(fill(locale.text(kind, "subject"), {})) if channel is Channel.EMAIL else None
    return Rendered(subject, text, wording_id, wording.version, fallback, facts_left_out)


def render_page(
    wording: Wording, *, language: str, kind: str, facts: Mapping[str, str], end: bool = True
) -> Page:
    """The private page of one update; without `end`, its own words alone. Raises KeyError for an unknown kind."""
    locale, fallback = wording.locale(language)
    text, (title, *paragraphs) = _page(locale, kind, _clean_facts(facts), end=end)
    return Page(
        title=title,
        paragraphs=tuple(paragraphs),
        terms=terms_in(locale, " ".join([title, *paragraphs])),
        wording_id=text.id,
        wording_version=wording.version,
        fallback=fallback,
    )


def call_prompt(wording: Wording, language: str, kind: str) -> str:
    """What the officer may say when ringing the victim: how to begin safely, then the words for this kind.

    A kind without its own words has the safe beginning only. Raises KeyError for an unknown kind.
    """
    locale, _ = wording.locale(language)
    beginning, own = locale.texts[ANY_KIND, "call"], locale.text(kind, "call")
    return "\n\n".join(paragraph for text in dict.fromkeys([beginning, own]) for paragraph in fill(text, {}))


def _full(locale: Locale, kind: str, channel: Channel, facts: Mapping[str, str]) -> tuple[str, str, bool]:
    """The update itself, and whether any of its facts were left out.

    An e-mail carries the words of the private page, so the two differ in nothing but a fact that is left out.
    """
    known = _clean_facts(facts)
    safe = {name: value for name, value in known.items() if not has_web_address(value)}
    unsafe = known.keys() - safe.keys()
    if channel is Channel.EMAIL:
        page, paragraphs = _page(locale, kind, safe)
        frame = locale.text(kind, "full.email")
        text = _laid_out(fill(frame, {"update": "\n\n".join(paragraphs)}), channel)
        return page.id, text, bool(page.placeholders() & unsafe)
    template = locale.text(kind, "full.sms")
    text = _laid_out(fill(template, safe), channel)
    if locale.budget(kind, "full.sms").allows(text):
        return template.id, text, bool(template.placeholders() & unsafe)
    return template.id, _laid_out(fill(template, {}), channel), True


def _page(
    locale: Locale, kind: str, facts: Mapping[str, str], *, end: bool = True
) -> tuple[Text, tuple[str, ...]]:
    text = locale.text(kind, "page")
    return text, (*fill(text, facts), *(fill(locale.text(kind, "page_end"), {}) if end else ()))


def _clean_facts(facts: Mapping[str, str]) -> dict[str, str]:
    """The facts a text may use, without full stops around them: the sentence around each has its own."""
    return {name: _clean(value).strip(" .") for name, value in facts.items() if name in FACTS}


def _clean(value: str) -> str:
    """One line of at most FACT_LONGEST characters, with nothing that could steer a terminal, a mail or reading order."""
    visible = (
        character
        for character in " ".join(value.split())
        if character in _JOINERS or unicodedata.category(character)[0] != "C"
    )
    line = "".join(visible)
    return line if len(line) <= FACT_LONGEST else line[: FACT_LONGEST - 1].rstrip() + "\u2026"


def terms_in(locale: Locale, text: str) -> tuple[Term, ...]:
    """The court words that a text uses, in order of the glossary."""
    words = _only_words(text)
    return tuple(
        term for term in locale.terms if any(_only_words(form) in words for form in (term.word, *term.also))
    )


def _only_words(text: str) -> str:
    """The words of a text with one space before and after each, so that whole words can be looked for."""
    return " ".join(["", *_WORD.findall(text.casefold()), ""])


def _laid_out(paragraphs: Sequence[str], channel: Channel) -> str:
    """Plain punctuation for a text message; short lines for an e-mail, where a long word (a link) is never broken."""
    if channel is Channel.SMS:
        return as_sent(paragraphs)
    wrap = textwrap.TextWrapper(_EMAIL_LINE, break_long_words=False, break_on_hyphens=False)
    return "\n\n".join(wrap.fill(part) for paragraph in paragraphs for part in paragraph.split("\n\n")) + "\n"
