"""`notify replay`: runs a history again in simulated time, and writes what would have happened."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from config import ConfigError, database_url
from models.keyring import RootKeys
from models.session import Database, open_database
from notify.cli.database import upgrade_at
from notify.cli.shared import EVENT_FILE, MOMENT, Refused, day_of, private_file, progress_bar
from notify.eventfile.parse import bounded_lines
from notify.eventfile.parts import Split
from notify.eventfile.replay import Outcome, SimulatedClock, replay, replay_services, throw_away_database
from notify.eventfile.results import write_results
from notify.eventfile.side_by_side import replay_side_by_side, split_file
from notify.wiring import Services


@click.command("replay")
@click.argument("file", type=EVENT_FILE)
@click.option(
    "--until",
    type=MOMENT,
    help="Where simulated time ends, such as 2026-02-01T00:00:00Z; the last event if not given.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="The file of the results; standard output if not given.",
)
@click.option(
    "--database",
    "url",
    metavar="URL",
    help="Run in a throw-away schema of this PostgreSQL database, or in this new SQLite file.",
)
@click.option(
    "--keep-database",
    "keep",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Run in this new SQLite file and keep it, with its root key beside it.",
)
def replay_file(
    file: Path,
    until: datetime | None,
    out: Path | None,
    url: str | None,
    keep: Path | None,
) -> None:
    """Run the events of FILE in a fresh database, in simulated time, and write what would have been sent and flagged.

    Nothing is sent and no database of yours is touched. Results hold names and texts in the clear, as the file does.
    Lines that are refused are told on standard error; the exit status is then 2.
    """
    if url is not None and keep is not None:
        raise click.UsageError("--database and --keep-database exclude each other")
    if out is not None and not out.absolute().parent.is_dir():
        raise Refused(f"{out}: its folder does not exist")
    checked = _checked(url)
    if (
        keep is None
        and until is not None
        and (checked is None or checked.startswith("postgresql"))
        and (how := split_file(file, until=until)) is not None
    ):
        _replay_side_by_side(file, how, until, checked, out)
    else:
        _replay_in_one(file, until, checked, keep, out)


def _replay_side_by_side(file: Path, how: Split, until: datetime, url: str | None, out: Path | None) -> None:
    with TemporaryDirectory(prefix="replay-") as folder:
        with progress_bar() as bar:
            task = bar.add_task("replaying", total=len(how.part_of))
            outcome, results = replay_side_by_side(
                file, how, Path(folder), until=until, url=url,
                progress=lambda lines: bar.update(task, completed=lines),
            )  # fmt: skip
        _tell(outcome)
        _write(results, out)
    _leave(outcome)


def _replay_in_one(
    file: Path, until: datetime | None, url: str | None, keep: Path | None, out: Path | None
) -> None:
    clock = SimulatedClock()
    with ExitStack() as stack:
        database = stack.enter_context(_kept(keep) if keep else throw_away_database(url, None))
        roots = RootKeys.generate()
        services = replay_services(database, clock, roots=RootKeys.parse(roots))
        if keep is not None:
            _write_key(keep, roots)
        outcome = _run(services, clock, file, until)
        _tell(outcome)
        with services.reading() as session:
            _write(write_results(session, services.keys), out)
    _leave(outcome)


def _tell(outcome: Outcome) -> None:
    for refusal in outcome.refused:
        click.echo(f"line {refusal.line}: {refusal.field}: {refusal.reason}", err=True)
    if outcome.beyond:
        click.echo(f"{outcome.beyond} events lie after the end and were not applied", err=True)


def _leave(outcome: Outcome) -> None:
    if outcome.refused:
        click.get_current_context().exit(2)


def _run(services: Services, clock: SimulatedClock, file: Path, until: datetime | None) -> Outcome:
    with file.open("rb") as lines, progress_bar() as bar:
        task = bar.add_task("replaying", total=file.stat().st_size)

        def show(_line: int, at: datetime) -> None:
            bar.update(task, completed=lines.tell(), description=day_of(at))

        counted = _Counted(bounded_lines(lines))
        outcome = replay(services, clock, counted, until=until, progress=show)
    if clock.instant is None and counted.count > len(outcome.refused):
        raise Refused("--until: is earlier than the first event")
    return outcome


class _Counted:
    """Lines that are not blank, counted as they go by."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self.lines = lines
        self.count = 0

    def __iter__(self) -> Iterator[bytes]:
        for line in self.lines:
            self.count += not line.isspace()
            yield line


def _checked(url: str | None) -> str | None:
    """The address as the settings would have it. Raises Refused."""
    if url is None:
        return None
    try:
        return database_url({"DATABASE_URL": url})
    except ConfigError as fault:
        raise Refused(
            "\n".join(line.replace("DATABASE_URL", "--database") for line in fault.faults)
        ) from fault


@contextmanager
def _kept(path: Path) -> Iterator[Database]:
    """A new SQLite database that stays, made by the migrations so that later ones can bring it on."""
    if path.exists():
        raise Refused(f"{path}: is there already: a replay wants a fresh one")
    url = f"sqlite:///{path.absolute()}"
    upgrade_at(url)
    database = open_database(url, throw_away=True)
    try:
        yield database
    finally:
        database.engine.dispose()


def _write_key(database: Path, roots: str) -> None:
    """Keep the root key beside a kept database: without it nothing in there can be read."""
    path = database.with_name(f"{database.name}.key")
    with private_file(path) as file:
        file.write(f"{roots}\n")
    click.echo(f"the root key of {database} is in {path} (NOTIFY_ROOT_KEY_FILE)", err=True)


def _write(results: Iterable[str], out: Path | None) -> None:
    if out is None:
        for line in results:
            sys.stdout.buffer.write(f"{line}\n".encode())
        sys.stdout.buffer.flush()
        return
    with private_file(out) as file:
        file.writelines(f"{line}\n" for line in results)
