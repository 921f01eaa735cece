"""Whom a text may be shown to come from."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.vocabulary import Sender
from notify.delivery.senders import sender_fault
from notify.wording.discreet import sender_name_faults

SERVICE = "MG" + "0" * 32
NUMBER = "+447700900900"
WHAT_NETWORKS_TAKE = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 +&_-]{1,11}")


@pytest.mark.parametrize(
    ("sender", "value"),
    [
        (Sender.NEUTRAL, NUMBER),
        (Sender.NEUTRAL, "60300"),
        (Sender.NEUTRAL, SERVICE),
        (Sender.NEUTRAL, "Callback"),
        (Sender.NAMED, "Callback"),
        (Sender.NAMED, "Library 24"),
        (Sender.NAMED, "Metro"),
        (Sender.NUMERIC, NUMBER),
        (Sender.NUMERIC, "60300"),
    ],
)
def test_a_sender_that_phones_can_show_is_taken(sender, value):
    assert sender_fault(sender, value) is None


@pytest.mark.parametrize(
    ("sender", "value", "fault"),
    [
        (Sender.NEUTRAL, "+1", "a number, a messaging service"),
        (Sender.NEUTRAL, "MG1", None),  # a name, if an odd one
        (Sender.NEUTRAL, SERVICE + "0", "a number, a messaging service"),
        (Sender.NEUTRAL, "07700900900", "a number, a messaging service"),
        (Sender.NUMERIC, "07700900900", "must be a number"),
        (Sender.NUMERIC, "+0700900900", "must be a number"),
        (Sender.NUMERIC, SERVICE, "must be a number"),
        (Sender.NUMERIC, "Callback", "must be a number"),
        (Sender.NAMED, NUMBER, "must be a name"),
        (Sender.NAMED, "123456", "one letter at least"),
        (Sender.NAMED, "", "1 to 11"),
        (Sender.NAMED, "Twelve chars", "1 to 11"),
        (Sender.NAMED, "Ring me.", "1 to 11"),
        (Sender.NAMED, "Ŵythnos", "1 to 11"),
        (Sender.NAMED, " Callback", "no space at either end"),
        (Sender.NAMED, "Call\nback", "1 to 11"),
        (Sender.NAMED, "MetPolice", "'met'"),
        (Sender.NAMED, "POLICE", "'police'"),
        (Sender.NAMED, "p-o-l-i-c-e", "'police'"),
        (Sender.NAMED, "policeuk", "'police'"),
        (Sender.NAMED, "TheCourt", "'court'"),
        (Sender.NAMED, "CrimeLine", "'crime'"),
        (Sender.NAMED, "CPS", "'cps'"),
        (Sender.NAMED, "DVHelp", "'dv'"),
        (Sender.NEUTRAL, "VictimCare", "'victim'"),
    ],
)
def test_one_that_phones_cannot_show_or_that_tells_is_refused(sender, value, fault):
    found = sender_fault(sender, value)

    assert (found is None) is (fault is None)
    assert (fault or "") in (found or "")


@given(st.text("abcABC019 +&_-.é\n", max_size=14))
def test_no_name_is_taken_that_networks_do_not_take(name):
    if not sender_name_faults(name):
        assert WHAT_NETWORKS_TAKE.fullmatch(name)
