"""What a cover text may say."""

import pytest

from notify.wording.discreet import (
    COVER_TEXT_LONGEST,
    cover_text_faults,
    plain_punctuation,
)
from notify.wording.segments import segments


@pytest.mark.parametrize(
    "text",
    [
        "Your library book is ready. Thank you.",
        "Hi, it\u2019s Sam \u2013 ring me when you\u2019re free",
        "See you at six \N{SLICE OF PIZZA}",
        "Showcase tickets are in",
        "Your café table: 10.30-11.30, 14.03.2026",
        "R.S.V.P. to Zoë, it's a D.I.Y. do",
        "Γεια σου, τα λέμε",
        "Привет, до встречи",
        "I\u2019d let outsiders in, exactly as the lawn was",
        "x" * COVER_TEXT_LONGEST["gsm-7"],
    ],
)
def test_an_everyday_cover_text_is_taken(text: str) -> None:
    assert cover_text_faults(text) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "empty"),
        (" \t", "empty"),
        ("Ring the police station", "police"),
        ("PC Example rang", "pc"),
        ("About your CASE", "case"),
        ("ｐｏｌｉｃｅ", "police"),
        ("The pólice rang", "police"),
        ("pølıce", "police"),
        ("ᴘᴏʟɪᴄᴇ", "police"),
        ("po\u00adlice", "police"),
        ("P O L I C E", "police"),
        ("p.o.l.i.c.e.", "police"),
        ("Ring the p-o_l i c e here", "police"),
        ("c a l l p o l i c e", "police"),
        ("Ring 1 0 1", "101"),
        ("P.C. Example", "pc"),
        ("роlice", "one alphabet"),
        ("Ring the роӏісе", "one alphabet"),
        ("He is let  out", "let out"),
        ("Your fiancé rang", "fiance"),
        ("Your ex rang", "ex"),
        ("The MARAC met", "marac"),
        ("Ring me！", "exclamation"),
        ("Ring 12345", "number to ring"),
        ("Ring 020 7946 0018", "number to ring"),
        ("Ring ０７７００ ９００１２３", "number to ring"),
        ("See bit．ly/x", "link"),
        ("See bit。ly", "link"),
        ("See bit.\u200bly", "link"),
        ("See пример.рф", "link"),
        ("See 192.0.2.1/x", "link"),
        ("See.192.0.2.1/x", "link"),
        ("Urgent, ring me", "urgent"),
        ("Ring 101", "101"),
        ("Ring me!", "exclamation"),
        ("See https://example.com", "link"),
        ("See www.example", "link"),
        ("See example.com/x", "link"),
        ("Write to sam@example.com", "link"),
        ("One\nTwo", "one line"),
        ("One\u202etwo", "hidden"),
        ("x" * (COVER_TEXT_LONGEST["gsm-7"] + 1), "at most 120"),
        ("€" * 61, "at most 120 characters (each of"),
        ("ж" * 67, "at most 66"),
    ],
)
def test_a_cover_text_that_tells_or_does_not_fit_is_refused(text: str, fault: str) -> None:
    assert any(fault in found for found in cover_text_faults(text))


def test_every_fault_of_a_cover_text_is_told_at_once() -> None:
    faults = cover_text_faults("Urgent! The court is at example.org")

    assert len(faults) == 4


def test_one_curly_quote_does_not_double_the_length() -> None:
    assert segments(plain_punctuation("It\u2019s \u201chere\u201d\u2026\u00a0\u2014 ok")).encoding == "gsm-7"
