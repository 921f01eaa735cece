"""Contact values: one spelling each, refusals that quote nothing, masks."""

import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.vocabulary import ContactPointKind
from notify.phone import (
    BadContactValue,
    index_key,
    masked,
    normalise,
    normalise_email,
    normalise_landline,
    normalise_mobile,
    normalise_post,
)


@pytest.mark.parametrize(
    "text",
    [
        "07700 900123",
        "07700900123",
        "+44 7700 900123",
        "+44 (0)7700 900123",
        "0044 7700 900123",
        "07700-900-123",
        "  07700\u00a0900123 ",
        "\u202a+447700900123\u202c",
        "07700\u2011900123",
    ],
)
def test_every_way_of_writing_a_mobile_is_kept_as_one(text):
    assert normalise_mobile(text) == "+447700900123"


@given(last=st.integers(0, 999))
def test_the_whole_range_set_aside_for_fiction_passes(last):
    assert normalise_mobile(f"07700 900{last:03}") == f"+447700900{last:03}"


def test_a_mobile_from_abroad_keeps_its_country():
    assert normalise_mobile("+33 6 39 98 01 23") == "+33639980123"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "+",
        "07700",
        "077009001234567",
        "020 7946 0018",  # a landline
        "0800 123 456",
        "0909 879 0000",  # premium rate
        "070 1234 5678",  # a personal number, charged like one
        "999",
        "90123",
        "07700 900123 ext 4",
        "07700 900123x4",
        "07700 900123, 07700 900124",
        "call 07700 900123",
        "0800 FLOWERS",
        "07700 900123\n07700 900124",
        "+999 7700 900123",
        "٠٧٧٠٠٩٠٠١٢٣",
        "0" * 10_000,
    ],
)
def test_what_is_no_mobile_number_is_refused(text):
    with pytest.raises(BadContactValue, match="not a mobile number"):
        normalise_mobile(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("020 7946 0018", "+442079460018"),
        ("+44 (0)161 496 0000", "+441614960000"),
        ("01632 960001", "+441632960001"),  # set aside for fiction
        ("0300 123 0000", "+443001230000"),
    ],
)
def test_landlines_are_kept_in_one_spelling(text, expected):
    assert normalise_landline(text) == expected


@pytest.mark.parametrize("text", ["07700 900123", "07911 123456", "0909 879 0000", "999", "946 0018", ""])
def test_what_is_no_landline_is_refused(text):
    with pytest.raises(BadContactValue, match="not a landline number"):
        normalise_landline(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" Ada@Example.COM ", "Ada@example.com"),
        ("ada+updates@example.org", "ada+updates@example.org"),
        ("ada@unit.example", "ada@unit.example"),
        ("ada@unit.test", "ada@unit.test"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
    ],
)
def test_an_email_address_is_kept_with_its_domain_in_lower_case(text, expected):
    assert normalise_email(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ada",
        "ada@",
        "@example.com",
        "ada@host",
        "ada@[127.0.0.1]",
        "Ada <ada@example.com>",
        "ada@example.com, eve@example.com",
        "ada@example.com\nBcc: eve@example.com",
        "ada@example.com\x00",
        "a" * 300 + "@example.com",
    ],
)
def test_what_is_no_email_address_is_refused(text):
    with pytest.raises(BadContactValue, match="not an e-mail address"):
        normalise_email(text)


def test_a_postal_address_keeps_its_lines_and_loses_needless_spaces():
    text = " 1  Example\tRoad \r\n\r\n Exampleton\u200b\nEX1 1AA\n"

    assert normalise_post(text) == "1 Example Road\nExampleton\nEX1 1AA"


@pytest.mark.parametrize("text", ["", " \n ", "--", "\u200b"])
def test_an_address_that_says_nothing_is_refused(text):
    with pytest.raises(BadContactValue, match="not a postal address"):
        normalise_post(text)


def test_an_overlong_address_is_refused():
    with pytest.raises(BadContactValue, match="longer than 500"):
        normalise_post("Example Road " * 100)


@pytest.mark.parametrize("kind", ContactPointKind)
@given(text=st.text() | st.emails() | st.from_regex(r"\A(\+44|0)[1237][0-9 ()-]{8,12}\Z"))
def test_any_text_is_refused_or_kept_in_a_lasting_spelling(kind, text):
    try:
        value = normalise(kind, text)
    except BadContactValue:
        return

    assert normalise(kind, value) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [(ContactPointKind.MOBILE, "07700 900123 canary"), (ContactPointKind.EMAIL, "canary@@example.com")],
)
def test_a_refusal_shows_the_value_nowhere_not_even_in_its_chain(kind, text):
    with pytest.raises(BadContactValue) as caught:
        normalise(kind, text)

    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert "canary" not in shown


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        (ContactPointKind.EMAIL, "Ada@example.com", "ada@EXAMPLE.com"),
        (ContactPointKind.MOBILE, "07700 900123", "+447700900123"),
        (ContactPointKind.POST, "1 Example Road,\nEX1 1AA", "1 example road\nex1 1aa"),
    ],
)
def test_two_spellings_of_one_contact_point_have_one_index_key(kind, one, other):
    assert index_key(kind, normalise(kind, one)) == index_key(kind, normalise(kind, other))


def test_two_mailboxes_have_two_index_keys():
    assert index_key(ContactPointKind.EMAIL, "ada@example.com") != index_key(
        ContactPointKind.EMAIL, "eve@example.com"
    )


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("+447700900123", "•••• 123"),
        ("ada@example.com", "a••••@e••••"),
        ("1 Example Road\nEX1 1AA", "•••• 1AA"),
        ("12345", "••••"),
        ("", "••••"),
    ],
)
def test_a_mask_shows_just_enough_to_recognise_a_value_by(value, shown):
    assert masked(value) == shown
