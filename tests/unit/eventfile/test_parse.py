"""Reading event files: every event, every refusal, and never anything but an event or a fault.

Long because every kind of event has its own refusals.
"""

import hashlib
import io
import json
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.vocabulary import PERSON_OUTCOMES, Detail, EnhancedRight, MilestoneKind, Outcome, Weekday
from notify.eventfile.events import (
    ContactEvent,
    CorrectEvent,
    InboundEvent,
    MilestoneEvent,
    PlanEvent,
    ReceiptEvent,
    VictimEvent,
)
from notify.eventfile.parse import LONGEST_LINE, SCHEMAS, EventFault, bounded_lines, load, read_events

ABOUT = {"victim": "v", "case": "c", "by": "officer-1"}
WINDOW = {"days": ["mon", "fri"], "from": "22:00", "to": "01:30"}
CHANNEL = {"contact_point": "m", "detail": "link", "windows": [WINDOW]}

GOOD: dict[str, dict[str, Any]] = {
    "unit": {"unit": "u", "name": "Example North", "agency": "police"},
    "staff": {"staff": "s", "name": "Officer 1 (fictional)", "role": "supervisor", "unit": "u"},
    "case": {
        "case": "c",
        "unit": "u",
        "officer": "s",
        "offence": "Theft",
        "restricted": True,
        "allow": ["s"],
    },
    "victim": {
        "victim": "v",
        "case": "c",
        "name": "Ada Example",
        "enhanced": ["most_serious"],
        "risk": "high",
        "language": "pt-BR",
        "date_of_birth": "1990-06-15",
    },
    "contact_point": {
        "contact_point": "m",
        "victim": "v",
        "kind": "mobile",
        "value": "07700 900123",
        "verified": True,
        "verified_by": "s",
    },
    "verify": {"contact_point": "m", "by": "s", "reason": "rang it"},
    "suspend": {"contact_point": "m", "by": "s", "reason": "lost"},
    "plan": ABOUT
    | {
        "every_days": 14,
        "channels": [CHANNEL],
        "never_dates": ["2026-01-16"],
        "automatic": False,
        "officer_first_nudge": True,
    },
    "pause": ABOUT | {"reason": "away"},
    "resume": ABOUT | {"reason": "back"},
    "decline": ABOUT | {"reason": "enough"},
    "support": ABOUT | {"supports": "no", "reason": "afraid"},
    "milestone": {
        "case": "c",
        "kind": "arrest",
        "happened_at": "2026-01-05T08:00:00Z",
        "learned_at": "2026-01-05T08:30:00Z",
        "by": "s",
        "owner": "cps",
        "suspect": "suspect-a",
        "facts": {"conditions": "none"},
    },
    "correct": {
        "milestone": "e1",
        "by": "s",
        "reason": "wrong time",
        "kind": "charge",
        "happened_at": "2026-01-05T07:00:00Z",
        "learned_at": "2026-01-05T07:00:00Z",
        "owner": "police",
        "suspect": "suspect-b",
        "facts": {},
    },
    "contact": ABOUT | {"outcome": "voicemail", "covers": ["R6-ARREST"], "note": "none"},
    "waive": ABOUT | {"rule": "R4-REFER", "reason": "not wanted"},
    "inbound": {"from": "07700 900123", "text": ""},
    "receipt": {"match": {"victim": "v", "nth": 2}, "status": "delivered", "code": "30003"},
    "read": {"victim": "v", "nth": 3},
    "close": {"case": "c", "by": "s", "reason": "finished"},
}


def make_given(do: str, *without: str, **changes: Any) -> dict[str, Any]:
    event = {"at": "2026-01-05T09:00:00Z", "do": do, "id": "e9"} | GOOD[do] | changes
    return {name: value for name, value in event.items() if name not in without}


def make_line(do: str, *without: str, **changes: Any) -> str:
    return json.dumps(make_given(do, *without, **changes))


def fault_of(line: str) -> tuple[str, str]:
    with pytest.raises(EventFault) as caught:
        load(line)
    return caught.value.field, caught.value.reason


