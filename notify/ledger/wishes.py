"""Of what a victim is told nothing: what she declined, and suspects who do not concern her."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from models.columns import among
from models.duties import Duty
from models.milestones import Milestone, UnconcernedSuspect
from models.people import Participation
from models.vocabulary import CORRECTION_RULE, DutyClass

DECLINED = "the victim declined further updates"
UNCONCERNED = "the suspect does not concern the victim"

DECLINABLE = (DutyClass.ROUTINE, DutyClass.OFFICER_FIRST, DutyClass.VICTIM_WINDOW)
"""What a victim who wants no further updates does without."""

_WITHOUT = select(UnconcernedSuspect.participation_id).where(
    among(UnconcernedSuspect.participation_id, "participations"),
    UnconcernedSuspect.suspect_index == bindparam("suspect"),
    UnconcernedSuspect.ended_at.is_(None),
)


def is_declinable(duty: Duty) -> bool:
    """Whether a duty goes with the updates she declined.

    What puts right within hours what we told her wrongly does not: she may rely on it.
    """
    return duty.duty_class in DECLINABLE and duty.urgent_by is None


def goes_without(participation: Participation, duty: Duty) -> bool:
    """Whether she said that she does without this duty: updates, and releases and bail only if she was asked of them."""
    if participation.declined_at is None:
        return False
    if duty.duty_class is DutyClass.IMMEDIATE:
        return participation.wants_releases is False
    return is_declinable(duty)


def unconcerned_of(
    session: Session, suspect: bytes | None, participations: Collection[Participation]
) -> set[UUID]:
    """The ids of those participations whom a suspect, given by the index, does not concern."""
    if suspect is None or not participations:
        return set()
    values = {"participations": [one.id for one in participations], "suspect": suspect}
    return set(session.scalars(_WITHOUT, values))


def is_unconcerned(session: Session, participation: Participation, duty: Duty) -> bool:
    """Whether a duty tells her of a suspect who does not concern her. A correction is owed whomever it is about."""
    if duty.milestone_id is None or duty.rule == CORRECTION_RULE:
        return False
    milestone = session.get_one(Milestone, duty.milestone_id)
    return bool(unconcerned_of(session, milestone.suspect_index, [participation]))
