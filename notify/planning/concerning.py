"""Whom a suspect concerns: every victim of the case, unless somebody recorded that this suspect does not concern her."""

import unicodedata
from collections.abc import Collection
from uuid import UUID

from sqlalchemy import bindparam, select

from models.milestones import Milestone, UnconcernedSuspect
from models.people import Participation
from notify.ledger.acts import Act

_UNCONCERNED = select(UnconcernedSuspect.participation_id).where(
    UnconcernedSuspect.participation_id.in_(bindparam("participations", expanding=True)),
    UnconcernedSuspect.suspect_index == bindparam("suspect"),
    UnconcernedSuspect.ended_at.is_(None),
)


def suspect_index(act: Act, case_id: UUID, suspect: str | None) -> bytes | None:
    """By what a suspect is found again within one case; capitals and spaces do not matter. None for no one suspect."""
    if suspect is None or not suspect.split():
        return None
    folded = " ".join(unicodedata.normalize("NFKC", suspect).split()).casefold()
    return act.keys.blind_index(act.session, f"suspect|{case_id}|{folded}")


def concerned(
    act: Act, milestone: Milestone, participations: Collection[Participation]
) -> list[Participation]:
    """Those of them who are told of a milestone: who does not know the suspect is told, unless it was said otherwise."""
    if milestone.suspect_index is None or not participations:
        return list(participations)
    values = {"participations": [one.id for one in participations], "suspect": milestone.suspect_index}
    without = set(act.session.scalars(_UNCONCERNED, values))
    return [one for one in participations if one.id not in without]
