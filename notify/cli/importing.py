"""`notify import`: brings events in from a case system, a line at a time, as often as one likes."""

from collections import Counter
from pathlib import Path

import click

from notify.cli.shared import EVENT_FILE, progress_bar, services
from notify.errors import FieldFault
from notify.eventfile.apply import apply_event
from notify.eventfile.events import Event
from notify.eventfile.parse import EventFault, bounded_lines, read_events
from notify.planning.milestones import CLOCK_SKEW
from notify.wiring import Services


@click.command("import")
@click.argument("file", type=EVENT_FILE)
@click.pass_context
def import_file(ctx: click.Context, file: Path) -> None:
    """Apply the events of FILE to the database, each line wholly or not at all.

    A line that is refused is told on standard error, and the others go on; the exit status is then 2. An event with an id
    that was applied before does nothing, so a file may be brought in again, whole or longer.
    """
    counts: Counter[str] = Counter()
    with services() as ours, file.open("rb") as lines, progress_bar() as bar:
        task = bar.add_task(file.name, total=file.stat().st_size)
        for number, event in read_events(bounded_lines(lines)):
            fault = _apply(ours, event, counts)
            if fault is not None:
                bar.console.print(f"line {number}: {fault}", markup=False, highlight=False, soft_wrap=True)
            bar.update(task, completed=lines.tell())
        ours.signal()  # once: while many lines come in, the workers' own looks do
    click.echo(
        f"{counts['applied']} events applied, {counts['before']} applied before, {counts['refused']} refused"
    )
    if counts["refused"]:
        ctx.exit(2)


def _apply(ours: Services, event: Event | EventFault, counts: Counter[str]) -> FieldFault | EventFault | None:
    """Apply one event and count what became of it; its fault when it was refused."""
    if isinstance(event, EventFault):
        counts["refused"] += 1
        return event
    now = ours.clock()
    if event.at > now + CLOCK_SKEW:
        # A slip in a year would park a duty where nobody looks until then.
        counts["refused"] += 1
        return FieldFault("at", "lies in the future")
    try:
        fresh = apply_event(ours, event, logged_at=now)
    except FieldFault as fault:
        counts["refused"] += 1
        return fault
    counts["applied" if fresh else "before"] += 1
    return None
