"""Bounces: what a delivery report says of a mail, and whose fault it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.vocabulary import Channel, ReceiptStatus
from notify.delivery.rules.bounces import said_in_words, said_of
from notify.delivery.rules.failures import Fault, fault_of

STATUSES = st.from_regex(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}", fullmatch=True)


@pytest.mark.parametrize(
    ("status", "fault"),
    [
        ("5.1.1", Fault.CONTACT_POINT),
        ("5.1.10", Fault.CONTACT_POINT),
        ("5.2.1", Fault.CONTACT_POINT),
        ("5.1.1 (bad destination mailbox address)", Fault.CONTACT_POINT),
        ("5.2.2", Fault.MOMENT),
        ("4.4.7", Fault.MOMENT),
        ("5.1.8", Fault.OURS),
        ("5.2.3", Fault.OURS),
        ("5.4.4", Fault.OURS),
        ("5.7.1", Fault.OURS),
        ("5.0.0", Fault.OURS),
        ("nonsense", Fault.OURS),
    ],
)
def test_a_mail_that_failed_will_not_arrive_and_its_fault_is_known(status, fault):
    said, code = said_of("failed", status)

    assert said is ReceiptStatus.UNDELIVERED
    assert fault_of(Channel.EMAIL, code) is fault


@given(st.sampled_from(["delayed", "delivered", "relayed", "expanded", "", "nonsense"]), STATUSES)
def test_nothing_but_a_failure_moves_a_mail(action, status):
    assert said_of(action, status) == (None, None)


@given(st.text(max_size=20), st.text(max_size=20))
def test_no_report_ever_says_that_a_mail_arrived(action, status):
    assert said_of(action, status)[0] in {None, ReceiptStatus.UNDELIVERED}


@pytest.mark.parametrize("action", ["Failed", " FAILED "])
def test_an_action_is_known_however_it_is_written(action):
    assert said_of(action, "5.1.1") == (ReceiptStatus.UNDELIVERED, "550")


QMAIL = "Hi. This is the qmail-send program at mx.example.org.\n\n<v1@example.org>:\n"
COPY = "\n\n--- Below this line is a copy of the message.\n\nA mailbox (#5.1.1) of which we write\n"


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("Sorry, no mailbox here by that name. (#5.1.1)", "5.1.1"),
        ("mx.example.org does not like recipient. (#5.2.1)\nGiving up on mx.example.org.", "5.2.1"),
        ("Connected, but it broke. (#4.4.2)\nI'm not going to try again; it has been too long.", "4.4.2"),
    ],
)
def test_a_notice_in_plain_words_says_what_failed(said, status):
    assert said_in_words(QMAIL + said + COPY) == ("failed", status)


@pytest.mark.parametrize(
    "text",
    [
        QMAIL + "It is put off. (#4.4.2)" + COPY,
        QMAIL + "It did not work." + COPY,
        "Hello, this is Ada. I was told (#5.1.1)" + COPY,
        "",
    ],
)
def test_a_notice_that_does_not_plainly_say_so_is_no_failure(text):
    assert said_in_words(text) is None
