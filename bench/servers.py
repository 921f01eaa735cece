"""Starts what is measured: a PostgreSQL that forgets nothing, and a web server as `notify serve` starts it."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile

from sqlalchemy import create_engine, make_url

from bench.report import BenchError
from notify.cli.serving import gunicorn

# One way to start PostgreSQL is enough, and it is the tests'.
from tests.postgres import NoServerError, a_database, administrator
from tests.postgres import a_server as a_server_of_the_tests

ROOT = Path(__file__).resolve().parents[1]
LONGEST_START = 60  # seconds
LONGEST_STOP = 20


@contextmanager
def a_server(options: str = "") -> Iterator[str]:
    """Yield the address of an empty PostgreSQL database with the server's own settings but for `options`. Raises BenchError."""
    try:
        with a_server_of_the_tests(os.environ, options=options) as url:
            admin = administrator(url)
            try:
                with a_database(admin, f"bench_{os.getpid()}") as ours:
                    yield ours.render_as_string(hide_password=False)
            finally:
                admin.dispose()
    except NoServerError as fault:
        raise BenchError(str(fault)) from fault


def version_of(url: str) -> str:
    """The server's version."""
    engine = create_engine(make_url(url))
    try:
        with engine.connect() as connection:
            return str(connection.exec_driver_sql("SHOW server_version").scalar_one())
    finally:
        engine.dispose()


@contextmanager
def serving(app: str, port: int, env: Mapping[str, str]) -> Iterator[None]:
    """Serve one application on this machine with as many processes and threads as a door has. Raises BenchError."""
    door = gunicorn("staff", f"127.0.0.1:{port}")
    command = [app if word == "wsgi:staff" else word for word in door]
    with (
        TemporaryFile("w+", encoding="utf-8") as told,
        subprocess.Popen(  # noqa: S603 - our own command, no shell
            command, cwd=ROOT, env={"PATH": os.environ["PATH"], **env}, stdout=told, stderr=told
        ) as process,
    ):
        try:
            if not listens(process, port):
                told.seek(0)
                raise BenchError(f"{app} does not start: {told.read()[-2000:]}")
            yield
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(LONGEST_STOP)
            process.kill()  # does nothing to one that has ended


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def listens(process: "subprocess.Popen[bytes]", port: int) -> bool:
    """Wait until the server takes connections; False when it ends first, or takes too long."""
    until = time.monotonic() + LONGEST_START
    while time.monotonic() < until and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
        time.sleep(0.1)
    return False
