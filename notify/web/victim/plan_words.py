"""What was agreed with a victim, told to her in plain words; numbers and addresses are masked even here."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any
from uuid import UUID

from sqlalchemy import select

from models.people import ContactPoint, Participation, Victim
from models.plans import Plan, PlanChannel
from models.vocabulary import CHANNEL_OF, ContactPointKind, ContactPointState, Detail, Weekday
from notify.clock import in_words, local_date
from notify.delivery.private_page import participations_of
from notify.ledger.acts import Act
from notify.phone import masked
from notify.planning.queries import current_plan
from notify.web.answering import all_can_be_answered

HOW = {
    ContactPointKind.MOBILE: "Text to",
    ContactPointKind.EMAIL: "E-mail to",
    ContactPointKind.LANDLINE: "Call to",
    ContactPointKind.POST: "Letter to",
}
WHAT = {
    Detail.NUDGE: "A short note that says nothing about your case.",
    Detail.LINK: "A short note with a link to this page. It says nothing about your case.",
    Detail.FULL: "The news itself.",
}
BY_HAND = "A person does this, not a machine."
NOT_IN_USE = {
    ContactPointState.PENDING: "We do not use this yet. We will check it with you first.",
    ContactPointState.SUSPENDED: "We have stopped using this. We will check it with you first.",
}
NAMES = {
    Weekday.MON: "Monday",
    Weekday.TUE: "Tuesday",
    Weekday.WED: "Wednesday",
    Weekday.THU: "Thursday",
    Weekday.FRI: "Friday",
    Weekday.SAT: "Saturday",
    Weekday.SUN: "Sunday",
}
NOTHING_AGREED = "We have not agreed with you yet how to keep in touch. Your officer will ask you."
NO_ANSWERS = "You cannot answer our texts: what you write back does not reach us. To stop them, tell us here or tell your officer."
ALL_STOPPED = (
    "We have stopped using all the ways that we agreed with you. Your officer will look for a safe way."
)


@dataclass(frozen=True)
class Agreement:
    """One plan as she reads it: `rows` are pairs of a heading and its sentences."""

    agreed: str | None
    notes: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]


def agreements(act: Act, victim: Victim) -> list[Agreement]:
    """What was agreed for each of her cases, in force now."""
    points = {
        point.id: point
        for point in act.session.scalars(select(ContactPoint).where(ContactPoint.victim_id == victim.id))
    }
    return [
        _agreement(act, participation, current_plan(act.session, participation.id), points)
        for participation in participations_of(act.session, victim.id)
    ]


def window_words(windows: Collection[Mapping[str, Any]]) -> str:
    """When a contact point may be used.

    >>> window_words([{"days": ["mon", "tue", "wed"], "from": "09:00", "to": "17:30"}])
    'Monday to Wednesday, 9am to 5:30pm.'
    """
    return "; ".join(
        f"{_days({Weekday(day) for day in window['days']})}, {_times(window['from'], window['to'])}"
        for window in windows
    ) + ("." if windows else "No safe time is agreed, so we do not use it.")


def _agreement(
    act: Act, participation: Participation, plan: Plan | None, points: Mapping[UUID, ContactPoint]
) -> Agreement:
    notes = []
    if participation.declined_at is not None:
        but = " We tell you of releases and bail only." if participation.wants_releases else ""
        notes.append(f"You asked us not to send you more updates.{but} You can change that at any time.")
    elif participation.paused_at is not None:
        notes.append("You asked us for a break. You can end it at any time.")
    if plan is None:
        return Agreement(None, (*notes, NOTHING_AGREED), ())
    states = {points[channel.contact_point_id].state for channel in plan.channels}
    if states == {ContactPointState.SUSPENDED}:  # whoever else reads this page learns nothing of them
        return Agreement(None, (*notes, ALL_STOPPED), ())
    if not plan.automatic:
        notes.append("A person gets in touch with you each time. Nothing is sent by a machine.")
    senders = {
        channel.sender
        for channel in plan.channels
        if points[channel.contact_point_id].kind is ContactPointKind.MOBILE
    }
    if not all_can_be_answered(senders):
        notes.append(NO_ANSWERS)
    rows = [_row(act, channel, points[channel.contact_point_id]) for channel in plan.channels]
    often = f"At least every {plan.every_days} days." if plan.every_days > 1 else "Every day."
    rows.append(("When there is no news", (often,)))
    if plan.never_dates:
        days = [in_words(date.fromisoformat(day)) for day in plan.never_dates]
        rows.append(("Never on", (_listed(days) + ".",)))
    return Agreement(in_words(local_date(plan.agreed_at)), tuple(notes), tuple(rows))


def _row(act: Act, channel: PlanChannel, point: ContactPoint) -> tuple[str, tuple[str, ...]]:
    value = act.key(point.victim_id).open(point, "value_sealed")
    whose = " (somebody who speaks for you)" if point.representative_id is not None else ""
    if point.kind in CHANNEL_OF:
        said: tuple[str, ...] = (WHAT[channel.detail], window_words(channel.windows))
    else:
        said = (BY_HAND, window_words(channel.windows)) if channel.windows else (BY_HAND,)
    unused = NOT_IN_USE.get(point.state)
    return f"{HOW[point.kind]} {masked(value)}{whose}", (unused,) if unused else said


def _days(days: Collection[Weekday]) -> str:
    week = list(Weekday)
    chosen = [day for day in week if day in days]
    first, last = week.index(chosen[0]), week.index(chosen[-1])
    if len(chosen) == len(week):
        return "Every day"
    if len(chosen) > 2 and last - first + 1 == len(chosen):  # noqa: PLR2004  # two days need no "to"
        return f"{NAMES[chosen[0]]} to {NAMES[chosen[-1]]}"
    return _listed([NAMES[day] for day in chosen])


def _times(opens: str, closes: str) -> str:
    start, end = time.fromisoformat(opens), time.fromisoformat(closes)
    if start == end == time(0):
        return "at any time"
    return f"{_clock(start)} to {_clock(end)}{' the next day' if end <= start and end != time(0) else ''}"


def _clock(at: time) -> str:
    if at.minute == 0 and at.hour in {0, 12}:
        return "midday" if at.hour else "midnight"
    minutes = f":{at.minute:02}" if at.minute else ""
    return f"{at.hour % 12 or 12}{minutes}{'am' if at.hour < 12 else 'pm'}"  # noqa: PLR2004  # hours to noon


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
