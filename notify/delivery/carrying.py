"""Which duties a message carries, and how they go on when it does not arrive."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, select, update
from sqlalchemy.orm import Session

from models.base import is_one_of
from models.columns import among
from models.duties import Duty
from models.messages import MessageDuty
from models.vocabulary import DutyClass, DutyState

SENT_AGAIN = "sent_again"
"""The code of a message that goes once more because no answer came: it is not done twice, and nothing joins it."""

_CARRIED: Select[*tuple[Any, ...]] = (
    select(MessageDuty.message_id, Duty.id, Duty.rule, Duty.duty_class, Duty.state, Duty.urgent_by)
    .join(Duty, Duty.id == MessageDuty.duty_id)
    .where(among(MessageDuty.message_id, "ids"))
    .order_by(Duty.created_at, Duty.rule, Duty.id)
)
_DUTIES_OF = (
    select(MessageDuty.message_id, Duty)
    .join(Duty, Duty.id == MessageDuty.duty_id)
    .where(among(MessageDuty.message_id, "ids"))
    .order_by(Duty.created_at, Duty.rule, Duty.id)
)
COMPOSE_AGAIN = (
    update(Duty)
    .where(among(Duty.id, "ids"), is_one_of(Duty.state, DutyState.OPEN))
    .values(compose_at=bindparam("now"))
)
"""Look again, now, at what is still owed: by other means, or on other facts."""


@dataclass(frozen=True)
class Carried:
    """A duty that a message passes on."""

    id: UUID
    rule: str
    duty_class: DutyClass
    state: DutyState
    urgent_by: datetime | None


def carried(session: Session, message_ids: list[UUID]) -> defaultdict[UUID, list[Carried]]:
    """The duties that each message passes on, as the gate asks of them."""
    found: defaultdict[UUID, list[Carried]] = defaultdict(list)
    for message_id, *duty in session.connection().execute(_CARRIED, {"ids": message_ids}):
        found[message_id].append(Carried(*duty))
    return found


def duties_of(session: Session, message_ids: list[UUID]) -> defaultdict[UUID, list[Duty]]:
    """The duties that each message passes on."""
    found: defaultdict[UUID, list[Duty]] = defaultdict(list)
    for message_id, duty in session.execute(_DUTIES_OF, {"ids": message_ids}):
        found[message_id].append(duty)
    return found
