"""Recording a milestone: its duties are made in the same transaction, or neither is."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, select

from models.duties import Duty
from models.milestones import Milestone
from models.people import Participation
from models.vocabulary import Agency, DutyClass, DutyState, MilestoneKind
from notify.clock import local_date
from notify.errors import Conflict, FieldFault
from notify.ledger.acts import Act
from notify.ledger.locking import lock_case
from notify.ledger.units import unit_of
from notify.planning.concerning import concerned, suspect_index
from notify.planning.duties import Carrier, Clock, Source, make_duty, open_or_waive, write_duties
from notify.planning.queries import participations_in
from notify.planning.rulebook import Rulebook
from notify.planning.rules.catalogue import Rule
from notify.planning.rules.due import due_at, urgent_by
from notify.planning.trigger_points import ask_again
from notify.planning.windows import keep_windows

MOST_FACTS = 20
LONGEST_FACT = 500
CLOCK_SKEW = timedelta(minutes=5)
"""How far ahead of ours a partner's clock may be."""

DUTY_CLASSES = frozenset(
    {DutyClass.ROUTINE, DutyClass.IMMEDIATE, DutyClass.OFFICER_FIRST, DutyClass.STAFF_TASK}
)
"""Classes that a milestone gives rise to; a victim's own windows and other agencies' work are not owed by us."""


@dataclass(frozen=True)
class Happening:
    """What a milestone says. `facts` are short texts by name; `suspect` is a reference or name."""

    kind: MilestoneKind
    happened_at: datetime
    learned_at: datetime
    owner: Agency = Agency.POLICE
    suspect: str | None = None
    facts: Mapping[str, str] | None = None


_KNOWN = select(Milestone.id).where(Milestone.external_id == bindparam("external_id"))
_SETTLED = select(Duty.participation_id, Duty.rule).where(
    Duty.milestone_id == bindparam("milestone_id"), Duty.state != DutyState.CANCELLED
)


def record_milestone(
    act: Act, rulebook: Rulebook, case_id: UUID, happening: Happening, *, external_id: str | None = None
) -> tuple[Milestone, list[Duty]]:
    """Record what happened and make the duties that follow from it, for every victim in the case.

    A closed case takes milestones too: an appeal or a release after it is owed to her all the same, by a person.
    """
    check_happening(act, happening)
    lock_case(act, case_id)
    if external_id is not None and is_recorded(act, external_id):
        raise Conflict("milestone", "is used already")
    milestone = Milestone(
        case_id=case_id, external_id=external_id, recorded_at=act.at, recorded_by_id=act.staff_id
    )
    write_happening(act, milestone, happening)
    act.write(milestone)
    act.log("milestone recorded", milestone, owner=case_id, kind=happening.kind)
    participations = participations_in(act.session, case_id)
    duties = plan_duties(act, rulebook, milestone, participations, fresh=True)
    keep_windows(act, rulebook, milestone, participations, fresh=True)
    return milestone, duties


def corrected(
    earlier: Happening,
    *,
    kind: MilestoneKind | None = None,
    happened_at: datetime | None = None,
    learned_at: datetime | None = None,
    owner: Agency | None = None,
    suspect: str | None = None,
    facts: Mapping[str, str] | None = None,
) -> Happening:
    """What a milestone says once these are put right; what is None stays as it was.

    When only the time of the event is corrected, and it had been learned of at once, that moves along.
    """
    if learned_at is None:
        at_once = earlier.learned_at == earlier.happened_at
        learned_at = happened_at if happened_at is not None and at_once else earlier.learned_at
    return Happening(
        kind=kind or earlier.kind,
        happened_at=happened_at or earlier.happened_at,
        learned_at=learned_at,
        owner=owner or earlier.owner,
        suspect=earlier.suspect if suspect is None else suspect,
        facts=earlier.facts if facts is None else (dict(facts) or None),
    )


