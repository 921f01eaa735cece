"""Fills a database with very many participations and duties, straight into the tables: nobody could enrol them one by one.

Long because every table of the crowd has its rows here.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import chain, islice
from operator import attrgetter
from types import NoneType
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Engine, insert

from models.base import Table
from models.cases import Case, CaseAccess, CaseUnit
from models.duties import Duty
from models.milestones import Milestone
from models.oversight import Alert, AlertLook, Task
from models.people import Participation, Victim
from models.staff import Absence, Staff, Unit
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
    TaskKind,
    TaskState,
)

NOW = datetime(2026, 6, 10, 12, 0, tzinfo=UTC)
"""When the benchmark takes place."""

OF_A_UNIT = 10_000  # participations
OF_AN_OFFICER = 200
OF_A_DISTRICT = 10  # police units, under one unit above them; the supervisor of the last of them is absent
OF_A_CARE_UNIT = 20_000  # participations; Witness Care deals with one in three of them
DUTIES = (
    4  # of a participation; the last is open for one in three of the police, and for those of Witness Care
)
ONE_IN_OPEN, ONE_IN_OVERDUE, ONE_IN_RESTRICTED, ONE_IN_TASK, ONE_IN_AWAY, ONE_IN_CLOSED = 3, 20, 100, 5, 20, 4
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


def district_id(number: int) -> UUID:
    return UUID(int=(10 << 100) + number)


def district_supervisor_id(number: int) -> UUID:
    return UUID(int=(11 << 100) + number)


def care_unit_id(number: int) -> UUID:
    return UUID(int=(12 << 100) + number)


def care_officer_id(number: int) -> UUID:
    return UUID(int=(13 << 100) + number)


def care_supervisor_id(unit: int) -> UUID:
    return UUID(int=(14 << 100) + unit)


def _id(kind: int, number: int) -> UUID:
    # Scattered, as random ids are: rows made together do not lie together in an index.
    return UUID(int=(kind << 100) + (number * 0x9E3779B97F4A7C15) % (1 << 64))


def fill(engine: Engine, crowd: Crowd) -> None:
    """Make the tables and fill them; on PostgreSQL the indexes come last, and the planner is told of what is there."""
    metadata.create_all(engine)
    with without_indexes(engine):
        load(engine, Unit, _units(crowd))
        load(engine, Staff, _staff(crowd))
        for table, rows in (
            (Absence, _absences),
            (Case, _cases),
            (CaseAccess, _case_access),
            (CaseUnit, _case_units),
            (Victim, _victims),
            (Participation, _participations),
            (Milestone, _milestones),
            (Duty, _duties),
            (AlertLook, _alert_looks),
            (Alert, _alerts),
            (Task, _tasks),
        ):
            load(engine, table, rows(crowd))
    tell_the_planner(engine)


def tell_the_planner(engine: Engine) -> None:
    """Have the database count what is there by now."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE" if engine.dialect.name == "sqlite" else "VACUUM ANALYZE")


def is_open(number: int) -> bool:
    """Whether the last duty of this participation is open and the police's."""
    return number % ONE_IN_OPEN == 0


def is_in_care(number: int) -> bool:
    """Whether Witness Care deals with the case of this participation, and carries its last duty, which is open."""
    return number % ONE_IN_OPEN == 1


