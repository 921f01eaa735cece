"""How long each text message may be: budgets are data, and a text that could go over one stops the start."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import notify.wording
from models.vocabulary import Channel, Detail
from notify.wording.budgets import Budget, budgeted
from notify.wording.catalogue import Status, Wording, WordingError
from notify.wording.render import render_message
from notify.wording.segments import segments

ENGLISH = Wording.load()
SHIPPED = Path(notify.wording.__file__).parent
WELSH = "Mae’r heddlu wedi dŵad â newyddion; dyŷn yw hyn. "  # made up, to be measured and never to be sent
BUDGET = """
[budget]
"nudge.sms" = { gsm-7 = 1, ucs-2 = 1 }
"link.sms" = { gsm-7 = 2, ucs-2 = 3 }
"full.sms" = { gsm-7 = 2, ucs-2 = 4 }
"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A copy of the shipped English wording, and a Welsh draft of the same texts."""
    for language in ("en", "cy"):
        shutil.copytree(SHIPPED / "en", tmp_path / language)
    set_head(tmp_path, "cy", "draft")
    return tmp_path


def set_head(root: Path, language: str, status: str, budget: str = BUDGET) -> None:
    (root / language / "locale.toml").write_text(f"status = '{status}'\n{budget}", "utf-8")


def set_text(root: Path, name: str, words: str, language: str = "en") -> None:
    (root / language / f"{name}.txt").write_text(words, "utf-8")


def faults(root: Path) -> list[str]:
    with pytest.raises(WordingError) as refused:
        Wording.load(root)
    return list(refused.value.faults)


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("x" * 307, "may take 3 segments of gsm-7, and 2 is its budget"),
        ("[" * 154, "may take 3 segments of gsm-7, and 2 is its budget"),
        ("ŵ" + "x" * 268, "may take 5 segments of ucs-2, and 4 is its budget"),
        (
            "\N{GRINNING FACE}" * 133,
            "may take 5 segments of ucs-2, and 4 is its budget",
        ),  # a unit of each part is lost
    ],
)
def test_a_full_text_over_its_budget_is_named_with_both_figures(files: Path, words: str, fault: str) -> None:
    set_text(files, "arrest/full.sms", words)

    assert faults(files) == [f"en/arrest/full.sms.txt: {fault}"]


@pytest.mark.parametrize(
    "words", ["x" * 306, "[" * 152, "ŵ" + "x" * 267, "\N{GRINNING FACE}" * 132, "’" * 306]
)
def test_a_full_text_that_uses_its_budget_up_is_taken(files: Path, words: str) -> None:
    set_text(files, "arrest/full.sms", words)

    [line] = Wording.load(files).locale("en")[0].text("arrest", "full.sms").lines()

    assert line.words == words


def test_room_is_kept_for_the_longest_link_and_cover_text(files: Path) -> None:
    """120 units of cover, 120 of link and a line end leave 65 of 306; in UCS-2 66 and 120 leave 14 of 201."""
    set_text(files, "any/link.sms", f"{'y' * 13} {{link}}\n?cover: {{cover}}")
    Wording.load(files)

    set_text(files, "any/link.sms", f"{'y' * 14} {{link}}\n?cover: {{cover}}")

    assert faults(files) == ["en/any/link.sms.txt: may take 4 segments of ucs-2, and 3 is its budget"]


def test_one_text_may_have_a_budget_of_its_own(files: Path) -> None:
    set_text(files, "arrest/full.sms", "x" * 307)
    set_head(files, "en", "working", BUDGET + '"arrest/full.sms" = { gsm-7 = 3, ucs-2 = 4 }')

    locale, _ = Wording.load(files).locale("en")

    assert locale.budget("arrest", "full.sms") == Budget(3, 4)
    assert locale.budget("charge", "full.sms") == Budget(2, 4)


@pytest.mark.parametrize(
    ("budget", "fault"),
    [
        ("", "budget of nudge.sms: missing"),
        ("budget = 3", "budget of full.sms: missing"),
        (BUDGET + '"page" = { gsm-7 = 2, ucs-2 = 3 }', "budget of page: must be of a text message"),
        (BUDGET + '"arest/full.sms" = { gsm-7 = 2, ucs-2 = 3 }', "budget of arest/full.sms: must be of"),
        (BUDGET.replace("ucs-2 = 4", "ucs-2 = 0"), "budget of full.sms: must be of a text message"),
        (BUDGET.replace("ucs-2 = 4", "ucs-2 = 7"), "budget of full.sms: must be of a text message"),
        (BUDGET.replace(", ucs-2 = 4", ""), "budget of full.sms: must be of a text message"),
    ],
)
def test_a_budget_that_cannot_be_used_is_named(files: Path, budget: str, fault: str) -> None:
    set_head(files, "en", "working", budget)

    assert any(found.startswith(f"en/locale.toml: {fault}") for found in faults(files))


def test_welsh_is_held_to_the_budget_of_its_own_letters(files: Path) -> None:
    set_text(files, "arrest/full.sms", WELSH * 5, "cy")
    assert segments(WELSH * 5).encoding == "ucs-2"
    Wording.load(files)  # a draft is never sent, and may be too long

    set_text(files, "arrest/full.sms", WELSH * 6, "cy")
    set_head(files, "cy", "working")

    assert faults(files) == ["cy/arrest/full.sms.txt: may take 5 segments of ucs-2, and 4 is its budget"]


def test_a_welsh_draft_within_its_budget_is_still_not_sent(files: Path) -> None:
    set_text(files, "arrest/full.sms", WELSH, "cy")

    wording = Wording.load(files)
    locale, fallback = wording.locale("cy")

    assert (locale.language, fallback) == ("en", True)
    assert Status.DRAFT not in {one.status for one in wording.locales.values()}


@given(place=st.text("Llŷnaeŵ []€\N{GRINNING FACE}", max_size=300))
def test_what_is_sent_keeps_to_the_budget_whatever_the_facts_say(place: str) -> None:
    budget = ENGLISH.locales["en"].budget("hearing_listed", "full.sms")

    message = render_message(
        ENGLISH,
        language="en",
        kind="hearing_listed",
        detail=Detail.FULL,
        channel=Channel.SMS,
        cover_text=None,
        link=None,
        facts={"hearing_place": place, "hearing_date": "14 March 2026"},
    )

    assert budget.allows(message.text)
    assert (
        message.facts_left_out
        or not place.strip(" .")
        or place.split(maxsplit=1)[0].strip(" .") in message.text
    )


@pytest.mark.parametrize("link", ["https://updates.example/m/" + "x" * 95, "https://ŵ.example/m/x"])
def test_a_link_that_no_budget_reckoned_with_is_told_from_one_that_fits(link: str) -> None:
    assert not budgeted(link)
    assert budgeted("https://updates.example/m/" + "x" * 94)