@pytest.mark.parametrize("do", SCHEMAS)
def test_every_event_can_be_read(do):
    event = load(make_line(do))

    assert event.do == do
    assert event.at == datetime(2026, 1, 5, 9, tzinfo=UTC)
    assert event.id == "e9"


@pytest.mark.parametrize("do", SCHEMAS)
def test_an_unknown_field_is_refused_by_name(do):
    assert fault_of(make_line(do, colour="blue")) == ("colour", "is not a known field")


@pytest.mark.parametrize(
    ("do", "name"),
    [
        (do, field.data_key or name)
        for do, schema in SCHEMAS.items()
        for name, field in schema.fields.items()
        if field.required
    ],
)
def test_a_required_field_that_is_missing_is_named(do, name):
    assert fault_of(make_line(do, name)) == (name, "must be given")


@pytest.mark.parametrize(
    ("do", "name"),
    [(do, field.data_key or name) for do, schema in SCHEMAS.items() for name, field in schema.fields.items()],
)
@pytest.mark.parametrize("wrong", [None, 1.5, {"a": 1}, [[]], "\u0000"])
def test_a_value_of_the_wrong_kind_is_refused_by_its_field(do, name, wrong):
    field, _ = fault_of(make_line(do, **{name: wrong}))

    assert field.startswith(name)


@pytest.mark.parametrize(
    ("do", "changes", "field", "reason"),
    [
        ("unit", {"agency": "army"}, "agency", "must be one of: police, witness_care, cps, probation"),
        ("staff", {"role": "king"}, "role", "must be one of: case_officer, supervisor, auditor, admin"),
        ("case", {"restricted": 1}, "restricted", "must be true or false"),
        ("case", {"restricted": "true"}, "restricted", "must be true or false"),
        ("case", {"case": " c"}, "case", "must not begin or end with a space"),
        ("case", {"case": "c\nd"}, "case", "must not hold control characters"),
        ("case", {"case": "c" * 101}, "case", "must be at most 100 characters"),
        ("case", {"offence": "  "}, "offence", "must not be empty"),
        ("victim", {"name": "x" * 201}, "name", "must be at most 200 characters"),
        ("victim", {"name": "half \ud800"}, "name", "must not hold control characters"),
        ("victim", {"language": "English"}, "language", "must be a language like en or pt-BR"),
        ("victim", {"language": "en\n"}, "language", "must be a language like en or pt-BR"),
        ("victim", {"date_of_birth": "1990-02-30"}, "date_of_birth", "must be a date like 2026-01-05"),
        (
            "victim",
            {"enhanced": ["most_serious", "tall"]},
            "enhanced[1]",
            "must be one of: " + ", ".join(EnhancedRight),
        ),
        ("plan", {"every_days": 0}, "every_days", "must be 1 to 366"),
        ("plan", {"every_days": True}, "every_days", "must be a whole number"),
        ("plan", {"every_days": "14"}, "every_days", "must be a whole number"),
        ("plan", {"every_days": 14.0}, "every_days", "must be a whole number"),
        ("plan", {"never_dates": ["5 January"]}, "never_dates[0]", "must be a date like 2026-01-05"),
        ("milestone", {"kind": "moon_landing"}, "kind", "unknown milestone kind 'moon_landing'"),
        ("milestone", {"kind": "Ada Example"}, "kind", "unknown milestone kind"),
        ("correct", {"kind": "moon_landing"}, "kind", "unknown milestone kind 'moon_landing'"),
        ("milestone", {"learned_at": "2026-01-05T07:59:59Z"}, "learned_at", "must not be before happened_at"),
        ("correct", {"learned_at": "2026-01-05T06:59:59Z"}, "learned_at", "must not be before happened_at"),
        ("milestone", {"facts": {"where": 3}}, "facts.where", "must be text"),
        ("milestone", {"facts": {"where": "x" * 501}}, "facts.where", "must be at most 500 characters"),
        (
            "milestone",
            {"facts": {"a" * 65: "x"}},
            "facts",
            "must have names of letters, digits, spaces, - and _",
        ),
        ("milestone", {"facts": {f"f{n}": "x" for n in range(21)}}, "facts", "must hold at most 20 facts"),
        ("contact", {"outcome": "message_told"}, "outcome", "must be one of: " + ", ".join(PERSON_OUTCOMES)),
        ("contact", {"covers": "some"}, "covers", 'must be "all" or a list of rule ids'),
        ("contact", {"covers": ["R6-ARREST", 6]}, "covers[1]", "must be text"),
        ("receipt", {"match": {"victim": "v", "nth": 0}}, "match.nth", "must be 1 to 1000000"),
        ("receipt", {"match": {"victim": "v", "which": 1}}, "match.which", "is not a known field"),
        ("receipt", {"match": "v"}, "match", "must be an object"),
        ("read", {"nth": -1}, "nth", "must be 1 to 1000000"),
        ("inbound", {"text": "x" * 5_001}, "text", "must be at most 5000 characters"),
    ],
)
def test_a_bad_value_is_refused_with_its_field_and_a_reason(do, changes, field, reason):
    assert fault_of(make_line(do, **changes)) == (field, reason)


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"detail": "loud"}, "detail", "must be one of: nudge, link, full"),
        ({"counts_as_told": True}, "counts_as_told", "is only for detail full"),
        ({"colour": "blue"}, "colour", "is not a known field"),
        ({"windows": [WINDOW, WINDOW | {"from": "9:00"}]}, "windows[1].from", "must be a time like 09:00"),
        ({"windows": [WINDOW | {"to": "24:00"}]}, "windows[0].to", "must be a time like 09:00"),
        ({"windows": [WINDOW | {"days": []}]}, "windows[0].days", "must be a list of 1 to 7"),
        (
            {"windows": [WINDOW | {"days": ["mon", "day"]}]},
            "windows[0].days[1]",
            "must be one of: " + ", ".join(Weekday),
        ),
        ({"windows": ["always"]}, "windows[0]", "must be an object"),
        ({"windows": "always"}, "windows", "must be a list"),
    ],
)
def test_a_fault_inside_a_plan_says_where_it_is(changes, field, reason):
    line = make_line("plan", channels=[CHANNEL, CHANNEL | changes])

    assert fault_of(line) == (f"channels[1].{field}", reason)


