"""The timeline of a case: one list of everything that happened, was owed, was sent, was said and was done.

Long because each kind of line is told here, side by side.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from models.cases import Case
from models.duties import Duty
from models.ledger import AuditEntry, ContactEntry
from models.messages import Inbound, Message, SealedUpdate
from models.milestones import Milestone, MilestoneCorrection
from models.oversight import DutyReview, Task
from models.people import ContactPoint, Participation
from models.plans import Plan
from models.vocabulary import DutyState, MessageState, TaskState
from notify.ledger import audit
from notify.ledger.acts import Act
from notify.planning.milestones import read_happening
from notify.web.staff.late import review_shown
from notify.web.staff.shown import CONTACT, VictimShown, inbound_read_as, inbound_text, staff_names
from notify.web.staff.words import deadline, said, when

COLOURS = {
    MessageState.DELIVERED: "green",
    MessageState.REFUSED: "orange",
    MessageState.FAILED: "orange",
    MessageState.UNDELIVERED: "orange",
    MessageState.EXPIRED: "orange",
    MessageState.UNCERTAIN: "yellow",
}
IN_WORDS = {
    MessageState.CLAIMED: "being sent",
    MessageState.ACCEPTED: "sent",
    MessageState.REFUSED: "not sent",
}


WISHES = {
    "paused": "Asked for no contact for now",
    "resumed": "Wants contact again",
    "declined": "Wants no further updates",
}
"""What is noted in the audit chain of what a victim asked for."""
RELEASES_WANTED = {
    "yes": "Wants to be told of releases and bail only",
    "no": "Does not want to be told of releases and bail either",
}


@dataclass(frozen=True)
class Line:
    """One thing on the timeline: what kind of thing, its state as a tag, and its details."""

    at: datetime
    what: str
    title: str = field(repr=False)
    tag: str = ""
    colour: str = ""
    victim: VictimShown | None = None
    details: tuple[str, ...] = field(default=(), repr=False)
    milestone_id: UUID | None = None
    """Where it is one that can be corrected or withdrawn."""


@dataclass(frozen=True)
class _Telling:
    """What telling the lines of a case needs."""

    act: Act
    victims: Mapping[UUID, VictimShown]
    names: Mapping[UUID | None, str]


def timeline(act: Act, case: Case, victims: Mapping[UUID, VictimShown]) -> list[Line]:
    """All lines of a case, the newest first. `victims` by the id of their part in it."""
    milestones = act.session.scalars(select(Milestone).where(Milestone.case_id == case.id)).all()
    corrections = act.session.scalars(
        select(MilestoneCorrection).where(MilestoneCorrection.milestone_id.in_([m.id for m in milestones]))
    ).all()
    by_noun: dict[Callable[[_Telling, Any], Line], Collection[Any]] = {
        _duty: _of(act, Duty, victims),
        _message: _of(act, Message, victims),
        _update: _of(act, SealedUpdate, victims),
        _entry: _of(act, ContactEntry, victims),
        _task: _of(act, Task, victims),
        _plan: _of(act, Plan, victims),
    }
    duties = {duty.id: duty for duty in by_noun[_duty]}
    reviews = act.session.scalars(select(DutyReview).where(DutyReview.duty_id.in_(duties))).all()
    people: set[UUID | None] = {
        person for rows in by_noun.values() for row in rows for person in _people(row)
    }
    people.update(m.recorded_by_id for m in milestones)
    people.update(c.by_id for c in corrections)
    people.update(r.by_id for r in reviews)
    telling = _Telling(act, victims, staff_names(act, people))
    corrected = {c.milestone_id for c in corrections}
    kinds = {m.id: m for m in milestones}
    lines = [tell(telling, row) for tell, rows in by_noun.items() for row in rows]
    lines += [_milestone(telling, m, is_corrected=m.id in corrected) for m in milestones]
    lines += [_correction(telling, c, kinds[c.milestone_id]) for c in corrections]
    lines += [_review(telling, r, duties[r.duty_id]) for r in reviews]
    lines += _wishes(telling)
    lines += _came_in(telling)
    return sorted(lines, key=lambda line: line.at, reverse=True)


def _of(act: Act, noun: type[Any], victims: Mapping[UUID, VictimShown]) -> Collection[Any]:
    return act.session.scalars(select(noun).where(noun.participation_id.in_(victims))).all()


def _people(row: Any) -> Iterator[UUID | None]:
    yield from (getattr(row, name, None) for name in ("by_id", "closed_by_id", "done_by_id", "agreed_by_id"))


def _milestone(telling: _Telling, row: Milestone, *, is_corrected: bool) -> Line:
    happening = read_happening(telling.act, row)
    details = [f"Happened {when(row.happened_at)}"]
    if row.learned_at != row.happened_at:
        details.append(f"Learned of {when(row.learned_at)}")
    details.append(f"{said(row.owner)} must tell the victim")
    if happening.suspect:
        details.append(f"Suspect: {happening.suspect}")
    details += [f"{said(name)}: {fact}" for name, fact in (happening.facts or {}).items()]
    details.append(f"Recorded by {telling.names[row.recorded_by_id]}, {when(row.recorded_at)}")
    return Line(
        at=row.learned_at,
        what="Milestone",
        title=said(row.kind),
        tag="Withdrawn" if row.withdrawn_at else "Corrected" if is_corrected else "",
        colour="grey",
        details=tuple(details),
        milestone_id=None if row.withdrawn_at else row.id,
    )


def _correction(telling: _Telling, row: MilestoneCorrection, milestone: Milestone) -> Line:
    reason = telling.act.key(milestone.case_id).open(row, "reason_sealed")
    return Line(
        at=row.at,
        what="Withdrawal" if row.at == milestone.withdrawn_at else "Correction",
        title=said(milestone.kind),
        details=(f"By {telling.names[row.by_id]}: {reason}",),
    )


def _duty(telling: _Telling, row: Duty) -> Line:
    tag, colour = {
        DutyState.OPEN: ("Overdue", "red") if row.deadline < telling.act.at else ("To tell", "blue"),
        DutyState.TOLD: ("Told late", "yellow") if row.late else ("Told", "green"),
        DutyState.WAIVED: ("Waived", "grey"),
        DutyState.CANCELLED: ("Cancelled", "grey"),
    }[row.state]
    details = [f"By {deadline(row.deadline)}", f"{row.rule}, {said(row.duty_class).lower()}"]
    details.append(f"Edition {row.edition}, policy {row.policy}")
    if row.closed_at is not None:
        details.append(f"{said(row.state)} {when(row.closed_at)} by {telling.names[row.closed_by_id]}")
    reason = telling.act.key(row.victim_id).open_or_none(row, "close_reason_sealed")
    if reason:
        details.append(f"Reason: {reason}")
    return Line(
        row.created_at,
        "Duty",
        said(row.kind),
        tag,
        colour,
        telling.victims[row.participation_id],
        tuple(details),
    )


def _review(telling: _Telling, row: DutyReview, duty: Duty) -> Line:
    shown = review_shown(telling.act, row, telling.names[row.by_id])
    return Line(
        row.at,
        "Why it is late",
        said(duty.kind),
        victim=telling.victims[duty.participation_id],
        details=(f"{duty.rule}. {shown.said}", shown.in_words),
    )


def _message(telling: _Telling, row: Message) -> Line:
    details = []
    if row.detail:
        details.append(said(row.detail))
    if row.refusal:
        details.append(f"Reason: {said(row.refusal).lower()}")
    if row.state is MessageState.HELD and row.not_before:
        details.append(f"Waits for a safe time: {when(row.not_before)}")
    if row.handed_over_at:
        details.append(f"Sent {when(row.handed_over_at)}")
    return Line(
        row.handed_over_at or row.created_at,
        said(row.channel) if row.channel else "Message",
        said(row.kind),
        IN_WORDS.get(row.state, row.state.value).capitalize(),
        COLOURS.get(row.state, "grey"),
        telling.victims[row.participation_id],
        tuple(details),
    )


def _update(telling: _Telling, row: SealedUpdate) -> Line:
    return Line(
        row.created_at,
        "Private page",
        telling.act.key(row.victim_id).open(row, "title_sealed"),
        "Read" if row.read_at else "Not read",
        "green" if row.read_at else "grey",
        telling.victims[row.participation_id],
        (f"Read {when(row.read_at)}",) if row.read_at else (),
    )


def _entry(telling: _Telling, row: ContactEntry) -> Line:
    details = [f"By {telling.names[row.by_id]}"]
    if row.rules:
        details.append(f"About {', '.join(row.rules)}")
    note = telling.act.key(row.victim_id).open_or_none(row, "note_sealed")
    if note:
        details.append(note)
    return Line(
        row.at,
        "Contact",
        said(row.outcome),
        "Reached" if row.reached else "Attempt",
        "green" if row.reached else "grey",
        telling.victims[row.participation_id],
        tuple(details),
    )


def _task(telling: _Telling, row: Task) -> Line:
    details = []
    if row.rules:
        details.append(f"About {', '.join(row.rules)}")
    if row.due_at and row.state is TaskState.OPEN:
        details.append(f"By {deadline(row.due_at)}")
    if row.done_at:
        details.append(f"{said(row.state)} {when(row.done_at)} by {telling.names[row.done_by_id]}")
    note = telling.act.key(row.victim_id).open_or_none(row, "note_sealed")
    if note:
        details.append(note)
    return Line(
        row.created_at,
        "Task",
        said(row.kind),
        "To do" if row.state is TaskState.OPEN else said(row.state),
        "blue" if row.state is TaskState.OPEN else "grey",
        telling.victims[row.participation_id],
        tuple(details),
    )


def _wishes(telling: _Telling) -> Iterator[Line]:
    """What the victims asked for: told from the audit chain, where each wish stands with who took it down and why."""
    act = telling.act
    rows = act.session.scalars(
        select(AuditEntry).where(
            AuditEntry.subject_id.in_(telling.victims),
            AuditEntry.subject == Participation.__tablename__,
            AuditEntry.action.in_(WISHES),
        )
    ).all()
    names = staff_names(act, (row.actor_id for row in rows))
    for row in rows:
        title, releases = WISHES[row.action], RELEASES_WANTED.get(str(row.detail.get("wants_releases")))
        details = [f"By {names[row.actor_id]}: {audit.reason(act.session, act.keys, row)}"]
        yield Line(
            row.at,
            "Wish",
            title,
            victim=telling.victims[row.subject_id] if row.subject_id else None,
            details=(*details, *([releases] if releases else [])),
        )


def _came_in(telling: _Telling) -> Iterator[Line]:
    """What arrived from the victims' numbers and addresses, from whoever holds them."""
    rows = telling.act.session.execute(
        select(Inbound, ContactPoint.kind, Participation.id)
        .join(ContactPoint, ContactPoint.id == Inbound.contact_point_id)
        .join(Participation, Participation.victim_id == ContactPoint.victim_id)
        .where(Participation.id.in_(telling.victims))
    )
    for row, kind, participation_id in rows:
        yield Line(
            row.received_at,
            "Came in",
            f"From the {CONTACT[kind].lower()}",
            victim=telling.victims[participation_id],
            details=(f"“{inbound_text(telling.act, row)}”", inbound_read_as(telling.act, row)),
        )


def _plan(telling: _Telling, row: Plan) -> Line:
    victim = telling.victims[row.participation_id]
    details = [f"By {telling.names[row.agreed_by_id]}", f"Every {row.every_days} days"]
    return Line(
        row.agreed_at,
        "Plan",
        f"Plan {row.version} agreed",
        "In force" if row.current else "",
        "green",
        victim,
        tuple(details),
    )
