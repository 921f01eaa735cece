"""Errors of providers: which of them speak of the contact point, of ourselves, or of the moment."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.vocabulary import Channel
from notify.delivery.rules.failures import Fault, fault_of


@pytest.mark.parametrize("code", ["21211", "21610", "21614", "30004", "30005", "30006"])
def test_a_number_that_cannot_or_will_not_take_texts_is_at_fault(code):
    assert fault_of(Channel.SMS, code) is Fault.CONTACT_POINT


@pytest.mark.parametrize("code", ["21408", "21612", "30007", "30029", "30030"])
def test_our_account_or_our_words_are_at_fault(code):
    assert fault_of(Channel.SMS, code) is Fault.OURS


@pytest.mark.parametrize("code", ["30003", "30008", None, "nonsense"])
def test_otherwise_the_next_text_may_arrive(code):
    assert fault_of(Channel.SMS, code) is Fault.MOMENT


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("550", Fault.CONTACT_POINT),
        ("553", Fault.CONTACT_POINT),
        ("552", Fault.MOMENT),
        ("554", Fault.OURS),
        ("550 sender_refused", Fault.OURS),
        ("550 content_refused", Fault.OURS),
        ("550 policy_refused", Fault.OURS),
    ],
)
def test_a_mail_server_says_which(code, fault):
    assert fault_of(Channel.EMAIL, code) is fault


@given(st.integers(400, 499))
def test_a_mail_server_that_is_busy_blames_nobody(code):
    assert fault_of(Channel.EMAIL, str(code)) is Fault.MOMENT


@given(st.text(max_size=8), st.sampled_from([Channel.SMS, Channel.EMAIL, None]))
def test_any_code_has_an_answer(code, channel):
    assert fault_of(channel, code) in Fault
