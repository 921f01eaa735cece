"""How machine words, times and stored windows read on staff pages."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from flask import Flask

from models.vocabulary import AlertLevel, Weekday
from notify.clock import LONDON

SAID = {
    "case_officer": "Case officer",
    "cps": "CPS",
    "cps_no_charge": "CPS: no charge",
    "idva": "IDVA",
    "isva": "ISVA",
    "sms": "Text message",
    "email": "E-mail",
    "neutral": "Our usual sender",
    "named": "A name, which cannot be written back to",
    "numeric": "A number that can be rung or written to",
    "no_change": "No change: be in touch",
    "ask_again": "Ask again whether updates are wanted",
    "review_window": "Ask for a review of the decision",
    "sentence_review_window": "Ask for the sentence to be looked at again",
    "police_no_further_action": "Police: no further action",
    "spoke_identity_checked": "Spoke to the victim, identity checked",
    "met_in_person": "Met in person",
    "video_identity_checked": "Video call, identity checked",
    "voicemail": "Left a voicemail",
    "no_answer": "No answer",
    "other_person_answered": "Another person answered",
    "letter_sent": "Letter sent",
    "message_accepted": "Message left here",
    "message_undelivered": "Message did not arrive",
    "message_told": "Told by a full message",
    "read_private_page": "Read on the private page",
    "safe_word": "The code word for “safe” came in",
    "verify_contact": "Verify a contact point",
    "agree_plan": "Agree a plan",
    "agree_secret": "Agree a PIN or code word",
    "explain_no_contact": "Decide with the supervisor: no contact is wanted, but this is urgent",
    "follow_up_inbound": "Follow up what came in",
    "do_duty": "Carry out a duty",
    "check_delivery": "Check a delivery",
    "nudge": "Nudge: says nothing",
    "link": "Private link",
    "full": "The update itself",
    "most_serious": "Victim of a most serious crime",
    "persistently_targeted": "Persistently targeted",
    "vulnerable_or_intimidated": "Vulnerable or intimidated",
    "could_not_reach": "Could not reach the victim",
    "no_safe_way": "No safe way to reach the victim",
    "learned_late": "We learned of it late",
    "officer_away": "The officer is away",
    "victim_asked_to_wait": "The victim asked us to wait",
    "told_but_not_recorded": "Told, but not recorded",
    "other": "Another reason",
    "visit": "Visit the victim",
    "letter": "Write a letter",
    "ask_advocate": "Ask the victim’s advocate",
    "hand_over": "Hand over",
    "record_contact": "Record the contact that was made",
    "waive": "Decide that it need not be told",
}
"""Where the machine word alone would read badly."""

DAYS = {
    Weekday.MON: "Monday",
    Weekday.TUE: "Tuesday",
    Weekday.WED: "Wednesday",
    Weekday.THU: "Thursday",
    Weekday.FRI: "Friday",
    Weekday.SAT: "Saturday",
    Weekday.SUN: "Sunday",
}
COLOURS = {
    AlertLevel.DUE_SOON: "yellow",
    AlertLevel.URGENT: "red",
    AlertLevel.OVERDUE: "orange",
    AlertLevel.ESCALATED: "red",
}


def register(app: Flask) -> None:
    """Give the templates of `app` these words as filters."""
    app.jinja_env.filters.update(
        said=said, when=when, day=day, deadline=deadline, windows=windows, ago=ago, alert_colour=COLOURS.get
    )


def said(word: str) -> str:
    """A machine word as a person says it.

    >>> said("bail_granted"), said("cps")
    ('Bail granted', 'CPS')
    """
    return SAID.get(word) or word.replace("_", " ").capitalize()


def day(on: date) -> str:
    """A date as people write it.

    >>> day(date(2026, 1, 5))
    'Monday 5 January 2026'
    """
    return f"{on:%A} {on.day} {on:%B %Y}"


def when(at: datetime) -> str:
    """An instant in London.

    >>> from datetime import UTC
    >>> when(datetime(2026, 7, 6, 8, 5, tzinfo=UTC))
    '6 July 2026 at 9:05am'
    """
    local = at.astimezone(LONDON)
    return f"{local.day} {local:%B %Y} at {_clock(local)}"


def deadline(at: datetime) -> str:
    """A deadline: one at 00:00 is the end of the day before.

    >>> from datetime import UTC
    >>> deadline(datetime(2026, 1, 6, tzinfo=UTC)), deadline(datetime(2026, 1, 6, 13, tzinfo=UTC))
    ('the end of Monday 5 January 2026', 'Tuesday 6 January 2026 at 1:00pm')
    """
    local = at.astimezone(LONDON)
    if (local.hour, local.minute) == (0, 0):
        return f"the end of {day(local.date() - timedelta(days=1))}"
    return f"{day(local.date())} at {_clock(local)}"


def ago(since: timedelta) -> str:
    """How long ago, in the largest unit that fits.

    >>> ago(timedelta(days=3, hours=5)), ago(timedelta(minutes=61)), ago(timedelta(seconds=3))
    ('3 days', '1 hour', 'less than an hour')
    """
    for size, unit in ((timedelta(days=1), "day"), (timedelta(hours=1), "hour")):
        count = since // size
        if count >= 1:
            return counted(count, unit)
    return "less than an hour"


def counted(count: int, thing: str) -> str:
    """How many of a thing.

    >>> counted(1, "working day"), counted(2, "hour")
    ('1 working day', '2 hours')
    """
    return f"{count} {thing}{'' if count == 1 else 's'}"


def windows(stored: Iterable[Mapping[str, Any]]) -> list[str]:
    """Safe windows as they are kept, one line each.

    >>> windows([{"days": ["mon", "tue"], "from": "22:00", "to": "01:00"}])
    ['Monday, Tuesday: 22:00 to 01:00 the next day']
    """
    return [
        f"{', '.join(DAYS[Weekday(name)] for name in window['days'])}: {window['from']} to {window['to']}"
        + (" the next day" if window["to"] <= window["from"] else "")
        for window in stored
    ]


def _clock(local: datetime) -> str:
    return f"{local.hour % 12 or 12}:{local:%M}{'am' if local.hour < 12 else 'pm'}"  # noqa: PLR2004  # noon
