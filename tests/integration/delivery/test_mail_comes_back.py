"""Mail that comes back: a bounce is a receipt for its message, a reply is from whoever reads the mailbox, and neither confirms.

Long because every way in which a mail can come back, or be forged, is tried.
"""

import hashlib

import pytest

from models.keyring import SERVICE
from models.ledger import ContactEntry
from models.messages import Inbound, Message, Receipt
from models.oversight import Task
from models.people import ContactPoint, Victim
from models.vocabulary import Channel, CodeWord, ContactPointState, Detail, DutyState, MessageState
from notify.delivery.mail_reading import BadMail
from notify.delivery.mail_replies import take_mail
from notify.ledger.audit import THE_SERVICE
from notify.web.staff.shown import unknown_shown
from tests.mails import OURS, make_bounce, make_notice, make_reply
from tests.make import ChannelPlan, make_plan, make_victim, receipt, record, run_ticks


@pytest.fixture
def told_by_mail(world):
    """A victim who was sent an e-mail; a text message would be next."""
    make_victim(world, email="v1@example.org")
    make_plan(world, ChannelPlan("V-1-email"), ChannelPlan())
    record(world)
    run_ticks(world)
    world.clock.pass_time(hours=2)
    return world


def take(world, raw):
    take_mail(world.services.sessions, world.services.keys, raw, at=world.clock())


def sent(world):
    (message,) = [one for one in world.rows(Message) if one.channel is Channel.EMAIL]
    return message


def states(world):
    return {point.ref: point.state.value for point in world.rows(ContactPoint)}


def tasks(world):
    return sorted(task.kind.value for task in world.rows(Task, state="open"))


@pytest.mark.parametrize("enclosed", ["message/rfc822", "text/rfc822-headers"])
def test_a_bounce_stops_the_mailbox_and_the_text_message_goes_instead(told_by_mail, enclosed):
    message = sent(told_by_mail)

    take(told_by_mail, make_bounce(message.id, enclosed=enclosed))
    run_ticks(told_by_mail)

    bounced = told_by_mail.row(Message, id=message.id)
    assert (bounced.state, bounced.error_code) == (MessageState.UNDELIVERED, "550")
    assert states(told_by_mail) == {"V-1-mobile": "verified", "V-1-email": "suspended"}
    assert [one.to for one in told_by_mail.sms.arrived] == ["+447700900001"]
    assert "verify_contact" in tasks(told_by_mail)


@pytest.mark.parametrize(
    ("status", "state", "task"),
    [("5.7.1", "verified", "check_delivery"), ("5.2.2", "verified", None), ("4.4.7", "verified", None)],
)
def test_a_mailbox_that_is_not_at_fault_is_used_again(told_by_mail, status, state, task):
    take(told_by_mail, make_bounce(sent(told_by_mail).id, status=status))

    assert sent(told_by_mail).state is MessageState.UNDELIVERED
    assert states(told_by_mail)["V-1-email"] == state
    assert (task in tasks(told_by_mail)) is (task is not None)


@pytest.mark.parametrize(
    ("action", "status"), [("delayed", "4.4.1"), ("delivered", "2.0.0"), ("relayed", "2.0.0")]
)
def test_a_report_of_anything_but_a_failure_is_kept_and_moves_nothing(told_by_mail, action, status):
    take(told_by_mail, make_bounce(sent(told_by_mail).id, action=action, status=status))

    kept = told_by_mail.row(Receipt)
    assert (kept.provider, kept.status, kept.applied) == ("smtp", None, False)
    assert sent(told_by_mail).state is MessageState.ACCEPTED
    assert told_by_mail.duty().state is DutyState.OPEN
    assert tasks(told_by_mail) == []
    assert told_by_mail.rows(Inbound) == []


def test_a_bounce_that_comes_twice_is_taken_once(told_by_mail):
    for _ in range(2):
        take(told_by_mail, make_bounce(sent(told_by_mail).id))

    assert len(told_by_mail.rows(Receipt)) == 1
    assert len(told_by_mail.rows(ContactEntry, outcome="message_undelivered")) == 1


def test_a_bounce_after_she_was_thought_to_be_told_makes_it_owed_again(world):
    make_victim(world, email="v1@example.org", mobile=None)
    make_plan(world, ChannelPlan("V-1-email", detail=Detail.FULL, counts_as_told=True))
    record(world)
    run_ticks(world)
    receipt(world, world.arrived[0], "delivered")
    assert world.duty().state is DutyState.TOLD

    take(world, make_bounce(sent(world).id))

    assert world.duty().state is DutyState.OPEN
    assert "call" in tasks(world)


