"""What a text that anyone might see may say, and how long the words may be that a victim chose for it."""

import re
import unicodedata
from pathlib import Path
from types import MappingProxyType
from typing import Final

from notify.wording.segments import segments

COVER_TEXT_LONGEST: Final = MappingProxyType({"gsm-7": 120, "ucs-2": 66})
"""Units in a plan's cover text: by itself it takes one segment, and every budget holds for it with a private link."""

SCRIPTS_THAT_LOOK_ALIKE: Final = frozenset(
    {"LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU"}
)
"""As the Unicode names of their letters begin. A letter of one can stand in for a letter of another, unseen."""

_SINGLE_LETTERS = re.compile(r"(?<![^\W_])[^\W_](?:[\W_]{1,3}[^\W_](?![^\W_]))+")
_WORD = re.compile(r"[^\W_]+")
_UNSEEN = frozenset({"Mn", "Mc", "Me", "Cf"})
"""Categories of accents, of signs that belong to the letter before them, and of characters that do not show."""
_LATIN_LETTER = re.compile(
    r"\bLATIN (?:SMALL |CAPITAL )?LETTER (?:SMALL CAPITAL |DOTLESS )?([A-Z])(?: WITH .+)?$"
)
_WEB_ADDRESS = re.compile(
    r"://|\bwww[.。]|@|[\w-][.。][^\W\d_]{2,}|(?<!\d)\d{1,3}(?:\.\d{1,3}){3}(?!\d)", re.IGNORECASE
)
_NUMBER_TO_RING = re.compile(r"\d{5}|\d(?:[ ().-]{0,2}\d){8}")
"""Five digits on end, or nine with the gaps that people leave in a number; a date or two times have fewer."""


def folded(text: str) -> str:
    """The text as a reader takes it in: small plain letters, without accents and unseen characters.

    >>> folded("Pólice, ＰØＬıCE, ᴘᴏʟɪᴄᴇ")
    'police, police, police'
    """
    spread = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(_plain_letter(one) for one in spread if unicodedata.category(one) not in _UNSEEN)


def _plain_letter(character: str) -> str:
    """The letter without the stroke, the missing dot or the box that no normal form takes away."""
    found = _LATIN_LETTER.search(unicodedata.name(character, ""))
    return found[1].lower() if found else character


def _words(text: str) -> str:
    """The words of a folded text with one space between them."""
    return " ".join(_WORD.findall(text))


TELLING_WORDS: Final = frozenset(
    _words(folded(line))
    for line in (Path(__file__).parent / "telling-words.txt").read_text("utf-8").split("\n")
    if line.strip()
)
"""Words, and a few words in a row, that would tell a stranger what a message is about, one a line.

Refused in every text that is not the update itself. A person close to her, such as a husband, is among them.
"""

_TELLING = re.compile(rf"(?<!\S)(?:{'|'.join(sorted(TELLING_WORDS, key=len, reverse=True))})(?!\S)")
_SPELT_OUT = re.compile("|".join(sorted((w for w in TELLING_WORDS if len(w) >= 4), key=len, reverse=True)))  # noqa: PLR2004
"""Looked for inside letters that were joined; a shorter word would be found there by chance."""

_SENDER_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9+&_-](?:[A-Za-z0-9 +&_-]{0,9}[A-Za-z0-9+&_-])?")
"""What phone networks let a text come from in place of a number (3GPP TS 23.040, 9.1.2.5: 11 letters of 7 bits)."""

_NAME_PIECE = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_TELLING_IN_A_NAME = frozenset({"met", "cjs", "dv", "sarc"})
"""They tell in a name, and are common enough in a sentence."""

_WHY_SO_FEW = {
    "gsm-7": " (each of ^ { } \\ [ ~ ] | € is counted twice)",
    "ucs-2": " when it has an emoji or an unusual letter",
}

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
    plain = folded(text)
    found = _TELLING.findall(_words(plain))
    for letters in _SINGLE_LETTERS.findall(plain):
        joined = "".join(_WORD.findall(letters))
        found += [joined] if joined in TELLING_WORDS else _SPELT_OUT.findall(joined)
    faults = [f"has the telling word '{word}'" for word in dict.fromkeys(found)]
    if "!" in plain:
        faults.append("has an exclamation mark")
    return faults


def sender_name_faults(name: str) -> list[str]:
    """Why texts cannot come from this name; empty if they can.

    Anyone who sees the phone sees it, and its words run together: a telling word is looked for anywhere in it.

    >>> sender_name_faults("MetPolice")
    ["has the telling word 'met'", "has the telling word 'police'"]
    """
    if not _SENDER_NAME.fullmatch(name):
        return [
            "must be 1 to 11 letters, digits, spaces and + & _ -, one letter at least, no space at either end"
        ]
    pieces = [folded(piece) for piece in _NAME_PIECE.findall(name)]
    found = [piece for piece in pieces if piece in TELLING_WORDS or piece in _TELLING_IN_A_NAME]
    found += _SPELT_OUT.findall("".join(_WORD.findall(folded(name))))
    return [f"has the telling word '{word}'" for word in dict.fromkeys(found)]


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
    if has_web_address(text):
        faults.append("must have no link, web address or e-mail address (put a space after each full stop)")
    if _NUMBER_TO_RING.search(folded(text)):
        faults.append("must have no number to ring, nor any of five digits or more")
    if len(_scripts(text)) > 1:
        faults.append("must be in one alphabet: some of its letters only look like the others")
    measured = segments(plain_punctuation(text))
    longest = COVER_TEXT_LONGEST[measured.encoding]
    if measured.units > longest:
        faults.append(f"must be at most {longest} characters{_WHY_SO_FEW[measured.encoding]}")
    return faults


def has_web_address(text: str) -> bool:
    """Whether a telephone may make a link of something in this text; rather too often than not.

    >>> has_web_address("See bit．ly/x"), has_web_address("At 10.30am in Room 2.")
    (True, False)
    """
    seen = (one for one in unicodedata.normalize("NFKC", text) if unicodedata.category(one) != "Cf")
    return _WEB_ADDRESS.search("".join(seen)) is not None


def _scripts(text: str) -> set[str]:
    """Which of the alphabets that look alike the letters of a text are from."""
    names = (unicodedata.name(one, "") for one in unicodedata.normalize("NFKC", text) if one.isalpha())
    return {name.partition(" ")[0] for name in names} & SCRIPTS_THAT_LOOK_ALIKE


def plain_punctuation(text: str) -> str:
    """The text with curly quotes, long dashes and the like made plain: one of them would double an SMS's length."""
    return text.translate(_PLAIN_PUNCTUATION)
