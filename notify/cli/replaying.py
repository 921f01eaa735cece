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
from notify.cli.kept import kept_database, taken_up, write_key, write_reached
from notify.cli.shared import (
    EVENT_FILE,
    MOMENT,
    POLICY_FILE,
    Refused,
    day_of,
    policy_in_force,
    private_file,
    progress_bar,
)
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
    help="The figures of this file in place of those in force: POLICY_FILE, or what comes with the service.",
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
@click.option(
    "--resume",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Go on from a file that --keep-database kept, and write only what happens from there on.",
)
def replay_file(
    file: Path,
    until: datetime | None,
    policy: Path | None,
    out: Path | None,
    url: str | None,
    keep: Path | None,
    resume: Path | None,
) -> None:
    """Run the events of FILE in a fresh database, in simulated time, and write what would have been sent and flagged.

    Nothing is sent and no database of yours is touched. Results hold names and texts in the clear, as the file does.
    Lines that are refused are told on standard error; the exit status is then 2.

    With --resume, FILE is the rest of a history whose first part was kept by --keep-database: its events are later
    than the end of that. The results of the parts, one after the other, are those of the whole. The kept file stays
    as it is; --keep-database keeps what it becomes.
    """
    if url is not None and keep is not None:
        raise click.UsageError("--database and --keep-database exclude each other")
    if out is not None and not out.absolute().parent.is_dir():
        raise Refused(f"{out}: its folder does not exist")
    if url is not None and resume is not None:
        raise click.UsageError("--database and --resume exclude each other")
    under = load_policy(policy or policy_in_force())
    if resume is not None:
        living = _gone_on_with(resume, file, until, under, keep)
    else:
        living = lived(file, until=until, policy=under, url=_checked(url), keep=keep)
    with living as (outcome, results):
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
    with kept_database(keep) if keep else throw_away_database(url, None) as database:
        roots = RootKeys.generate()
        services = replay_services(database, clock, roots=RootKeys.parse(roots), policy=policy)
        yield _run_and_keep(services, clock, file, until, keep, roots), services


@contextmanager
def _gone_on_with(
    kept: Path, file: Path, until: datetime | None, policy: Policy | None, keep: Path | None
) -> Iterator[tuple[Outcome, Iterator[str]]]:
    """The rest of a history lived through, from where the kept part of it ended."""
    with taken_up(kept, keep) as taken:
        began = taken.clock.instant
        if until is not None and began is not None and until < began:
            raise Refused(f"--until: is earlier than {began.isoformat()}, up to which {kept} has come")
        roots = RootKeys.parse(taken.roots)
        services = replay_services(taken.database, taken.clock, roots=roots, policy=policy)
        outcome = _run_and_keep(services, taken.clock, file, until, keep, taken.roots)
        with closing(results_of(services, after=began)) as lines:
            yield outcome, lines


def _run_and_keep(
    services: Services,
    clock: SimulatedClock,
    file: Path,
    until: datetime | None,
    keep: Path | None,
    roots: str,
) -> Outcome:
    if keep is not None:
        write_key(keep, roots)
    outcome = _run(services, clock, file, until)
    if keep is not None:
        write_reached(keep, clock)
    return outcome


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


def _write(results: Iterable[str], out: Path | None) -> None:
    if out is None:
        for line in results:
            sys.stdout.buffer.write(f"{line}\n".encode())
        sys.stdout.buffer.flush()
        return
    with private_file(out) as file:
        file.writelines(f"{line}\n" for line in results)