def test_a_bounce_settles_a_send_whose_answer_was_lost(told_by_mail):
    message = sent(told_by_mail)
    with told_by_mail.services.acting(THE_SERVICE) as act:
        act.session.get_one(Message, message.id).state = MessageState.UNCERTAIN

    take(told_by_mail, make_bounce(message.id))

    assert sent(told_by_mail).state is MessageState.UNDELIVERED


def test_what_is_kept_of_a_bounce_is_sealed(told_by_mail):
    take(told_by_mail, make_bounce(sent(told_by_mail).id))

    assert b"v1@example.org" not in told_by_mail.row(Receipt).raw_sealed


@pytest.mark.parametrize("message_id", ["7b8f6d1e-4f43-4c52-9c9e-1f0a5a1f0001", "somebody-elses"])
def test_a_bounce_of_a_mail_that_is_not_ours_is_kept_and_changes_nothing(told_by_mail, message_id):
    take(told_by_mail, make_bounce(message_id))

    assert told_by_mail.row(Receipt).message_id is None
    assert told_by_mail.row(Inbound).contact_point_id is None
    assert sent(told_by_mail).state is MessageState.ACCEPTED
    assert tasks(told_by_mail) == []


def test_a_bounce_of_a_text_message_is_no_receipt_for_it(world):
    make_victim(world)
    make_plan(world)
    record(world)
    run_ticks(world)
    (text,) = world.rows(Message)

    take(world, make_bounce(text.id))

    assert world.row(Message, id=text.id).state is MessageState.ACCEPTED
    assert world.row(Receipt).message_id is None


def test_a_reply_is_followed_up_and_never_answered(told_by_mail):
    before = len(told_by_mail.arrived)

    take(told_by_mail, make_reply("Please ring me", sender="V1@EXAMPLE.org"))
    run_ticks(told_by_mail)

    assert tasks(told_by_mail) == ["follow_up_inbound"]
    assert len(told_by_mail.arrived) == before
    kept = told_by_mail.row(Inbound)
    assert kept.contact_point_id == told_by_mail.row(ContactPoint, ref="V-1-email").id
    assert b"ring" not in kept.text_sealed


@pytest.mark.parametrize(
    "raw",
    [make_reply("STOP"), make_reply("", subject="unsubscribe"), make_reply("", html="<p>wrong address</p>")],
)
def test_a_reply_that_asks_to_stop_stops_the_mailbox(told_by_mail, raw):
    take(told_by_mail, raw)

    assert states(told_by_mail) == {"V-1-mobile": "verified", "V-1-email": "suspended"}


def test_the_same_reply_handed_over_twice_is_kept_once(told_by_mail):
    for _ in range(2):
        take(told_by_mail, make_reply("Hello"))

    assert len(told_by_mail.rows(Inbound)) == 1


def test_answers_by_a_machine_are_kept_and_ask_for_one_look_a_day(told_by_mail):
    for n in range(3):
        take(
            told_by_mail,
            make_reply("I am away", message_id=f"<{n}@mail.example.org>", Auto_Submitted="auto-replied"),
        )

    assert len(told_by_mail.rows(Inbound)) == 3
    assert tasks(told_by_mail) == ["follow_up_inbound"]
    assert set(states(told_by_mail).values()) == {"verified"}


def test_a_reply_from_a_stranger_is_kept_and_changes_nothing(told_by_mail):
    take(told_by_mail, make_reply("STOP", sender="stranger@example.net"))

    assert told_by_mail.row(Inbound).contact_point_id is None
    assert set(states(told_by_mail).values()) == {"verified"}


def opened(world, column="text_sealed"):
    """What was kept of the one mail that came in, and to whom the key belongs."""
    kept = world.row(Inbound)
    with world.acting() as act:
        point = act.session.get(ContactPoint, kept.contact_point_id) if kept.contact_point_id else None
        owner = point.victim_id if point else SERVICE
        return owner, act.key(owner).open(kept, column)


def shown_as_unknown(world):
    with world.acting() as act:
        return unknown_shown(act, world.row(Inbound)).text


