"""Times the sweep for what became overdue in the last minute, and every list a person opens, among very many duties."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from sqlalchemy import Engine, event, text
from sqlalchemy.orm import Session

from bench.crowd import (
    NOW,
    OF_A_DISTRICT,
    OF_AN_OFFICER,
    Crowd,
    care_officer_id,
    care_supervisor_id,
    care_unit_id,
    district_id,
    district_supervisor_id,
    fill,
    officer_id,
    supervisor_id,
    unit_id,
)
from bench.report import EMBEDDED, SERVER, Measured, Report, load_now
from bench.servers import a_server, version_of
from models.keyring import Keyring, RootKeys
from models.session import Database, open_database
from models.vocabulary import Role
from notify.access import Viewer
from notify.memory import seldom_collected
from notify.oversight.alerts import alert_policy, raise_alerts
from notify.oversight.queries import PAGE, due_list, open_tasks, overdue_list, visible_cases
from notify.oversight.ways import Whose
from notify.planning.calendar import england_and_wales
from notify.planning.policy import load_policy

Look = Callable[[Session, int], int]
"""Opens one list from an offset on, and tells how many lines came."""

Statement = tuple[str, object]
"""What was asked of the database, and with which parameters."""

A_MINUTE: Final = 1_000
SWEEPS: Final = 7
LOOKS: Final = 7
EMBEDDED_CROWD: Final = Crowd(50_000, a_minute=A_MINUTE, minutes=0)
SHORT: Final = 500_000
WHOLE: Final = 5_000_000
"""Participations on PostgreSQL, with four duties each."""
ROOMY: Final = "-c shared_buffers=4GB -c max_wal_size=8GB"
"""A server of this size is given a good part of its memory; its own 128 MB are for trying it out."""

_BARE_INSERT = text(
    "insert into alerts (id, duty_id, participation_id, case_id, unit_id, level, to_role, raised_at, state) "
    "select gen_random_uuid(), d.id, d.participation_id, p.case_id, d.unit_id, 'overdue', 'supervisor', :now, 'open' "
    "from alert_looks l join duties d on d.id = l.duty_id join participations p on p.id = d.participation_id "
    "where l.at <= :now"
)
_BARE_UPDATE = text("update alert_looks set at = :later where at <= :now")


def run(
    *,
    full: bool,
    participations: int | None = None,
    a_minute: int = A_MINUTE,
    embedded: Crowd = EMBEDDED_CROWD,
) -> Report:
    """The lists on SQLite; the sweep and the lists on PostgreSQL, and the sweep among a tenth as many."""
    before = load_now()
    many = participations or (WHOLE if full else SHORT)
    with TemporaryDirectory(prefix="bench-") as folder:
        database = open_database(f"sqlite:///{Path(folder) / 'crowd.db'}")
        fill(database.engine, embedded)
        on_file, _ = lists(database, embedded)
        database.engine.dispose()
    tenth = Crowd(many // 10, a_minute, 2 * SWEEPS)
    whole = Crowd(many, a_minute, 2 * SWEEPS)
    with a_server(ROOMY) as url:
        version = version_of(url)
        small = open_database(url)
        fill(small.engine, tenth)
        among_few, _ = sweeps(small, a_minute)
        small.engine.dispose()
    with a_server(ROOMY) as url:
        database = open_database(url)
        fill(database.engine, whole)
        among_many, bare = sweeps(database, a_minute)
        on_server, plans = lists(database, whole)
        database.engine.dispose()
    figures = {
        "sweep_ms": median(among_many),
        "sweep_ratio_to_tenth": median(among_many) / median(among_few),
        "sweep_ratio_to_sql": median(among_many) / median(bare),
        "sweep_least_ms": min(among_many),
        "sweep_most_ms": max(among_many),
        "bare_sql_ms": median(bare),
    }
    sizes = {
        "participations": many,
        "duties": whole.duties,
        "embedded_participations": embedded.participations,
    }
    repeats: dict[str, list[Measured]] = {SERVER: [figures | on_server], EMBEDDED: [on_file]}
    return Report("oversight", sizes, repeats, (before, load_now()), postgresql=version, notes=plans)


def sweeps(database: Database, a_minute: int) -> tuple[list[float], list[float]]:
    """Milliseconds of each sweep, ours and bare ones in turn, each for what became overdue in one minute of its own."""
    policy = load_policy()
    steps = alert_policy(policy.due_soon_hours, policy.escalate_standard_days, policy.escalate_enhanced_days)
    keys = Keyring(RootKeys.parse(RootKeys.generate()))
    later = england_and_wales().later
    ours, bare = [], []
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(
            "CHECKPOINT"
        )  # what filling the tables left to be written is no part of a sweep
    with seldom_collected():  # as in a worker
        for minute in range(2 * SWEEPS):
            now = NOW + timedelta(minutes=minute)
            began = time.perf_counter()
            if minute % 2:
                with database.sessions.begin() as session:
                    session.execute(_BARE_INSERT, {"now": now})
                    session.execute(_BARE_UPDATE, {"now": now, "later": now + timedelta(days=3)})
                bare.append(_milliseconds(began))
            else:
                seen = raise_alerts(database.sessions, keys, steps, later, at=now, limit=a_minute)
                ours.append(_milliseconds(began))
                assert seen == a_minute, seen  # noqa: S101 - else it is not what we say it is
    return ours, bare


def lists(database: Database, crowd: Crowd) -> tuple[dict[str, float], list[str]]:
    """The median milliseconds at the database of each list, its first page and its last, and what a plan scans whole."""
    figures: dict[str, float] = {}
    scans: list[str] = []
    for name, look in all_lists(crowd).items():
        with database.reads() as session, watched(database.engine) as statements:
            last = _last_page(session, look)
            for page, offset in (("first", 0), ("last", last)):
                statements.clear()
                look(session, offset)
                asked = list(statements)
                figures[f"{name}_{page}_ms"] = median(_answered(session, asked) for _ in range(LOOKS))
                scans += [f"{name}: {scan}" for scan in _scans(session, asked)]
                session.expunge_all()
    return {"worst_list_ms": max(figures.values()), **figures}, sorted(set(scans)) or [
        "no big table is scanned"
    ]


def _answered(session: Session, asked: list[Statement]) -> float:
    """How long the database takes for the statements of one list, until the last row is here."""
    connection = session.connection()
    began = time.perf_counter()
    for statement, parameters in asked:
        connection.exec_driver_sql(statement, parameters).fetchall()  # type: ignore[arg-type]
    return _milliseconds(began)


def all_lists(crowd: Crowd) -> dict[str, Look]:
    """Every list that a person opens, each for who opens it."""
    assert crowd.participations > 4 * OF_AN_OFFICER  # noqa: S101 - or officer 3 has no cases
    officer = Viewer(officer_id(3), unit_id(0), Role.CASE_OFFICER)
    supervisor = Viewer(supervisor_id(0), unit_id(0), Role.SUPERVISOR)
    care_officer = Viewer(care_officer_id(1), care_unit_id(0), Role.CASE_OFFICER)
    care_supervisor = Viewer(care_supervisor_id(0), care_unit_id(0), Role.SUPERVISOR)
    beneath = frozenset(unit_id(n) for n in range(min(OF_A_DISTRICT, crowd.units)))
    district = Viewer(district_supervisor_id(0), district_id(0), Role.SUPERVISOR, beneath)
    return {
        **_due("my_due", officer, Whose.MINE),
        **_due("others_due", officer, Whose.OTHERS),
        **_due("unit_due", supervisor, Whose.UNIT),
        **_due("my_care_due", care_officer, Whose.MINE),
        **_due("care_unit_due", care_supervisor, Whose.UNIT),
        **_overdue("unit_overdue", supervisor),
        **_overdue("care_unit_overdue", care_supervisor),
        **_overdue("district_overdue", district),
        **_tasks("my_tasks", officer, Whose.MINE),
        **_tasks("unit_tasks", supervisor, Whose.UNIT),
        **_tasks("care_unit_tasks", care_supervisor, Whose.UNIT),
        **_cases("my_cases", officer, own_only=True),
        **_cases("unit_cases", supervisor, own_only=False),
        **_cases("care_unit_cases", care_supervisor, own_only=False),
    }


def _due(name: str, viewer: Viewer, whose: Whose) -> dict[str, Look]:
    until = NOW + timedelta(hours=12)
    return {name: lambda s, n: len(due_list(s, viewer, at=NOW, until=until, whose=whose, offset=n))}


def _overdue(name: str, viewer: Viewer) -> dict[str, Look]:
    return {name: lambda s, n: len(overdue_list(s, viewer, at=NOW, offset=n))}


def _tasks(name: str, viewer: Viewer, whose: Whose) -> dict[str, Look]:
    return {name: lambda s, n: len(open_tasks(s, viewer, at=NOW, whose=whose, offset=n))}


def _cases(name: str, viewer: Viewer, *, own_only: bool) -> dict[str, Look]:
    return {name: lambda s, n: len(visible_cases(s, viewer, own_only=own_only, offset=n))}


def _last_page(session: Session, look: Look) -> int:
    """Where the last page begins that has a line."""
    step = PAGE
    while look(session, 2 * step):
        step *= 2
    least, most = 0, 2 * step // PAGE
    while most - least > 1:
        middle = (least + most) // 2
        least, most = (middle, most) if look(session, middle * PAGE) else (least, middle)
    return least * PAGE


@contextmanager
def watched(engine: Engine) -> Iterator[list[Statement]]:
    """The statements that run meanwhile, with their parameters."""
    seen: list[Statement] = []

    def note(_c: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        if statement.lower().startswith("select"):
            seen.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def _scans(session: Session, statements: list[Statement]) -> Iterator[str]:
    """What the planner reads from end to end, of the tables that are big."""
    explain = "explain query plan " if session.get_bind().dialect.name == "sqlite" else "explain "
    for statement, parameters in statements:
        rows = session.connection().exec_driver_sql(explain + statement, parameters)  # type: ignore[arg-type]
        for row in rows:
            line = str(row[-1]).strip()
            big = any(
                f" {table}" in line
                for table in ("duties", "participations", "victims", "cases", "alerts", "tasks", "case_units")
            )
            if big and ((line.startswith("SCAN") and "INDEX" not in line) or "Seq Scan" in line):
                yield line.split("(cost")[0].strip()


def _milliseconds(began: float) -> float:
    return (time.perf_counter() - began) * 1000
