"""Enrolment: units, staff, cases, victims and their representatives; and what a victim has asked for.

Long because all that is recorded of people stands here side by side, a few lines each.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import bindparam, select, update

from models.base import is_one_of
from models.cases import Case, CaseAccess
from models.duties import Duty
from models.keyring import SERVICE
from models.oversight import Task
from models.people import ContactPoint, Participation, Representative, SupportChange, Victim
from models.staff import Staff, Unit
from models.vocabulary import (
    Agency,
    DutyClass,
    DutyState,
    EnhancedRight,
    RepresentativeKind,
    RiskLevel,
    Role,
    Supports,
    TaskKind,
    TaskState,
)
from notify.access import WRITERS, Viewer, visible
from notify.errors import Conflict, FieldFault
from notify.ledger.acts import Act
from notify.ledger.closing import close_duties, open_duties
from notify.ledger.suspending import suspend
from notify.ledger.tasks import open_duty_task
from notify.ledger.waking import wake
from notify.ledger.wishes import goes_without

_END_ASKING = (
    update(Task)
    .where(
        Task.participation_id == bindparam("participation"),
        Task.kind == TaskKind.ASK_AGAIN,
        is_one_of(Task.state, TaskState.OPEN),
    )
    .values(state=TaskState.DONE, done_at=bindparam("now"), done_by_id=bindparam("by"))
)

CHILD_IS_VULNERABLE = 18
"""Under this age a victim is entitled to enhanced rights without being asked (Victims' Code: vulnerable)."""


def add_unit(act: Act, *, ref: str, name: str, agency: Agency) -> Unit:
    """Add a team. Raises Conflict when the reference is used."""
    _unused(act, select(Unit.id).where(Unit.ref == ref), "unit")
    unit = Unit(ref=ref, agency=agency)
    unit.name_sealed = act.key(SERVICE).seal(unit, "name_sealed", name)
    act.session.add(unit)
    act.session.flush()
    act.log("unit added", unit)
    return unit


def add_staff(act: Act, *, ref: str, name: str, role: Role, unit: Unit) -> Staff:
    """Add a member of staff. Raises Conflict when the reference is used."""
    _unused(act, select(Staff.id).where(Staff.ref == ref), "staff")
    staff = Staff(ref=ref, role=role, unit_id=unit.id, active=True, failed_sign_ins=0)
    staff.name_sealed = act.key(SERVICE).seal(staff, "name_sealed", name)
    act.session.add(staff)
    act.session.flush()
    act.log("staff added", staff, role=role)
    return staff


def open_case(
    act: Act,
    *,
    ref: str,
    unit: Unit,
    officer: Staff,
    offence: str,
    restricted: bool = False,
    allow: Collection[Staff] = (),
) -> Case:
    """Open a case. Its officer, a case officer or supervisor, is always on the allow list of a restricted one."""
    if officer.role not in WRITERS:
        raise FieldFault("officer", "is not a case officer or supervisor")
    _unused(act, select(Case.id).where(Case.ref == ref), "case")
    if allow and not restricted:
        raise FieldFault("allow", "goes with a restricted case only")
    case = Case(ref=ref, unit_id=unit.id, officer_id=officer.id, restricted=restricted, opened_at=act.at)
    key = act.keys.create(act.session, case.id)
    case.offence_sealed = key.seal(case, "offence_sealed", offence)
    act.session.add(case)
    act.session.flush()
    if restricted:
        act.session.add_all(
            CaseAccess(case_id=case.id, staff_id=staff_id)
            for staff_id in {officer.id, *(s.id for s in allow)}
        )
    act.log("case opened", case, owner=case.id, restricted=restricted)
    return case


def enrol_victim(  # noqa: PLR0913 - a victim has this many facts
    act: Act,
    *,
    ref: str,
    case: Case,
    name: str,
    enhanced: Collection[EnhancedRight] = (),
    risk: RiskLevel = RiskLevel.STANDARD,
    language: str = "en",
    date_of_birth: date | None = None,
    viewer: Viewer | None = None,
) -> Participation:
    """Enrol a victim in a case; a victim who is known already gets a further participation under the same keys.

    `viewer` is the person who asks: she must see the known victim in another case already, or enrolling would open
    that victim's contact details to her. None is for a case system, which sees all.
    """
    if case.closed_at is not None:
        raise Conflict("case", "is closed")
    victim = act.session.scalars(select(Victim).where(Victim.ref == ref)).first()
    if victim is None:
        victim = _new_victim(act, ref, name, language, date_of_birth)
    elif viewer is not None and not _is_seen_by(act, victim, viewer):
        raise Conflict("victim", "is used already")
    elif act.key(victim.id).open(victim, "name_sealed") != name:
        raise Conflict("name", "differs from the name this victim is known by")
    else:
        here = (Participation.case_id == case.id, Participation.victim_id == victim.id)
        _unused(act, select(Participation.id).where(*here), "victim")
    rights = _rights(act, enhanced, date_of_birth)
    participation = Participation(
        case_id=case.id, victim_id=victim.id, enhanced=rights, risk=risk, enrolled_at=act.at
    )
    act.session.add(participation)
    act.session.flush()
    act.log("victim enrolled", participation, owner=victim.id, enhanced=bool(rights), risk=risk)
    return participation


def _rights(act: Act, given: Collection[EnhancedRight], date_of_birth: date | None) -> list[str]:
    """What she is entitled to: what was recorded, and what her age alone gives her."""
    rights = set(given)
    if date_of_birth and _age_on(date_of_birth, act.at.date()) < CHILD_IS_VULNERABLE:
        rights.add(EnhancedRight.VULNERABLE_OR_INTIMIDATED)
    return [right.value for right in EnhancedRight if right in rights]


def _is_seen_by(act: Act, victim: Victim, viewer: Viewer) -> bool:
    seen = (
        select(Participation.id)
        .join(Case, Case.id == Participation.case_id)
        .where(Participation.victim_id == victim.id, visible(viewer))
    )
    return act.session.scalars(seen).first() is not None


def _new_victim(act: Act, ref: str, name: str, language: str, date_of_birth: date | None) -> Victim:
    victim = Victim(ref=ref, language=language, secret_tries=0)
    key = act.keys.create(act.session, victim.id)
    victim.name_sealed = key.seal(victim, "name_sealed", name)
    if date_of_birth is not None:
        victim.date_of_birth_sealed = key.seal(victim, "date_of_birth_sealed", date_of_birth.isoformat())
    act.session.add(victim)
    act.session.flush()
    return victim


def add_representative(
    act: Act,
    victim: Victim,
    *,
    kind: RepresentativeKind,
    name: str,
    scope: str,
    consent_at: datetime,
    starts_at: datetime,
    ends_at: datetime | None = None,
) -> Representative:
    """Record who may be told for the victim, about what, from when until when."""
    if ends_at is not None and ends_at <= starts_at:
        raise FieldFault("ends_at", "must be later than starts_at")
    representative = Representative(
        victim_id=victim.id, kind=kind, consent_at=consent_at, starts_at=starts_at, ends_at=ends_at
    )
    key = act.key(victim.id)
    representative.name_sealed = key.seal(representative, "name_sealed", name)
    representative.scope_sealed = key.seal(representative, "scope_sealed", scope)
    act.session.add(representative)
    act.session.flush()
    act.log("representative added", representative, owner=victim.id, kind=kind)
    return representative


def end_representation(act: Act, representative: Representative, *, reason: str) -> None:
    """Consent is over: nothing goes to the representative's contact points any more."""
    representative.ends_at = act.at
    act.log("representation ended", representative, owner=representative.victim_id, reason=reason)
    points = act.session.scalars(
        select(ContactPoint).where(ContactPoint.representative_id == representative.id)
    ).all()
    for point in points:
        suspend(act, point, reason=reason)


def pause(act: Act, participation: Participation, *, reason: str) -> None:
    """The victim asks for no contact for now. Duties stay owed; nothing is sent and no clock rings."""
    if participation.paused_at is not None:
        raise Conflict("victim", "has asked for a pause already")
    participation.paused_at, participation.resumed_at = act.at, None
    act.log("paused", participation, owner=participation.victim_id, reason=reason)


def resume(act: Act, participation: Participation, *, reason: str) -> None:
    """Contact is wanted again, after a pause or a decline."""
    if participation.paused_at is None and participation.declined_at is None:
        raise Conflict("victim", "has asked for neither a pause nor no further updates")
    participation.paused_at = participation.declined_at = participation.wants_releases = None
    participation.resumed_at = participation.next_no_change_at = act.at
    act.log("resumed", participation, owner=participation.victim_id, reason=reason)
    _was_asked_again(act, participation)
    wake(act, participation.id)


def decline(
    act: Act, participation: Participation, *, reason: str, wants_releases: bool | None = None
) -> None:
    """The victim wants no further updates: what she was to be told is waived on that ground.

    `wants_releases` is what she said of releases and bail. None, not asked: they stay owed to her, as a call to make.
    True: she is told of those alone, as her plan agrees. False: not even of those. What staff must do for her without
    telling her anything, such as a referral, is not declined with the updates.

    She may say more of it later. Raises Conflict when she has declined already and this says nothing new.
    """
    if participation.declined_at is not None and wants_releases in (None, participation.wants_releases):
        raise Conflict("victim", "has declined further updates already")
    participation.declined_at = participation.declined_at or act.at
    participation.wants_releases = wants_releases
    said = {None: "not asked", True: "yes", False: "no"}[wants_releases]
    act.log("declined", participation, owner=participation.victim_id, reason=reason, wants_releases=said)
    _was_asked_again(act, participation)
    duties = open_duties(act, participation)
    declined = [duty for duty in duties if goes_without(participation, duty)]
    close_duties(act, declined, DutyState.WAIVED, reason=reason)
    if wants_releases:
        wake(act, participation.id)
        return
    for duty in duties:
        if duty.duty_class is DutyClass.IMMEDIATE and duty.state is DutyState.OPEN:
            open_duty_task(act, participation, TaskKind.CALL, duty)


def record_support(act: Act, participation: Participation, supports: Supports, *, reason: str | None) -> None:
    """Record whether the victim supports the prosecution, each time she is asked."""
    participation.supports = supports
    change = SupportChange(
        participation_id=participation.id, at=act.at, by_id=act.staff_id, supports=supports
    )
    change.reason_sealed = act.seal(participation.victim_id, change, "reason_sealed", reason)
    act.session.add(change)
    act.log("support", participation, owner=participation.victim_id, reason=reason, supports=supports)


def waive(act: Act, participation: Participation, rule: str, *, reason: str) -> Sequence[Duty]:
    """A person decides that open duties under one rule need not be carried out, and says why."""
    duties = [duty for duty in open_duties(act, participation) if duty.rule == rule]
    if not duties:
        raise FieldFault("rule", "has no open duty to waive")
    close_duties(act, duties, DutyState.WAIVED, reason=reason)
    return duties


def waive_duty(act: Act, duty: Duty, *, reason: str) -> None:
    """The same for one duty, whatever else is open under its rule. Raises Conflict when it is closed already."""
    if duty.state is not DutyState.OPEN:
        raise Conflict("duty", "is closed already")
    close_duties(act, [duty], DutyState.WAIVED, reason=reason)


def _was_asked_again(act: Act, participation: Participation) -> None:
    """She said what she wants: nobody need ask her any more."""
    act.run(_END_ASKING, participation=participation.id, now=act.at, by=act.staff_id)


def _unused(act: Act, query: object, field: str) -> None:
    if act.session.scalars(query).first() is not None:  # type: ignore[call-overload]
        raise Conflict(field, "is used already")


def _age_on(birth: date, day: date) -> int:
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
