"""Whether a victim can write back to our texts: both doors say so where a plan is agreed or shown."""

from notify.delivery.rules.inbound import can_be_answered
from notify.web.context import current_services


def texts_can_be_answered() -> bool:
    """False when any of our texts may come from a name: then no STOP and no code word would reach us."""
    accounts = current_services().settings.twilio_accounts()
    return all(can_be_answered(account.sender) for account in accounts)
