"""The duty to be in touch even when nothing has changed, at the frequency agreed with the victim."""

from datetime import datetime, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, sessionmaker

from models.cases import Case
from models.duties import Duty
from models.keyring import Keyring
from models.people import Participation
from models.plans import Plan
from models.vocabulary import NO_CHANGE, NO_CHANGE_RULE, Agency, DutyClass, DutyState
from notify.clock import local_date
from notify.ledger.acts import acting
from notify.ledger.audit import THE_SERVICE
from notify.planning.rules.due import end_of, no_change_day, start_of

BATCH = 500
PLAN_EDITION = "plan"
"""The duty comes from the plan and from no edition of the Code."""

_DUE = (
    select(Participation, Case.closed_at, Plan)
    .join(Case, Case.id == Participation.case_id)
    .outerjoin(Plan, (Plan.participation_id == Participation.id) & Plan.current)
    .where(Participation.next_no_change_at <= bindparam("now"))
    .order_by(Participation.next_no_change_at, Participation.id)
    .limit(bindparam("most"))
    .with_for_update(of=Participation, skip_locked=True)
)
_IS_OPEN = select(Duty.id).where(
    Duty.participation_id == bindparam("participation"),
    Duty.rule == NO_CHANGE_RULE,
    Duty.state == DutyState.OPEN,
)


def open_no_change_duties(
    sessions: sessionmaker[Session], keys: Keyring, *, at: datetime, limit: int = BATCH
) -> int:
    """Look at every participation whose time has come; open the duty, or move the time on. Returns how many were seen."""
    with acting(sessions, keys, at=at, actor=THE_SERVICE) as act:
        rows = act.session.execute(_DUE, {"now": at, "most": limit}).all()
        for participation, closed_at, joined in rows:
            plan: Plan | None = joined  # the outer join finds none where no plan was agreed
            wanted = (
                closed_at is None and participation.paused_at is None and participation.declined_at is None
            )
            if plan is None or not wanted:
                participation.next_no_change_at = None
                continue
            _look(act.session, participation, plan, at)
        return len(rows)


def _look(session: Session, participation: Participation, plan: Plan, at: datetime) -> None:
    day = no_change_day(plan.agreed_at, participation.last_reached_at, plan.every_days)
    if participation.resumed_at is not None:
        # After a pause she hears from us soon, but not in the minute in which it ends.
        day = max(day, local_date(participation.resumed_at) + timedelta(days=1))
    if start_of(day) > at:
        participation.next_no_change_at = start_of(day)
        return
    is_open = session.scalars(_IS_OPEN, {"participation": participation.id}).first()
    if is_open is None:
        session.add(_duty(participation, start_of(day), end_of(day), at))
    participation.next_no_change_at = start_of(max(day, local_date(at)) + timedelta(days=plan.every_days))


def _duty(participation: Participation, opens_at: datetime, due_at: datetime, at: datetime) -> Duty:
    return Duty(
        participation_id=participation.id,
        victim_id=participation.victim_id,
        milestone_id=None,
        rule=NO_CHANGE_RULE,
        edition=PLAN_EDITION,
        kind=NO_CHANGE,
        duty_class=DutyClass.ROUTINE,
        owner=Agency.POLICE,
        enhanced=participation.is_enhanced,
        created_at=at,
        clock_start=opens_at,
        due_at=due_at,
        state=DutyState.OPEN,
        compose_at=at,
        next_alert_at=at,
    )