@pytest.mark.parametrize(
    "at",
    [
        "2026-01-05T09:00:00",
        "2026-01-05",
        "2026-01-05 09:00:00Z",
        "20260105T090000Z",
        "2026-02-30T09:00:00Z",
        "2026-01-05T25:00:00Z",
        "2026-01-05T09:00:00+99:00",
        "٢٠٢٦-01-05T09:00:00Z",
        1767603600,
    ],
)
def test_a_moment_without_an_offset_or_a_meaning_is_refused(at):
    reason = "must be a date and time with an offset, like 2026-01-05T09:00:00Z"
    assert fault_of(make_line("read", at=at)) == ("at", reason)


def test_a_moment_at_the_ends_of_the_calendar_is_refused_and_not_an_error():
    assert fault_of(make_line("read", at="0001-01-01T00:00:00+14:00")) == (
        "at",
        "must be in the years 1900 to 2199",
    )
    assert fault_of(make_line("read", at="9999-12-31T23:59:59-14:00")) == (
        "at",
        "must be in the years 1900 to 2199",
    )


def test_moments_become_utc():
    event = load(make_line("milestone", "learned_at", happened_at="2026-07-01T10:00+01:00"))

    assert isinstance(event, MilestoneEvent)
    assert event.happened_at == event.learned_at == datetime(2026, 7, 1, 9, tzinfo=UTC)
    assert event.happened_at.tzinfo is UTC


def test_a_plan_keeps_the_order_of_its_channels_and_a_window_may_cross_midnight():
    channels = [CHANNEL, {"contact_point": "e", "detail": "full", "counts_as_told": True, "windows": []}]
    event = load(make_line("plan", channels=channels))

    assert isinstance(event, PlanEvent)
    assert [(c.contact_point, c.detail, c.counts_as_told) for c in event.channels] == [
        ("m", Detail.LINK, False),
        ("e", Detail.FULL, True),
    ]
    (window,) = event.channels[0].windows
    assert (window.days, window.opens, window.closes) == (
        frozenset({Weekday.MON, Weekday.FRI}),
        time(22),
        time(1, 30),
    )
    assert event.never_dates == {date(2026, 1, 16)}


