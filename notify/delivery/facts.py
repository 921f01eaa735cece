"""Reads, at the moment of deciding, the facts that the safe-contact gate decides on."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import groupby
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from models.base import is_one_of
from models.cases import Case
from models.columns import among
from models.messages import Message
from models.people import ContactPoint, Participation, Representative, Victim
from models.plans import Plan, PlanChannel
from models.vocabulary import (
    NO_CHANGE_RULE,
    ContactPointKind,
    ContactPointState,
    DutyClass,
    DutyState,
    Sender,
    Weekday,
)
from notify.delivery.rules.gate import ChannelFacts, Facts, PlanFacts
from notify.delivery.rules.windows import Window, next_day
from notify.ledger.closing import GONE

APART = timedelta(hours=1)
"""How long after one message a victim is left in peace before the next, whatever case it is about."""


class Owed(Protocol):
    """What the gate asks of a duty."""

    @property
    def rule(self) -> str: ...
    @property
    def duty_class(self) -> DutyClass: ...
    @property
    def state(self) -> DutyState: ...
    @property
    def urgent_by(self) -> datetime | None: ...


@dataclass(frozen=True)
class Address:
    """One channel of the plan and its contact point, still sealed."""

    channel_id: UUID
    point_id: UUID
    kind: ContactPointKind
    cover_text_sealed: bytes | None
    value_sealed: bytes
    sender: Sender
    certificate_sealed: bytes | None


@dataclass(frozen=True)
class Standing:
    """One participation as it stands now. `id` is the participation's."""

    id: UUID
    victim_id: UUID
    language: str
    paused: bool
    declined: bool
    wants_releases: bool
    case_closed: bool
    last_sent_at: datetime | None
    """When she was last sent a message, about any case of hers."""
    plan_id: UUID | None
    addresses: Mapping[UUID, Address]
    terms: PlanFacts | None

    def facts(self, duty: Owed, *, only: UUID | None = None, but: Collection[UUID] = ()) -> Facts:
        """The gate's facts for one duty; `only` one contact point, or all `but` some."""
        terms = self.terms
        if terms is not None and (only is not None or but):
            kept = tuple(
                channel
                for channel in terms.channels
                if channel.contact_point not in but and only in (None, channel.contact_point)
            )
            if len(kept) < len(terms.channels):
                terms = replace(terms, channels=kept)
        return Facts(
            plan=terms,
            duty_class=duty.duty_class,
            duty_open=duty.state is DutyState.OPEN,
            paused=self.paused,
            declined=self.declined,
            wants_releases=self.wants_releases,
            case_closed=self.case_closed,
            urgent_by=duty.urgent_by,
            quiet_until=self._quiet_until(duty),
        )

    def _quiet_until(self, duty: Owed) -> datetime | None:
        if self.last_sent_at is None:
            return None
        if duty.rule == NO_CHANGE_RULE:
            # That nothing has changed is not said on a day on which something else was.
            return max(next_day(self.last_sent_at), self.last_sent_at + APART)
        return self.last_sent_at + APART


_LAST_SENT = (
    select(func.max(func.coalesce(Message.handed_over_at, Message.claimed_at)))
    .where(Message.victim_id == Victim.id, is_one_of(Message.state, *GONE))
    .scalar_subquery()
)
# One query of plain columns: this is read for every message, and loading whole rows would cost ten times as much.
_STANDINGS: Select[*tuple[Any, ...]] = (
    select(
        Participation.id,
        Participation.victim_id,
        Participation.paused_at,
        Participation.declined_at,
        Participation.wants_releases,
        Victim.language,
        Case.closed_at,
        _LAST_SENT.label("last_sent_at"),
        Plan.id.label("plan_id"),
        Plan.never_dates,
        Plan.automatic,
        Plan.officer_first_nudge,
        PlanChannel.id.label("channel_id"),
        PlanChannel.detail,
        PlanChannel.windows,
        PlanChannel.counts_as_told,
        PlanChannel.cover_text_sealed,
        PlanChannel.sender,
        ContactPoint.id.label("point_id"),
        ContactPoint.kind,
        ContactPoint.state,
        ContactPoint.value_sealed,
        ContactPoint.certificate_sealed,
        ContactPoint.representative_id,
        Representative.starts_at,
        Representative.ends_at,
    )
    .join(Victim, Victim.id == Participation.victim_id)
    .join(Case, Case.id == Participation.case_id)
    .outerjoin(Plan, (Plan.participation_id == Participation.id) & Plan.current)
    .outerjoin(PlanChannel, PlanChannel.plan_id == Plan.id)
    .outerjoin(ContactPoint, ContactPoint.id == PlanChannel.contact_point_id)
    .outerjoin(Representative, Representative.id == ContactPoint.representative_id)
    .where(among(Participation.id, "ids"))
    .order_by(Participation.id, PlanChannel.position)
)


def standings(session: Session, participation_ids: Iterable[UUID], *, at: datetime) -> dict[UUID, Standing]:
    """How each participation stands at this moment, in one query however many there are."""
    session.flush()
    rows = session.connection().execute(_STANDINGS, {"ids": list(participation_ids)}).all()
    return {
        participation_id: _standing(list(same), at)
        for participation_id, same in groupby(rows, lambda row: row.id)
    }


def _standing(rows: list[Row[*tuple[Any, ...]]], at: datetime) -> Standing:
    first = rows[0]
    mine = [row for row in rows if row.channel_id is not None]
    terms = None
    if first.plan_id is not None:
        terms = PlanFacts(
            channels=tuple(_channel(row, at) for row in mine),
            never_dates=frozenset(date.fromisoformat(day) for day in first.never_dates),
            automatic=first.automatic,
            officer_first_nudge=first.officer_first_nudge,
        )
    return Standing(
        id=first.id,
        victim_id=first.victim_id,
        language=first.language,
        paused=first.paused_at is not None,
        declined=first.declined_at is not None,
        wants_releases=first.wants_releases is True,
        case_closed=first.closed_at is not None,
        last_sent_at=first.last_sent_at,
        plan_id=first.plan_id,
        addresses={
            row.point_id: Address(
                row.channel_id,
                row.point_id,
                row.kind,
                row.cover_text_sealed,
                row.value_sealed,
                row.sender,
                row.certificate_sealed,
            )
            for row in mine
        },
        terms=terms,
    )


def _channel(row: Row[*tuple[Any, ...]], at: datetime) -> ChannelFacts:
    state = row.state
    if row.representative_id is not None and not _speaks_for_her(row, at):
        state = ContactPointState.SUSPENDED
    return ChannelFacts(
        contact_point=row.point_id,
        kind=row.kind,
        state=state,
        detail=row.detail,
        windows=tuple(_stored_window(window) for window in row.windows),
        counts_as_told=row.counts_as_told,
    )


def _speaks_for_her(representative: Row[*tuple[Any, ...]], at: datetime) -> bool:
    """Whether the victim's consent to this representative runs at this moment."""
    ends_at: datetime | None = representative.ends_at
    begun: bool = representative.starts_at <= at
    return begun and (ends_at is None or at < ends_at)


def _stored_window(stored: Mapping[str, Any]) -> Window:
    return _window(tuple(stored["days"]), stored["from"], stored["to"])


@lru_cache(maxsize=4096)
def _window(days: tuple[str, ...], opens: str, closes: str) -> Window:
    return Window(
        frozenset(Weekday(day) for day in days), time.fromisoformat(opens), time.fromisoformat(closes)
    )
