"""Asks delivery and oversight to look at open duties again, because a fact they rest on has changed."""

from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, select, update
from sqlalchemy.dialects.postgresql import Insert, insert  # what it says of conflicts, SQLite says too

from models.base import is_one_of
from models.duties import Duty
from models.oversight import AlertLook
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


def _look_now(*which: ColumnElement[bool]) -> Insert:
    found = select(Duty.id, bindparam("now", type_=AlertLook.at.type)).where(*which)
    looks = insert(AlertLook).from_select(["duty_id", "at"], found)
    return looks.on_conflict_do_update(index_elements=["duty_id"], set_={"at": looks.excluded.at})


_IS_OPEN = is_one_of(Duty.state, DutyState.OPEN)
_COMPOSE = (
    update(Duty)
    .where(_IS_OPEN, Duty.duty_class.in_(SENT_BY_US), Duty.rule.not_in(TOLD_BY_A_PERSON))
    .values(compose_at=bindparam("now"))
)
_ALERTS = _look_now(
    _IS_OPEN,
    Duty.participation_id == bindparam("participation"),
    # A reminder of what she may ask for is no duty that can be late.
    Duty.duty_class != DutyClass.VICTIM_WINDOW,
)
_ALERTS_OF_ONE = _look_now(Duty.id == bindparam("duty"))
_COMPOSE_ONE = _COMPOSE.where(Duty.participation_id == bindparam("participation"))
_COMPOSE_ALL = _COMPOSE.where(Duty.victim_id == bindparam("victim"))


def wake(act: Act, participation_id: UUID) -> None:
    """Look again, now, at all that is owed in one participation."""
    # Duties before their looks, as everybody locks them.
    act.run(_COMPOSE_ONE, participation=participation_id, now=act.at)
    act.run(_ALERTS, participation=participation_id, now=act.at)


def wake_oversight(act: Act, duty_id: UUID) -> None:
    """Have oversight look again, now, at one duty."""
    act.run(_ALERTS_OF_ONE, duty=duty_id, now=act.at)


def wake_victim(act: Act, victim_id: UUID) -> None:
    """Look again, now, at what delivery may have to compose for one victim, in every case."""
    act.run(_COMPOSE_ALL, victim=victim_id, now=act.at)