def test_what_is_not_given_has_its_default():
    plan = load(make_line("plan", "never_dates", "automatic", "officer_first_nudge"))
    victim = load(make_line("victim", "enhanced", "risk", "language", "date_of_birth", "id"))
    contact = load(make_line("contact", "covers", "note"))
    receipt = load(make_line("receipt", "code", match={"victim": "v"}))

    assert isinstance(plan, PlanEvent)
    assert (plan.never_dates, plan.automatic, plan.officer_first_nudge) == (frozenset(), True, False)
    assert isinstance(victim, VictimEvent)
    assert (victim.enhanced, victim.risk, victim.language) == (frozenset(), "standard", "en")
    assert (victim.date_of_birth, victim.id) == (None, None)
    assert isinstance(contact, ContactEvent)
    assert (contact.covers, contact.note) == (None, None)
    assert isinstance(receipt, ReceiptEvent)
    assert (receipt.victim, receipt.nth, receipt.code) == ("v", 1, None)


def test_a_contact_that_covers_all_is_not_one_that_covers_nothing():
    everything = load(make_line("contact", covers="all"))
    nothing = load(make_line("contact", covers=[]))

    assert isinstance(everything, ContactEvent)
    assert isinstance(nothing, ContactEvent)
    assert everything.covers is None
    assert nothing.covers == ()
    assert nothing.outcome is Outcome.VOICEMAIL


def test_a_correction_must_change_something():
    field, reason = fault_of(
        make_line("correct", "kind", "happened_at", "learned_at", "owner", "suspect", "facts")
    )

    assert (field, reason.split(",")[0]) == ("kind", "must be given")


@pytest.mark.parametrize("kept", ["kind", "happened_at", "learned_at", "owner", "suspect", "facts"])
def test_any_one_changed_field_makes_a_correction(kept):
    others = {"kind", "happened_at", "learned_at", "owner", "suspect", "facts"} - {kept}
    event = load(make_line("correct", *others))

    assert isinstance(event, CorrectEvent)
    assert getattr(event, kept) is not None
    assert all(getattr(event, other) is None for other in others)


def test_every_milestone_kind_is_known():
    assert {load(make_line("milestone", kind=kind)).kind for kind in MilestoneKind} == set(MilestoneKind)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("", ("line", "must be one JSON object")),
        ("{", ("line", "must be one JSON object")),
        ("[]", ("line", "must be one JSON object")),
        ("3", ("line", "must be one JSON object")),
        ("{} {}", ("line", "must be one JSON object")),
        ("[" * 100_000, ("line", "must be one JSON object")),
        ('{"nth": ' + "9" * 5_000 + "}", ("line", "must be one JSON object")),
        ('{"nth": NaN}', ("line", "must not hold NaN or Infinity")),
        ('{"nth": -Infinity}', ("line", "must not hold NaN or Infinity")),
        ('{"do": "read", "do": "read"}', ("do", "must be given once only")),
        ("{}", ("do", "must be given")),
        ('{"do": "dance"}', ("do", "unknown event 'dance'")),
        ('{"do": "Ada Example"}', ("do", "unknown event")),
        ('{"do": ["read"]}', ("do", "unknown event")),
        ('{"do": "read", "Ada Example 07700 900123": 1}', ("(unreadable name)", "is not a known field")),
    ],
)
def test_a_line_that_is_no_event_is_one_fault(line, fault):
    assert fault_of(line) == fault


def test_a_key_given_twice_inside_the_event_is_refused():
    line = make_line("plan").replace('"from": "22:00"', '"from": "22:00", "from": "08:00"')

    assert fault_of(line) == ("from", "must be given once only")


def test_the_same_line_has_the_same_fault_every_time():
    line = make_line("plan", colour="blue", size=3, every_days="x", channels=[{}, 3])

    assert {fault_of(line) for _ in range(20)} == {("channels[0].contact_point", "must be given")}


