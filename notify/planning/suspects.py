"""The suspects of a case, and recording that one of them does not concern one of its victims."""

from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from models.base import is_one_of
from models.columns import among
from models.duties import Duty
from models.messages import SealedUpdate
from models.milestones import Milestone, MilestoneCorrection, UnconcernedSuspect
from models.people import Participation
from models.vocabulary import CORRECTION_RULE, DutyState
from notify.errors import Conflict, FieldFault
from notify.ledger.acts import Act
from notify.ledger.closing import close_duties
from notify.ledger.locking import lock_case
from notify.planning.concerning import suspect_index
from notify.planning.duties import replace_duties
from notify.planning.milestones import plan_duties
from notify.planning.rulebook import Rulebook
from notify.planning.windows import keep_windows

LONGEST_SUSPECT = 200  # characters

_MILESTONES = (
    select(Milestone)
    .where(
        Milestone.case_id == bindparam("case"),
        Milestone.suspect_index.is_not(None),
        Milestone.withdrawn_at.is_(None),
    )
    .order_by(Milestone.recorded_at, Milestone.id)
)
_OF_SUSPECT = _MILESTONES.where(Milestone.suspect_index == bindparam("suspect"))
_UNCONCERNED = (
    select(UnconcernedSuspect)
    .where(
        UnconcernedSuspect.participation_id == bindparam("participation"),
        UnconcernedSuspect.ended_at.is_(None),
    )
    .order_by(UnconcernedSuspect.at, UnconcernedSuspect.id)
)
_ONE = select(UnconcernedSuspect).where(
    UnconcernedSuspect.id == bindparam("row"),
    UnconcernedSuspect.participation_id == bindparam("participation"),
)
_ENDED = select(Duty).where(
    Duty.participation_id == bindparam("participation"),
    Duty.milestone_id == bindparam("milestone"),
    is_one_of(Duty.state, DutyState.CANCELLED),
    Duty.closed_at == bindparam("at"),
)
_CORRECTED = select(MilestoneCorrection.id).where(
    MilestoneCorrection.milestone_id == bindparam("milestone"), MilestoneCorrection.at >= bindparam("at")
)
_OPEN_OF = (
    select(Duty)
    .where(
        Duty.participation_id == bindparam("participation"),
        among(Duty.milestone_id, "milestones"),
        # What she was told wrongly is put right, whomever it was about.
        Duty.rule != CORRECTION_RULE,
        is_one_of(Duty.state, DutyState.OPEN),
    )
    .order_by(Duty.created_at, Duty.rule, Duty.id)
    .with_for_update(key_share=True)
)
_TAKE_BACK = (
    # Also what somebody told her of by other means, and what she has not opened yet.
    update(SealedUpdate)
    .where(
        SealedUpdate.participation_id == bindparam("participation"),
        SealedUpdate.duty_id.in_(
            select(Duty.id).where(among(Duty.milestone_id, "milestones"), Duty.rule != CORRECTION_RULE)
        ),
        SealedUpdate.read_at.is_(None),
        SealedUpdate.withdrawn_at.is_(None),
    )
    .values(withdrawn_at=bindparam("now"))
)


@dataclass(frozen=True)
class Suspect:
    """A suspect whom the milestones of a case name, or of whom it was said that they do not concern this victim."""

    index: bytes
    """By what they are found again within the case."""
    name: str = field(repr=False)
    unconcerned: UnconcernedSuspect | None = None


def suspects_of(act: Act, case_id: UUID, participation: Participation | None = None) -> list[Suspect]:
    """The suspects of a case as first named, in that order; for a victim's part in it, those unconcerned are marked."""
    key = act.key(case_id)
    found: dict[bytes, Suspect] = {}
    for milestone in act.session.scalars(_MILESTONES, {"case": case_id}):
        if milestone.suspect_index is not None and milestone.suspect_index not in found:
            found[milestone.suspect_index] = Suspect(
                milestone.suspect_index, key.open(milestone, "suspect_sealed")
            )
    if participation is not None:
        for row in act.session.scalars(_UNCONCERNED, {"participation": participation.id}):
            known = found.get(row.suspect_index)
            name = known.name if known else key.open(row, "suspect_sealed")
            found[row.suspect_index] = Suspect(row.suspect_index, name, row)
    return list(found.values())


