"""Applies one event to a database: all of it or nothing, and the same event once.

Long because each of the twenty kinds of event has its own few lines here, and nowhere else.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from functools import singledispatch
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Select, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from models.cases import Case
from models.messages import Message, SealedUpdate
from models.people import Participation, Victim
from models.running import AppliedEvent
from models.staff import Staff
from models.vocabulary import Role
from notify.access import WRITERS
from notify.delivery.inbound import take_inbound
from notify.delivery.receipts import Slip, apply, store
from notify.delivery.sealed_updates import read_updates
from notify.errors import Conflict, FieldFault
from notify.eventfile import events
from notify.ledger.acts import Act, acting
from notify.ledger.audit import THE_SERVICE, Actor
from notify.ledger.contact_log import record_contact
from notify.ledger.suspending import suspend
from notify.ledger.tasks import Part
from notify.planning import people
from notify.planning.case_closing import close_case
from notify.planning.contact_points import add_contact_point, verify
from notify.planning.corrections import correct_milestone
from notify.planning.milestones import (
    Happening,
    corrected,
    read_happening,
    record_milestone,
)
from notify.planning.plans import ChannelTerms, PlanTerms, agree_plan
from notify.planning.queries import (
    case_by_ref,
    contact_point_by_ref,
    milestone_by_external_id,
    participation_of,
    staff_by_ref,
    unit_by_ref,
    victim_by_ref,
)
from notify.planning.rulebook import Rulebook
from notify.wiring import Services

SOURCE = "event file"

T = TypeVar("T")

_STAFF_ID = select(Staff.id, Staff.role).where(Staff.ref == bindparam("ref"), Staff.active)
_OF_VICTIM_IN_CASE = (
    (Participation.case_id == select(Case.id).where(Case.ref == bindparam("case")).scalar_subquery()),
    (Participation.victim_id == select(Victim.id).where(Victim.ref == bindparam("victim")).scalar_subquery()),
)
_PART = select(Participation).where(*_OF_VICTIM_IN_CASE)


def _and_writer(query: Select[T]) -> Select[T, UUID, Role]:
    """The same question, and who the member of staff is that an event names: together they cost little more than one."""
    acts = (Staff.ref == bindparam("by")) & Staff.active
    return query.add_columns(Staff.id, Staff.role).join(Staff, acts)


_PART_AND_WRITER = _and_writer(_PART)
_IDS_AND_WRITER = (
    select(Participation.id, Participation.victim_id, Staff.id, Staff.role)
    .join(Staff, (Staff.ref == bindparam("by")) & Staff.active)
    .where(*_OF_VICTIM_IN_CASE)
)
_CASE_AND_WRITER = _and_writer(select(Case.id).where(Case.ref == bindparam("case")))
_VICTIM_AND_WRITER = _and_writer(select(Victim).where(Victim.ref == bindparam("victim")))
_APPLIED = select(AppliedEvent.digest).where(AppliedEvent.external_id == bindparam("id"))
_NOTE = {
    # Of two imports of one file at the same moment, one waits here for the other.
    dialect: insert(AppliedEvent)
    .on_conflict_do_nothing(index_elements=[AppliedEvent.external_id])
    .execution_options(preserve_rowcount=True)
    for dialect, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}


def apply_event(services: Services, event: events.Event, *, logged_at: datetime | None = None) -> bool:
    """Apply one event in one transaction; False when it was applied before. Raises FieldFault and changes nothing.

    Facts carry the event's own time; the audit chain carries `logged_at`, the time at which the service learned of them.
    """
    with acting(services.sessions, services.keys, at=event.at, actor=THE_SERVICE, logged_at=logged_at) as act:
        if event.id is not None and not _first_time(act, event.id, event.digest):
            return False
        _apply(event, act, services.rulebook)
    return True


def _first_time(act: Act, external_id: str, event_digest: str) -> bool:
    # Keyed, because the rest of a line is known to whoever holds a dump, and a name or number in it could be guessed.
    digest = act.keys.blind_index(act.session, event_digest)
    note = _NOTE[act.connection.dialect.name]
    if act.run(note, external_id=external_id, digest=digest, applied_at=act.at):
        return True
    if act.connection.execute(_APPLIED, {"id": external_id}).scalar_one() != digest:
        raise Conflict("id", "was used before for an event with different content")
    return False


def _by(act: Act, ref: str, field: str = "by") -> None:
    """From here on the act is that of the member of staff whom the event names."""
    known = act.connection.execute(_STAFF_ID, {"ref": ref}).first()
    staff_id, role = known if known is not None else (staff_by_ref(act.session, ref, field).id, None)
    _let(act, staff_id, role, field)


def _let(act: Act, staff_id: UUID, role: Role | None, field: str = "by") -> None:
    if role not in WRITERS:
        raise FieldFault(field, "is neither a case officer nor a supervisor")
    act.actor = Actor("staff", staff_id)


def _acting_on(act: Act, query: Select[T, UUID, Role], by: str, field: str = "by", **refs: str) -> T | None:
    """What the event is about, and the act is that of whom it names; None where either is not known."""
    found = act.session.execute(query, {"by": by, **refs}).first()
    if found is None:
        return None
    subject, staff_id, role = found
    _let(act, staff_id, role, field)
    return subject


@dataclass(frozen=True)
class _Known:
    """A participation, as far as most events need it."""

    id: UUID
    victim_id: UUID


def _part_by(act: Act, by: str, case: str, victim: str) -> Part:
    found = act.connection.execute(_IDS_AND_WRITER, {"by": by, "case": case, "victim": victim}).first()
    if found is None:
        return _who_by(act, by, case, victim)
    part_id, victim_id, staff_id, role = found
    _let(act, staff_id, role)
    return _Known(part_id, victim_id)


def _who_by(act: Act, by: str, case: str, victim: str) -> Participation:
    found = _acting_on(act, _PART_AND_WRITER, by, case=case, victim=victim)
    if found is None:  # say which of the three is not known
        _by(act, by)
        return _who(act, case, victim)
    return found


def _case_by(act: Act, by: str, case: str) -> UUID:
    found = _acting_on(act, _CASE_AND_WRITER, by, case=case)
    if found is None:
        _by(act, by)
        return case_by_ref(act.session, case).id
    return found


def _victim_by(act: Act, verified_by: str | None, victim: str) -> Victim:
    if verified_by is None:
        return victim_by_ref(act.session, victim)
    found = _acting_on(act, _VICTIM_AND_WRITER, verified_by, "verified_by", victim=victim)
    if found is None:
        found = victim_by_ref(act.session, victim)
        _by(act, verified_by, "verified_by")
    return found


def _who(act: Act, case: str, victim: str) -> Participation:
    found = act.session.scalars(_PART, {"case": case, "victim": victim}).first()
    if found is None:
        # Not there: say which of the two is not known.
        return participation_of(
            act.session, case_by_ref(act.session, case), victim_by_ref(act.session, victim)
        )
    return found


@singledispatch
def _apply(event: object, _act: Act, _rulebook: Rulebook) -> None:
    raise TypeError(type(event).__name__)


@_apply.register
def _(event: events.UnitEvent, act: Act, _rulebook: Rulebook) -> None:
    people.add_unit(act, ref=event.unit, name=event.name, agency=event.agency)


@_apply.register
def _(event: events.StaffEvent, act: Act, _rulebook: Rulebook) -> None:
    unit = unit_by_ref(act.session, event.unit)
    people.add_staff(act, ref=event.staff, name=event.name, role=event.role, unit=unit)


@_apply.register
def _(event: events.CaseEvent, act: Act, _rulebook: Rulebook) -> None:
    people.open_case(
        act,
        ref=event.case,
        unit=unit_by_ref(act.session, event.unit),
        officer=staff_by_ref(act.session, event.officer, "officer"),
        offence=event.offence,
        restricted=event.restricted,
        allow=[staff_by_ref(act.session, ref, f"allow[{n}]") for n, ref in enumerate(event.allow)],
    )


@_apply.register
def _(event: events.VictimEvent, act: Act, _rulebook: Rulebook) -> None:
    people.enrol_victim(
        act,
        ref=event.victim,
        case=case_by_ref(act.session, event.case),
        name=event.name,
        enhanced=event.enhanced,
        risk=event.risk,
        language=event.language,
        date_of_birth=event.date_of_birth,
    )


@_apply.register
def _(event: events.ContactPointEvent, act: Act, _rulebook: Rulebook) -> None:
    victim = _victim_by(act, event.verified_by, event.victim)
    point = add_contact_point(act, victim, ref=event.contact_point, kind=event.kind, value=event.value)
    if event.verified:
        verify(act, point, reason="verified before it was added")


@_apply.register
def _(event: events.VerifyEvent, act: Act, _rulebook: Rulebook) -> None:
    _by(act, event.by)
    verify(act, contact_point_by_ref(act.session, event.contact_point), reason=event.reason)


@_apply.register
def _(event: events.SuspendEvent, act: Act, _rulebook: Rulebook) -> None:
    _by(act, event.by)
    suspend(act, contact_point_by_ref(act.session, event.contact_point), reason=event.reason)


@_apply.register
def _(event: events.PlanEvent, act: Act, _rulebook: Rulebook) -> None:
    _by(act, event.by)
    channels = [
        ChannelTerms(
            point=contact_point_by_ref(act.session, channel.contact_point, f"channels[{n}].contact_point"),
            detail=channel.detail,
            windows=channel.windows,
            counts_as_told=channel.counts_as_told,
            cover_text=channel.cover_text,
        )
        for n, channel in enumerate(event.channels)
    ]
    terms = PlanTerms(
        every_days=event.every_days,
        channels=channels,
        never_dates=event.never_dates,
        automatic=event.automatic,
        officer_first_nudge=event.officer_first_nudge,
    )
    agree_plan(act, _who(act, event.case, event.victim), terms)


@_apply.register
def _(event: events.PauseEvent, act: Act, _rulebook: Rulebook) -> None:
    people.pause(act, _who_by(act, event.by, event.case, event.victim), reason=event.reason)


@_apply.register
def _(event: events.ResumeEvent, act: Act, _rulebook: Rulebook) -> None:
    people.resume(act, _who_by(act, event.by, event.case, event.victim), reason=event.reason)


@_apply.register
def _(event: events.DeclineEvent, act: Act, _rulebook: Rulebook) -> None:
    people.decline(act, _who_by(act, event.by, event.case, event.victim), reason=event.reason)


@_apply.register
def _(event: events.SupportEvent, act: Act, _rulebook: Rulebook) -> None:
    who = _who_by(act, event.by, event.case, event.victim)
    people.record_support(act, who, event.supports, reason=event.reason)


@_apply.register
def _(event: events.MilestoneEvent, act: Act, rulebook: Rulebook) -> None:
    case_id = _case_by(act, event.by, event.case)
    happening = Happening(
        kind=event.kind,
        happened_at=event.happened_at,
        learned_at=event.learned_at,
        owner=event.owner,
        suspect=event.suspect,
        facts=dict(event.facts) or None,
    )
    record_milestone(act, rulebook, case_id, happening, external_id=event.id)


@_apply.register
def _(event: events.CorrectEvent, act: Act, rulebook: Rulebook) -> None:
    _by(act, event.by)
    milestone = milestone_by_external_id(act.session, event.milestone)
    happening = corrected(
        read_happening(act, milestone),
        kind=event.kind,
        happened_at=event.happened_at,
        learned_at=event.learned_at,
        owner=event.owner,
        suspect=event.suspect,
        facts=event.facts,
    )
    correct_milestone(act, rulebook, milestone, happening, reason=event.reason)


@_apply.register
def _(event: events.ContactEvent, act: Act, rulebook: Rulebook) -> None:
    part = _part_by(act, event.by, event.case, event.victim)
    for n, rule in enumerate(event.covers or ()):
        rulebook.check_rule(rule, f"covers[{n}]")
    record_contact(act, part, event.outcome, covers=event.covers, note=event.note)


@_apply.register
def _(event: events.WaiveEvent, act: Act, rulebook: Rulebook) -> None:
    who = _who_by(act, event.by, event.case, event.victim)
    rulebook.check_rule(event.rule, "rule")
    people.waive(act, who, event.rule, reason=event.reason)


@_apply.register
def _(event: events.InboundEvent, act: Act, _rulebook: Rulebook) -> None:
    take_inbound(act, sender=event.sender, text=event.text)


@_apply.register
def _(event: events.ReceiptEvent, act: Act, _rulebook: Rulebook) -> None:
    victim = victim_by_ref(act.session, event.victim, "match.victim")
    message_id = _nth(
        act,
        select(Message.id)
        .where(Message.victim_id == victim.id, Message.handed_over_at.is_not(None))
        .order_by(Message.handed_over_at, Message.id),
        event.nth,
        "match.nth",
        "message",
    )
    slip = Slip(
        SOURCE, None, event.status, event.code, json.dumps({"status": event.status, "code": event.code})
    )
    receipt = store(act.session, act.keys, slip, message_id=message_id, at=act.at)
    if receipt is not None:
        apply(act, receipt)


@_apply.register
def _(event: events.ReadEvent, act: Act, _rulebook: Rulebook) -> None:
    victim = victim_by_ref(act.session, event.victim)
    act.actor = Actor("victim", victim.id)
    found = _nth(
        act,
        select(SealedUpdate.id).where(SealedUpdate.victim_id == victim.id).order_by(SealedUpdate.number),
        event.nth,
        "nth",
        "sealed update",
    )
    update = act.session.get_one(SealedUpdate, found)
    if update.withdrawn_at is not None:
        return  # it is not on her page any more: there was nothing to read
    read_updates(act, act.session.get_one(Participation, update.participation_id), [update])


@_apply.register
def _(event: events.CloseEvent, act: Act, rulebook: Rulebook) -> None:
    case_id = _case_by(act, event.by, event.case)
    close_case(act, rulebook, act.session.get_one(Case, case_id), reason=event.reason)


def _nth(act: Act, query: Select[UUID], nth: int, field: str, noun: str) -> UUID:
    found = act.session.scalars(query.offset(nth - 1).limit(1)).first()
    if found is None:
        raise FieldFault(field, f"the victim has no {noun} number {nth} yet")
    return found
