"""Alerts: raised by the clock or by delivery, acknowledged and resolved by people."""

from collections import defaultdict
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, bindparam, delete, select
from sqlalchemy.orm import Session, sessionmaker

from models.columns import among, insert_all
from models.duties import Duty
from models.each import Each
from models.ids import new_id
from models.keyring import Keyring
from models.oversight import Alert, AlertLook
from models.people import Participation
from models.vocabulary import AlertLevel, AlertState, DutyState
from notify.errors import Conflict
from notify.ledger.acts import Act, acting
from notify.ledger.audit import THE_SERVICE
from notify.oversight.rules.alerts import ROLE_FOR, AlertPolicy, Deadlines, due_now, next_at, steps

BATCH = 1_000
Later = Callable[[datetime, int], datetime]

_DUE: Select[*tuple[Any, ...]] = (
    select(
        Duty.id,
        Duty.participation_id,
        Duty.state,
        Duty.created_at,
        Duty.due_at,
        Duty.urgent_by,
        Duty.enhanced,
        Duty.no_safe_moment_at,
        Participation.paused_at,
        Duty.unit_id,
        Participation.case_id,
    )
    .select_from(AlertLook)
    .join(Duty, Duty.id == AlertLook.duty_id)
    .join(Participation, Participation.id == Duty.participation_id)
    .where(AlertLook.at <= bindparam("now"))
    .order_by(AlertLook.at, AlertLook.duty_id)
    .limit(bindparam("most"))
    .with_for_update(of=(AlertLook, Duty), skip_locked=True, key_share=True)
)
_RAISED = select(Alert.duty_id, Alert.level).where(among(Alert.duty_id, "ids"))
_LOOK_NEXT = Each(AlertLook, {"next": AlertLook.at.type}, lambda given: {"at": given("next")})
_LOOK_NO_MORE = delete(AlertLook).where(among(AlertLook.duty_id, "ids"))


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
        connection = act.connection
        duties = [_Watched._make(row) for row in connection.execute(_DUE, {"now": at, "most": limit}).all()]
        if not duties:
            return 0
        later = cache(later)  # very many are due at the same few instants
        raised = defaultdict[UUID, set[AlertLevel]](set)
        # Asked once the looks are locked: what another worker raised a moment ago is among them.
        for duty_id, level in connection.execute(_RAISED, {"ids": [duty.id for duty in duties]}).all():
            raised[duty_id].add(level)
        alerts, looks, no_more = [], [], []
        for duty in duties:
            levels, look_next = _look(duty, raised[duty.id], policy, later, at)
            alerts += [_alert(duty, level, at) for level in levels]
            if look_next is None:
                no_more.append(duty.id)
            else:
                looks.append({"id": duty.id, "next": look_next})
        insert_all(connection, Alert, alerts)
        _LOOK_NEXT.run(connection, looks)
        if no_more:
            connection.execute(_LOOK_NO_MORE, {"ids": no_more})
        return len(duties)


class _Watched(NamedTuple):
    """A duty whose next alert is due, and whom it concerns."""

    id: UUID
    participation_id: UUID
    state: DutyState
    created_at: datetime
    due_at: datetime
    urgent_by: datetime | None
    enhanced: bool
    no_safe_moment_at: datetime | None
    paused_at: datetime | None
    unit_id: UUID
    case_id: UUID


def _look(
    duty: _Watched, raised: AbstractSet[AlertLevel], policy: AlertPolicy, later: Later, at: datetime
) -> tuple[list[AlertLevel], datetime | None]:
    """Which alerts to raise now, and when to look again."""
    if duty.state is not DutyState.OPEN:
        return [], None
    levels = []
    if duty.no_safe_moment_at is not None and AlertLevel.URGENT not in raised:
        levels.append(AlertLevel.URGENT)
    if duty.paused_at is not None:
        # She asked for no contact: the clock of each step rings when the pause ends, not before.
        return levels, None
    times = steps(Deadlines(duty.created_at, duty.due_at, duty.urgent_by, duty.enhanced), policy, later)
    levels += [level for level, _ in due_now(times, raised, at)]
    return levels, next_at(times, raised | set(levels), at)


def _alert(duty: _Watched, level: AlertLevel, at: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "duty_id": duty.id,
        "participation_id": duty.participation_id,
        "case_id": duty.case_id,
        "unit_id": duty.unit_id,
        "level": level,
        "to_role": ROLE_FOR[level],
        "raised_at": at,
        "state": AlertState.OPEN,
    }


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