def set_unconcerned(
    act: Act, rulebook: Rulebook, participation: Participation, suspect: str, *, reason: str
) -> UnconcernedSuspect:
    """Record that a suspect does not concern a victim: she is told nothing of them from now on.

    What she was still to be told is cancelled; what waits on the private page is taken back. Raises FieldFault, and
    Conflict when it is recorded already.
    """
    case_id = participation.case_id
    index = suspect_index(act, case_id, suspect)
    if index is None:
        raise FieldFault("suspect", "must be a name or a reference")
    if len(suspect) > LONGEST_SUSPECT:
        raise FieldFault("suspect", f"is longer than {LONGEST_SUSPECT} characters")
    _lock(act, participation)
    known = act.session.scalars(_UNCONCERNED, {"participation": participation.id}).all()
    if any(row.suspect_index == index for row in known):
        raise Conflict("suspect", "is recorded already as not concerning this victim")
    row = UnconcernedSuspect(
        participation_id=participation.id, suspect_index=index, at=act.at, by_id=act.staff_id
    )
    key = act.key(case_id)
    row.suspect_sealed = key.seal(row, "suspect_sealed", " ".join(suspect.split()))
    row.reason_sealed = key.seal(row, "reason_sealed", reason)
    act.session.add(row)
    act.session.flush()
    act.log("suspect does not concern", row, owner=case_id, reason=reason)
    milestones = _milestones(act, case_id, index)
    for milestone in milestones:
        keep_windows(act, rulebook, milestone, [participation])
    values = {"participation": participation.id, "milestones": [one.id for one in milestones]}
    close_duties(act, act.session.scalars(_OPEN_OF, values).all(), DutyState.CANCELLED, reason=reason)
    act.run(_TAKE_BACK, **values, now=act.at)
    return row


def end_unconcerned(
    act: Act,
    rulebook: Rulebook,
    participation: Participation,
    row: UnconcernedSuspect,
    *,
    reason: str,
) -> list[Duty]:
    """The suspect does concern her after all: what she was not told is owed, by its old clock. Returns those duties.

    Raises Conflict when it was ended already.
    """
    _lock(act, participation)
    act.session.refresh(row)
    if row.ended_at is not None:
        raise Conflict("suspect", "is ended already")
    row.ended_at, row.ended_by_id = act.at, act.staff_id
    act.session.flush()
    act.log("suspect does concern", row, owner=participation.case_id, reason=reason)
    made: list[Duty] = []
    for milestone in _milestones(act, participation.case_id, row.suspect_index):
        again = plan_duties(act, rulebook, milestone, [participation])
        replace_duties(act, _ended_with(act, participation, milestone, row), again)
        made += again
        keep_windows(act, rulebook, milestone, [participation], told_counts=True)
    return made


def _ended_with(
    act: Act, participation: Participation, milestone: Milestone, row: UnconcernedSuspect
) -> list[Duty]:
    """The duties that ended when the suspect was said not to concern her, if what they were to tell is the same still."""
    values = {"participation": participation.id, "milestone": milestone.id, "at": row.at}
    if act.session.scalars(_CORRECTED, {"milestone": milestone.id, "at": row.at}).first() is not None:
        return []
    return list(act.session.scalars(_ENDED, values))


def unconcerned_row(
    session: Session, participation: Participation, row_id: UUID
) -> UnconcernedSuspect | None:
    """What was recorded about one victim and one suspect, if it is about this victim."""
    values = {"row": row_id, "participation": participation.id}
    return session.scalars(_ONE, values).first()


def _lock(act: Act, participation: Participation) -> None:
    """What is recorded at the same moment, of the case or of her, comes before this or after it, and knows of it."""
    lock_case(act, participation.case_id)
    act.session.refresh(participation, with_for_update={"key_share": True})


def _milestones(act: Act, case_id: UUID, index: bytes) -> list[Milestone]:
    return list(act.session.scalars(_OF_SUSPECT, {"case": case_id, "suspect": index}))
