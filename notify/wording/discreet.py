"""What a text that anyone might see may say, and how long a text message may be."""

import re
import unicodedata
from pathlib import Path
from typing import Final

COVER_TEXT_LONGEST: Final = 120
"""Characters in a plan's cover text, so that it and a private link fit two segments."""

COVER_TEXT_LONGEST_UNICODE: Final = 66
"""The same, in UTF-16 units, when one character forces the whole message out of GSM-7 (70 units a segment)."""

TELLING_WORDS: Final = frozenset((Path(__file__).parent / "telling-words.txt").read_text("utf-8").split())
"""Words that would tell a stranger what a message is about; refused in every text that is not the update itself."""

_WORD = re.compile(r"[^\W_]+")
_WEB_ADDRESS = re.compile(r"://|\bwww\.|@|\b[\w-]+\.[a-z]{2,}\b", re.IGNORECASE)

_GSM7_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM7_EXTENSION = frozenset("\f^{}\\[~]|€")

_PLAIN_PUNCTUATION = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u2032", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u2033", '"'),
        **dict.fromkeys("\u2010\u2011\u2013\u2014\u2212", "-"),
        "\u2026": "...",
        "\u00a0": " ",
    }
)


def discreet_faults(text: str) -> list[str]:
    """Why this text may not be seen by just anyone; empty if it may.

    >>> discreet_faults("Please call PC Example about your case!")
    ["has the telling word 'pc'", "has the telling word 'case'", 'has an exclamation mark']
    """
    words = _WORD.findall(unicodedata.normalize("NFKC", text).casefold())
    faults = [f"has the telling word '{word}'" for word in dict.fromkeys(words) if word in TELLING_WORDS]
    if "!" in text:
        faults.append("has an exclamation mark")
    return faults


def cover_text_faults(text: str) -> list[str]:
    """Why a victim's cover text cannot be used, in words for the officer who typed it; empty if it can.

    >>> cover_text_faults("Your library book is ready. Thank you.")
    []
    """
    if not text.strip():
        return ["is empty"]
    faults = discreet_faults(text)
    if any(unicodedata.category(character)[0] == "C" for character in text):
        faults.append("must be one line, with no control or hidden characters")
    if _WEB_ADDRESS.search(text):
        faults.append("must have no link, web address or e-mail address (put a space after each full stop)")
    plain = plain_punctuation(text)
    if len(plain) > COVER_TEXT_LONGEST:
        faults.append(f"must be at most {COVER_TEXT_LONGEST} characters")
    elif _gsm7_units(plain) is None and _utf16_units(plain) > COVER_TEXT_LONGEST_UNICODE:
        faults.append(
            f"must be at most {COVER_TEXT_LONGEST_UNICODE} characters when it has an emoji or an unusual letter"
        )
    return faults


def plain_punctuation(text: str) -> str:
    """The text with curly quotes, long dashes and the like made plain: one of them would double an SMS's length."""
    return text.translate(_PLAIN_PUNCTUATION)


def fits_two_segments(text: str) -> bool:
    """Whether a text message of this text takes at most two segments (306 GSM-7 units, or 134 UTF-16 units).

    Conservative by one unit: a character of two units may not straddle the segments, and is counted as if it did.
    """
    units = _gsm7_units(text)
    if units is None:
        return _utf16_units(text) < 134  # noqa: PLR2004 - the figures of the docstring
    return units < 306  # noqa: PLR2004


def _gsm7_units(text: str) -> int | None:
    """Length in GSM-7 units, or None if a character is outside the GSM-7 alphabet (3GPP TS 23.038)."""
    units = 0
    for character in text:
        if character in _GSM7_BASIC:
            units += 1
        elif character in _GSM7_EXTENSION:
            units += 2
        else:
            return None
    return units


def _utf16_units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
