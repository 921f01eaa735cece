"""What may be concluded from Twilio's records about a message whose answer was lost."""

from datetime import timedelta

import pytest

from notify.delivery.providers.base import Adopted, CannotTell, Lost, NotFound, Outgoing, TryLater, Uncertain
from notify.delivery.providers.twilio_sms import SETTLING
from notify.dev.faults import DROP_AFTER_ACCEPTING
from notify.dev.twilio_peer import TwilioPeer
from tests.integration.providers.kits import NOW, NUMBER, SETTLED, make_outgoing, make_twilio, nobodys

NEIGHBOUR = NUMBER[:-4] + "0456"  # another person, whose number looks the same once its end is hidden


def test_a_lost_answer_is_adopted_when_the_message_turns_up(twilio):
    outgoing = _lose_the_answer(twilio)

    found = make_twilio(twilio).look_up(outgoing, since=NOW, at=NOW, known=nobodys)

    assert found == Adopted(twilio.accepted[0].sid)


def test_a_message_that_another_of_ours_holds_is_not_adopted(twilio):
    outgoing = _lose_the_answer(twilio)
    make_twilio(twilio).send(make_outgoing(), at=NOW)
    lost, other = (message.sid for message in twilio.accepted)

    found = make_twilio(twilio).look_up(outgoing, since=NOW, at=SETTLED, known={other}.intersection)

    assert found == Adopted(lost)


def test_two_that_fit_settle_nothing(twilio):
    outgoing = _lose_the_answer(twilio)
    _lose_the_answer(twilio)

    found = make_twilio(twilio).look_up(outgoing, since=NOW, at=SETTLED, known=nobodys)

    assert found == CannotTell()


def test_a_number_whose_end_is_hidden_casts_doubt_and_no_more(twilio):
    _lose_the_answer(twilio, to=NEIGHBOUR)
    twilio.advance(twilio.accepted[0].sid, "sent")

    found = make_twilio(twilio).look_up(make_outgoing(), since=NOW, at=SETTLED, known=nobodys)

    assert found == CannotTell()


def test_a_hidden_number_that_cannot_be_ours_casts_no_doubt(twilio):
    _lose_the_answer(twilio, to="+447700801123")
    twilio.advance(twilio.accepted[0].sid, "sent")

    found = make_twilio(twilio).look_up(make_outgoing(), since=NOW, at=SETTLED, known=nobodys)

    assert found == NotFound()


def test_a_message_from_before_the_claim_is_not_ours(twilio):
    make_twilio(twilio).send(make_outgoing(), at=NOW)
    claimed = NOW + timedelta(minutes=2)

    found = make_twilio(twilio).look_up(make_outgoing(), since=claimed, at=claimed + SETTLING, known=nobodys)

    assert found == NotFound()


def test_absence_proves_nothing_until_the_records_have_settled(twilio):
    with pytest.raises(TryLater, match="records_not_settled") as later:
        make_twilio(twilio).look_up(make_outgoing(), since=NOW, at=NOW + timedelta(minutes=5), known=nobodys)

    assert later.value.retry_after == SETTLING - timedelta(minutes=5)


def test_a_search_turns_every_page(twilio):
    provider = make_twilio(twilio)
    twilio.largest_page = 2
    for _ in range(5):
        provider.send(make_outgoing(), at=NOW)
    oldest, *others = (message.sid for message in twilio.accepted)

    found = provider.look_up(make_outgoing(), since=NOW, at=SETTLED, known=set(others).intersection)

    assert found == Adopted(oldest)


def test_a_search_that_finds_too_many_concludes_nothing(twilio):
    provider = make_twilio(twilio, search_limit=3)
    for _ in range(3):
        provider.send(make_outgoing(to="+447700801123"), at=NOW)
        twilio.advance(twilio.accepted[-1].sid, "sent")

    found = provider.look_up(make_outgoing(), since=NOW, at=SETTLED, known=nobodys)

    assert found == CannotTell()


def test_a_provider_that_cannot_be_asked_is_asked_later(twilio):
    provider = make_twilio(twilio)
    twilio.http.stop()

    with pytest.raises(TryLater, match="no_answer"):
        provider.look_up(make_outgoing(), since=NOW, at=SETTLED, known=nobodys)


def test_for_many_what_was_sent_is_listed_once_and_after_what_waits(twilio):
    """In the other order a message that is sent between the two would be in neither list, and taken for lost."""
    outgoing = _lose_the_answer(twilio)
    neighbours = _lose_the_answer(twilio, to="+447700801123")
    nobody_has = make_outgoing(to="+447700802123")
    twilio.http.exchanges.clear()

    found = make_twilio(twilio).look_up_all(
        [Lost(outgoing, NOW), Lost(neighbours, NOW + timedelta(seconds=5)), Lost(nobody_has, NOW)],
        at=SETTLED,
        known=nobodys,
    )

    first, second = (message.sid for message in twilio.accepted)
    assert found == [Adopted(first), Adopted(second), NotFound()]
    asked = ["To" if "To=" in call.target else "DateSent" for call, _ in twilio.http.exchanges]
    assert asked == ["To", "To", "To", "DateSent"]


def test_too_many_since_the_oldest_claim_leave_the_others_no_less_certain(twilio):
    """The list for all is longer than a search may be: each is asked about since its own claim."""
    provider = make_twilio(twilio, search_limit=3)
    for _ in range(3):
        provider.send(make_outgoing(to="+447700801123"), at=NOW)
        twilio.advance(twilio.accepted[-1].sid, "sent")
    later = NOW + timedelta(hours=1)

    found = provider.look_up_all(
        [Lost(make_outgoing(), NOW), Lost(make_outgoing(), later)], at=later + SETTLING, known=nobodys
    )

    assert found == [CannotTell(), NotFound()]


def _lose_the_answer(twilio: TwilioPeer, *, to: str = NUMBER) -> Outgoing:
    """Send a message that the peer takes without an answer."""
    twilio.next_faults.append(DROP_AFTER_ACCEPTING)
    outgoing = make_outgoing(to=to)
    with pytest.raises(Uncertain):
        make_twilio(twilio).send(outgoing, at=NOW)
    return outgoing
