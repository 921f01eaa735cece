"""What a provider's error means for the next message: whether the contact point, our own account or the moment is at fault."""

import re
from collections.abc import Mapping
from enum import StrEnum

from models.vocabulary import Channel


class Fault(StrEnum):
    """Where the fault lies."""

    CONTACT_POINT = "contact_point"  # another message there would fare no better, or is not wanted
    OURS = "ours"  # our account or our words: a person must look, or the next one fails as well
    MOMENT = "moment"  # the next one may well arrive


SMS: Mapping[str, Fault] = {
    "21211": Fault.CONTACT_POINT,  # not a valid number
    "21610": Fault.CONTACT_POINT,  # whoever holds the phone opted out
    "21614": Fault.CONTACT_POINT,  # not a mobile
    "30004": Fault.CONTACT_POINT,  # the number, or its network, blocks us
    "30005": Fault.CONTACT_POINT,  # unknown or no longer in use
    "30006": Fault.CONTACT_POINT,  # a landline, or a network that takes no texts
    "21408": Fault.OURS,  # the account may not send to that country
    "21612": Fault.OURS,  # no route from our sender
    "30007": Fault.OURS,  # a network took our words or our sender for spam
    "30029": Fault.OURS,  # redaction is not enabled on the account
    "30030": Fault.OURS,
    "sender_not_set_up": Fault.OURS,  # our own word: the sender of the plan is none of this worker's
    "30003": Fault.MOMENT,  # the phone is switched off or out of reach
    "30008": Fault.MOMENT,  # unknown to Twilio as well
}
"""Twilio's error codes (its Error and Warning Dictionary)."""

EMAIL: Mapping[str, Fault] = {
    "550": Fault.CONTACT_POINT,  # no such mailbox, or it takes nothing from us
    "551": Fault.CONTACT_POINT,  # not here
    "553": Fault.CONTACT_POINT,  # no such name
    "not_ascii": Fault.CONTACT_POINT,  # our relay cannot write to it
    "certificate_not_usable": Fault.OURS,  # our own word: the certificate of the contact point has expired
    "552": Fault.MOMENT,  # the mailbox is full
}
"""SMTP reply codes (RFC 5321, section 4.2.3) of a recipient that was refused; every other refusal is about ourselves."""

PERMANENT = re.compile("5[0-9][0-9]( [a-z_]+)?")


def fault_of(channel: Channel | None, code: str | None) -> Fault:
    """Where the fault lies; with a code that is not known it is the moment's, and the duty goes on by other means.

    >>> fault_of(Channel.SMS, "30005")
    <Fault.CONTACT_POINT: 'contact_point'>
    >>> fault_of(Channel.EMAIL, "550 content_refused")
    <Fault.OURS: 'ours'>
    """
    if code is None:
        return Fault.MOMENT
    if channel is Channel.EMAIL:
        return EMAIL.get(code, Fault.OURS if PERMANENT.fullmatch(code) else Fault.MOMENT)
    return SMS.get(code, Fault.MOMENT)
