"""Invariant 4, nothing lost and nothing twice: whatever a provider, a worker or a receipt does.

Long because every way in which a worker, a provider or a receipt can fail is a test of one invariant.
"""

from collections import Counter
from datetime import timedelta
from threading import Barrier, Event, Thread

import pytest
from sqlalchemy import func, select, text

from models.duties import Duty
from models.ledger import ContactEntry
from models.messages import Message, Receipt
from models.oversight import Task
from models.session import open_database
from models.vocabulary import Detail, MessageState, ReceiptStatus
from notify.delivery.providers.base import Refused, TryLater, Uncertain
from notify.delivery.receipts import Slip, check_callback, store, take_receipt
from notify.errors import NotKnown
from tests.fakes import Answer
from tests.make import (
    ChannelPlan,
    World,
    make_case,
    make_plan,
    make_victim,
    receipt,
    record,
    run_ticks,
    when,
)

FULL_TOLD = ChannelPlan(detail=Detail.FULL, counts_as_told=True)
WEEK_LATER = when("Mon 12 Jan 2026 10:00")
MESSAGES = 12


class KilledError(BaseException):
    """The worker's process dies here: nothing after this line of it runs."""


def owed(world: World, channel: ChannelPlan = FULL_TOLD, kind: str = "arrest") -> None:
    make_victim(world)
    make_plan(world, channel)
    record(world, kind)


def test_what_arrived_without_an_answer_is_found_again_and_not_sent_again(world):
    owed(world)
    world.sms.answers.append(Answer(Uncertain("timed_out"), arrives=True))

    run_ticks(world, WEEK_LATER)

    assert len(world.sms.asked) == 1
    assert world.states() == ["accepted"]
    assert [entry.outcome for entry in world.rows(ContactEntry)] == ["message_accepted"]


def test_what_did_not_arrive_is_sent_once_more_after_the_provider_said_so(world):
    owed(world)
    world.sms.answers.append(Answer(Uncertain("timed_out"), arrives=False))

    run_ticks(world, WEEK_LATER)

    assert [len(world.sms.asked), len(world.sms.looked_up), len(world.arrived)] == [2, 1, 1]
    assert [outgoing.attempt for outgoing in world.sms.asked] == [1, 2]


def test_nothing_is_sent_again_while_the_provider_cannot_be_asked(world):
    owed(world)
    world.sms.answers.append(Answer(Uncertain("timed_out"), arrives=False))
    world.sms.look_up = _unreachable

    run_ticks(world, when("Mon 5 Jan 2026 12:00"))

    assert len(world.sms.asked) == 1
    assert world.states() == ["uncertain"]


def test_what_nobody_can_tell_is_a_task_for_a_person_and_never_sent_again(world):
    owed(world, kind="bail_granted")
    world.sms.answers.append(Answer(Uncertain("timed_out"), arrives=False))
    world.sms.blind = True

    run_ticks(world, WEEK_LATER)

    assert len(world.sms.asked) == 1
    assert world.states() == ["uncertain"]
    assert {task.kind for task in world.rows(Task)} == {"check_delivery", "call"}


def test_a_receipt_settles_what_nobody_could_tell(world):
    owed(world)
    world.sms.answers.append(Answer(Uncertain("timed_out"), arrives=True))
    world.sms.blind = True
    run_ticks(world, when("Mon 5 Jan 2026 12:00"))

    receipt(world, world.arrived[0], "delivered")
    run_ticks(world, WEEK_LATER)

    assert len(world.sms.asked) == 1
    assert (world.states(), world.duty().state) == (["delivered"], "told")


@pytest.mark.parametrize("arrives", [True, False])
def test_a_worker_that_dies_in_the_hand_over_sends_nothing_twice_and_loses_nothing(world, second, arrives):
    owed(world)
    world.sms.answers.append(Answer(KilledError(), arrives=arrives))
    with pytest.raises(KilledError):
        run_ticks(world)

    run_ticks(second, when("Mon 5 Jan 2026 10:04"))
    claimed = second.states(), len(world.sms.asked)
    run_ticks(second, WEEK_LATER)

    assert claimed == (["claimed"], 1)
    assert len(world.arrived) == 1
    assert second.states() == ["accepted"]