def plan_duties(
    act: Act,
    rulebook: Rulebook,
    milestone: Milestone,
    participations: Collection[Participation],
    *,
    fresh: bool = False,
) -> list[Duty]:
    """Make the duties of a milestone to those whom it concerns, by the edition of the Code in force when its clock starts.

    A duty that was told or waived already for this milestone and rule is not made again. `fresh`: there is none yet.
    """
    rules = [
        rule
        for rule in rulebook.catalogue.rules_for(milestone.kind, local_date(milestone.learned_at))
        if rule.duty_class in DUTY_CLASSES
    ]
    participations = concerned(act, milestone, participations)
    carrier = Carrier(milestone.owner, unit_of(act.session, milestone.case_id, milestone.owner))
    settled = set() if fresh else set(act.session.execute(_SETTLED, {"milestone_id": milestone.id}))
    made = [
        (participation, _duty(act, rulebook, milestone, participation, rule, carrier))
        for participation in participations
        for rule in rules
        if (participation.id, rule.id) not in settled
    ]
    write_duties(act, rulebook.policy, made)
    if fresh:
        ask_again(act, rulebook, milestone.kind, participations)
    return [duty for _, duty in made]


def _duty(
    act: Act,
    rulebook: Rulebook,
    milestone: Milestone,
    participation: Participation,
    rule: Rule,
    carrier: Carrier,
) -> Duty:
    start = milestone.learned_at
    days = rulebook.policy.days_for(rule, enhanced=participation.is_enhanced)
    immediate = rule.duty_class is DutyClass.IMMEDIATE
    duty = make_duty(
        participation,
        Source(
            rule.id,
            rule.edition,
            milestone.kind,
            rule.duty_class,
            rulebook.policy.version,
            milestone.id,
        ),
        carrier,
        Clock(
            start,
            due_at(start, days, rulebook.calendar),
            urgent_by(start, rulebook.policy.urgent_hours) if immediate else None,
        ),
        act.at,
    )
    open_or_waive(act, participation, duty)
    return duty


def is_recorded(act: Act, external_id: str) -> bool:
    """Whether a milestone is known under this id of another system, or of a form."""
    return act.connection.execute(_KNOWN, {"external_id": external_id}).first() is not None


def check_happening(act: Act, happening: Happening) -> None:
    """Raise FieldFault for times and facts that cannot be."""
    latest = act.at + CLOCK_SKEW
    if happening.happened_at > latest:
        raise FieldFault("happened_at", "lies in the future")
    if happening.learned_at > latest:
        raise FieldFault("learned_at", "lies in the future")
    if happening.learned_at < happening.happened_at:
        raise FieldFault("learned_at", "is earlier than happened_at")
    facts = happening.facts or {}
    if len(facts) > MOST_FACTS:
        raise FieldFault("facts", f"may hold {MOST_FACTS} at most")
    for name, text in facts.items():
        if len(text) > LONGEST_FACT:
            raise FieldFault(f"facts.{name}", f"is longer than {LONGEST_FACT} characters")


def write_happening(act: Act, milestone: Milestone, happening: Happening) -> None:
    """Put what happened into its row, words sealed."""
    milestone.kind = happening.kind
    milestone.happened_at = happening.happened_at
    milestone.learned_at = happening.learned_at
    milestone.owner = happening.owner
    owner = milestone.case_id
    milestone.suspect_sealed = act.seal(owner, milestone, "suspect_sealed", happening.suspect)
    milestone.suspect_index = suspect_index(act, owner, happening.suspect)
    facts = json.dumps(dict(happening.facts), ensure_ascii=False) if happening.facts else None
    milestone.facts_sealed = act.seal(owner, milestone, "facts_sealed", facts)


def read_happening(act: Act, milestone: Milestone) -> Happening:
    """What a milestone says now."""
    key = act.key(milestone.case_id)
    facts = key.open_or_none(milestone, "facts_sealed")
    return Happening(
        kind=milestone.kind,
        happened_at=milestone.happened_at,
        learned_at=milestone.learned_at,
        owner=milestone.owner,
        suspect=key.open_or_none(milestone, "suspect_sealed"),
        facts=json.loads(facts) if facts else None,
    )
