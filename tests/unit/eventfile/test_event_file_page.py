"""The page about the event file says what the program does."""

import re
from pathlib import Path

import pytest
from marshmallow import fields

from notify.eventfile.parse import SCHEMAS, EventFault, read_events
from notify.shapes import ChannelSchema, WindowSchema

PAGE = Path(__file__).parents[3] / "docs" / "event-file.md"
PARTS = {
    part.split("`")[0]: part for part in PAGE.read_text(encoding="utf-8").split("\n### `")[1:]
}  # from each heading to the next
SAMPLES = re.findall(r"^\{.*\}$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


def test_the_page_has_a_part_for_each_event_and_no_other():
    assert sorted(PARTS) == sorted(SCHEMAS)


@pytest.mark.parametrize("do", SCHEMAS)
def test_the_page_names_each_field_and_marks_those_that_must_be_given(do):
    rows = set(re.findall(r"^\| `(\w+)`( \*)? \|", PARTS[do], re.MULTILINE))
    schemas = [SCHEMAS[do], ChannelSchema(), WindowSchema()] if do == "plan" else [SCHEMAS[do]]
    known = {
        (field.data_key or name, " *" if field.required else "")
        for schema in schemas
        for name, field in schema.fields.items()
        if name not in {"at", "id"}
    }

    assert rows == known


@pytest.mark.parametrize("do", SCHEMAS)
def test_the_page_names_each_word_that_a_field_may_hold(do):
    for name, field in SCHEMAS[do].fields.items():
        inner = field.inner if isinstance(field, fields.List) else field
        if isinstance(inner, fields.Enum) and name not in {"kind"} | (
            {"owner"} if do == "correct" else set()
        ):
            allowed = inner.validate.choices  # type: ignore[union-attr]
            assert all(f"`{word.value}`" in PARTS[do] for word in allowed), name


def test_the_samples_on_the_page_can_be_read_and_show_every_event():
    read = [event for _, event in read_events(sample.encode() for sample in SAMPLES)]

    assert [str(event) for event in read if isinstance(event, EventFault)] == []
    assert {event.do for event in read if not isinstance(event, EventFault)} == set(SCHEMAS)
