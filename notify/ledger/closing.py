"""Closing duties: the one place where a duty ends, and its alerts, tasks and waiting messages with it."""

from collections.abc import Collection

from sqlalchemy import bindparam, delete, exists, select, update
from sqlalchemy.orm.attributes import set_committed_value

from models.base import is_one_of
from models.columns import among
from models.duties import Duty
from models.ledger import ContactEntry
from models.messages import WORDLESS, Message, MessageDuty, SealedUpdate
from models.oversight import Alert, AlertLook, Task
from models.vocabulary import AlertState, DutyState, MessageState, TaskState
from models.windows import VictimWindow
from notify.ledger.acts import Act
from notify.ledger.tasks import Part

WAITING = (MessageState.HELD, MessageState.QUEUED)
"""Messages that have not left and can still be stopped."""

GONE = (MessageState.CLAIMED, MessageState.UNCERTAIN, MessageState.ACCEPTED, MessageState.DELIVERED)
"""Messages that left, or may have."""

_OPEN_DUTIES = (
    select(Duty)
    .where(Duty.participation_id == bindparam("participation_id"), is_one_of(Duty.state, DutyState.OPEN))
    .order_by(Duty.created_at, Duty.rule, Duty.id)
    .with_for_update(key_share=True)
)
_CLOSE = (
    update(Duty)
    .where(Duty.id == bindparam("duty"))
    .values(
        {
            name: bindparam(name)
            for name in (
                "state",
                "closed_at",
                "late",
                "closed_by_id",
                "entry_id",
                "close_reason_sealed",
                "compose_at",
            )
        }
    )
)
_RESOLVE_ALERTS = (
    update(Alert)
    .where(among(Alert.duty_id, "ids"), Alert.state != AlertState.RESOLVED)
    .values(state=AlertState.RESOLVED, resolved_at=bindparam("now"), resolved_by_id=bindparam("by"))
)
_LOOK_NO_MORE = delete(AlertLook).where(among(AlertLook.duty_id, "ids"))
_END_TASKS = (
    update(Task)
    .where(among(Task.duty_id, "ids"), is_one_of(Task.state, TaskState.OPEN))
    .values(state=bindparam("ended"), done_at=bindparam("now"), done_by_id=bindparam("by"))
)
_still_owed = exists().where(
    MessageDuty.message_id == Message.id,
    MessageDuty.duty_id == Duty.id,
    is_one_of(Duty.state, DutyState.OPEN),
)
_STOP_WAITING = (
    # A message whose duties are all closed has nothing left to pass on.
    update(Message)
    .where(
        Message.id.in_(select(MessageDuty.message_id).where(among(MessageDuty.duty_id, "ids"))),
        is_one_of(Message.state, *WAITING),
        ~_still_owed,
    )
    .values(state=MessageState.CANCELLED, finished_at=bindparam("now"), not_before=None, **WORDLESS)
)

_WITHDRAW_UPDATES = (
    # What was never right, or is not any more, goes from the private page before she reads it.
    update(SealedUpdate)
    .where(among(SealedUpdate.duty_id, "ids"), SealedUpdate.read_at.is_(None))
    .values(withdrawn_at=bindparam("now"))
)


_OPEN_WINDOWS = (
    # She knows of it from now on, so her own time has begun: planning reckons until when.
    update(VictimWindow)
    .where(
        among(VictimWindow.milestone_id, "milestones"),
        among(VictimWindow.participation_id, "participations"),
        VictimWindow.opened_at.is_(None),
        VictimWindow.withdrawn_at.is_(None),
    )
    .values(opened_at=bindparam("now"), next_look_at=bindparam("now"))
)


def close_duties(
    act: Act,
    duties: Collection[Duty],
    state: DutyState,
    *,
    entry: ContactEntry | None = None,
    reason: str | None = None,
) -> None:
    """Close open duties as told, waived or cancelled; a duty that is closed already stays as it was."""
    closing = [duty for duty in duties if duty.state is DutyState.OPEN]
    if not closing:
        return
    act.session.flush()
    rows = []
    for duty in closing:
        end = {
            "state": state,
            "closed_at": act.at,
            "late": act.at > duty.deadline,
            "closed_by_id": act.staff_id,
            "entry_id": entry.id if entry else None,
            "close_reason_sealed": act.seal(duty.victim_id, duty, "close_reason_sealed", reason),
            "compose_at": None,
        }
        rows.append({"duty": duty.id, **end})
        for name, value in end.items():
            set_committed_value(duty, name, value)
        act.log(f"duty {state}", duty, owner=duty.victim_id, reason=reason, rule=duty.rule)
    # In one statement of our own: the session would spend several times as long on finding out the same.
    act.run_many(_CLOSE, rows)
    ids = [duty.id for duty in closing]
    act.run(_LOOK_NO_MORE, ids=ids)
    act.run(_RESOLVE_ALERTS, ids=ids, now=act.at, by=act.staff_id)
    ended = TaskState.DONE if state is DutyState.TOLD else TaskState.CANCELLED
    act.run(_END_TASKS, ids=ids, now=act.at, by=act.staff_id, ended=ended)
    act.run(_STOP_WAITING, ids=ids, now=act.at)
    if state is DutyState.TOLD:
        _open_windows(act, closing)
    if state is DutyState.CANCELLED:
        act.run(_WITHDRAW_UPDATES, ids=ids, now=act.at)


def _open_windows(act: Act, told: Collection[Duty]) -> None:
    """Let the victim windows begin that waited for her to be told."""
    milestones = {duty.milestone_id for duty in told if duty.milestone_id is not None}
    if milestones:
        values = {"milestones": milestones, "participations": {duty.participation_id for duty in told}}
        act.run(_OPEN_WINDOWS, **values, now=act.at)


def open_duties(act: Act, participation: Part) -> list[Duty]:
    """All that this victim is still owed in this case, locked for change."""
    return list(act.session.scalars(_OPEN_DUTIES, {"participation_id": participation.id}))
