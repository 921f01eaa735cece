"""What the overdue list says of a late duty: whose it is, how long it has waited, who has seen it, why, and what comes next."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from models.oversight import DutyReview
from models.vocabulary import AlertState
from notify.clock import local_date
from notify.ledger.acts import Act
from notify.oversight.queries import DutyLine, officers_of
from notify.oversight.reviews import latest_reviews
from notify.planning.rules.working_days import WorkingDays, start_of
from notify.presence import away
from notify.web.staff.lookups import Part
from notify.web.staff.shown import VictimShown, staff_names, unit_name, victim_shown
from notify.web.staff.words import ago, counted, deadline, said, when

ONE_DAY, ONE_HOUR = timedelta(days=1), timedelta(hours=1)


@dataclass(frozen=True)
class ReviewShown:
    """What was said of a duty last; `passed` when the next step was to be done by now."""

    said: str
    reason: str
    note: str | None = field(repr=False)
    next_step: str
    by: datetime | None
    passed: bool

    @property
    def in_words(self) -> str:
        """All of it in a few sentences."""
        by = f", by {deadline(self.by)}" if self.by else ""
        note = f" “{self.note}”" if self.note else ""
        return f"{self.reason}.{note} Next: {self.next_step[:1].lower()}{self.next_step[1:]}{by}."


@dataclass(frozen=True)
class LateShown:
    """One line of the overdue list, opened. `officer` is who sees to it for the agency that owes it, if anybody was named."""

    line: DutyLine
    victim: VictimShown
    owner: str
    age: str
    seen: str
    officer: str | None
    officer_away: bool
    review: ReviewShown | None


def late_shown(
    act: Act, lines: Sequence[DutyLine], calendar: WorkingDays, *, own_unit: UUID
) -> list[LateShown]:
    """The lines of one page. A unit is named where it is not the viewer's own."""
    reviews = latest_reviews(act.session, [line.duty.id for line in lines])
    officers = officers_of(act.session, lines)
    named = {one for one in officers.values() if one is not None}
    alerts = [line.alert for line in lines if line.alert]
    people = {
        *named,
        *(alert.acknowledged_by_id for alert in alerts),
        *(r.by_id for r in reviews.values()),
    }
    names, absent = staff_names(act, people), away(act.session, named, act.at)
    units = {
        unit_id: unit_name(act, unit_id) for unit_id in {line.duty.unit_id for line in lines} - {own_unit}
    }

    def shown(line: DutyLine) -> LateShown:
        duty, alert, review = line.duty, line.alert, reviews.get(line.duty.id)
        officer_id = officers[duty.id]
        is_seen = alert is not None and alert.state is AlertState.ACKNOWLEDGED and alert.acknowledged_at
        return LateShown(
            line=line,
            victim=victim_shown(act, Part(line.participation, line.victim, line.case)),
            owner=", ".join(filter(None, (said(duty.owner), units.get(duty.unit_id)))),
            age=overdue_for(calendar, duty.deadline, act.at),
            seen=f"Seen by {names[alert.acknowledged_by_id]}, {when(is_seen)}" if alert and is_seen else "",
            officer=names[officer_id] if officer_id else None,
            officer_away=officer_id in absent,
            review=review_shown(act, review, names[review.by_id]) if review else None,
        )

    return [shown(line) for line in lines]


def review_shown(act: Act, review: DutyReview, by: str) -> ReviewShown:
    """Open what one person said of a duty."""
    return ReviewShown(
        said=f"Said by {by}, {when(review.at)}",
        reason=said(review.reason),
        note=act.key(review.victim_id).open_or_none(review, "note_sealed"),
        next_step=said(review.next_step),
        by=review.next_step_by,
        passed=review.next_step_by is not None and review.next_step_by <= act.at,
    )


def overdue_for(calendar: WorkingDays, deadline: datetime, at: datetime) -> str:
    """How long a duty is overdue, in working days and hours of working days; empty while it is not.

    >>> from datetime import UTC
    >>> week = WorkingDays(frozenset())
    >>> overdue_for(week, datetime(2026, 1, 9, 12, tzinfo=UTC), datetime(2026, 1, 13, 15, tzinfo=UTC))
    '2 working days and 3 hours overdue'
    >>> overdue_for(week, datetime(2026, 1, 10, tzinfo=UTC), datetime(2026, 1, 11, 10, tzinfo=UTC))
    '1 day overdue, with no working day since'
    """
    if at <= deadline:
        return ""
    passed = working_time(calendar, deadline, at)
    if passed < ONE_HOUR and at - deadline >= ONE_HOUR and not calendar.counts(local_date(at)):
        return f"{ago(at - deadline)} overdue, with no working day since"
    days, hours = passed // ONE_DAY, passed % ONE_DAY // ONE_HOUR
    parts = [counted(days, "working day") if days else "", counted(hours, "hour") if hours else ""]
    return (" and ".join(filter(None, parts)) or "less than an hour") + " overdue"


def working_time(calendar: WorkingDays, since: datetime, until: datetime) -> timedelta:
    """How much of the time between two instants lies on working days; a whole one is 24 hours, since clocks change on Sundays."""
    passed, day = timedelta(0), local_date(since)
    while start_of(day) < until:
        if calendar.counts(day):
            passed += min(until, start_of(day + ONE_DAY)) - max(since, start_of(day))
        day += ONE_DAY
    return passed
