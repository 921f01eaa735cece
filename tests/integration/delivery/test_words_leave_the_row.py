"""What a message said is in its row only until it left, or will not: then in the contact log alone, sealed."""

from itertools import permutations

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from models.ledger import ContactEntry
from models.messages import Message
from models.people import Victim
from models.vocabulary import Detail, MessageState, ReceiptStatus
from notify.delivery.providers.base import Refused, TryLater, Uncertain
from notify.delivery.receipts import Slip, take_receipt
from tests.fakes import Answer
from tests.make import (
    OFFICE_HOURS,
    START,
    ChannelPlan,
    World,
    contact,
    make_plan,
    make_victim,
    pause,
    receipt,
    record,
    run_ticks,
    suspend_point,
    when,
)

BY_MAIL = ChannelPlan("V-1-email", detail=Detail.FULL)
NIGHT = when("Mon 5 Jan 2026 20:00")
WEEK_LATER = when("Mon 12 Jan 2026 10:00")
BEFORE_IT_LEFT = (MessageState.HELD, MessageState.QUEUED, MessageState.CLAIMED, MessageState.UNCERTAIN)


class KilledError(BaseException):
    """The worker's process dies here: nothing after this line of it runs."""


def owed(world: World, *plan: ChannelPlan) -> World:
    make_victim(world, email="v1@example.org")
    make_plan(world, *(plan or (ChannelPlan(),)))
    record(world)
    return world


def kept(world: World) -> list[tuple[str, str | None, str]]:
    """What the contact log has of messages: what came of each, and its words."""
    found = []
    with world.services.reading() as session:
        for entry in session.query(ContactEntry).where(ContactEntry.text_sealed.is_not(None)):
            key = world.services.keys.of(session, entry.victim_id)
            words = key.open_or_none(entry, "subject_sealed"), key.open(entry, "text_sealed")
            found.append((str(entry.outcome), *words))
    return found


def in_rows(world: World) -> list[bool]:
    return [row.text_sealed is not None or row.subject_sealed is not None for row in world.rows(Message)]


def test_what_left_is_in_the_contact_log_word_for_word_and_nowhere_else(world):
    run_ticks(owed(world, BY_MAIL))

    [mail] = world.email.arrived
    assert mail.subject is not None
    assert kept(world) == [("message_accepted", mail.subject, mail.text)]
    assert in_rows(world) == [False]


@pytest.mark.parametrize("status", ["delivered", "undelivered", "accepted"])
def test_a_receipt_that_overtakes_the_answer_takes_the_words_along(world, second, status):
    """The provider calls back before the worker that asked it is heard of again, if it ever is."""
    owed(world)
    world.sms.answers.append(Answer(KilledError(), arrives=True))
    with pytest.raises(KilledError):
        run_ticks(world)

    receipt(second, world.arrived[0], status)

    assert kept(world) == [("message_accepted", None, world.arrived[0].text)]
    assert in_rows(world) == [False]


@pytest.mark.parametrize("order", list(permutations(["accepted", "delivered", "undelivered"])), ids="-".join)
def test_receipts_before_any_answer_end_alike_in_every_order(world, second, order):
    owed(world)
    world.sms.answers.append(Answer(KilledError(), arrives=True))
    with pytest.raises(KilledError):
        run_ticks(world)

    for status in order:
        receipt(second, world.arrived[0], status)

    outcomes = [(str(entry.outcome), entry.text_sealed is not None) for entry in world.rows(ContactEntry)]
    assert sorted(outcomes) == [("message_accepted", True), ("message_undelivered", False)]
    assert world.states() == ["undelivered"]


def test_an_answer_that_comes_after_the_receipt_adds_its_name_and_no_second_line(world):
    owed(world)

    def calls_back_first(outgoing, at):
        slip = Slip("recording", None, ReceiptStatus.DELIVERED, None, raw="delivered")
        take_receipt(
            world.services.sessions, world.services.keys, slip, message_id=outgoing.message_id, at=at
        )

    world.sms.witness = calls_back_first
    run_ticks(world)

    message = world.row(Message)
    assert (message.state, message.provider_ref) == ("delivered", f"ref-{message.id}")
    assert kept(world) == [("message_accepted", None, world.arrived[0].text)]


def test_a_lost_answer_that_is_found_again_takes_the_words_along(world):
    world.sms.answers.append(Answer(Uncertain("timed_out"), arrives=True))

    run_ticks(owed(world), WEEK_LATER)

    assert kept(world) == [("message_accepted", None, world.arrived[0].text)]
    assert in_rows(world) == [False]


@pytest.mark.parametrize("answer", [Refused("21211", "number_not_valid"), TryLater("busy")])
def test_what_the_provider_would_not_take_is_kept_as_not_arrived(world, answer):
    world.sms.answers.extend([Answer(answer, arrives=False)] * 20)

    run_ticks(owed(world), WEEK_LATER)

    assert set(world.states()) <= {"failed", "expired", "refused"}
    assert kept(world) == [("message_undelivered", None, world.sms.asked[0].text)]
    assert not any(in_rows(world))


def told(world: World) -> None:
    contact(world, "spoke_identity_checked")


@pytest.mark.parametrize("stops", [suspend_point, pause, told, make_plan])
def test_what_will_not_leave_keeps_no_words_anywhere(world, stops):
    world.clock.now = NIGHT
    owed(world, ChannelPlan(windows=OFFICE_HOURS))
    run_ticks(world)
    assert (world.states(), in_rows(world)) == (["held"], [True])

    stops(world)
    run_ticks(world, WEEK_LATER)

    final = [row for row in world.rows(Message) if row.state is MessageState.CANCELLED]
    assert len(final) == 1
    assert final[0].text_sealed is None


def test_what_waits_or_may_have_to_go_again_keeps_its_words(world):
    world.sms.blind = True
    world.sms.answers.append(Answer(Uncertain("timed_out")))

    run_ticks(owed(world), WEEK_LATER)

    assert (world.states(), in_rows(world), kept(world)) == (["uncertain"], [True], [])


@pytest.mark.parametrize("state", [state for state in MessageState if state not in BEFORE_IT_LEFT])
def test_the_database_itself_takes_no_words_in_a_row_that_is_done(world, state):
    world.clock.now = NIGHT
    owed(world, ChannelPlan(windows=OFFICE_HOURS))
    run_ticks(world)

    with pytest.raises(IntegrityError), world.services.sessions.begin() as session:
        session.execute(update(Message).values(state=state))


def test_what_is_known_of_a_victim_who_was_erased_meanwhile_is_still_written_down(world):
    owed(world)

    def erase(_outgoing, _at):
        with world.services.sessions.begin() as session:
            world.services.keys.destroy(session, world.row(Victim, ref="V-1").id)

    world.sms.witness = erase
    run_ticks(world)

    assert world.states() == ["accepted"]
    assert [entry.text_sealed for entry in world.rows(ContactEntry)] == [None]
    assert world.clock() == START
