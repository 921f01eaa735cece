"""Asks again, at the points of a case that may change her mind, a victim who wanted no further updates."""

from collections.abc import Collection

from models.people import Participation
from models.vocabulary import MilestoneKind, TaskKind
from notify.ledger.acts import Act
from notify.ledger.tasks import open_task
from notify.planning.rulebook import Rulebook
from notify.planning.rules.due import due_at


def ask_again(
    act: Act, rulebook: Rulebook, kind: MilestoneKind, participations: Collection[Participation]
) -> None:
    """Open a task, for a person, to ask each victim who declined whether she wants to be told after all.

    One is open at a time. Also in a closed case: a release after it matters to her. While she has asked for no contact
    she is not asked either: when that ends, so does the decline.
    """
    if kind not in rulebook.policy.ask_again_at:
        return
    for one in participations:
        if one.declined_at is not None and one.paused_at is None:
            days = rulebook.policy.default_days(enhanced=one.is_enhanced)
            due = due_at(act.at, days, rulebook.calendar)
            open_task(act, one, TaskKind.ASK_AGAIN, about=one.id, due_at=due)
