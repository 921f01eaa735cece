"""English that stands in for a victim's language tells nobody: a person must."""

from models.messages import Message
from models.oversight import Task
from models.vocabulary import Detail
from tests.make import ChannelPlan, make_plan, make_victim, receipt, record, run_ticks


def test_a_delivered_english_text_leaves_the_duty_and_the_call_open(world):
    make_victim(world, language="pl")
    make_plan(world, ChannelPlan(detail=Detail.FULL, counts_as_told=True))
    record(world)
    run_ticks(world)

    receipt(world, world.arrived[0], "delivered")
    run_ticks(world)

    assert world.row(Message).state == "delivered"
    assert world.duty().state == "open"
    call = world.row(Task, kind="call")
    assert (call.state, call.rules) == ("open", ["R6-ARREST"])


def test_the_same_text_to_somebody_who_reads_english_tells(world):
    make_victim(world, language="en-GB")
    make_plan(world, ChannelPlan(detail=Detail.FULL, counts_as_told=True))
    record(world)
    run_ticks(world)

    receipt(world, world.arrived[0], "delivered")

    assert world.duty().state == "told"
    assert world.rows(Task, kind="call") == []
