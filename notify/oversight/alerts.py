"""Alerts: raised by the clock or by delivery, acknowledged and resolved by people."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, sessionmaker

from models.cases import Case
from models.duties import Duty
from models.keyring import Keyring
from models.oversight import Alert
from models.people import Participation
from models.vocabulary import AlertLevel, AlertState, DutyState, Role
from notify.errors import Conflict
from notify.ledger.acts import Act, acting
from notify.ledger.audit import THE_SERVICE
from notify.oversight.rules.alerts import ROLE_FOR, AlertPolicy, Deadlines, due_now, next_at, steps

BATCH = 500
Later = Callable[[datetime, int], datetime]

_DUE = (
    select(Duty, Participation.paused_at, Case.unit_id)
    .join(Participation, Participation.id == Duty.participation_id)
    .join(Case, Case.id == Participation.case_id)
    .where(Duty.next_alert_at <= bindparam("now"))
    .order_by(Duty.next_alert_at, Duty.id)
    .limit(bindparam("most"))
    .with_for_update(of=Duty, skip_locked=True)
)
_RAISED = select(Alert.duty_id, Alert.level).where(Alert.duty_id.in_(bindparam("ids", expanding=True)))


def raise_alerts(
    sessions: sessionmaker[Session],
    keys: Keyring,
    policy: AlertPolicy,
    later: Later,
    *,
    at: datetime,
    limit: int = BATCH,
) -> int:
    """Look at every open duty whose next alert is due, and set when to look again. Returns how many were seen."""
    with acting(sessions, keys, at=at, actor=THE_SERVICE) as act:
        rows = act.session.execute(_DUE, {"now": at, "most": limit}).all()
        raised = _raised_levels(act.session, [duty.id for duty, _, _ in rows])
        for duty, paused_at, unit_id in rows:
            if duty.state is not DutyState.OPEN:
                duty.next_alert_at = None
                continue
            _look(act, duty, unit_id, raised[duty.id], policy, later, paused=paused_at is not None)
        return len(rows)


def _look(
    act: Act,
    duty: Duty,
    unit_id: UUID,
    raised: set[AlertLevel],
    policy: AlertPolicy,
    later: Later,
    *,
    paused: bool,
) -> None:
    wanted: list[tuple[AlertLevel, Role]] = []
    if duty.no_safe_moment_at is not None and AlertLevel.URGENT not in raised:
        wanted.append((AlertLevel.URGENT, ROLE_FOR[AlertLevel.URGENT]))
    if paused:
        # She asked for no contact: the clock of each step rings when the pause ends, not before.
        duty.next_alert_at = None
    else:
        times = steps(Deadlines(duty.created_at, duty.due_at, duty.urgent_by, duty.enhanced), policy, later)
        wanted += due_now(times, raised, act.at)
        duty.next_alert_at = next_at(times, raised | {level for level, _ in wanted}, act.at)
    for level, to_role in wanted:
        alert = Alert(
            duty_id=duty.id,
            participation_id=duty.participation_id,
            unit_id=unit_id,
            level=level,
            to_role=to_role,
            raised_at=act.at,
            state=AlertState.OPEN,
        )
        act.write(alert)


def _raised_levels(session: Session, duty_ids: list[UUID]) -> defaultdict[UUID, set[AlertLevel]]:
    levels: defaultdict[UUID, set[AlertLevel]] = defaultdict(set)
    if duty_ids:
        for duty_id, level in session.execute(_RAISED, {"ids": duty_ids}):
            levels[duty_id].add(level)
    return levels


def acknowledge(act: Act, alert: Alert) -> None:
    """A person has seen it: the noise stops, the clock does not. Raises Conflict when it is not open."""
    if alert.state is not AlertState.OPEN:
        raise Conflict("alert", "is not open any more")
    alert.state, alert.acknowledged_at, alert.acknowledged_by_id = (
        AlertState.ACKNOWLEDGED,
        act.at,
        act.staff_id,
    )
    act.log("alert acknowledged", alert, level=alert.level)


def resolve(act: Act, alert: Alert, *, note: str) -> None:
    """A person says why nothing more is to be done about it; the duty itself stays as it is."""
    if alert.state is AlertState.RESOLVED:
        raise Conflict("alert", "is resolved already")
    duty = act.session.get_one(Duty, alert.duty_id)
    alert.state, alert.resolved_at, alert.resolved_by_id = AlertState.RESOLVED, act.at, act.staff_id
    alert.note_sealed = act.seal(duty.victim_id, alert, "note_sealed", note)
    act.log("alert resolved", alert, owner=duty.victim_id, reason=note, level=alert.level)


def alert_policy(due_soon_hours: int, escalate_standard: int, escalate_enhanced: int) -> AlertPolicy:
    """The numbers of the force's policy, as the rules want them."""
    return AlertPolicy(timedelta(hours=due_soon_hours), escalate_standard, escalate_enhanced)
