"""Signals: a word from whoever made something due to every worker, that it may look now and need not wait for its next look.

A signal means "look", and carries nothing else: on PostgreSQL an empty NOTIFY that is sent with the commit, on SQLite
a byte in the named pipe that each worker keeps beside the database file. It may be lost; work is in the tables.
"""

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Protocol
from uuid import uuid4

from sqlalchemy import Engine, event, text
from sqlalchemy.orm import Session

_NOTIFY: Final = text("NOTIFY notify_work")
_LISTEN: Final = "LISTEN notify_work"
_MOST_READ: Final = 65_536  # bytes: as much as a pipe holds
_ALIVE: Final = {
    "connect_timeout": 5,  # seconds, all of them: a server that is gone without a word is missed soon
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}


class Listener(Protocol):
    """Hears the signals of one database."""

    def fileno(self) -> int:
        """What can be read from when a signal has come, or when the listener can hear no more."""

    def take(self) -> None:
        """Forget the signals that came so far. Raises OSError when it can hear no more."""

    def close(self) -> None: ...


def signal_at_commit(session: Session) -> None:
    """Have every worker look once this transaction is committed; if it is not, nobody hears of it."""
    engine = session.get_bind().engine
    if engine.dialect.name == "postgresql":
        session.execute(_NOTIFY)
        return
    pipes = _pipes(engine)
    if pipes is not None:
        event.listen(session, "after_commit", lambda ended: _signal_all(ended, pipes))


def listen(engine: Engine) -> Listener | None:
    """Begin to hear the signals of this database; None where there are none. Raises OSError when that fails for now."""
    if engine.dialect.name == "postgresql":
        return _Connection(engine)
    pipes = _pipes(engine)
    return None if pipes is None else _Pipe(pipes)


def _pipes(engine: Engine) -> Path | None:
    """What the paths of the pipes begin with: each worker of a SQLite database has one beside its file."""
    file = engine.url.database
    return Path(f"{file}-worker-") if file and file != ":memory:" else None


def _signal_all(session: Session, pipes: Path) -> None:
    if session.in_nested_transaction():
        return  # a savepoint ended, and the transaction goes on
    # Whatever goes wrong here, what was committed stays so.
    with suppress(OSError), os.scandir(pipes.parent) as files:
        for file in files:
            if file.name.startswith(pipes.name):
                _signal_one(file.path)


def _signal_one(pipe: str) -> None:
    try:
        # A link could lead to a file that is not ours to write to.
        end = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError as fault:
        if fault.errno == errno.ENXIO:  # nobody reads: its worker has died
            Path(pipe).unlink(missing_ok=True)
        return
    try:
        if stat.S_ISFIFO(os.fstat(end).st_mode):
            os.write(end, b".")
    except OSError:
        pass  # full: that worker has signals enough
    finally:
        os.close(end)


class _Pipe:
    """A named pipe of this worker's own. It gets its name when it is open: one that nobody reads is taken for a dead worker's."""

    def __init__(self, pipes: Path) -> None:
        self._path = pipes.with_name(f"{pipes.name}{uuid4().hex}")
        hidden = self._path.with_name(f".{self._path.name}")
        os.mkfifo(hidden)
        self._end = os.open(hidden, os.O_RDONLY | os.O_NONBLOCK)
        # With a writer of its own the pipe never comes to an end, whoever else writes and goes.
        self._kept_open = os.open(hidden, os.O_WRONLY | os.O_NONBLOCK)
        hidden.rename(self._path)

    def fileno(self) -> int:
        return self._end

    def take(self) -> None:
        with suppress(BlockingIOError):
            while os.read(self._end, _MOST_READ):
                pass

    def close(self) -> None:
        self._path.unlink(missing_ok=True)
        os.close(self._end)
        os.close(self._kept_open)


class _Connection:
    """A connection of its own, in no pool: a signal reaches the connection that asked for it."""

    def __init__(self, engine: Engine) -> None:
        driver: Any = engine.dialect.loaded_dbapi
        self._lost = driver.OperationalError
        arguments, named = engine.dialect.create_connect_args(engine.url)
        try:
            self._connection = driver.connect(*arguments, **{**_ALIVE, **named}, autocommit=True)
            try:
                self._connection.execute(_LISTEN)
            except self._lost:
                self._connection.close()
                raise
        except self._lost as fault:
            raise OSError("the database cannot be listened to") from fault

    def fileno(self) -> int:
        number: int = self._connection.fileno()
        return number

    def take(self) -> None:
        server = self._connection.pgconn
        try:
            server.consume_input()
        except self._lost as fault:
            raise OSError("the connection that was listened to is lost") from fault
        while server.notifies() is not None:
            pass

    def close(self) -> None:
        self._connection.close()
