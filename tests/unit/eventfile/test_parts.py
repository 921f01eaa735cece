"""Sharing an event file out: what has to do with each other stays together, and what cannot be judged apart is not split."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notify.eventfile.parts import EVERY_PART, LINES_WORTH_A_PART, Split, split

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
UNTIL = datetime(2026, 2, 1, tzinfo=UTC)
ENOUGH = LINES_WORTH_A_PART * 4


def line(**event: object) -> bytes:
    return json.dumps({"at": START.isoformat(), "do": "contact", **event}).encode() + b"\n"


def strangers(count: int = ENOUGH) -> list[bytes]:
    """Lines that have nothing to do with each other."""
    return [line(victim=f"V-{n}", case=f"C-{n}") for n in range(count)]


def split_of(*events: bytes, parts: int = 4) -> Split:
    found = split([*events, *strangers()], parts, until=UNTIL)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"victim": "V"}, {"victim": "V", "case": "C"}),
        ({"case": "C"}, {"case": "C", "kind": "arrest"}),
        ({"contact_point": "P"}, {"channels": [{"contact_point": "Q"}, {"contact_point": "P"}]}),
        ({"victim": "V"}, {"match": {"victim": "V", "nth": 1}}),
        ({"id": "E"}, {"milestone": "E"}),
        ({"id": "E", "case": "C"}, {"id": "E", "case": "D"}),
        ({"value": "07700 900123"}, {"from": "+447700900123"}),
        ({"value": "A.Person@example.org"}, {"from": "a.person@EXAMPLE.ORG"}),
    ],
)
def test_events_that_name_the_same_are_in_one_part(one, other):
    found = split_of(line(**one), line(**other))

    assert found.part_of[0] == found.part_of[1]


def test_a_victim_in_two_cases_brings_them_together():
    one_case, other_case = "A", "B"
    found = split_of(
        line(case=one_case, kind="arrest"),
        line(case=other_case, kind="charge"),
        line(case=one_case, victim="V"),
        line(case=other_case, victim="V"),
    )

    assert len(set(found.part_of[:4])) == 1


def test_units_and_staff_are_in_every_part():
    found = split_of(line(do="unit", unit="U"), line(do="staff", staff="S", unit="U"))

    assert list(found.part_of[:2]) == [EVERY_PART, EVERY_PART]
    lines = [b"a\n", b"b\n", *strangers()]
    for part in range(found.parts):
        assert list(found.lines(lines, part))[:2] == [b"a\n", b"b\n"]


def test_each_other_line_is_in_one_part_and_keeps_its_number():
    lines = strangers()
    found = split(lines, 3, until=UNTIL)
    assert found is not None
    shared_out = [list(found.lines(lines, part)) for part in range(3)]

    for number, given_line in enumerate(lines):
        assert sorted(part[number] for part in shared_out) == sorted([b"\n", b"\n", given_line])


def test_parts_are_of_about_the_same_size():
    counted = Counter(split_of(parts=4).part_of)

    assert max(counted.values()) - min(counted.values()) <= 1


def test_a_line_that_cannot_be_read_falls_to_some_part_to_be_refused_there():
    found = split_of(b"not json\n", b"\n", b"[1]\n", line(victim=7, channels={"a": 1}, match=[]))

    assert all(part < found.parts for part in found.part_of[:4])


@pytest.mark.parametrize(
    "lines",
    [
        [],
        strangers(LINES_WORTH_A_PART),
        [*strangers(), line(at=(START - timedelta(seconds=1)).isoformat())],
        [*strangers(), line(at="yesterday")],
        [*strangers(), line(at="2026-01-05T09:00:00")],
        [line(at=(UNTIL + timedelta(seconds=1)).isoformat())] * ENOUGH,
        [*strangers(), line(at=(UNTIL + timedelta(seconds=1)).isoformat(), do="unit", unit="U")],
    ],
    ids=["empty", "short", "goes back", "no time", "no offset", "all after the end", "a unit after the end"],
)
def test_what_must_be_judged_as_a_whole_is_not_split(lines):
    assert split(lines, 4, until=UNTIL) is None


words = st.sampled_from(["1", "2", "3", "4", "5", "6", "7", "8"])
events = st.lists(
    st.fixed_dictionaries({}, optional={"victim": words, "case": words, "contact_point": words, "id": words}),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(events)
def test_no_name_is_ever_in_two_parts(given_events):
    found = split_of(*(line(**event) for event in given_events))

    for field in ("victim", "case", "contact_point", "id"):
        for word in {event[field] for event in given_events if field in event}:
            parts = {
                part
                for event, part in zip(given_events, found.part_of, strict=False)
                if event.get(field) == word
            }
            assert len(parts) == 1


@pytest.mark.parametrize("do", [["unit"], {"a": 1}, 7, None])
def test_an_event_of_no_kind_at_all_falls_to_some_part(do):
    assert split_of(line(do=do)).part_of[0] != EVERY_PART


def test_a_file_in_which_a_unit_and_another_event_share_an_id_is_not_split():
    lines = [line(victim="V", id="X"), line(do="unit", unit="U", id="X"), *strangers()]

    assert split(lines, 4, until=UNTIL) is None


@pytest.mark.parametrize("do", ["receipt", "read", "inbound"])
def test_what_lies_at_one_instant_with_word_from_outside_is_in_one_part(do):
    """A replay does what is due at that instant first, for everybody."""
    later = (START + timedelta(minutes=1)).isoformat()
    here = [
        line(at=later, victim="V"),
        line(at=later, do=do, match={"victim": "W"}),
        line(at=later, victim="X"),
    ]
    found = split([*strangers(), *here], 4, until=UNTIL)

    assert found is not None
    assert len(set(found.part_of[-3:])) == 1