def test_a_worker_that_dies_with_others_in_hand_loses_none_of_them(world, second):
    owed_to_many(world)
    world.sms.answers.extend([Answer(), Answer(KilledError(), arrives=True)])
    with pytest.raises(KilledError):
        run_ticks(world)

    run_ticks(second, WEEK_LATER)

    assert Counter(one.to for one in world.arrived) == Counter(numbers())


def test_a_worker_that_dies_between_claim_and_hand_over_loses_nothing(world, second):
    def die(_outgoing, _at):
        raise KilledError

    owed(world)
    world.sms.witness = die
    with pytest.raises(KilledError):
        run_ticks(world)
    world.sms.witness = ignore

    run_ticks(second, WEEK_LATER)

    assert len(world.arrived) == 1


def test_the_claim_is_committed_and_no_transaction_is_open_while_the_provider_is_called(world, second):
    seen = []

    def look(outgoing, _at):
        with second.services.sessions.begin() as session:
            # On PostgreSQL a lock that is held would be waited for; on SQLite this very transaction would.
            if session.get_bind().dialect.name == "postgresql":
                session.execute(text("SET LOCAL lock_timeout = '200ms'"))
            query = select(Message).where(Message.id == outgoing.message_id).with_for_update(nowait=True)
            message = session.scalars(query).one()
            session.execute(text("UPDATE audit_heads SET seq = seq"))
            session.execute(text("UPDATE duties SET late = late"))
            seen.append((message.state, message.attempt, message.claimed_by))

    owed(world)
    world.sms.witness = look

    run_ticks(world)

    assert seen == [(MessageState.CLAIMED, 1, "worker-1")]
    assert world.states() == ["accepted"]


def test_two_workers_at_the_same_moment_send_each_message_once(world, second):
    owed_to_many(world)
    together = Barrier(2)

    def work(worker: World, name: str) -> None:
        together.wait(timeout=30)
        run_ticks(worker, worker=name)

    workers = [Thread(target=work, args=(world, "a")), Thread(target=work, args=(second, "b"))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=60)
    run_ticks(world)

    assert Counter(one.to for one in world.arrived) == Counter(numbers())
    assert Counter(world.states()) == {"accepted": MESSAGES}
    assert len(world.rows(ContactEntry)) == MESSAGES


def test_two_workers_take_turns_while_one_is_waiting_for_its_provider(world, second):
    """What one worker holds in its hands, the other leaves alone."""
    owed_to_many(world)

    def other_works(_outgoing, _at):
        world.sms.witness = ignore
        run_ticks(second, worker="other")

    world.sms.witness = other_works
    run_ticks(world)

    assert Counter(one.to for one in world.arrived) == Counter(numbers())


def test_an_answer_to_an_attempt_that_was_given_up_changes_nothing(world, second):
    """The provider hung for so long that another worker asked, sent anew, and was answered first."""
    owed(world)
    world.sms.answers.extend([Answer(), Answer(TryLater("busy"), arrives=False)])

    def hang(_outgoing, _at):
        world.sms.witness = ignore
        world.clock.pass_time(minutes=6)
        run_ticks(second)

    world.sms.witness = hang
    run_ticks(world, WEEK_LATER)

    assert len(world.arrived) == 1
    assert world.states() == ["accepted"]
    assert world.row(Message).attempt == 2


def test_an_answer_to_an_attempt_that_was_given_up_puts_nothing_back_while_the_next_is_in_hand(world, second):
    owed(world)
    world.sms.answers.extend([Answer(TryLater("busy"), arrives=False)])
    first_answered, second_in_hand = Event(), Event()

    def second_hand_over(_outgoing, _at):
        world.sms.witness = ignore
        second_in_hand.set()
        assert first_answered.wait(timeout=30)

    other = Thread(target=run_ticks, args=(second,), kwargs={"worker": "other"})

    def first_hand_over(_outgoing, _at):
        world.sms.witness = second_hand_over
        world.clock.pass_time(minutes=6)
        other.start()
        assert second_in_hand.wait(timeout=30)

    world.sms.witness = first_hand_over
    run_ticks(world)
    states = world.states()
    first_answered.set()
    other.join(timeout=60)
    run_ticks(world, WEEK_LATER)

    assert states == ["claimed"]
    assert len(world.arrived) == 1


