"""PostgreSQL servers that are restarted in a moment, killed outright, copied to a standby and replaced by it."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from sqlalchemy import create_engine

from tests.postgres import binaries, free_port, unprivileged_user

DATABASE = "postgres"
LONGEST_START = 60  # seconds


class ServerError(Exception):
    """A server did not do as it was told."""


class Server:
    """One server in a folder, with the settings that PostgreSQL comes with: it forgets nothing that it has committed."""

    def __init__(self, programs: Path, folder: Path, name: str) -> None:
        self._programs, self._folder, self._data = programs, folder, folder / name
        self._user = unprivileged_user()
        self.port = free_port()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def make(self) -> None:
        """Make it anew, without a row."""
        self._run(
            "initdb", "-D", str(self._data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"
        )

    def copy(self, primary: "Server") -> None:
        """Make it as a standby of another, which is running."""
        host, port = primary.address.split(":")
        source = ("-h", host, "-p", port, "-U", "postgres")
        self._run("pg_basebackup", "-D", str(self._data), *source, "-R", "-X", "stream", "-c", "fast")

    def start(self) -> None:
        self._control(
            "start", "-l", f"{self._data}.log", "-o", f"-k {self._folder} -p {self.port} -h 127.0.0.1"
        )

    def restart(self) -> None:
        """As after a power cut: every connection is lost, and it finds what was committed in its log."""
        self._control("restart", "-m", "immediate", "-l", f"{self._data}.log")

    def promote(self) -> None:
        """Let a standby take over."""
        self._control("promote")

    def stop(self) -> None:
        """Stop it, if it runs."""
        if (self._data / "postmaster.pid").exists():
            self._control("stop", "-m", "immediate", check=False)

    def kill(self) -> None:
        """Kill it with every process that it has: nothing more of it reaches anybody."""
        pid = int((self._data / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGSTOP)  # or it would start others meanwhile
        for child in [*_children(pid), pid]:
            os.kill(child, signal.SIGKILL)
        (self._data / "postmaster.pid").unlink()

    def wait_for_its_standby(self) -> None:
        """Answer no commit from now on before the standby has it, once the standby is here. Raises ServerError."""
        engine = create_engine(
            f"postgresql+psycopg://postgres@{self.address}/{DATABASE}", isolation_level="AUTOCOMMIT"
        )
        with engine.connect() as connection:
            connection.exec_driver_sql("ALTER SYSTEM SET synchronous_standby_names = '*'")
            connection.exec_driver_sql("SELECT pg_reload_conf()")
            here = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
            until = time.monotonic() + LONGEST_START
            while not connection.exec_driver_sql(here).scalar_one():
                if time.monotonic() > until:
                    raise ServerError("the standby does not come")
                time.sleep(0.1)
        engine.dispose()

    def _control(self, *words: str, check: bool = True) -> None:
        self._run("pg_ctl", "-D", str(self._data), "-w", "-s", *words, check=check)

    def _run(self, program: str, *arguments: str, check: bool = True) -> None:
        command = [str(self._programs / program), *arguments]
        told = self._folder / "commands.log"
        user: dict[str, Any] = self._user
        with told.open("a+") as log:
            done = subprocess.run(  # noqa: S603 - our own command, no shell
                command,
                cwd=self._folder,
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **user,
            )
        if check and done.returncode:
            raise ServerError(f"{program} failed: {told.read_text()[-2000:]}")


@contextmanager
def servers(*names: str) -> Iterator[list[Server]]:
    """Servers of these names, none of them made yet; whatever runs is stopped at the end."""
    folder = Path(mkdtemp(prefix="chaos-pg-"))
    if user := unprivileged_user():
        os.chown(folder, user["user"], user["group"])
    programs = binaries(folder)
    made = [Server(programs, folder, name) for name in names]
    try:
        yield made
    finally:
        for server in made:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def url_of(*ours: Server) -> str:
    """The address of the database on whichever of these takes writes."""
    hosts = "&".join(f"host={server.address}" for server in ours)
    return f"postgresql+psycopg://postgres@/{DATABASE}?{hosts}&target_session_attrs=read-write"


def _children(parent: int) -> list[int]:
    """The processes that one has started."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        if int(fields[1]) == parent:
            found.append(int(stat.parent.name))
    return found
