"""The duty to be in touch even when nothing has changed, at the frequency agreed with the victim."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, exists, func, select, update
from sqlalchemy.orm import Session, sessionmaker

from models.base import is_one_of
from models.cases import Case, CaseUnit
from models.duties import Duty
from models.keyring import Keyring
from models.oversight import AlertLook
from models.people import Participation
from models.plans import Plan
from models.vocabulary import NO_CHANGE, NO_CHANGE_RULE, Agency, DutyClass, DutyState
from notify.clock import local_date
from notify.ledger.acts import acting
from notify.ledger.audit import THE_SERVICE
from notify.planning.duties import Carrier, Clock, Source, make_duty
from notify.planning.rules.due import end_of, no_change_day, start_of

BATCH = 500
PLAN_EDITION = "plan"
"""The duty comes from the plan and from no edition of the Code."""

_IS_OPEN = exists().where(
    Duty.participation_id == Participation.id,
    is_one_of(Duty.rule, NO_CHANGE_RULE),
    is_one_of(Duty.state, DutyState.OPEN),
)
_DUE: Select[*tuple[Any, ...]] = (
    select(
        Participation.id,
        Participation.victim_id,
        Participation.enhanced,
        Participation.paused_at,
        Participation.resumed_at,
        Participation.declined_at,
        Participation.last_reached_at,
        func.coalesce(CaseUnit.unit_id, Case.unit_id),
        Case.closed_at,
        Plan.agreed_at,
        Plan.every_days,
        _IS_OPEN,
    )
    .join(Case, Case.id == Participation.case_id)
    .outerjoin(CaseUnit, (CaseUnit.case_id == Case.id) & (CaseUnit.agency == Agency.POLICE))
    .outerjoin(Plan, (Plan.participation_id == Participation.id) & Plan.current)
    .where(Participation.next_no_change_at <= bindparam("now"))
    .order_by(Participation.next_no_change_at, Participation.id)
    .limit(bindparam("most"))
    .with_for_update(of=Participation, skip_locked=True, key_share=True)
)
_LOOK_NEXT = (
    update(Participation)
    .where(Participation.id == bindparam("participation"))
    .values(next_no_change_at=bindparam("next"))
)


@dataclass(frozen=True)
class _Silence:
    """A participation in which it is time to look how long she has heard nothing."""

    id: UUID
    victim_id: UUID
    enhanced: list[str]
    paused_at: datetime | None
    resumed_at: datetime | None
    declined_at: datetime | None
    last_reached_at: datetime | None
    unit_id: UUID
    closed_at: datetime | None
    agreed_at: datetime | None
    every_days: int | None
    is_open: bool

    @property
    def is_enhanced(self) -> bool:
        return bool(self.enhanced)

    @property
    def wanted(self) -> bool:
        return self.closed_at is None and self.paused_at is None and self.declined_at is None


def open_no_change_duties(
    sessions: sessionmaker[Session], keys: Keyring, *, policy: str, at: datetime, limit: int = BATCH
) -> int:
    """Look at every participation whose time has come; open the duty, or move the time on. Returns how many were seen.

    `policy` is the version of the force's policy.
    """
    with acting(sessions, keys, at=at, actor=THE_SERVICE) as act:
        connection = act.connection
        silences = [_Silence(*row) for row in connection.execute(_DUE, {"now": at, "most": limit})]
        if not silences:
            return 0
        duties, looks = [], []
        for silence in silences:
            duty, look_next = _look(silence, policy, at)
            duties += [duty] if duty else []
            looks.append({"participation": silence.id, "next": look_next})
        act.write(*duties)
        act.write(*(AlertLook(duty_id=duty.id, at=at) for duty in duties))
        connection.execute(_LOOK_NEXT, looks)
        return len(silences)


def _look(silence: _Silence, policy: str, at: datetime) -> tuple[Duty | None, datetime | None]:
    """The duty to open now, if it is time, and when to look again."""
    if silence.agreed_at is None or silence.every_days is None or not silence.wanted:
        return None, None
    day = no_change_day(silence.agreed_at, silence.last_reached_at, silence.every_days)
    if silence.resumed_at is not None:
        # After a pause she hears from us soon, but not in the minute in which it ends.
        day = max(day, local_date(silence.resumed_at) + timedelta(days=1))
    if start_of(day) > at:
        return None, start_of(day)
    # Her day may have gone by with a duty that was waived: the next one is due today, not in the past.
    day = max(day, local_date(at))
    duty = None if silence.is_open else _duty(silence, policy, day, at)
    return duty, start_of(day + timedelta(days=silence.every_days))


def _duty(silence: _Silence, policy: str, day: date, at: datetime) -> Duty:
    duty = make_duty(
        silence,
        Source(NO_CHANGE_RULE, PLAN_EDITION, NO_CHANGE, DutyClass.ROUTINE, policy),
        Carrier(Agency.POLICE, silence.unit_id),
        Clock(start_of(day), end_of(day)),
        at,
    )
    duty.compose_at = at
    return duty
