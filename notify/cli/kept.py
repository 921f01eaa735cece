"""Databases that a replay keeps: made by the migrations, with the root key and how far it has come beside them."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from models.session import Database, open_database
from notify.cli.database import upgrade_at
from notify.cli.shared import Refused, private_file
from notify.eventfile.replay import Numbers, SimulatedClock

COUNTED = ("ids", "tokens", "refs")


@dataclass(frozen=True)
class Taken:
    """A kept replay taken up again, in a copy of its database; `roots` are its root keys as text."""

    database: Database
    clock: SimulatedClock
    roots: str


@contextmanager
def kept_database(path: Path) -> Iterator[Database]:
    """A new SQLite database that stays, made by the migrations so that later ones can bring it on."""
    _refuse_to_overwrite(path)
    with _opened(path) as database:
        yield database


def write_key(path: Path, roots: str) -> None:
    """Keep the root key beside a kept database: without it nothing in there can be read."""
    beside = _key_of(path)
    with private_file(beside) as file:
        file.write(f"{roots}\n")
    click.echo(f"the root key of {path} is in {beside} (NOTIFY_ROOT_KEY_FILE)", err=True)


def write_reached(path: Path, clock: SimulatedClock) -> None:
    """Keep how far a replay has come beside its database, so that another can go on from there."""
    if clock.instant is None:
        return  # nothing has happened yet
    reached = {name: getattr(clock, name).next for name in COUNTED}
    with private_file(_reached_of(path)) as file:
        file.write(json.dumps({"until": clock.instant.isoformat(), **reached}) + "\n")


@contextmanager
def taken_up(path: Path, keep: Path | None) -> Iterator[Taken]:
    """A kept replay as it was left, in a copy: in `keep`, or one that is thrown away. The kept one stays as it is.

    Raises Refused where no replay was kept, or not to its end.
    """
    if keep is not None:
        _refuse_to_overwrite(keep)
    clock = _read_reached(path)
    try:
        roots = _key_of(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as fault:
        raise Refused(f"{_key_of(path)}: the root key of {path} is not there") from fault
    with TemporaryDirectory(prefix="replay-") as folder:
        copy = keep or Path(folder) / "replay.db"
        _copy(path, copy)
        with _opened(copy) as database:
            yield Taken(database, clock, roots)


def _copy(path: Path, to: Path) -> None:
    private_file(to).close()  # as the kept one is: for its owner alone
    # SQLite's own copy: whatever another process has written and not yet put in the file is in it too.
    source = f"{path.absolute().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(source, uri=True)) as kept, closing(sqlite3.connect(to)) as copy:
            kept.backup(copy)
            # Whatever was kept has its keys: another database, or none, would be made into a fresh one.
            if not copy.execute("select count(*) from data_keys").fetchone()[0]:
                raise sqlite3.DatabaseError("no keys")
    except sqlite3.Error as fault:
        raise Refused(f"{path}: is not a database that a replay kept") from fault


@contextmanager
def _opened(path: Path) -> Iterator[Database]:
    url = f"sqlite:///{path.absolute()}"
    upgrade_at(url)
    database = open_database(url, throw_away=True, alone=True)
    try:
        yield database
    finally:
        database.engine.dispose()


def _read_reached(path: Path) -> SimulatedClock:
    try:
        reached = json.loads(_reached_of(path).read_text(encoding="utf-8"))
        until = datetime.fromisoformat(reached["until"])
        numbers = {name: reached[name] for name in COUNTED}
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise _not_kept(path) from fault
    if until.tzinfo is None or any(type(number) is not int or number < 1 for number in numbers.values()):
        raise _not_kept(path)
    return SimulatedClock(until, **{name: Numbers(number) for name, number in numbers.items()})


def _not_kept(path: Path) -> Refused:
    return Refused(f"{path}: no replay kept it, or not to its end ({_reached_of(path).name})")


def _refuse_to_overwrite(path: Path) -> None:
    if path.exists():
        raise Refused(f"{path}: is there already: a replay wants a fresh one")


def _key_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.key")


def _reached_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.reached")
