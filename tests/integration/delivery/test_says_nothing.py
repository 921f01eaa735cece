"""Invariant 2, say nothing: what a stranger may see of a message or a log tells nobody what it is about."""

import io
import logging
import re
import sys
from collections import Counter

import pytest

from models.messages import Message, SealedUpdate
from models.vocabulary import ContactPointKind, Detail, DutyClass, MilestoneKind
from notify.logs import configure_logs
from tests.make import (
    OFFICE_HOURS,
    ChannelPlan,
    contact,
    inbound,
    make_case,
    make_contact_point,
    make_plan,
    make_staff,
    make_unit,
    make_victim,
    make_world,
    pause,
    read_page,
    receipt,
    record,
    resume,
    run_ticks,
    when,
)

TELLING = re.compile(
    r"\b(police|met|constable|officer|detective|inspector|sergeant|pc|dc|ds|cps|crown|court|judge|jury|magistrate\w*|"
    r"crime|criminal|case|offence|offender|victim\w*|witness\w*|suspect\w*|accused|defendant|perpetrator|"
    r"arrest\w*|bail\w*|charge\w*|custody|detain\w*|releas\w*|prison|remand\w*|warrant|"
    r"investigat\w*|evidence|statement|allegation|report\w*|prosecut\w*|trial|hearing|verdict|sentenc\w*|"
    r"guilty|convict\w*|appeal|probation|licence|"
    r"rape\w*|sexual\w*|abus\w*|assault\w*|attack\w*|violen\w*|stalk\w*|harass\w*|domestic|murder\w*|traffick\w*|"
    r"safeguard\w*|refuge|idva|isva|solicitor|barrister|lawyer|legal|justice|support|danger|urgent\w*|emergency|"
    r"999|101)\b",
    re.IGNORECASE,
)
CANARIES = (
    "Quillon Ashgrove",
    "CASE-CANARY-77",
    "Wexford Tamsin",
    "Unlawful wounding canary",
    "Hollowbrook Magistrates",
    "Suspect Brantley",
    "no contact with the household",
)
NAME, CASE, OFFICER, OFFENCE, PLACE, SUSPECT, CONDITIONS = CANARIES
FACTS = {"hearing_place": PLACE, "conditions": CONDITIONS, "reason": "because " + PLACE, "outcome": OFFENCE}
SILENT = {
    # kinds that give rise to no message: a person does what they ask for
    MilestoneKind.INVESTIGATION_OPENED,
    MilestoneKind.COMPLAINT_MADE,
}


def test_no_nudge_and_no_link_tells_what_it_is_about_or_whom(database):
    world, sent_by_kind = told_of_everything(database)

    said = [part for one in world.arrived for part in (one.subject, one.text) if part is not None]
    assert {kind for kind, sent in sent_by_kind.items() if sent != 4} == SILENT
    assert {message.detail for message in world.rows(Message)} == {Detail.NUDGE, Detail.LINK}
    assert [text for text in said if TELLING.search(text)] == []
    assert [text for text in said for canary in CANARIES if canary.casefold() in text.casefold()] == []
    assert [text for text in said if re.search(r"\b(Dear|Ms|Mr|Mrs|V-[1-4])\b", text)] == []
    check_that_kinds_cannot_be_told_apart(world)
    check_that_links_are_a_token_only(world)
    check_that_the_private_page_tells_it_all(world)


def told_of_everything(database):
    """Four victims, nudged or linked by SMS or e-mail, told of every kind of milestone and of no change.

    All in one run, because it is a long one. Returns also how many messages each kind gave rise to.
    """
    world = make_world(database, staff=False)
    make_unit(world, name=f"{OFFICER} Unit")
    make_staff(world, "officer", name=OFFICER)
    make_case(world, CASE, offence=OFFENCE)
    for ref, detail, email in (
        ("V-1", Detail.NUDGE, False),
        ("V-2", Detail.LINK, False),
        ("V-3", Detail.NUDGE, True),
        ("V-4", Detail.LINK, True),
    ):
        make_victim(world, ref, case=CASE, name=f"{NAME} {ref}", mobile=None)
        value = f"{ref.lower()}@example.org" if email else f"07700 90000{ref[-1]}"
        point_kind = ContactPointKind.EMAIL if email else ContactPointKind.MOBILE
        make_contact_point(world, f"{ref}-point", value, victim=ref, kind=point_kind)
        plan = ChannelPlan(f"{ref}-point", detail)
        make_plan(world, plan, victim=ref, case=CASE, every_days=7, officer_first_nudge=True)
    sent_by_kind = {}
    for kind in MilestoneKind:
        before = len(world.arrived)
        record(world, kind.value, case=CASE, facts=FACTS, suspect=SUSPECT)
        run_ticks(world)
        sent_by_kind[kind.value] = len(world.arrived) - before
        world.clock.pass_time(hours=1)
    before = len(world.arrived)
    run_ticks(world, when("Mon 12 Jan 2026 10:00"))
    sent_by_kind["no_change"] = len(world.arrived) - before
    return world, sent_by_kind