def test_what_one_worker_has_in_hand_is_not_asked_about_by_another(world, second):
    """The other comes by because of a third message, which is uncertain."""
    world.sms.answers.append(Answer(Uncertain("timed_out"), arrives=False))
    world.sms.look_up, look_up = _unreachable, world.sms.look_up
    owed(world)
    run_ticks(world)
    world.sms.look_up = look_up

    def other_asks(_outgoing, _at):
        world.sms.witness = ignore
        world.clock.pass_time(minutes=1)
        run_ticks(second, worker="other")

    world.clock.pass_time(minutes=4, seconds=30)
    record(world, "charge")
    world.sms.witness = other_asks
    run_ticks(world, WEEK_LATER)

    assert len(world.sms.looked_up) == 1
    assert len(world.arrived) == 2


def test_a_receipt_that_is_faster_than_the_answer_is_kept(world):
    owed(world)

    def deliver_first(outgoing, _at):
        slip = Slip("recording", None, ReceiptStatus.DELIVERED, None, raw="")
        services = world.services
        take_receipt(services.sessions, services.keys, slip, message_id=outgoing.message_id, at=world.clock())

    world.sms.witness = deliver_first
    run_ticks(world, WEEK_LATER)

    assert world.states() == ["delivered"]
    assert world.duty().state == "told"
    assert len(world.arrived) == 1


@pytest.mark.parametrize("late", ["timed_out", "busy"])
def test_a_receipt_that_is_faster_than_a_failed_answer_is_believed(world, late):
    owed(world)
    failure = Uncertain(late) if late == "timed_out" else TryLater(late)
    world.sms.answers.append(Answer(failure, arrives=True))

    def deliver_first(outgoing, _at):
        slip = Slip("recording", None, ReceiptStatus.DELIVERED, None, raw="")
        services = world.services
        take_receipt(services.sessions, services.keys, slip, message_id=outgoing.message_id, at=world.clock())

    world.sms.witness = deliver_first
    run_ticks(world, WEEK_LATER)

    assert world.states() == ["delivered"]
    assert len(world.sms.asked) == 1


def test_a_receipt_that_comes_twice_is_kept_once_and_tells_once(world):
    owed(world)
    run_ticks(world)

    receipt(world, world.arrived[0], "delivered")
    receipt(world, world.arrived[0], "delivered")

    assert len(world.rows(Receipt)) == 1
    assert len(world.rows(ContactEntry, outcome="message_told")) == 1


def test_the_same_receipt_at_two_doors_at_the_same_moment_is_kept_once(world, second):
    owed(world)
    run_ticks(world)
    together = Barrier(2)

    def take(worker: World) -> None:
        together.wait(timeout=30)
        receipt(worker, worker.arrived[0], "delivered")

    doors = [Thread(target=take, args=(worker,)) for worker in (world, second)]
    for door in doors:
        door.start()
    for door in doors:
        door.join(timeout=60)

    assert len(world.rows(Receipt)) == 1
    assert len(world.rows(ContactEntry, outcome="message_told")) == 1


def test_a_receipt_that_was_kept_by_a_process_that_died_then_is_understood_later(world):
    owed(world)
    run_ticks(world)
    slip = Slip("recording", None, ReceiptStatus.DELIVERED, None, raw="")
    message_id = world.arrived[0].outgoing.message_id
    with world.services.sessions.begin() as session:
        store(session, world.services.keys, slip, message_id=message_id, at=world.clock())

    run_ticks(world)

    assert (world.states(), world.duty().state) == (["delivered"], "told")


def test_a_receipt_about_no_message_of_ours_is_kept_and_harms_nothing(world):
    owed(world)
    run_ticks(world)
    slip = Slip("recording", "ref-of-another", None, None, raw="whatever")

    take_receipt(world.services.sessions, world.services.keys, slip, message_id=None, at=world.clock())

    (kept,) = world.rows(Receipt)
    assert (kept.message_id, kept.applied) == (None, False)
    assert world.states() == ["accepted"]