def test_the_digest_is_of_the_content_and_not_of_how_it_is_written():
    event = make_given("milestone")
    backwards = dict(reversed(event.items()))

    one, other = load(json.dumps(event)), load(json.dumps(backwards, indent=1, ensure_ascii=False))

    canonical = json.dumps(event, sort_keys=True, separators=(",", ":"))
    assert one.digest == other.digest == hashlib.sha256(canonical.encode()).hexdigest()
    assert load(make_line("milestone", suspect="suspect-c")).digest != one.digest


PERSONAL = {"name", "value", "reason", "from", "text", "note", "suspect", "offence", "facts", "date_of_birth"}


@pytest.mark.parametrize(
    ("do", "name"), [(do, name) for do in SCHEMAS for name in GOOD[do] if name in PERSONAL and do != "unit"]
)
def test_neither_a_fault_nor_the_look_of_an_event_repeats_what_is_personal(do, name):
    canary = "Canary 07700 900999"
    lines = [
        make_line(do, **{name: value}) for value in (canary, canary + "\u0000", [canary], {canary: canary})
    ]

    for _, read in read_events(line.encode() for line in lines):
        assert "Canary" not in repr(read)
        assert "1990" not in repr(read)


def test_a_file_is_read_line_by_line_and_blank_lines_are_counted():
    good = make_line("inbound", text="Träne").encode()
    lines = [good + b"\n", b"\n", b"  \r\n", b"\xff\xfe\n", b"{\n", good]

    read = list(read_events(lines))

    assert [number for number, _ in read] == [1, 4, 5, 6]
    assert isinstance(read[0][1], InboundEvent)
    assert isinstance(read[3][1], InboundEvent)
    assert [str(fault) for _, fault in read[1:3]] == ["line: must be UTF-8", "line: must be one JSON object"]


def test_reading_does_not_run_ahead_of_its_reader():
    taken = []

    def lines():
        for number in range(3):
            taken.append(number)
            yield make_line("read").encode()

    reader = read_events(lines())
    next(reader)

    assert taken == [0]


def test_a_line_that_is_too_long_is_refused_and_the_next_one_read():
    long = b'{"do": "read", "x": "' + b"x" * (3 * LONGEST_LINE) + b'"}\n'
    exact = b" " * (LONGEST_LINE - len(make_line("read"))) + make_line("read").encode() + b"\n"
    file = io.BytesIO(long + exact + b" " + exact)

    lines = list(bounded_lines(file))
    read = [event for _, event in read_events(lines)]

    assert max(map(len, lines)) <= LONGEST_LINE + 3
    assert [str(event) for event in read if isinstance(event, EventFault)] == [
        "line: must be at most 1048576 bytes long"
    ] * 2
    assert not isinstance(read[1], EventFault)


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.lists(st.binary(max_size=60), max_size=5))
def test_whatever_the_bytes_are_there_is_an_event_or_a_fault_for_each_line(lines):
    read = list(read_events(lines))

    assert [number for number, _ in read] == [
        n for n, line in enumerate(lines, 1) if line and not line.isspace()
    ]
    assert all(isinstance(event, EventFault) for _, event in read)


@given(st.data())
def test_whatever_one_field_holds_there_is_an_event_or_a_fault_in_that_field(data):
    do = data.draw(st.sampled_from(sorted(SCHEMAS)))
    given_ = make_given(do)
    name = data.draw(st.sampled_from(sorted(given_.keys() - {"do"})))
    given_[name] = data.draw(ANYTHING)

    ((_, event),) = read_events([json.dumps(given_).encode()])

    if isinstance(event, EventFault):
        assert event.field.split(".")[0].split("[")[0] in {name, "learned_at"}
        assert "\n" not in event.reason


@given(st.dictionaries(st.text(max_size=12), ANYTHING, max_size=4), st.sampled_from(sorted(SCHEMAS)))
def test_whatever_the_fields_are_called_there_is_a_fault(fields, do):
    field, reason = fault_of(json.dumps(fields | {"do": do}))

    assert reason
    assert field.isascii()
