"""What a message has no room for, or may not say, is told on the private page and by a person; and nothing brings in a link."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.messages import Message, PrivateLink, SealedUpdate
from models.oversight import Task
from models.vocabulary import Detail
from notify.wording.segments import segments
from tests.make import ChannelPlan, make_plan, make_victim, make_world, receipt, record, run_ticks

TOLD = ChannelPlan(detail=Detail.FULL, counts_as_told=True)
LONG = {"conditions": "to keep away from the street and from the school " * 8, "bail_until": "14 March 2026"}
ADDRESSES = ("https://a.example/x", "www.a.example", "bit.ly/abc", "sam@a.example", "192.0.2.1/x", "bit．ly")
LINK = re.compile(r"https?:|www\.|\w\.(ly|example)|@|192\.0|．", re.IGNORECASE)


def test_a_full_text_over_its_budget_goes_without_its_facts_and_the_rest_waits_for_her(world):
    make_victim(world)
    make_plan(world, TOLD)
    record(world, "bail_granted", facts=LONG)

    run_ticks(world)

    [text] = world.sms.texts
    assert "keep away" not in text
    assert segments(text).count <= 2
    assert len(world.rows(SealedUpdate)) == 1
    assert world.row(Task, kind="call").rules == ["R6-BAIL"]


def test_a_text_that_left_facts_out_never_counts_as_told(world):
    make_victim(world)
    make_plan(world, TOLD)
    record(world, "bail_granted", facts=LONG)
    run_ticks(world)

    receipt(world, world.arrived[0], "delivered")
    run_ticks(world)

    assert world.row(Message).state == "delivered"
    assert world.duty("R6-BAIL").state == "open"


def test_a_full_text_with_room_for_its_facts_needs_neither_page_nor_call(world):
    make_victim(world)
    make_plan(world, TOLD)
    record(world, "bail_granted", facts={"conditions": "to keep away from Llŷn"})

    run_ticks(world)

    assert "Llŷn" in world.sms.texts[0]
    assert world.rows(SealedUpdate) == []
    assert world.rows(Task, kind="call") == []


@pytest.mark.parametrize("detail", [Detail.NUDGE, Detail.FULL])
def test_no_link_leaves_where_the_plan_does_not_say_so(sqlite_database, detail):
    world = make_world(sqlite_database)
    make_victim(world, email="her@example.org")
    make_plan(world, ChannelPlan(detail=detail), ChannelPlan("V-1-email", detail))

    @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.lists(st.sampled_from(ADDRESSES), min_size=4, max_size=4), st.sampled_from(["", " ", ".", "("]))
    def try_to_break_it(addresses, before):
        facts = dict(zip(("conditions", "reason", "bail_until", "outcome"), addresses, strict=True))
        record(
            world,
            "bail_granted",
            facts={name: f"see{before}{value}" if before else value for name, value in facts.items()},
        )
        world.clock.pass_time(days=1)
        run_ticks(world)

    try_to_break_it()

    assert len(world.arrived) >= 1
    assert not any(LINK.search(one.text + (one.subject or "")) for one in world.arrived)
    assert world.rows(PrivateLink) == []


def test_a_plan_that_says_link_sends_the_private_link_and_no_other(world):
    make_victim(world)
    make_plan(world, ChannelPlan(detail=Detail.LINK))
    record(world, "bail_granted", facts={"conditions": "see https://a.example/x"})

    run_ticks(world)

    assert re.findall(r"https?://[^/\s]+", world.sms.texts[0]) == ["https://updates.example"]
