"""What a victim is still owed, said before a wish of hers is recorded: what goes with it and what stays."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select

from models.base import is_one_of
from models.duties import Duty
from models.milestones import Milestone
from models.vocabulary import DutyClass, DutyState
from notify.ledger.acts import Act
from notify.ledger.wishes import is_declinable
from notify.web.staff.about_victim import Rows
from notify.web.staff.owed import open_duties_of
from notify.web.staff.words import deadline, said

NOTHING = "Nothing"


def what_stays(act: Act, participation_id: UUID) -> Rows:
    """All that is open."""
    return [("Stays owed", _listed(open_duties_of(act.session, participation_id)))]


def what_a_decline_leaves(act: Act, participation_id: UUID) -> Rows:
    """What is waived, what depends on whether she wants to know of releases, and what staff owe her all the same."""
    duties = open_duties_of(act.session, participation_id)
    waived = [duty for duty in duties if is_declinable(duty)]
    releases = [duty for duty in duties if duty.duty_class is DutyClass.IMMEDIATE]
    rows = [("Will be waived", _listed(waived))]
    if releases:
        rows.append(("Releases and bail, as you choose below", _listed(releases)))
    return [*rows, ("Stays owed", _listed(duty for duty in duties if duty not in (*waived, *releases)))]


def what_else_stays(act: Act, duty: Duty) -> Rows:
    """What is open beside one duty."""
    others = [one for one in open_duties_of(act.session, duty.participation_id) if one.id != duty.id]
    return [("Stays owed", _listed(others))]


def what_a_withdrawal_cancels(act: Act, milestone: Milestone) -> Rows:
    """What is open because of a milestone, for all victims of the case."""
    duties = act.session.scalars(
        select(Duty)
        .where(Duty.milestone_id == milestone.id, is_one_of(Duty.state, DutyState.OPEN))
        .order_by(Duty.deadline, Duty.id)
    )
    return [("Will be cancelled", _listed(duties))]


def _listed(duties: Iterable[Duty]) -> str:
    return (
        "; ".join(f"{said(one.kind)} ({one.rule}), by {deadline(one.deadline)}" for one in duties) or NOTHING
    )
