"""How many SMS segments a text takes (3GPP TS 23.038: GSM 7-bit default alphabet and its extension, or UCS-2)."""

from dataclasses import dataclass
from typing import Literal

Encoding = Literal["gsm-7", "ucs-2"]

# fmt: off
_GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# fmt: on
_GSM_EXTENSION = frozenset("\f^{}\\[~]|€")  # each sent as an escape and a second unit
_GSM_ROOM = (160, 153)  # units in a text sent alone, and in each part of a joined one
_UCS2_ROOM = (70, 67)
_LAST_OF_BMP = 0xFFFF  # beyond it a character is a surrogate pair


@dataclass(frozen=True, slots=True)
class Segments:
    """`units` are septets in gsm-7 and UTF-16 code units in ucs-2; `count` is what the provider charges for."""

    encoding: Encoding
    units: int
    count: int


def segments(text: str) -> Segments:
    """Measure a text as a provider would split it; a pair of units is never torn. An empty text travels as one.

    >>> segments("Please ring me.")
    Segments(encoding='gsm-7', units=15, count=1)
    >>> segments("It\N{RIGHT SINGLE QUOTATION MARK}s me.")  # one curly quote turns the whole text to UCS-2
    Segments(encoding='ucs-2', units=8, count=1)
    >>> segments("[" * 77)  # 76 pairs fit in a part of 153 units
    Segments(encoding='gsm-7', units=154, count=1)
    """
    if _GSM_BASIC.union(_GSM_EXTENSION).issuperset(text):
        widths = [2 if character in _GSM_EXTENSION else 1 for character in text]
        return Segments("gsm-7", sum(widths), _parts(widths, *_GSM_ROOM))
    widths = [2 if ord(character) > _LAST_OF_BMP else 1 for character in text]
    return Segments("ucs-2", sum(widths), _parts(widths, *_UCS2_ROOM))


def _parts(widths: list[int], alone: int, joined: int) -> int:
    if sum(widths) <= alone:
        return 1
    parts, left = 0, 0
    for width in widths:
        if width > left:
            parts, left = parts + 1, joined
        left -= width
    return parts
