"""A permanent error is never tried again blindly: the contact point is suspended, or somebody looks into it."""

from datetime import timedelta

import pytest

from models.oversight import Task
from models.people import ContactPoint
from notify.delivery.providers.base import Refused
from tests.fakes import Answer
from tests.make import ChannelPlan, make_plan, make_victim, receipt, record, run_ticks


@pytest.fixture
def told_by_text(world):
    """A victim with a text message first in her plan, and an e-mail after it."""
    make_victim(world, email="v1@example.org")
    make_plan(world, ChannelPlan(), ChannelPlan("V-1-email"))
    return world


def states(world):
    return {point.ref: point.state.value for point in world.rows(ContactPoint)}


def open_tasks(world):
    return sorted(task.kind.value for task in world.rows(Task, state="open"))


def test_a_number_that_is_out_of_use_is_suspended_and_the_mail_goes_instead(told_by_text):
    record(told_by_text)
    run_ticks(told_by_text)

    receipt(told_by_text, told_by_text.arrived[0], "undelivered", "30005")
    told_by_text.clock.pass_time(hours=1)
    run_ticks(told_by_text)

    assert states(told_by_text) == {"V-1-mobile": "suspended", "V-1-email": "verified"}
    assert [one.to for one in told_by_text.email.arrived] == ["v1@example.org"]
    assert "verify_contact" in open_tasks(told_by_text)


def test_nothing_more_goes_to_a_number_whose_holder_opted_out(told_by_text):
    told_by_text.sms.answers.append(Answer(Refused("21610", "opted_out"), arrives=False))
    record(told_by_text)
    run_ticks(told_by_text)
    told_by_text.clock.pass_time(hours=2)

    record(told_by_text, "interview_under_caution")
    run_ticks(told_by_text)

    assert len(told_by_text.sms.asked) == 1
    assert states(told_by_text)["V-1-mobile"] == "suspended"


def test_a_phone_that_is_switched_off_is_tried_again_with_the_next_news(told_by_text):
    record(told_by_text)
    run_ticks(told_by_text)
    receipt(told_by_text, told_by_text.arrived[0], "undelivered", "30003")
    run_ticks(told_by_text, told_by_text.clock() + timedelta(hours=4))

    record(told_by_text, "interview_under_caution")
    run_ticks(told_by_text)

    assert states(told_by_text)["V-1-mobile"] == "verified"
    assert len(told_by_text.sms.asked) == 2


def test_what_a_network_takes_for_spam_somebody_looks_into(told_by_text):
    record(told_by_text)
    run_ticks(told_by_text)

    receipt(told_by_text, told_by_text.arrived[0], "undelivered", "30007")

    assert states(told_by_text)["V-1-mobile"] == "verified"
    assert "check_delivery" in open_tasks(told_by_text)


def test_a_mailbox_that_is_not_there_is_suspended(world):
    make_victim(world, email="v1@example.org")
    make_plan(world, ChannelPlan("V-1-email"))
    world.email.answers.append(Answer(Refused("550", "recipient_refused"), arrives=False))

    record(world)
    run_ticks(world)

    assert states(world)["V-1-email"] == "suspended"
    assert "verify_contact" in open_tasks(world)
