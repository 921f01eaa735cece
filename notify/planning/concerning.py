"""Whom a suspect concerns: every victim of the case, unless somebody recorded that this suspect does not concern her."""

import unicodedata
from collections.abc import Collection
from uuid import UUID

from models.milestones import Milestone
from models.people import Participation
from notify.ledger.acts import Act
from notify.ledger.wishes import unconcerned_of

UNSEEN = "Cf"
"""Characters without a shape, such as a space of no width: two names that look the same are the same."""


def suspect_index(act: Act, case_id: UUID, suspect: str | None) -> bytes | None:
    """By what a suspect is found again within one case; capitals and spaces do not matter. None for no one suspect."""
    if suspect is None or not suspect.split():
        return None
    seen = "".join(c for c in unicodedata.normalize("NFKC", suspect) if unicodedata.category(c) != UNSEEN)
    folded = " ".join(seen.split()).casefold()
    return act.keys.blind_index(act.session, f"suspect|{case_id}|{folded}")


def concerned(
    act: Act, milestone: Milestone, participations: Collection[Participation]
) -> list[Participation]:
    """Those of them who are told of a milestone: who does not know the suspect is told, unless it was said otherwise."""
    without = unconcerned_of(act.session, milestone.suspect_index, participations)
    return [one for one in participations if one.id not in without]
