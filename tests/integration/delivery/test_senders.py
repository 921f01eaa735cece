"""Texts come from the sender that the plan says, or do not come at all."""

from dataclasses import replace

import pytest

from config import ConfigError
from models.messages import Message
from models.oversight import Task
from models.plans import PlanChannel
from models.vocabulary import Channel, Sender
from notify.errors import FieldFault
from notify.wiring import choose_providers, make_services
from tests.make import ChannelPlan, make_plan, make_settings, make_victim, record, run_ticks

NEUTRAL_ONLY = frozenset({Sender.NEUTRAL})
TWILIO = {
    "SMS_PROVIDER": "twilio",
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "a-token-for-tests",
    "TWILIO_FROM": "+447700900900",
}


@pytest.mark.parametrize("sender", Sender)
def test_a_text_comes_from_the_sender_of_the_plan(world, sender):
    make_victim(world)
    make_plan(world, ChannelPlan(sender=sender))
    record(world)

    run_ticks(world)

    assert [one.outgoing.sender for one in world.sms.arrived] == [sender]


def test_an_email_has_no_sender_to_choose(world):
    make_victim(world, email="her@example.org")

    with pytest.raises(FieldFault, match="only for text messages"):
        make_plan(world, ChannelPlan("V-1-email", sender=Sender.NUMERIC))


def test_a_plan_cannot_choose_a_sender_that_is_not_set_up(world):
    make_victim(world)
    world.sms.senders = NEUTRAL_ONLY

    with pytest.raises(FieldFault) as refused:
        make_plan(world, ChannelPlan(sender=Sender.NAMED))

    assert (refused.value.field, refused.value.reason) == ("channels[0].sender", "is not set up")
    assert world.rows(PlanChannel) == []


def test_a_sender_that_is_gone_holds_the_text_and_asks_a_person_once(world):
    make_victim(world)
    make_plan(world, ChannelPlan(sender=Sender.NAMED))
    world.sms.senders = NEUTRAL_ONLY
    record(world)

    run_ticks(world)
    world.clock.pass_time(hours=1)
    run_ticks(world)

    assert world.sms.asked == []
    assert world.row(Message).state == "held"
    assert world.row(Task, kind="check_delivery").subject_id == world.row(Message).id


def test_once_the_sender_is_there_again_the_text_goes_from_it(world):
    make_victim(world)
    make_plan(world, ChannelPlan(sender=Sender.NAMED))
    world.sms.senders = NEUTRAL_ONLY
    record(world)
    run_ticks(world)

    world.sms.senders = frozenset(Sender)
    world.clock.pass_time(minutes=15)
    run_ticks(world)

    assert [one.outgoing.sender for one in world.sms.arrived] == [Sender.NAMED]


def test_urgent_news_that_has_no_sender_is_a_call_at_once(world):
    make_victim(world)
    make_plan(world, ChannelPlan(sender=Sender.NAMED))
    world.sms.senders = NEUTRAL_ONLY
    record(world, "release_from_custody")

    run_ticks(world)
    world.clock.pass_time(hours=4)
    run_ticks(world)

    assert world.sms.asked == []
    assert len(world.rows(Task, kind="call")) == 1


def test_the_senders_that_are_set_up_are_those_of_the_settings():
    settings = make_settings(**TWILIO, SMS_SENDER_NAMED="Callback")

    sms = choose_providers(settings).first(Channel.SMS)

    assert set(sms.senders) == {Sender.NEUTRAL, Sender.NAMED}


def test_every_sender_that_cannot_be_used_is_named_at_the_start():
    settings = make_settings(
        **TWILIO | {"TWILIO_FROM": "+1"}, SMS_SENDER_NAMED="MetPolice", SMS_SENDER_NUMERIC="Callback"
    )

    with pytest.raises(ConfigError) as refused:
        choose_providers(settings)

    assert [fault.partition(":")[0] for fault in refused.value.faults] == [
        "TWILIO_FROM",
        "SMS_SENDER_NAMED",
        "SMS_SENDER_NUMERIC",
    ]
    assert "MetPolice" not in str(refused.value)


def test_a_door_whose_links_are_longer_than_every_budget_does_not_open(sqlite_database):
    settings = replace(make_settings(), public_url="https://" + "updates." * 12 + "example")

    with pytest.raises(ConfigError, match="PUBLIC_URL: too long"):
        make_services(settings, database=sqlite_database)
