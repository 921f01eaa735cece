"""Asks delivery and oversight to look at open duties again, because a fact they rest on has changed."""

from uuid import UUID

from sqlalchemy import update

from models.duties import Duty
from models.vocabulary import DutyClass, DutyState
from notify.ledger.acts import Act

SENT_BY_US = (DutyClass.ROUTINE, DutyClass.IMMEDIATE, DutyClass.OFFICER_FIRST)
"""Classes of duty for which delivery may have a message to compose."""


def wake(act: Act, participation_id: UUID) -> None:
    """Look again, now, at all that is owed in one participation."""
    act.session.execute(
        update(Duty)
        .where(Duty.participation_id == participation_id, Duty.state == DutyState.OPEN)
        .values(next_alert_at=act.at),
        execution_options={"synchronize_session": "evaluate"},
    )
    act.session.execute(
        update(Duty)
        .where(
            Duty.participation_id == participation_id,
            Duty.state == DutyState.OPEN,
            Duty.duty_class.in_(SENT_BY_US),
        )
        .values(compose_at=act.at),
        execution_options={"synchronize_session": "evaluate"},
    )


def wake_victim(act: Act, victim_id: UUID) -> None:
    """Look again, now, at what delivery may have to compose for one victim, in every case."""
    act.session.execute(
        update(Duty)
        .where(Duty.victim_id == victim_id, Duty.state == DutyState.OPEN, Duty.duty_class.in_(SENT_BY_US))
        .values(compose_at=act.at),
        execution_options={"synchronize_session": "evaluate"},
    )
