"""Gives a message up: it will not arrive, which is written down and learned from, and its duties go on by other means."""

from collections.abc import Sequence
from datetime import datetime

from models.messages import Message
from models.people import ContactPoint, Participation
from models.vocabulary import MessageState, Outcome, TaskKind
from notify.delivery.carrying import COMPOSE_AGAIN, carried
from notify.delivery.rules.failures import Fault, fault_of
from notify.ledger.acts import Act
from notify.ledger.contact_log import words_of, write_attempts
from notify.ledger.suspending import suspend
from notify.ledger.tasks import open_task


def give_up(act: Act, message: Message, state: MessageState, code: str | None) -> None:
    """This message will not arrive: log it, and let the duty go on by other means."""
    words = words_of(act, message)
    message.state, message.error_code = state, code
    message.finished_at, message.lease_until, message.not_before = act.at, None, None
    message.text_sealed = message.subject_sealed = None
    forget(message, act.at)
    duties = carried(act.session, [message.id])[message.id]
    rules = [duty.rule for duty in duties]
    write_attempts(act, Outcome.MESSAGE_UNDELIVERED, [(message, rules, words)])
    act.log("message not delivered", message, owner=message.victim_id, state=state)
    _learn_from(act, message, rules)
    act.run(COMPOSE_AGAIN, ids=[duty.id for duty in duties], now=act.at)


def _learn_from(act: Act, message: Message, rules: Sequence[str]) -> None:
    """See to it that the next message does not fail for the same reason."""
    match fault_of(message.channel, message.error_code):
        case Fault.CONTACT_POINT if message.contact_point_id is not None:
            point = act.session.get_one(ContactPoint, message.contact_point_id)
            suspend(act, point, reason=f"the provider says that nothing can reach it ({message.error_code})")
        case Fault.OURS:
            participation = act.session.get_one(Participation, message.participation_id)
            open_task(act, participation, TaskKind.CHECK_DELIVERY, about=message.id, rules=rules)


def forget(message: Message, at: datetime) -> None:
    """Nothing more will come of this message: whatever the provider keeps of it may go now."""
    if message.redact_at is not None:
        message.redact_at = at
