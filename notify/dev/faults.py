"""What can go wrong at Twilio: errors by their numbers, slow answers, lost ones, and Twilio's own test numbers."""

from dataclasses import dataclass

ERROR = 400
"""From this HTTP status on, an answer is an error."""


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one request: an error answer, a success all the same, or no answer (`status` 0)."""

    status: int = 0
    code: int = 0  # Twilio's number for the error
    retry_after: str | None = None
    accepted: bool = False  # what was asked for is done all the same
    hangs: bool = False  # silence rather than a lost connection
    delay: float = 0.0  # seconds before anything happens


OPTED_OUT = Fault(400, 21610)
BAD_NUMBER = Fault(400, 21211)
TOO_MANY = Fault(429, 20429, retry_after="7")
FORBIDDEN = Fault(403, 20403)
BROKEN = Fault(500, 20500)
BROKEN_AFTER_ACCEPTING = Fault(500, 20500, accepted=True)
DROP_BEFORE_ACCEPTING = Fault()
DROP_AFTER_ACCEPTING = Fault(accepted=True)
HANG_AFTER_ACCEPTING = Fault(accepted=True, hangs=True)
LATE = Fault(200, accepted=True, delay=20.0)

TEST_NUMBERS = {
    "+15005550001": BAD_NUMBER,
    "+15005550002": Fault(400, 21612),
    "+15005550003": Fault(400, 21408),
    "+15005550004": OPTED_OUT,
    "+15005550009": Fault(400, 21614),
}
"""Twilio's own test numbers and what they mean."""

NAMED = {
    "21610: opted out": OPTED_OUT,
    "21211: not a number": BAD_NUMBER,
    "20429: too many requests": TOO_MANY,
    "20500: error, not taken": BROKEN,
    "20500: error, but taken": BROKEN_AFTER_ACCEPTING,
    "No answer, not taken": DROP_BEFORE_ACCEPTING,
    "No answer, but taken": DROP_AFTER_ACCEPTING,
    "Taken, 20 seconds late": LATE,
}
"""What the page offers for the next text, in names that fit a small screen."""