def _unit(crowd: Crowd, number: int) -> UUID:
    return unit_id(number // OF_A_UNIT % crowd.units)


def _carrier(crowd: Crowd, number: int) -> UUID:
    """Whose people carry the last duty of this participation."""
    return care_unit_id(number // OF_A_CARE_UNIT) if is_in_care(number) else _unit(crowd, number)


def _minute(crowd: Crowd, number: int) -> int | None:
    """In which minute from now an open duty becomes overdue, for those few that do so while somebody watches.

    They are spread over all units, as they are in life.
    """
    few = crowd.a_minute * crowd.minutes
    if not few or not is_open(number):
        return None
    nth, every = number // ONE_IN_OPEN, -(-crowd.participations // ONE_IN_OPEN) // few
    return nth // every // crowd.a_minute if nth % every == 0 and nth // every < few else None


def due_at(crowd: Crowd, number: int) -> datetime:
    """When the last duty of a participation is due: some were, some are this minute, most will be."""
    minute = _minute(crowd, number)
    if minute is not None:
        return NOW + timedelta(minutes=minute, seconds=-(number % 50) - 1)
    if number // ONE_IN_OPEN % ONE_IN_OVERDUE == 1:
        return NOW - timedelta(minutes=10 + number % 4000)
    return NOW + timedelta(hours=2, minutes=number % 40_000)


def _units(crowd: Crowd) -> Iterator[Row]:
    common = {"name_sealed": SEALED, "parent_id": None}
    for n in range(_districts(crowd)):
        yield {"id": district_id(n), "ref": f"D-{n}", "agency": Agency.POLICE, **common}
    for n in range(crowd.units):
        above = {"parent_id": district_id(n // OF_A_DISTRICT)}
        yield {"id": unit_id(n), "ref": f"U-{n}", "agency": Agency.POLICE, **common, **above}
    for n in range(_care_units(crowd)):
        yield {"id": care_unit_id(n), "ref": f"W-{n}", "agency": Agency.WITNESS_CARE, **common}


def _districts(crowd: Crowd) -> int:
    return -(-crowd.units // OF_A_DISTRICT)


def _care_units(crowd: Crowd) -> int:
    return -(-crowd.participations // OF_A_CARE_UNIT)


def _care_officer(number: int) -> int:
    return number // (ONE_IN_OPEN * OF_AN_OFFICER)


def _staff(crowd: Crowd) -> Iterator[Row]:
    def one(staff_id: UUID, ref: str, role: Role, unit: UUID) -> Row:
        common = {"name_sealed": SEALED, "active": True, "failed_sign_ins": 0}
        return {"id": staff_id, "ref": ref, "role": role, "unit_id": unit, **common}

    for n in range(_districts(crowd)):
        yield one(district_supervisor_id(n), f"DS-{n}", Role.SUPERVISOR, district_id(n))
    for n in range(crowd.units):
        yield one(supervisor_id(n), f"S-{n}", Role.SUPERVISOR, unit_id(n))
    for n in range(max(1, crowd.participations // OF_AN_OFFICER)):
        yield one(officer_id(n), f"O-{n}", Role.CASE_OFFICER, _unit(crowd, n * OF_AN_OFFICER))
    for n in range(_care_units(crowd)):
        yield one(care_supervisor_id(n), f"WS-{n}", Role.SUPERVISOR, care_unit_id(n))
    for n in range(_care_officer(crowd.participations) + 1):
        unit = care_unit_id(min(n * ONE_IN_OPEN * OF_AN_OFFICER // OF_A_CARE_UNIT, _care_units(crowd) - 1))
        yield one(care_officer_id(n), f"WO-{n}", Role.CASE_OFFICER, unit)


def _absences(crowd: Crowd) -> Iterator[Row]:
    """Those who are away now, each after ten absences that are over."""
    staff = [officer_id(n) for n in range(7, crowd.participations // OF_AN_OFFICER, ONE_IN_AWAY)]
    staff += [supervisor_id(n) for n in range(OF_A_DISTRICT - 1, crowd.units, OF_A_DISTRICT)]
    for n, who in enumerate(staff):
        for nth in range(11):
            begins = NOW - timedelta(days=1 + 30 * nth)
            times = {"starts_at": begins, "ends_at": begins + timedelta(days=5), "recorded_at": begins}
            yield {"id": _id(15, 11 * n + nth), "staff_id": who, **times}


def _case_access(crowd: Crowd) -> Iterator[Row]:
    """A restricted case is its officer's and the unit's supervisor's."""
    for n in range(0, crowd.participations, ONE_IN_RESTRICTED):
        yield {"case_id": _id(4, n), "staff_id": officer_id(n // OF_AN_OFFICER)}
        yield {"case_id": _id(4, n), "staff_id": supervisor_id(n // OF_A_UNIT % crowd.units)}


def _case_units(crowd: Crowd) -> Iterator[Row]:
    for n in range(1, crowd.participations, ONE_IN_OPEN):
        yield {
            "case_id": _id(4, n),
            "agency": Agency.WITNESS_CARE,
            "unit_id": care_unit_id(n // OF_A_CARE_UNIT),
            "officer_id": care_officer_id(_care_officer(n)),
            "since": NOW - timedelta(days=n % 300),
        }


def _cases(crowd: Crowd) -> Iterator[Row]:
    for n in range(crowd.participations):
        yield {
            "id": _id(4, n),
            "ref": f"C-{n}",
            "unit_id": _unit(crowd, n),
            "officer_id": officer_id(n // OF_AN_OFFICER),
            "offence_sealed": SEALED,
            "restricted": n % ONE_IN_RESTRICTED == 0,
            "opened_at": NOW - timedelta(days=n % 300, seconds=n % 86_000),
            "closed_at": NOW - timedelta(seconds=n) if n % ONE_IN_CLOSED == 2 else None,
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
        told = _duty(crowd, n, last=False)
        last = _duty(crowd, n, last=True) if is_open(n) or is_in_care(n) else told
        for nth in range(DUTIES):
            duty = last if nth == DUTIES - 1 else told
            yield duty | {"id": _id(8, n * DUTIES + nth), "rule": f"RULE-{nth}"}


def _duty(crowd: Crowd, n: int, *, last: bool) -> Row:
    due = due_at(crowd, n) if last else NOW - timedelta(days=n % 290 + 5)
    return {
        "id": None,
        "participation_id": _id(6, n),
        "victim_id": _id(5, n),
        "milestone_id": _id(7, n),
        "unit_id": _carrier(crowd, n) if last else _unit(crowd, n),
        "policy": "2026-11",
        "rule": None,
        "edition": "2021",
        "kind": MilestoneKind.ARREST,
        "duty_class": DutyClass.ROUTINE,
        "owner": Agency.WITNESS_CARE if last and is_in_care(n) else Agency.POLICE,
        "enhanced": n % 7 == 0,
        "created_at": due - timedelta(days=7),
        "clock_start": due - timedelta(days=7),
        "due_at": due,
        "deadline": due,
        "state": DutyState.OPEN if last else DutyState.TOLD,
        "closed_at": None if last else due - timedelta(days=1),
        "late": None if last else False,
    }


def _alert_looks(crowd: Crowd) -> Iterator[Row]:
    for n in range(crowd.participations):
        if (is_open(n) or is_in_care(n)) and (due := due_at(crowd, n)) > NOW - timedelta(minutes=2):
            yield {"duty_id": _id(8, n * DUTIES + DUTIES - 1), "at": due}


def _alerts(crowd: Crowd) -> Iterator[Row]:
    """One that a duty was due soon, for all that are overdue or about to be; and one that it is, for the former."""
    for n in range(crowd.participations):
        if not (is_open(n) or is_in_care(n)):
            continue
        due = due_at(crowd, n)
        common = {
            "duty_id": _id(8, n * DUTIES + DUTIES - 1),
            "participation_id": _id(6, n),
            "case_id": _id(4, n),
            "unit_id": _carrier(crowd, n),
            "state": AlertState.OPEN,
        }
        if due < NOW + timedelta(days=1):
            soon = {"level": AlertLevel.DUE_SOON, "to_role": Role.CASE_OFFICER}
            yield {"id": _id(9, 2 * n), **common, **soon, "raised_at": due - timedelta(days=1)}
        if due < NOW - timedelta(minutes=2):
            overdue = {"level": AlertLevel.OVERDUE, "to_role": Role.SUPERVISOR}
            yield {"id": _id(9, 2 * n + 1), **common, **overdue, "raised_at": due}


def _tasks(crowd: Crowd) -> Iterator[Row]:
    """A call to make, for the police or for Witness Care; one in two has a time."""
    for n in range(0, crowd.participations, ONE_IN_TASK):
        yield {
            "id": _id(16, n),
            "participation_id": _id(6, n),
            "victim_id": _id(5, n),
            "unit_id": _carrier(crowd, n),
            "kind": TaskKind.CALL,
            "subject_id": _id(6, n),
            "rules": [],
            "due_at": NOW + timedelta(minutes=n % 5000) if n % 2 else None,
            "created_at": NOW - timedelta(minutes=n % 9000),
            "state": TaskState.OPEN,
        }


def load(engine: Engine, table: type[Table], rows: Iterable[Row]) -> None:
    """Insert very many rows, all with the same columns."""
    (_copy if engine.dialect.name == "postgresql" else _insert)(engine, table, rows)


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
            lines = ("\t".join([_AS_TEXT[type(v)](v) for v in row.values()]) for row in chain([first], rows))
            while some := list(islice(lines, CHUNK)):
                copy.write("\n".join(some) + "\n")
        raw.commit()
    finally:
        raw.close()


class _Texts(dict[type, Callable[[Any], str]]):
    """How a value of each type stands in what COPY reads: writing it ourselves takes a third of the driver's time."""

    def __missing__(self, kind: type) -> Callable[[Any], str]:
        self[kind] = attrgetter("value") if issubclass(kind, StrEnum) else str
        return self[kind]


_AS_TEXT = _Texts(
    {
        UUID: attrgetter("hex"),
        NoneType: lambda _: "\\N",
        bytes: lambda value: f"\\\\x{value.hex()}",
        list: json.dumps,
        str: lambda value: value,
    }
)


@contextmanager
def without_indexes(engine: Engine) -> Iterator[None]:
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
