"""The senders that texts can be shown to come from: whether each can be used, and what is done where one is missing."""

import re
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from models.vocabulary import Sender, TaskKind
from notify.delivery.carrying import Carried
from notify.ledger.acts import Act
from notify.ledger.tasks import Part, open_task
from notify.wording.discreet import sender_name_faults

SERVICE = re.compile("MG[0-9a-fA-F]{32}")
SENDER_WAITS, PROVIDER_WAITS = timedelta(minutes=15), timedelta(minutes=1)
"""How long a message waits for another look: while its sender is not set up, and while the provider that has it is left alone."""

SENDER_WAITING = "sender_waits"
"""The error code of a message that waits for either: each look moves it on, and yet it is kept back."""

NUMBER = re.compile(r"\+[1-9][0-9]{6,14}|[1-9][0-9]{4,5}")
"""E.164, or a short code of the country."""


def sender_fault(sender: Sender, value: str) -> str | None:
    """Why this cannot be the sender, in words for whoever sets the service up; None when it can.

    >>> sender_fault(Sender.NUMERIC, "+447700900900"), sender_fault(Sender.NAMED, "Callback")
    (None, None)
    >>> sender_fault(Sender.NUMERIC, "Callback")
    'must be a number like +447700900900, or a short code'
    """
    if sender is Sender.NUMERIC:
        return None if NUMBER.fullmatch(value) else "must be a number like +447700900900, or a short code"
    if sender is Sender.NEUTRAL and (SERVICE.fullmatch(value) or NUMBER.fullmatch(value)):
        return None
    faults = sender_name_faults(value)
    if not faults:
        return None
    what = "a number, a messaging service (MG...) or a name" if sender is Sender.NEUTRAL else "a name"
    return f"must be {what}; as a name it {faults[0]}"


def ask_about_sender(act: Act, participation: Part, message_id: UUID, duties: Sequence[Carried]) -> None:
    """The sender that she agreed to is not set up here: a person must look, and tell her what is urgent meanwhile.

    The message waits. It is not composed anew: the gate would let it go, only to find it here again.
    """
    rules = [duty.rule for duty in duties]
    open_task(act, participation, TaskKind.CHECK_DELIVERY, about=message_id, rules=rules)
    call_about_urgent(act, participation, duties)


def call_about_urgent(act: Act, participation: Part, duties: Sequence[Carried]) -> None:
    """Nobody knows when the message will leave: what is urgent a person tells her."""
    for duty in duties:
        if duty.urgent_by is not None:
            open_task(
                act, participation, TaskKind.CALL, about=duty.id, rules=[duty.rule], due_at=duty.urgent_by
            )
