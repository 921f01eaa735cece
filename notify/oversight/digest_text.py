"""What a daily digest says: how many of each thing wait for one member of staff, and where to see them. Numbers alone:
it is read wherever a mailbox is, so it names no victim, no case, no unit and no person.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from sqlalchemy.orm import Session

from models.staff import Staff
from models.vocabulary import AlertLevel, Role
from notify.access import WRITERS, Viewer, viewer_of
from notify.clock import LONDON, local_date
from notify.oversight.counts import count_alerts, count_cases_left_alone, count_own_work
from notify.presence import restricted_unwatched, unwatched_units

SUBJECT = "Your daily summary"
FAREWELL = "This message is sent automatically on working days, and nobody reads answers to it."
ALERTS = {
    AlertLevel.ESCALATED: ("escalated", "escalated"),
    AlertLevel.OVERDUE: ("overdue", "overdue"),
    AlertLevel.URGENT: ("urgent", "urgent"),
    AlertLevel.DUE_SOON: (
        "due soon, with no officer there to see to it",
        "due soon, with no officer there to see to them",
    ),
}

Line = tuple[int, str, str]
"""How many, what one of them is called, and what several are."""


@dataclass(frozen=True)
class _Part:
    """A heading, what is under it, and the page where it can be seen."""

    heading: str
    page: str
    lines: list[Line] = field(default_factory=list)


def digest_text(session: Session, staff: Staff, *, at: datetime, staff_url: str) -> str | None:
    """The text for one member of staff at an instant; None when nothing waits for them."""
    parts = [
        _Part(part.heading, part.page, [line for line in part.lines if line[0]])
        for part in _parts(session, staff, at)
    ]
    told = [part for part in parts if part.lines]
    if not told:
        return None
    on = local_date(at)
    blocks = [f"{on:%A} {on.day} {on:%B %Y}", *(_block(part, staff_url) for part in told), FAREWELL]
    return "\n\n".join(blocks) + "\n"


def _block(part: _Part, staff_url: str) -> str:
    lines = [f"- {count} {one if count == 1 else several}" for count, one, several in part.lines]
    return "\n".join([part.heading, *lines, f"{staff_url}{part.page}"])


def _parts(session: Session, staff: Staff, at: datetime) -> Iterator[_Part]:
    viewer = viewer_of(session, staff)
    if staff.role in WRITERS:
        yield _Part("In your own cases", "/due", _own_work(session, viewer, at))
    if staff.role is Role.SUPERVISOR:
        yield _Part("In the units in your care", "/overdue", _in_care(session, viewer, at))
    if staff.role is Role.ADMIN:
        nobody = len(unwatched_units(session, at))
        what = "with no supervisor on duty, and none in a unit above"
        restricted = restricted_unwatched(session, at)
        alone = "with nobody on duty who may see"
        yield _Part(
            "Left alone",
            "/about",
            [
                (nobody, f"unit {what}", f"units {what}"),
                (restricted, f"restricted case {alone} it", f"restricted cases {alone} them"),
            ],
        )


def _own_work(session: Session, viewer: Viewer, at: datetime) -> list[Line]:
    tomorrow = local_date(at) + timedelta(days=1)
    counts = count_own_work(session, viewer, at, end_of_today=datetime.combine(tomorrow, time(0), LONDON))
    return [
        (counts.overdue, "duty overdue", "duties overdue"),
        (counts.due_today, "duty due today", "duties due today"),
        (counts.calls, "call to make", "calls to make"),
        (counts.other_tasks, "other task", "other tasks"),
    ]


def _in_care(session: Session, viewer: Viewer, at: datetime) -> list[Line]:
    alerts = count_alerts(session, viewer, at)
    alone = count_cases_left_alone(session, viewer, at)
    return [
        *(
            (alerts.by_level[level], f"duty {one}", f"duties {several}")
            for level, (one, several) in ALERTS.items()
        ),
        (alerts.unseen, "of these that nobody has looked at", "of these that nobody has looked at"),
        (
            alone,
            "case still in hand whose officer is away or has left",
            "cases still in hand whose officer is away or has left",
        ),
    ]
