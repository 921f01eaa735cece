"""Asks delivery and oversight to look at open duties again, because a fact they rest on has changed."""

from uuid import UUID

from sqlalchemy import bindparam, update

from models.base import is_one_of
from models.duties import Duty
from models.vocabulary import CORRECTION_RULE, FINAL_RULE, DutyClass, DutyState
from notify.ledger.acts import Act

SENT_BY_US = (
    DutyClass.ROUTINE,
    DutyClass.IMMEDIATE,
    DutyClass.OFFICER_FIRST,
    DutyClass.VICTIM_WINDOW,
)
"""Classes of duty for which delivery may have a message to compose."""

TOLD_BY_A_PERSON = (CORRECTION_RULE, FINAL_RULE)
"""Rules of which no message is ever made: what was told wrongly, and that a case is closed."""

_OPEN = update(Duty).where(is_one_of(Duty.state, DutyState.OPEN))
_COMPOSE = _OPEN.where(Duty.duty_class.in_(SENT_BY_US), Duty.rule.not_in(TOLD_BY_A_PERSON)).values(
    compose_at=bindparam("now")
)
_ALERTS = _OPEN.where(
    Duty.participation_id == bindparam("participation"),
    # A reminder of what she may ask for is no duty that can be late.
    Duty.duty_class != DutyClass.VICTIM_WINDOW,
).values(next_alert_at=bindparam("now"))
_COMPOSE_ONE = _COMPOSE.where(Duty.participation_id == bindparam("participation"))
_COMPOSE_ALL = _COMPOSE.where(Duty.victim_id == bindparam("victim"))


def wake(act: Act, participation_id: UUID) -> None:
    """Look again, now, at all that is owed in one participation."""
    act.run(_ALERTS, participation=participation_id, now=act.at)
    act.run(_COMPOSE_ONE, participation=participation_id, now=act.at)


def wake_victim(act: Act, victim_id: UUID) -> None:
    """Look again, now, at what delivery may have to compose for one victim, in every case."""
    act.run(_COMPOSE_ALL, victim=victim_id, now=act.at)
