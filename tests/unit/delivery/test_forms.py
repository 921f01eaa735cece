"""What is posted to a provider: any field arrives as it was given."""

from urllib.parse import parse_qsl

from hypothesis import example, given
from hypothesis import strategies as st

from notify.delivery.providers.twilio_async import form

words = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.dictionaries(words.filter(bool), words))
@example({"To": "+447700900123", "Body": "50% & more = a+b; £5 %41\r\n\x00"})
def test_every_field_of_a_form_is_read_as_it_was_written(fields: dict[str, str]) -> None:
    read = parse_qsl(form(fields).decode("ascii"), keep_blank_values=True, strict_parsing=bool(fields))

    assert dict(read) == fields
