"""How many SMS segments a text takes."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify.wording.segments import Segments, segments

ESCAPE = "\x1b"
EXTENSION = "\f^{}\\[~]|€"
GSM = st.text(st.sampled_from("aZ 9@£_Ωéà¿\n\r" + EXTENSION), max_size=500)
WIDE = st.text(st.sampled_from("aé’ж漢\N{GRINNING FACE}\N{REGIONAL INDICATOR SYMBOL LETTER G}"), max_size=250)


@pytest.mark.parametrize(
    ("text", "units", "count"),
    [
        ("", 0, 1),
        ("a" * 160, 160, 1),
        ("a" * 161, 161, 2),
        ("a" * 306, 306, 2),
        ("a" * 307, 307, 3),
        ("€" * 80, 160, 1),
        ("€" * 81, 162, 2),
        ("a" * 152 + "€" + "a" * 152, 306, 3),  # the pair may not straddle 153, so one unit is lost
        ("a" * 151 + "€" + "a" * 153, 306, 2),
    ],
)
def test_plain_text_is_counted_in_septets(text: str, units: int, count: int) -> None:
    assert segments(text) == Segments("gsm-7", units, count)


@pytest.mark.parametrize(
    ("text", "units", "count"),
    [
        ("’" * 70, 70, 1),
        ("’" * 71, 71, 2),
        ("’" * 134, 134, 2),
        ("’" * 135, 135, 3),
        ("\N{GRINNING FACE}" * 35, 70, 1),
        ("\N{GRINNING FACE}" * 36, 72, 2),
        ("’" * 66 + "\N{GRINNING FACE}" + "’" * 66, 134, 3),  # the pair may not straddle 67
        ("’" * 65 + "\N{GRINNING FACE}" + "’" * 67, 134, 2),
    ],
)
def test_other_text_is_counted_in_utf_16_units(text: str, units: int, count: int) -> None:
    assert segments(text) == Segments("ucs-2", units, count)


@pytest.mark.parametrize("character", ["’", "ç", "`", "\t", "ŵ", ESCAPE, "\N{NO-BREAK SPACE}"])
def test_one_character_outside_the_alphabet_turns_the_whole_text_to_ucs_2(character: str) -> None:
    assert segments("a" * 100 + character) == Segments("ucs-2", 101, 2)


def test_the_alphabet_is_the_127_characters_of_the_standard_and_10_more() -> None:
    plain = [c for c in map(chr, range(0x3000)) if segments(c) == Segments("gsm-7", 1, 1)]
    doubled = [c for c in map(chr, range(0x3000)) if segments(c) == Segments("gsm-7", 2, 1)]

    assert len(plain) == 127
    assert sorted(doubled) == sorted(EXTENSION)
    assert all(unicodedata.is_normalized("NFC", c) for c in plain)


def cut(units: list[str], alone: int, joined: int, starts_a_pair: str) -> int:
    """Segments by cutting the encoded units at each limit, one earlier where that would tear a pair."""
    if len(units) <= alone:
        return 1
    count, at = 0, 0
    while at < len(units):
        end = at + joined
        if end < len(units) and units[end - 1] in starts_a_pair:
            end -= 1
        count, at = count + 1, end
    return count


@given(GSM)
def test_plain_text_is_cut_as_its_encoded_septets_are(text: str) -> None:
    septets = [unit for c in text for unit in ((ESCAPE, c) if c in EXTENSION else (c,))]

    assert segments(text) == Segments("gsm-7", len(septets), cut(septets, 160, 153, ESCAPE))


@given(WIDE.map(lambda text: text + "’"))
def test_other_text_is_cut_as_its_encoded_units_are(text: str) -> None:
    encoded = text.encode("utf-16-be")
    units = [encoded[i : i + 2].decode("utf-16-be", "surrogatepass") for i in range(0, len(encoded), 2)]
    high_surrogates = "".join(map(chr, range(0xD800, 0xDC00)))

    assert segments(text) == Segments("ucs-2", len(units), cut(units, 70, 67, high_surrogates))


@given(st.text(st.characters(), max_size=400))
def test_every_text_can_be_measured(text: str) -> None:
    measured = segments(text)

    assert measured.count >= 1
    assert measured.units >= len(text)