def check_that_kinds_cannot_be_told_apart(world):
    """Each victim ever sees one nudge, and one link if she gets links, whatever they are about."""
    shapes = {
        (one.to, re.sub(r"/m/[\w-]+", "/m/TOKEN", one.text), one.subject or "A message for you")
        for one in world.arrived
    }

    assert Counter(to for to, _, _ in shapes) == {
        "+447700900001": 1,
        "+447700900002": 2,
        "v-3@example.org": 1,
        "v-4@example.org": 2,
    }
    assert {subject for _, _, subject in shapes} == {"A message for you"}


def check_that_links_are_a_token_only(world):
    links = [link for one in world.arrived for link in re.findall(r"https?://\S+", one.text)]

    assert links
    assert {re.sub(r"/m/[A-Za-z0-9_-]{32}$", "/m/", link) for link in links} == {"https://updates.example/m/"}
    assert len(set(links)) == len(links)


def check_that_the_private_page_tells_it_all(world):
    """Else what is above would hold if nothing were ever told."""
    with world.services.reading() as session:
        pages = " ".join(
            world.services.keys.of(session, one.victim_id).open(one, "text_sealed")
            for one in world.rows(SealedUpdate)
        )

    assert "arrested" in pages
    assert PLACE in pages
    assert CONDITIONS in pages


def test_her_own_cover_text_is_all_that_a_nudge_says(world):
    make_victim(world)
    make_plan(world, ChannelPlan(cover_text="Your library book is ready."))

    record(world)
    run_ticks(world)

    assert world.sms.texts == ["Your library book is ready."]


def test_bad_news_is_a_nudge_at_most_even_where_full_texts_were_agreed(world):
    make_victim(world)
    make_plan(
        world,
        ChannelPlan(detail=Detail.FULL, counts_as_told=True, cover_text="Your library book is ready."),
        officer_first_nudge=True,
    )

    record(world, "cps_no_charge", facts={"reason": "not enough to go on"})
    run_ticks(world)

    assert world.duty("R6-NFA-CPS").duty_class is DutyClass.OFFICER_FIRST
    assert world.sms.texts == ["Your library book is ready."]
    assert world.rows(SealedUpdate) == []


@pytest.fixture
def logged():
    """All that is logged, twice: as production would write it at DEBUG, and raw as our own code says it."""
    root, hook = logging.getLogger(), sys.excepthook
    before = root.handlers[:], root.level, logging.raiseExceptions
    stream, raw = io.StringIO(), io.StringIO()
    configure_logs("DEBUG", stream)
    raw_handler = logging.StreamHandler(raw)
    raw_handler.setFormatter(_Everything())
    root.addHandler(raw_handler)
    yield lambda: stream.getvalue() + raw.getvalue()
    logging.captureWarnings(False)
    root.handlers[:], root.level, logging.raiseExceptions = before
    sys.excepthook = hook


class _Everything(logging.Formatter):
    """The message with its arguments, its extras and its traceback; of libraries too."""

    def format(self, record):
        return f"{super().format(record)} {vars(record)!r}"


def test_a_whole_run_logged_at_debug_names_nobody_and_nothing(database, logged):
    world = make_world(database, staff=False)
    make_unit(world, name=f"{OFFICER} Unit")
    make_staff(world, "officer", name=OFFICER)
    make_case(world, offence=OFFENCE)
    make_victim(world, name=NAME, mobile="07700 900971", email="quillon.ashgrove@example.org")
    cover = "Tamsin's library book is ready"
    make_plan(
        world,
        ChannelPlan(detail=Detail.LINK, windows=OFFICE_HOURS, cover_text=cover),
        ChannelPlan("V-1-email", Detail.FULL, counts_as_told=True),
        reason="walls have ears",
    )
    record(world, facts=FACTS, suspect=SUSPECT)
    run_ticks(world)
    receipt(world, world.arrived[0], "undelivered", "30003")
    run_ticks(world)
    receipt(world, world.arrived[1], "delivered")
    read_page(world)
    contact(world, "voicemail", note="the neighbour picked up")
    inbound(world, "STOP ringing me says canary", sender="07700 900971")
    pause(world, reason="away with family")
    resume(world, reason="back again")
    record(world, "bail_granted", facts=FACTS)
    run_ticks(world, when("Fri 6 Feb 2026 10:00"))

    text = logged()

    hidden = (
        *CANARIES,
        "07700 900971", "7700900971", "quillon.ashgrove", cover, "library book", "walls have ears",
        "the neighbour", "STOP ringing", "away with family", "back again", "A suspect has been arrested",
        "updates.example/m/",
    )  # fmt: skip
    assert len(world.arrived) > 2
    assert [word for word in hidden if word.casefold() in text.casefold()] == []