SECRET = "a suspect has been arrested"


def test_a_notice_in_plain_words_is_a_receipt_for_its_message(told_by_mail):
    take(told_by_mail, make_notice(sent(told_by_mail).id, words=SECRET))

    assert (sent(told_by_mail).state, sent(told_by_mail).error_code) == (MessageState.UNDELIVERED, "550")
    assert states(told_by_mail)["V-1-email"] == "suspended"
    assert told_by_mail.rows(Inbound) == []


@pytest.mark.parametrize(
    "make",
    [
        lambda ours: make_notice(ours, headers="", words=SECRET),
        lambda ours: make_notice(ours, said="It did not work.", words=SECRET),
        lambda ours: make_reply(
            f"{SECRET}\n{ours}@{OURS}", sender="MAILER-DAEMON@mx.example.org", Return_Path="<>"
        ),
        lambda ours: make_reply(
            SECRET, sender="x@mx.example.org", In_Reply_To=f"<{ours}@{OURS}>", Auto_Submitted="auto-replied"
        ),
        lambda ours: make_reply(
            SECRET, sender="other@example.net", References=f"<a@b.example> <{ours}@{OURS}>"
        ),
    ],
    ids=[
        "not from a null sender",
        "does not say why",
        "id in its words",
        "refers to ours",
        "another address",
    ],
)
def test_what_comes_back_about_our_mail_is_kept_with_it_and_followed_up(told_by_mail, make):
    for _ in range(2):
        take(told_by_mail, make(sent(told_by_mail).id))

    owner, text = opened(told_by_mail)
    assert owner == told_by_mail.row(Victim).id
    assert SECRET in text
    assert told_by_mail.row(Inbound).contact_point_id == sent(told_by_mail).contact_point_id
    assert tasks(told_by_mail) == ["follow_up_inbound"]
    assert sent(told_by_mail).state is MessageState.ACCEPTED
    assert set(states(told_by_mail).values()) == {"verified"}


def test_an_answer_to_our_mail_from_another_address_can_stop_the_mailbox(told_by_mail):
    ours = f"<{sent(told_by_mail).id}@{OURS}>"
    take(told_by_mail, make_reply("STOP", sender="other@example.net", subject="Re: Hello", In_Reply_To=ours))

    assert states(told_by_mail) == {"V-1-mobile": "verified", "V-1-email": "suspended"}


@pytest.mark.parametrize(
    "raw",
    [
        make_notice("somebody-elses", words=SECRET),
        make_notice("7b8f6d1e-4f43-4c52-9c9e-1f0a5a1f0001", words=SECRET),
        make_reply(SECRET, sender="x@mx.example.org", Auto_Submitted="auto-replied"),
    ],
)
def test_what_a_machine_wrote_about_nothing_of_ours_is_kept_and_not_shown(told_by_mail, raw):
    for _ in range(2):
        take(told_by_mail, raw)

    assert opened(told_by_mail)[0] == SERVICE
    assert SECRET not in shown_as_unknown(told_by_mail)
    kept = told_by_mail.row(Receipt)
    with told_by_mail.acting() as act:
        assert SECRET in act.key(SERVICE).open(kept, "raw_sealed")


def test_what_a_person_wrote_from_an_unknown_address_is_shown(told_by_mail):
    take(told_by_mail, make_reply("Ada has moved", sender="stranger@example.net"))

    assert shown_as_unknown(told_by_mail) == "Ada has moved"


def test_what_her_own_mailbox_answers_by_itself_is_kept_with_it(told_by_mail):
    ours = f"<{sent(told_by_mail).id}@{OURS}>"
    take(told_by_mail, make_reply("I am away", Auto_Submitted="auto-replied", In_Reply_To=ours))

    assert opened(told_by_mail) == (told_by_mail.row(Victim).id, "I am away")


@pytest.mark.parametrize("comes", ["a bounce", "a notice", "an answer"])
def test_about_a_victim_who_was_erased_nothing_is_kept_but_that_it_came(told_by_mail, comes):
    message = sent(told_by_mail)
    with told_by_mail.services.sessions.begin() as session:
        told_by_mail.services.keys.destroy(session, told_by_mail.row(Victim).id)
    raw = {
        "a bounce": make_bounce(message.id),
        "a notice": make_notice(message.id, headers="", words=SECRET),
        "an answer": make_reply(SECRET, sender="x@example.net", In_Reply_To=f"<{message.id}@{OURS}>"),
    }[comes]

    for _ in range(2):
        take(told_by_mail, raw)

    assert [one.raw_sealed for one in told_by_mail.rows(Receipt)] == ([None] if comes == "a bounce" else [])
    assert [SECRET in shown_as_unknown(told_by_mail) for _ in told_by_mail.rows(Inbound)] == (
        [] if comes == "a bounce" else [False]
    )
    assert sent(told_by_mail).state is MessageState.ACCEPTED


