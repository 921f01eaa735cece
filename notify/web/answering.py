"""Whether a victim can write back to our texts: both doors say so where a plan is agreed or shown."""

from notify.delivery.rules.inbound import can_be_answered
from notify.web.context import current_services


def texts_can_be_answered() -> bool:
    """False when our texts come from a name: then no STOP and no code word would reach us."""
    settings = current_services().settings
    return settings.sms_provider != "twilio" or can_be_answered(settings.twilio_from or "")
