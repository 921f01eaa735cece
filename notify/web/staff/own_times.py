"""What a victim may ask for herself, as staff see it: until when, whether she knows, and whether she was reminded."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.duties import Duty
from models.messages import Message, MessageDuty
from models.vocabulary import DutyClass, DutyState
from models.windows import VictimWindow
from notify.planning.rules.catalogue import Catalogue
from notify.planning.windows import told_at
from notify.web.staff.words import when


@dataclass(frozen=True)
class OwnTime:
    """One window. `kind` names its words; `told_at` is None while nobody has told her of what opens it."""

    kind: str
    rule: str
    ends_at: datetime | None
    told_at: datetime | None
    reminder: str

    def told_too_late(self, at: datetime) -> bool:
        """Whether her time was over before she was told, or is over and she still was not."""
        return self.ends_at is not None and (self.told_at or at) >= self.ends_at


def own_times(
    session: Session, catalogue: Catalogue, participation_id: UUID, *, at: datetime
) -> list[OwnTime]:
    """The windows of one victim in one case that stand, the first to end first."""
    windows = session.scalars(
        select(VictimWindow)
        .where(VictimWindow.participation_id == participation_id, VictimWindow.withdrawn_at.is_(None))
        .order_by(VictimWindow.ends_at.is_(None), VictimWindow.ends_at, VictimWindow.id)
    )
    shown = []
    for window in windows:
        rule = catalogue.window(window.rule, window.edition)
        if rule is None:
            continue
        reminder = _reminder(session, window, at)
        shown.append(
            OwnTime(rule.reminder, window.rule, window.ends_at, told_at(session, window, rule), reminder)
        )
    return shown


def _reminder(session: Session, window: VictimWindow, at: datetime) -> str:
    """What became of the one reminder, in words."""
    duty = session.scalars(
        select(Duty)
        .where(
            Duty.participation_id == window.participation_id,
            Duty.milestone_id == window.milestone_id,
            Duty.rule == window.rule,
            Duty.duty_class == DutyClass.VICTIM_WINDOW,
        )
        .order_by(Duty.created_at.desc(), Duty.id)
    ).first()
    if duty is None:
        if window.ends_at is not None and window.next_look_at is not None and window.next_look_at > at:
            return f"Due on {when(window.next_look_at)}, if the plan allows it then"
        return "Not before the victim is told" if window.ends_at is None else "None was due"
    sent_at = session.scalar(
        select(func.min(Message.handed_over_at))
        .join(MessageDuty, MessageDuty.message_id == Message.id)
        .where(MessageDuty.duty_id == duty.id)
    )
    if sent_at is not None:
        return f"Sent on {when(sent_at)}"
    if duty.state is DutyState.TOLD and duty.closed_at is not None:
        return f"Told on {when(duty.closed_at)}"
    return "Waits for a safe moment" if duty.state is DutyState.OPEN else "Not sent"