@pytest.mark.parametrize("subject", ["", "Re: Hello", "Hello"])
@pytest.mark.parametrize(
    ("text", "reading"),
    [("END", "stop"), ("quit", "stop"), ("CANCEL", "stop"), ("help", "help"), ("Magpie", "not_safe_word")],
)
def test_words_that_stand_alone_are_heard_under_any_subject(told_by_mail, subject, text, reading):
    make_plan(told_by_mail, ChannelPlan("V-1-email"), ChannelPlan(), code_words={CodeWord.NOT_SAFE: "Magpie"})

    take(told_by_mail, make_reply(text, subject=subject))

    assert opened(told_by_mail, "reading_sealed")[1] == reading


def test_the_safe_word_is_heard_in_an_answer_to_our_mail(told_by_mail):
    make_plan(told_by_mail, ChannelPlan("V-1-email"), ChannelPlan(), code_words={CodeWord.SAFE: "Blue tit"})

    take(told_by_mail, make_reply("Blue tit", subject="Re: Hello"))

    assert opened(told_by_mail, "reading_sealed")[1] == "safe_word"


def test_a_machine_that_answers_stop_under_a_subject_is_heard(told_by_mail):
    take(told_by_mail, make_reply("STOP", subject="Re: Hello", Auto_Submitted="auto-replied"))

    assert states(told_by_mail)["V-1-email"] == "suspended"


def test_the_subject_is_heard_when_the_text_says_less(told_by_mail):
    take(told_by_mail, make_reply("Thank you", subject="Re: wrong address"))

    assert states(told_by_mail)["V-1-email"] == "suspended"


def test_our_own_words_in_a_quote_do_not_stop_the_mailbox(told_by_mail):
    quoted = "From: callback\nSent: Monday\n\nIf this is not safe, write STOP."
    take(told_by_mail, make_reply(f"Thank you\n\n{quoted}", subject="RE: Hello"))

    assert set(states(told_by_mail).values()) == {"verified"}
    assert "If this is not safe" in opened(told_by_mail)[1]


def test_by_what_a_mail_is_known_again_nobody_can_test_a_guess(told_by_mail):
    take(told_by_mail, make_reply("He reads this"))

    known = (
        "<reply-1@mail.example.org>",
        "Mon, 05 Jan 2026 11:00:00 +0000",
        "v1@example.org",
        "He reads this",
    )
    guess = hashlib.sha256("\n".join(known).encode()).hexdigest()
    assert guess not in str(told_by_mail.row(Inbound).provider_ref)


FORGED = (
    "I have read it, thank you",
    "START",
    "Blue tit",
    "Delivered. Action: delivered. Status: 2.0.0",
)


@pytest.mark.parametrize("text", FORGED)
def test_no_mail_confirms_closes_or_opens_anything_whoever_it_says_it_is_from(told_by_mail, text):
    make_plan(told_by_mail, ChannelPlan("V-1-email"), ChannelPlan(), code_words={CodeWord.SAFE: "Blue tit"})
    with told_by_mail.acting() as act:
        point = act.session.query(ContactPoint).filter_by(ref="V-1-email").one()
        point.state = ContactPointState.SUSPENDED

    take(told_by_mail, make_reply(text))

    assert states(told_by_mail)["V-1-email"] == "suspended"
    assert told_by_mail.duty().state is DutyState.OPEN
    assert not any(entry.reached for entry in told_by_mail.rows(ContactEntry))
    assert told_by_mail.rows(Task, state="done") == []


@pytest.mark.parametrize("raw", [b"", b"\x00\xff", b"Subject: Hello\n\nfrom nobody"])
def test_what_is_no_mail_is_refused_and_nothing_is_kept(told_by_mail, raw):
    with pytest.raises(BadMail):
        take(told_by_mail, raw)

    assert told_by_mail.rows(Inbound) == []
