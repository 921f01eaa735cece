"""A mail whose answer was lost: the same one goes once more where no answer came, and never where nobody knows."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from models.ledger import ContactEntry
from models.messages import Message
from models.oversight import Task
from models.vocabulary import Channel, ReceiptStatus, Sender
from notify.delivery.providers.base import Answer, Outgoing
from notify.delivery.providers.routes import Routes
from notify.delivery.providers.smtp_email import SmtpEmail
from notify.delivery.receipts import Slip, take_receipt
from notify.delivery.stuck import Stuck, stuck
from tests.make import (
    START,
    ChannelPlan,
    World,
    make_plan,
    make_victim,
    pause,
    record,
    resume,
    run_ticks,
)
from tests.peers.smtp_peer import DROP, SmtpPeer

ADDRESS = "v1@example.org"
A_WEEK = START + timedelta(days=7)


class KilledError(BaseException):
    """The worker's process dies here: nothing after this line of it runs."""


class DiesAfter(SmtpEmail):
    """The mail server has the mail, and the worker that gave it dies before it knows."""

    def send_all(self, outgoing: Sequence[Outgoing], *, at: datetime) -> list[Answer]:
        super().send_all(outgoing, at=at)
        raise KilledError


def make_smtp(peer: SmtpPeer, kind: type[SmtpEmail] = SmtpEmail) -> SmtpEmail:
    return kind(host=peer.host, port=peer.port, sender="updates@example.org", ca_file=peer.ca_file)


@pytest.fixture
def peer(tmp_path: Path) -> Iterator[SmtpPeer]:
    with SmtpPeer(tmp_path) as running:
        yield running


@pytest.fixture
def posted(world: World, peer: SmtpPeer) -> World:
    """Mail goes to a real mail server, and one is owed."""
    providers = Routes.to({Channel.SMS: world.sms, Channel.EMAIL: make_smtp(peer)})
    world.services = replace(world.services, providers=providers)
    make_victim(world, email=ADDRESS)
    make_plan(world, ChannelPlan("V-1-email"))
    record(world)
    return world


def names(peer: SmtpPeer) -> list[str]:
    return [mail.message["Message-ID"] for mail in peer.mails]


def tasks(world: World) -> list[str]:
    return sorted(task.kind for task in world.rows(Task) if task.kind != "call")


def test_after_no_answer_the_same_mail_goes_once_more_by_the_same_name(posted, peer):
    peer.data_replies[ADDRESS] = DROP
    run_ticks(posted)
    lost = posted.states(), len(peer.mails)
    peer.data_replies.clear()

    run_ticks(posted, A_WEEK)

    assert lost == (["queued"], 1)
    assert posted.states() == ["accepted"]
    assert names(peer) == [f"<{posted.row(Message).id}@example.org>"] * 2
    assert [entry.outcome for entry in posted.rows(ContactEntry)] == ["message_accepted"]
    assert tasks(posted) == []


def test_the_second_time_a_person_decides(posted, peer):
    peer.data_replies[ADDRESS] = DROP

    run_ticks(posted, A_WEEK)

    assert len(peer.mails) == 2
    assert posted.states() == ["uncertain"]
    assert tasks(posted) == ["check_delivery"]


@pytest.mark.parametrize("reply", ["550 no such mailbox", "451 not now"])
def test_what_will_not_go_a_second_time_may_have_arrived_the_first_time(posted, peer, reply):
    peer.data_replies[ADDRESS] = DROP
    run_ticks(posted)
    peer.data_replies.clear()
    peer.rcpt_replies[ADDRESS] = reply

    run_ticks(posted, A_WEEK)

    assert len(peer.mails) == 1
    assert posted.states() == ["uncertain"]
    assert tasks(posted) == ["check_delivery"]


def test_a_moment_in_which_the_server_cannot_be_reached_is_no_second_time(posted, peer):
    peer.data_replies[ADDRESS] = DROP
    run_ticks(posted)
    peer.data_replies.clear()
    peer.rcpt_replies[ADDRESS] = "451 not now"
    run_ticks(posted, START + timedelta(minutes=5))
    peer.rcpt_replies.clear()

    run_ticks(posted, A_WEEK)

    assert posted.states() == ["accepted"]
    assert len(set(names(peer))) == 1


def test_nothing_else_joins_a_mail_that_goes_once_more(posted, peer):
    """Where the first one arrived, the second may be taken for the same and not be shown."""
    peer.data_replies[ADDRESS] = DROP
    run_ticks(posted)
    peer.data_replies.clear()
    record(posted, "charge")

    run_ticks(posted, A_WEEK)

    assert Counter(names(peer).count(name) for name in set(names(peer))) == {1: 1, 2: 1}


