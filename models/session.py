"""Engines and sessions for SQLite and PostgreSQL, with the settings that make commits durable."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, cast
from uuid import uuid4

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.schema import CreateSchema, DropSchema

from models.arrays import FlatListDumper

BUSY_MILLISECONDS = 30_000
"""How long a SQLite writer waits for the one before it."""


MOST_COMPILED = 2_000
"""Statements that are found again at once: far more than are prepared."""


@dataclass(frozen=True)
class Database:
    """One database: `sessions` write (SQLite takes the write lock at once), `reads` never do."""

    engine: Engine
    sessions: sessionmaker[Session]
    reads: sessionmaker[Session]


class OneSession(sessionmaker[Session]):
    """Hands out one and the same session, committed every so many acts: for a database that nobody else uses.

    Each act is undone by itself when it fails, as if it had a transaction of its own.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        before_commit: Callable[[Session], None] = lambda _session: None,
        acts: int = 500,
    ) -> None:
        super().__init__(engine, class_=_KeptSession, expire_on_commit=False)
        self._before_commit = before_commit
        self._session = cast("_KeptSession", super().__call__())
        self._acts = acts
        self._done = 0
        self._driver: Any = None
        """The driver's own connection, from the first act after a commit or a failure on."""

    def __call__(self, **_options: Any) -> Session:
        return self._session

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """One act: its changes stay when it ends, and go when it fails."""
        session = self._session
        # On the driver's own connection: these are the most frequent statements of all.
        if self._driver is None:
            self._driver = session.connection().connection.driver_connection
            if not getattr(self._driver, "in_transaction", True):  # SQLite's alone has to be told
                self._driver.execute("BEGIN IMMEDIATE")
        driver = self._driver
        driver.execute("SAVEPOINT act")
        try:
            yield session
            session.flush()
        except BaseException:
            self._driver = None  # a failed flush may have ended the whole transaction
            session.expunge_all()
            with suppress(
                Exception
            ):  # gone with the whole transaction; what went wrong first is what is told
                driver.execute("ROLLBACK TO SAVEPOINT act")
            raise
        driver.execute("RELEASE SAVEPOINT act")
        session.expunge_all()
        self._done += 1
        if self._done % self._acts == 0:
            self.commit()

    def commit(self) -> None:
        """Commit all acts so far."""
        self._before_commit(self._session)
        self._session.commit()
        self._driver = None

    def close(self) -> None:
        """Commit what is left and let the connection go; from here on the session is one like others."""
        self.commit()
        self._session.kept = False
        self._session.close()


class _KeptSession(Session):
    """A session that stays open when a `with` block around it ends, for as long as it is kept."""

    kept = True

    def close(self) -> None:
        if not self.kept:
            super().close()


class _Compiled(dict[tuple[Any, ...], Any]):
    """What SQLAlchemy has compiled, found by which statement it is: what a statement says takes longer to compare.

    The second part of a key is what the statement says, always the same object for a prepared one.
    """

    def __init__(self) -> None:
        super().__init__()
        self._same: dict[tuple[Any, ...], tuple[object, Any]] = {}

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:
        short = (id(key[1]), *key[2:])
        held, found = self._same.get(short, (None, None))
        if held is key[1]:
            return found
        found = super().get(key, default)
        if found is not None:
            if len(self._same) >= MOST_COMPILED:
                self._same.clear()
            self._same[short] = (key[1], found)
        return found


def open_database(
    url: str, *, throw_away: bool = False, alone: bool = False, schema: str | None = None
) -> Database:
    """Open the database at `url`.

    `throw_away` gives up durability for speed: only for a database that is deleted afterwards. `alone` says that one
    session alone writes to it, a OneSession, which begins its transactions by itself.
    """
    engine = make_engine(url, throw_away=throw_away, alone=alone, schema=schema)
    reading = engine.execution_options(read_only=True)
    return Database(
        engine=engine,
        sessions=sessionmaker(engine, expire_on_commit=False),
        reads=sessionmaker(reading, expire_on_commit=False),
    )


@contextmanager
def schema_of_its_own(url: str) -> Iterator[Database]:
    """A PostgreSQL database, seen through a fresh schema that is dropped with all it holds at the end."""
    name = f"replay_{uuid4().hex}"
    whole = make_engine(url)
    with whole.begin() as connection:
        connection.execute(CreateSchema(name))
    database = open_database(url, throw_away=True, schema=name)
    try:
        yield database
    finally:
        database.engine.dispose()
        with whole.begin() as connection:
            connection.execute(DropSchema(name, cascade=True))
        whole.dispose()


def make_engine(
    url: str, *, throw_away: bool = False, alone: bool = False, schema: str | None = None
) -> Engine:
    """An engine with this database's safe settings."""
    # Parameters stay out of error texts and logs: they may be a name or a number.
    options = {"compiled_cache": _Compiled()} if alone else {}
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_pre_ping=url.startswith("postgresql"),
        execution_options=options,
    )
    if engine.dialect.name == "sqlite":
        _tune_sqlite(engine, throw_away=throw_away, alone=alone)
        return engine
    # Many rows in one statement: one after the other, what goes to and fro would take longer than the rows.
    engine.dialect.use_insertmanyvalues_wo_returning = True
    _tune_postgresql(engine)
    if throw_away:
        _relax_postgresql(engine, schema)
    return engine


def _tune_sqlite(engine: Engine, *, throw_away: bool, alone: bool) -> None:
    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        if not alone:
            connection.isolation_level = None  # we begin transactions ourselves, below
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
        cursor.execute("PRAGMA journal_mode = " + ("MEMORY" if throw_away else "WAL"))
        # FULL: what was accepted is on the disk before the caller is answered.
        cursor.execute("PRAGMA synchronous = " + ("OFF" if throw_away else "FULL"))
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA secure_delete = ON")
        cursor.close()

    if alone:
        return  # where anybody listens, every statement asks who does

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A deferred transaction that reads first and writes later fails at once when another has written between.
        reading = connection.get_execution_options().get("read_only", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _tune_postgresql(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        connection.adapters.register_dumper(list, FlatListDumper)
        with connection.cursor() as cursor:
            # Our questions are for few rows among very many: on today's disks an index finds them sooner than reading
            # a table from end to end, which the server's default takes from the days of turning ones.
            cursor.execute("SET random_page_cost = 1.1")
            cursor.execute("SET jit = off")  # takes longer than any of our statements
        connection.commit()


def _relax_postgresql(engine: Engine, schema: str | None) -> None:
    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET synchronous_commit = off")
            if schema is not None:
                cursor.execute(f"SET search_path = {schema}")
        connection.commit()
