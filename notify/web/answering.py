"""Whether a victim can write back to our texts: both doors say so where a plan is agreed or shown."""

from collections.abc import Iterable

from models.vocabulary import Sender
from notify.delivery.rules.inbound import can_be_answered
from notify.web.context import current_services


def texts_can_be_answered(sender: Sender = Sender.NEUTRAL) -> bool:
    """False when any text of this sender may come from a name: then no STOP and no code word would reach us."""
    if sender is not Sender.NEUTRAL:
        return sender is Sender.NUMERIC
    accounts = current_services().settings.twilio_accounts()
    return all(can_be_answered(account.sender) for account in accounts)


def all_can_be_answered(senders: Iterable[Sender]) -> bool:
    """Whether she can write back to each of these."""
    return all(texts_can_be_answered(sender) for sender in senders)
