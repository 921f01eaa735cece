"""`notify replay`: runs a history again in simulated time, and writes what would have happened."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from config import ConfigError, database_url
from models.keyring import RootKeys
from models.session import Database, open_database
from notify.cli.database import upgrade_at
from notify.cli.shared import EVENT_FILE, MOMENT, POLICY_FILE, Refused, day_of, private_file, progress_bar
from notify.eventfile.parse import bounded_lines
from notify.eventfile.replay import Outcome, SimulatedClock, replay, replay_services, throw_away_database
from notify.eventfile.side_by_side import Write, replay_side_by_side, results_of, split_file
from notify.planning.policy import Policy, load_policy
from notify.wiring import Services


@click.command("replay")
@click.argument("file", type=EVENT_FILE)
@click.option(
    "--until",
    type=MOMENT,
    help="Where simulated time ends, such as 2026-02-01T00:00:00Z; the last event if not given.",
)
@click.option(
    "--policy",
    type=POLICY_FILE,
    help="The figures of this file in place of those that come with the service.",
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
    policy: Path | None,
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
    under = None if policy is None else load_policy(policy)
    with lived(file, until=until, policy=under, url=_checked(url), keep=keep) as (outcome, results):
        tell(outcome)
        _write(results, out)
    leave(outcome)


@contextmanager
def lived(
    file: Path,
    *,
    until: datetime | None,
    policy: Policy | None = None,
    url: str | None = None,
    keep: Path | None = None,
    write: Write = results_of,
) -> Iterator[tuple[Outcome, Iterator[str]]]:
    """A history lived through: what became of its lines, and what is written of it, for as long as the block lasts.

    In parts side by side where the file is long and the database can have several.
    """
    in_parts = keep is None and (url is None or url.startswith("postgresql"))
    how = split_file(file, until=until) if in_parts else None
    if how is None or until is None:
        with (
            _lived_in_one(file, until, policy, url, keep) as (outcome, services),
            closing(write(services)) as lines,
        ):
            yield outcome, lines
        return
    with TemporaryDirectory(prefix="replay-") as folder:
        with progress_bar() as bar:
            task = bar.add_task("replaying", total=len(how.part_of))
            outcome, results = replay_side_by_side(
                file, how, Path(folder), until=until, url=url, policy=policy, write=write,
                progress=lambda lines: bar.update(task, completed=lines),
            )  # fmt: skip
        yield outcome, results


@contextmanager
def _lived_in_one(
    file: Path, until: datetime | None, policy: Policy | None, url: str | None, keep: Path | None
) -> Iterator[tuple[Outcome, Services]]:
    clock = SimulatedClock()
    with _kept(keep) if keep else throw_away_database(url, None) as database:
        roots = RootKeys.generate()
        services = replay_services(database, clock, roots=RootKeys.parse(roots), policy=policy)
        if keep is not None:
            _write_key(keep, roots)
        yield _run(services, clock, file, until), services


def tell(outcome: Outcome) -> None:
    """Say on standard error which lines were not applied."""
    for refusal in outcome.refused:
        click.echo(f"line {refusal.line}: {refusal.field}: {refusal.reason}", err=True)
    if outcome.beyond:
        click.echo(f"{outcome.beyond} events lie after the end and were not applied", err=True)


def leave(outcome: Outcome) -> None:
    """End with status 2 when any line was refused."""
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
