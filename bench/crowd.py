"""Fills a database with very many participations and duties, straight into the tables: nobody could enrol them one by one."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import chain
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Engine, insert

from models.base import Table
from models.cases import Case
from models.duties import Duty
from models.milestones import Milestone
from models.oversight import Alert
from models.people import Participation, Victim
from models.staff import Staff, Unit
from models.tables import metadata
from models.vocabulary import (
    Agency,
    AlertLevel,
    AlertState,
    DutyClass,
    DutyState,
    MilestoneKind,
    RiskLevel,
    Role,
)

NOW = datetime(2026, 6, 10, 12, 0, tzinfo=UTC)
"""When the benchmark takes place."""

OF_A_UNIT = 10_000  # participations
OF_AN_OFFICER = 200
DUTIES = 4  # of a participation; the last of them is open for one in three
ONE_IN_OPEN, ONE_IN_OVERDUE, ONE_IN_RESTRICTED = 3, 60, 100
SEALED = bytes(60)  # as long as a sealed name, and as unreadable
CHUNK = 20_000

Row = dict[str, Any]


@dataclass(frozen=True)
class Crowd:
    """How many participations there are, and how many of their duties become overdue in each of so many minutes."""

    participations: int
    a_minute: int
    minutes: int

    @property
    def units(self) -> int:
        return max(1, self.participations // OF_A_UNIT)

    @property
    def duties(self) -> int:
        return self.participations * DUTIES


def unit_id(number: int) -> UUID:
    return UUID(int=(1 << 100) + number)


def officer_id(number: int) -> UUID:
    return UUID(int=(2 << 100) + number)


def supervisor_id(unit: int) -> UUID:
    return UUID(int=(3 << 100) + unit)


def _id(kind: int, number: int) -> UUID:
    # Scattered, as random ids are: rows made together do not lie together in an index.
    return UUID(int=(kind << 100) + (number * 0x9E3779B97F4A7C15) % (1 << 64))


def fill(engine: Engine, crowd: Crowd) -> None:
    """Make the tables and fill them; on PostgreSQL the indexes come last, and the planner is told of what is there."""
    metadata.create_all(engine)
    load = _copy if engine.dialect.name == "postgresql" else _insert
    with _without_indexes(engine):
        load(engine, Unit, _units(crowd))
        load(engine, Staff, _staff(crowd))
        for table, rows in (
            (Case, _cases),
            (Victim, _victims),
            (Participation, _participations),
            (Milestone, _milestones),
            (Duty, _duties),
            (Alert, _alerts),
        ):
            load(engine, table, rows(crowd))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE" if engine.dialect.name == "sqlite" else "VACUUM ANALYZE")


def is_open(number: int) -> bool:
    """Whether the last duty of this participation is open."""
    return number % ONE_IN_OPEN == 0


def _minute(crowd: Crowd, number: int) -> int | None:
    """In which minute from now an open duty becomes overdue, for those few that do so while somebody watches."""
    nth = number // ONE_IN_OPEN
    return nth // crowd.a_minute if nth < crowd.a_minute * crowd.minutes else None


def due_at(crowd: Crowd, number: int) -> datetime:
    """When the last duty of a participation is due: some were, some are this minute, most will be."""
    minute = _minute(crowd, number)
    if minute is not None:
        return NOW + timedelta(minutes=minute, seconds=-(number % 50) - 1)
    if number % ONE_IN_OVERDUE == 0:
        return NOW - timedelta(minutes=10 + number % 4000)
    return NOW + timedelta(hours=2, minutes=number % 40_000)


def _units(crowd: Crowd) -> Iterator[Row]:
    for n in range(crowd.units):
        yield {"id": unit_id(n), "ref": f"U-{n}", "name_sealed": SEALED, "agency": Agency.POLICE}


def _staff(crowd: Crowd) -> Iterator[Row]:
    common = {"name_sealed": SEALED, "active": True, "failed_sign_ins": 0}
    for n in range(crowd.units):
        yield {
            "id": supervisor_id(n),
            "ref": f"S-{n}",
            "role": Role.SUPERVISOR,
            "unit_id": unit_id(n),
            **common,
        }
    for n in range(max(1, crowd.participations // OF_AN_OFFICER)):
        unit = unit_id(n * OF_AN_OFFICER // OF_A_UNIT % crowd.units)
        yield {"id": officer_id(n), "ref": f"O-{n}", "role": Role.CASE_OFFICER, "unit_id": unit, **common}


def _cases(crowd: Crowd) -> Iterator[Row]:
    for n in range(crowd.participations):
        yield {
            "id": _id(4, n),
            "ref": f"C-{n}",
            "unit_id": unit_id(n // OF_A_UNIT % crowd.units),
            "officer_id": officer_id(n // OF_AN_OFFICER),
            "offence_sealed": SEALED,
            "restricted": n % ONE_IN_RESTRICTED == 0,
            "opened_at": NOW - timedelta(days=n % 300),
        }


def _victims(crowd: Crowd) -> Iterator[Row]:
    for n in range(crowd.participations):
        yield {"id": _id(5, n), "ref": f"V-{n}", "name_sealed": SEALED, "language": "en", "secret_tries": 0}


def _participations(crowd: Crowd) -> Iterator[Row]:
    risks = list(RiskLevel)
    for n in range(crowd.participations):
        yield {
            "id": _id(6, n),
            "case_id": _id(4, n),
            "victim_id": _id(5, n),
            "enhanced": [],
            "risk": risks[n % len(risks)],
            "enrolled_at": NOW - timedelta(days=n % 300),
        }


def _milestones(crowd: Crowd) -> Iterator[Row]:
    for n in range(crowd.participations):
        at = NOW - timedelta(days=n % 300)
        yield {
            "id": _id(7, n),
            "case_id": _id(4, n),
            "kind": MilestoneKind.ARREST,
            "happened_at": at,
            "learned_at": at,
            "owner": Agency.POLICE,
            "recorded_at": at,
            "recorded_by_id": officer_id(n // OF_AN_OFFICER),
        }


def _duties(crowd: Crowd) -> Iterator[Row]:
    for n in range(crowd.participations):
        for nth in range(DUTIES):
            yield _duty(crowd, n, nth)


def _duty(crowd: Crowd, n: int, nth: int) -> Row:
    last = nth == DUTIES - 1 and is_open(n)
    due = due_at(crowd, n) if last else NOW - timedelta(days=n % 290 + 5)
    return {
        "id": _id(8, n * DUTIES + nth),
        "participation_id": _id(6, n),
        "victim_id": _id(5, n),
        "milestone_id": _id(7, n),
        "unit_id": unit_id(n // OF_A_UNIT % crowd.units),
        "policy": "2026-11",
        "rule": f"RULE-{nth}",
        "edition": "2021",
        "kind": MilestoneKind.ARREST,
        "duty_class": DutyClass.ROUTINE,
        "owner": Agency.POLICE,
        "enhanced": n % 7 == 0,
        "created_at": due - timedelta(days=7),
        "clock_start": due - timedelta(days=7),
        "due_at": due,
        "deadline": due,
        "state": DutyState.OPEN if last else DutyState.TOLD,
        "closed_at": None if last else due - timedelta(days=1),
        "late": None if last else False,
        "next_alert_at": due if last and due > NOW - timedelta(minutes=2) else None,
    }


def _alerts(crowd: Crowd) -> Iterator[Row]:
    """One that a duty was due soon, for all that are overdue or about to be; and one that it is, for the former."""
    for n in range(0, crowd.participations, ONE_IN_OPEN):
        due = due_at(crowd, n)
        common = {
            "duty_id": _id(8, n * DUTIES + DUTIES - 1),
            "participation_id": _id(6, n),
            "unit_id": unit_id(n // OF_A_UNIT % crowd.units),
            "state": AlertState.OPEN,
        }
        if due < NOW + timedelta(days=1):
            soon = {"level": AlertLevel.DUE_SOON, "to_role": Role.CASE_OFFICER}
            yield {"id": _id(9, 2 * n), **common, **soon, "raised_at": due - timedelta(days=1)}
        if due < NOW - timedelta(minutes=2):
            overdue = {"level": AlertLevel.OVERDUE, "to_role": Role.SUPERVISOR}
            yield {"id": _id(9, 2 * n + 1), **common, **overdue, "raised_at": due}


def _insert(engine: Engine, table: type[Table], rows: Iterable[Row]) -> None:
    with engine.begin() as connection:
        chunk: list[Row] = []
        for row in rows:
            chunk.append(row)
            if len(chunk) == CHUNK:
                connection.execute(insert(table), chunk)
                chunk = []
        if chunk:
            connection.execute(insert(table), chunk)


def _copy(engine: Engine, table: type[Table], rows: Iterable[Row]) -> None:
    raw = engine.raw_connection()
    try:
        rows = iter(rows)
        first = next(rows, None)
        if first is None:
            return
        names = list(first)
        into = f"COPY {table.__tablename__} ({', '.join(names)}) FROM STDIN"
        with cast("Any", raw.driver_connection).cursor() as cursor, cursor.copy(into) as copy:
            for row in chain([first], rows):
                copy.write_row([_plain(value) for value in row.values()])
        raw.commit()
    finally:
        raw.close()


def _plain(value: object) -> object:
    if isinstance(value, StrEnum):
        return value.value
    return "[]" if value == [] else value


@contextmanager
def _without_indexes(engine: Engine) -> Iterator[None]:
    """Take indexes and foreign keys away while the tables are filled; SQLite fills its small ones as they are."""
    if engine.dialect.name != "postgresql":
        yield
        return
    with engine.begin() as connection:
        keys = connection.exec_driver_sql(
            "select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint "
            "where contype = 'f' and connamespace = current_schema()::regnamespace"
        ).all()
        indexes = connection.exec_driver_sql(
            "select indexrelid::regclass::text, pg_get_indexdef(indexrelid) from pg_index "
            "join pg_class on pg_class.oid = indexrelid "
            "where relnamespace = current_schema()::regnamespace "
            "and not exists (select from pg_constraint where conindid = indexrelid)"
        ).all()
        for table, name, _ in keys:
            connection.exec_driver_sql(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        for name, _ in indexes:
            connection.exec_driver_sql(f"DROP INDEX {name}")
    yield
    with engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL maintenance_work_mem = '512MB'")
        for _, definition in indexes:
            connection.exec_driver_sql(definition)
        for table, name, definition in keys:
            connection.exec_driver_sql(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition} NOT VALID")
