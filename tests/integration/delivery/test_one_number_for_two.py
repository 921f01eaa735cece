"""Two victims share a phone, as a mother and her daughter may: what the provider has for the one is not taken for the other's."""

from dataclasses import replace
from datetime import datetime

from models.messages import Message
from models.oversight import Task
from models.vocabulary import Channel, MessageState
from notify.delivery.providers.base import Adopted, CannotTell, Found, Known, NotFound, Outgoing, Uncertain
from notify.delivery.providers.routes import Routes
from tests.fakes import Answer, RecordingProvider
from tests.make import make_case, make_plan, make_victim, make_world, record, run_ticks, when

LATER = when("Tue 6 Jan 2026 12:00")
LOST = Uncertain("answer_lost")


class ByNumber(RecordingProvider):
    """Looks up as Twilio does: by number, among what no other message of ours holds."""

    def look_up(self, outgoing: Outgoing, *, since: datetime, at: datetime, known: Known) -> Found:
        del since, at
        refs = [f"ref-{one.outgoing.message_id}" for one in self.arrived if one.to == outgoing.to]
        held = known(refs)
        free = [ref for ref in refs if ref not in held]
        if len(free) == 1:
            return Adopted(free[0])
        return CannotTell() if free else NotFound()


def sharing(database, *answers):
    """Two victims of one number, each with a message whose hand-over goes as given."""
    world = make_world(database)
    world.sms = ByNumber()
    world.sms.answers.extend(answers)
    world.services = replace(world.services, providers=Routes.to({Channel.SMS: world.sms}))
    make_case(world, "C-2")
    for number in (1, 2):
        make_victim(world, f"V-{number}", case=f"C-{number}", mobile="07700 900001")
        make_plan(world, victim=f"V-{number}", case=f"C-{number}")
        record(world, case=f"C-{number}")
    return world


def test_a_text_that_may_be_either_ones_is_taken_for_neithers_and_a_person_finds_out(database):
    world = sharing(database, Answer(raises=LOST, arrives=False), Answer(raises=LOST))

    run_ticks(world, LATER)

    assert len(world.sms.arrived) == 1
    assert world.states() == ["uncertain", "uncertain"]
    unknown = {message.id for message in world.rows(Message)}
    assert {task.subject_id for task in world.rows(Task) if task.kind == "check_delivery"} == unknown


def test_one_lost_answer_is_adopted_when_the_other_text_is_known(database):
    world = sharing(database, Answer(raises=LOST), Answer())

    run_ticks(world, LATER)

    assert world.states() == ["accepted", "accepted"]
    assert len({message.provider_ref for message in world.rows(Message)}) == 2


def test_what_never_arrived_is_sent_again_to_both(database):
    world = sharing(database, Answer(raises=LOST, arrives=False), Answer(raises=LOST, arrives=False))

    run_ticks(world, LATER)

    assert world.states() == ["accepted", "accepted"]
    assert {one.outgoing.message_id for one in world.sms.arrived} == {
        message.id for message in world.rows(Message, state=MessageState.ACCEPTED)
    }
