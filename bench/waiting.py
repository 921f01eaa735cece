"""Makes very many messages that wait to be sent, straight into the tables.

They are copies of one message that came about as they all do: its victim, plan, contact point and duty are copied as often
as there are to be messages, each copy under a key of its own and sealed anew where sending opens the seal. All wait for
the same instant, as those do that were held for the same hour of the morning.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import Engine, event, func, select
from sqlalchemy.orm import Session

from bench.crowd import load, tell_the_planner, without_indexes
from bench.report import BenchError
from bench.texting import (
    add_people,
)
from jobs.timetable import TIMETABLE
from models.base import Table
from models.cases import Case
from models.duties import Duty
from models.keyring import OwnerKey, Place
from models.keys import DataKey
from models.messages import Message, MessageDuty
from models.milestones import Milestone
from models.people import ContactPoint, Participation, Victim
from models.plans import Plan, PlanChannel
from models.session import open_database
from models.vocabulary import MessageState, MilestoneKind
from notify.clock import utc_now
from notify.ledger.audit import THE_SERVICE, Actor
from notify.planning.milestones import Happening, record_milestone
from notify.wiring import Services

OF_A_CASE: Final = 100  # victims
A_SLICE: Final = 50_000  # victims that are made at a time

Row = dict[str, Any]


def fill(services: Services, messages: int) -> None:
    """So many messages that wait to be sent now, each to another victim. Raises BenchError."""
    first = _Pattern.made_by(services)
    engine = _quick_to_fill(services.settings.database_url)
    try:
        with without_indexes(engine):
            cases = _Cases(first, messages)
            load(engine, Case, cases.cases())
            load(engine, Milestone, cases.milestones())
            for start in range(1, messages, A_SLICE):
                for table, rows in _slice(
                    services, first, cases, range(start, min(start + A_SLICE, messages))
                ):
                    load(engine, table, rows)
        tell_the_planner(engine)
    finally:
        engine.dispose()
    with services.reading() as session:
        waiting = session.scalar(
            select(func.count()).select_from(Message).where(Message.state == MessageState.QUEUED)
        )
    if waiting != messages:
        raise BenchError(f"{waiting} messages wait, and not {messages}")


def _quick_to_fill(url: str) -> Engine:
    """Ids are random: SQLite keeps what it fills in memory for as long as that lasts."""
    engine = open_database(url).engine
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def _connect(connection: Any, _record: object) -> None:
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("PRAGMA cache_size = -1000000")

    return engine


@dataclass(frozen=True)
class _Pattern:
    """The rows of one message that waits, as the service itself made them."""

    rows: Mapping[type[Table], Row]
    text: str

    @classmethod
    def made_by(cls, services: Services) -> "_Pattern":
        officer = add_people(services, 1)
        with services.acting(THE_SERVICE) as act:
            act.actor = Actor("staff", officer.id)
            case = act.session.scalars(select(Case)).one()
            happening = Happening(MilestoneKind.ARREST, act.at, act.at)
            record_milestone(act, services.rulebook, case.id, happening)
        # In life all else was long done by then. Were it not done here, a million would have it still to come.
        for tick in TIMETABLE:
            if tick.name in {"no_change", "compose"}:
                tick.run(services, "bench")
        tables: tuple[type[Table], ...] = (
            *(Case, Milestone, Victim, Participation, ContactPoint),
            *(Plan, PlanChannel, Duty, Message, MessageDuty),
        )
        with services.reading() as session:
            rows = {table: _values(session, table) for table in tables}
            message = session.scalars(select(Message)).one()
            text = services.keys.of(session, message.victim_id).open(message, "text_sealed")
        return cls(rows, text)

    def like(self, table: type[Table], **other: object) -> Row:
        return self.rows[table] | other


def _values(session: Session, table: type[Table]) -> Row:
    row = session.scalars(select(table)).one()
    return {column.key: getattr(row, column.key) for column in table.__mapper__.column_attrs}


@dataclass(frozen=True)
class _Cases:
    """Enough cases, each with its milestone."""

    pattern: _Pattern
    victims: int

    def case_id(self, number: int) -> UUID:
        return UUID(int=(1 << 100) + number // OF_A_CASE)

    def milestone_id(self, number: int) -> UUID:
        return UUID(int=(2 << 100) + number // OF_A_CASE)

    def cases(self) -> Iterator[Row]:
        for n in range(0, self.victims, OF_A_CASE):
            yield self.pattern.like(Case, id=self.case_id(n), ref=f"C-of-{n}")

    def milestones(self) -> Iterator[Row]:
        for n in range(0, self.victims, OF_A_CASE):
            yield self.pattern.like(Milestone, id=self.milestone_id(n), case_id=self.case_id(n))


@dataclass(frozen=True)
class _Copy:
    """One victim more: the ids of her rows, and her key."""

    number: int
    key: OwnerKey
    victim: UUID
    part: UUID
    point: UUID
    plan: UUID
    duty: UUID
    message: UUID


def _slice(
    services: Services, pattern: _Pattern, cases: _Cases, numbers: Iterable[int]
) -> Iterator[tuple[type[Table], Iterable[Row]]]:
    """The rows of so many victims, table by table, in an order in which none refers to one that is not there yet."""
    copies, keys = [], []
    for number in numbers:
        ids = [uuid4() for _ in range(6)]
        key, row = services.keys.make(ids[0])
        copies.append(_Copy(number, key, *ids))
        keys.append(row)
    waits_since = utc_now() - timedelta(minutes=1)
    like = pattern.like
    yield DataKey, keys
    yield Victim, (like(Victim, id=one.victim, ref=f"V-of-{one.number}") for one in copies)
    yield (
        Participation,
        (
            like(Participation, id=one.part, case_id=cases.case_id(one.number), victim_id=one.victim)
            for one in copies
        ),
    )
    yield ContactPoint, (_point(pattern, one) for one in copies)
    yield Plan, (like(Plan, id=one.plan, participation_id=one.part) for one in copies)
    yield (
        PlanChannel,
        (like(PlanChannel, id=uuid4(), plan_id=one.plan, contact_point_id=one.point) for one in copies),
    )
    yield (
        Duty,
        (
            like(
                Duty,
                id=one.duty,
                participation_id=one.part,
                victim_id=one.victim,
                milestone_id=cases.milestone_id(one.number),
            )
            for one in copies
        ),
    )
    yield Message, (_message(pattern, one) | {"not_before": waits_since} for one in copies)
    yield MessageDuty, ({"message_id": one.message, "duty_id": one.duty} for one in copies)


def _point(pattern: _Pattern, one: _Copy) -> Row:
    value = f"+447700900{one.number % 1_000:03}"
    sealed = one.key.seal(Place("contact_points", one.point), "value_sealed", value)
    other = {"id": one.point, "ref": f"P-of-{one.number}", "victim_id": one.victim, "value_sealed": sealed}
    return pattern.like(ContactPoint, **other)


def _message(pattern: _Pattern, one: _Copy) -> Row:
    return pattern.like(
        Message,
        id=one.message,
        participation_id=one.part,
        victim_id=one.victim,
        contact_point_id=one.point,
        plan_id=one.plan,
        text_sealed=one.key.seal(Place("messages", one.message), "text_sealed", pattern.text),
    )