def test_a_receipt_without_the_secret_of_its_message_is_not_about_it(world):
    owed(world)
    run_ticks(world)
    outgoing = world.arrived[0].outgoing

    with world.services.reading() as session:
        check_callback(session, outgoing.message_id, outgoing.callback_token)
        with pytest.raises(NotKnown):
            check_callback(session, outgoing.message_id, outgoing.callback_token + "x")


def test_a_provider_that_is_busy_is_asked_again_later_and_later_and_then_no_more(world):
    owed(world)
    world.sms.answers.extend([Answer(TryLater("busy"), arrives=False)] * 20)
    times = []
    world.sms.witness = lambda _outgoing, at: times.append(at)

    run_ticks(world, WEEK_LATER)

    assert world.states() == ["expired"]
    assert len(times) == 6
    assert times == sorted(set(times))
    assert [task.kind for task in world.rows(Task)] == ["call"]


def test_a_provider_is_never_asked_sooner_than_it_said(world):
    owed(world)
    world.sms.answers.append(Answer(TryLater("busy", timedelta(hours=3)), arrives=False))

    run_ticks(world, WEEK_LATER)

    assert world.arrived[0].at >= when("Mon 5 Jan 2026 13:00")


def test_what_a_provider_refuses_goes_to_the_next_contact_point_and_then_to_a_person(world):
    make_victim(world, email="v1@example.org")
    make_plan(world, ChannelPlan(), ChannelPlan("V-1-email"))
    world.sms.answers.append(Answer(Refused("21211", "bad_number"), arrives=False))
    world.email.answers.append(Answer(Refused("550", "no_mailbox"), arrives=False))
    record(world)

    run_ticks(world, WEEK_LATER)

    assert [len(world.sms.asked), len(world.email.asked)] == [1, 1]
    assert world.states() == ["failed", "failed"]
    # Neither answers any more, and somebody must ask her for others.
    assert sorted(task.kind for task in world.rows(Task)) == ["call", "verify_contact", "verify_contact"]
    assert world.row(Message, state="refused").refusal == "already_tried"


def test_every_claim_gives_the_provider_another_secret(world):
    owed(world)
    world.sms.answers.append(Answer(TryLater("busy"), arrives=False))

    run_ticks(world, WEEK_LATER)

    assert len({outgoing.callback_token for outgoing in world.sms.asked}) == 2


def test_one_fault_of_the_program_in_a_batch_leaves_no_message_behind(world):
    """An adapter with a bug raises what no adapter may: the message is uncertain, the others still go."""
    owed_to_many(world)
    world.sms.answers.append(Answer(ZeroDivisionError(), arrives=True))

    run_ticks(world, WEEK_LATER)

    assert Counter(one.to for one in world.arrived) == Counter(numbers())


def test_what_an_act_wrote_is_there_for_others_once_it_ended_and_not_before(world, second):
    make_victim(world)
    count = select(func.count()).select_from(Duty)

    def die_in_the_middle():
        with world.acting() as act:
            act.session.execute(text("UPDATE victims SET language = 'cy'"))
            raise KilledError

    with pytest.raises(KilledError):
        die_in_the_middle()
    record(world)

    with second.services.reading() as session:
        assert session.scalar(count) == 1
        assert session.scalars(text("SELECT language FROM victims")).all() == ["en"]


def test_a_commit_is_on_the_disk_before_the_caller_is_answered(sqlite_url):
    durable = open_database(sqlite_url)
    with durable.engine.connect() as connection:
        settings = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous")
        ]
    durable.engine.dispose()

    assert settings == ["wal", 2]


def owed_to_many(world: World) -> None:
    make_victim(world)
    make_plan(world)
    for n in range(2, MESSAGES + 1):
        make_case(world, f"C-{n}")
        make_victim(world, f"V-{n}", case=f"C-{n}", mobile=f"07700 9000{n:02}")
        make_plan(world, victim=f"V-{n}", case=f"C-{n}")
        record(world, case=f"C-{n}")
    record(world)


def numbers() -> list[str]:
    return [f"+44770090{n:04}" for n in range(1, MESSAGES + 1)]


def ignore(_outgoing, _at):
    """Look at nothing."""


def _unreachable(_outgoing, **_more):
    raise TryLater("unreachable")