def comes_back(world: World, *, name: str) -> None:
    """The mail system says that the mail did not arrive; `name` tells one such answer from another."""
    services, message = world.services, world.row(Message, channel="email")
    slip = Slip("smtp", None, ReceiptStatus.FAILED, "550", raw=name)
    take_receipt(services.sessions, services.keys, slip, message_id=message.id, at=world.clock())


def test_what_comes_back_while_it_waits_to_go_once_more_does_not_go_again(posted, peer):
    """Both bounces would read the same, so that the second one would be taken for the first."""
    make_plan(posted, ChannelPlan("V-1-email"), ChannelPlan())
    peer.data_replies[ADDRESS] = DROP
    run_ticks(posted)
    peer.data_replies.clear()
    waited = posted.states()

    comes_back(posted, name="the first")
    run_ticks(posted, A_WEEK)
    comes_back(posted, name="the second")
    run_ticks(posted, A_WEEK + timedelta(days=1))

    assert waited == ["queued"]
    assert len(peer.mails) == 1
    mail = posted.row(Message, channel="email")
    assert mail.state == "undelivered"
    assert len(posted.sms.arrived) == 1
    outcomes = [entry.outcome for entry in posted.rows(ContactEntry, message_id=mail.id)]
    assert sorted(outcomes) == ["message_accepted", "message_undelivered"]


def she_agrees_anew(world: World) -> None:
    make_plan(world, ChannelPlan("V-1-email"), every_days=30, reason="she asked")


def she_wants_a_rest(world: World) -> None:
    pause(world)
    run_ticks(world, START + timedelta(hours=1))
    resume(world)


@pytest.mark.parametrize("changes", [she_agrees_anew, she_wants_a_rest])
def test_what_may_not_go_once_more_is_not_written_anew(posted, peer, changes):
    """Under another name it could be there twice."""
    peer.data_replies[ADDRESS] = DROP
    run_ticks(posted)
    peer.data_replies.clear()

    changes(posted)
    run_ticks(posted, A_WEEK)

    assert len(peer.mails) == 1
    assert posted.states() == ["uncertain"]
    assert tasks(posted) == ["check_delivery"]


@pytest.fixture
def without_sender(world: World) -> World:
    """A text is owed, and no provider has the sender of its plan any more."""
    make_victim(world)
    make_plan(world, ChannelPlan(sender=Sender.NAMED))
    world.sms.senders = frozenset({Sender.NEUTRAL})
    record(world)
    run_ticks(world)
    return world


def test_what_waits_for_its_sender_is_not_written_anew(without_sender):
    world = without_sender
    waits = world.row(Message).id

    record(world, "charge")
    run_ticks(world, START + timedelta(hours=2))

    assert (world.row(Message).id, world.states()) == (waits, ["held"])


def seen(world: World) -> Stuck:
    with world.services.reading() as session:
        return stuck(session, at=world.clock(), after=timedelta(minutes=5))


def test_what_waits_for_its_sender_is_stuck_though_each_look_moves_it_on(without_sender):
    world = without_sender
    run_ticks(world, START + timedelta(minutes=4))
    early = seen(world)
    run_ticks(world, START + timedelta(minutes=31))

    assert (early.count, seen(world)) == (0, Stuck(1, START))


def test_an_answer_that_was_not_understood_is_for_a_person(posted, peer):
    peer.data_replies[ADDRESS] = "299 perhaps"

    run_ticks(posted, A_WEEK)

    assert peer.mails == []
    assert posted.states() == ["uncertain"]
    assert tasks(posted) == ["check_delivery"]


@pytest.mark.parametrize("died_again", [False, True])
def test_where_a_worker_died_nobody_knows_and_a_person_decides(posted, second, peer, died_again):
    """Also where it died while the mail went once more."""
    if died_again:
        peer.data_replies[ADDRESS] = DROP
        run_ticks(posted)
        peer.data_replies.clear()
        posted.clock.pass_time(minutes=5)
    providers = Routes.to({Channel.SMS: posted.sms, Channel.EMAIL: make_smtp(peer, DiesAfter)})
    dead = replace(posted, services=replace(posted.services, providers=providers))
    with pytest.raises(KilledError):
        run_ticks(dead)
    sent = len(peer.mails)

    run_ticks(posted, A_WEEK)

    assert sent == len(peer.mails) == 1 + died_again
    assert posted.states() == ["uncertain"]
    assert tasks(posted) == ["check_delivery"]
