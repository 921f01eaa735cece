"""What waits at a provider, or is uncertain there, is left in peace and does not hold up the others."""

from datetime import timedelta

from models.messages import Message
from models.people import ContactPoint, Victim
from notify.delivery.providers.base import TryLater, Uncertain
from tests.fakes import Answer
from tests.make import (
    ChannelPlan,
    make_case,
    make_plan,
    make_victim,
    record,
    run_ticks,
    suspend_point,
    when,
)


def test_another_look_asks_a_provider_no_sooner_than_it_said(world):
    """Her second contact point comes into doubt: that changes nothing for the message that is to be tried again."""
    make_victim(world, email="v1@example.org")
    make_plan(world, ChannelPlan(), ChannelPlan("V-1-email"))
    world.sms.answers.append(Answer(TryLater("busy", timedelta(hours=3)), arrives=False))
    record(world)
    run_ticks(world)

    world.clock.pass_time(minutes=10)
    suspend_point(world, "V-1-email")
    run_ticks(world, when("Tue 6 Jan 2026 10:00"))

    assert [one.at for one in world.arrived] == [when("Mon 5 Jan 2026 13:00")]
    assert world.row(Message).attempt == 2


def test_a_contact_point_that_does_not_open_keeps_no_other_message_uncertain(world):
    """Both timed out, and the provider can be asked again only later."""
    look_up = world.sms.look_up
    world.sms.look_up = cannot_be_asked
    world.sms.answers.extend([Answer(Uncertain("timed_out"))] * 2)
    for n in (1, 2):
        if n > 1:
            make_case(world, f"C-{n}")
        make_victim(world, f"V-{n}", case=f"C-{n}", mobile=f"07700 90000{n}")
        make_plan(world, victim=f"V-{n}", case=f"C-{n}")
        record(world, case=f"C-{n}")
    run_ticks(world)
    assert world.states() == ["uncertain", "uncertain"]
    with world.services.sessions.begin() as session:
        torn = world.row(ContactPoint, ref="V-1-mobile")
        session.get_one(ContactPoint, torn.id).value_sealed = b"torn"
    world.sms.look_up = look_up

    run_ticks(world, when("Tue 6 Jan 2026 10:00"))

    other = world.row(Message, victim_id=world.row(Victim, ref="V-2").id)
    assert other.state == "accepted"


def cannot_be_asked(_outgoing, **_more):
    raise TryLater("unreachable")
