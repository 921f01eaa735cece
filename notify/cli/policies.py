"""`notify policy`: what other figures would have done, before they are in force."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, time
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from notify.cli.replaying import leave, lived, tell
from notify.cli.shared import EVENT_FILE, MOMENT, POLICY_FILE, Refused, make_settings, private_file
from notify.clock import LONDON
from notify.eventfile.compare import PLACE, Comparison, DutyChange, Figure, compare
from notify.eventfile.figures import figures_of
from notify.eventfile.replay import Outcome
from notify.planning.policy import FIGURES, Policy, load_policy

WIDTH = 120  # where no screen says how wide it is, so that a report is the same everywhere
MOST_RULES = 10
SECTIONS = {
    "duty": "Duties, and how they were met",
    "alert": "Alerts, and to whom",
    "message": "Messages, and how much they say",
    "task": "Tasks",
    "refused": "Messages not sent, to be safe",
}


@click.group()
def policy() -> None:
    """The figures that the Victims' Code leaves to the force."""


@policy.command("compare")
@click.argument("events", type=EVENT_FILE)
@click.option("--policy", "tried", type=POLICY_FILE, required=True, help="The file of the figures to try.")
@click.option(
    "--until",
    type=MOMENT,
    help="Where simulated time ends, such as 2026-02-01T00:00:00Z; the last event if not given.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write the same as JSON lines to this file.",
)
def compare_policies(events: Path, tried: Path, until: datetime | None, out: Path | None) -> None:
    """Replay the history in EVENTS under the policy in force and under another one, and say what would be different.

    The policy in force is that of POLICY_FILE, or the one that comes with the service. Nothing is sent and no
    database of yours is touched. The report names victims and cases by reference only. The exit status is 2 when a
    line was refused.
    """
    if not events.is_file():
        raise Refused(f"{events}: must be a file that can be read twice")
    if out is not None and not out.absolute().parent.is_dir():
        raise Refused(f"{out}: its folder does not exist")
    policies = load_policy(make_settings().policy_file), load_policy(tried)
    with (
        lived(events, until=until, policy=policies[0], write=figures_of) as (first, before),
        lived(events, until=until, policy=policies[1], write=figures_of) as (second, after),
    ):
        found = compare(before, after)
    tell(_both(first, second))
    _show(policies, found)
    if out is not None:
        with private_file(out) as file:
            lines = _as_json(policies, found)
            file.writelines(f"{json.dumps(line, ensure_ascii=False, default=_plain)}\n" for line in lines)
    leave(_both(first, second))


def _both(first: Outcome, second: Outcome) -> Outcome:
    """What was refused in either replay, each line and reason once: a policy may change what can be read or answered."""
    refused = {(one.line, one.field, one.reason): one for one in (*first.refused, *second.refused)}
    return Outcome(first.applied, first.beyond, [refused[key] for key in sorted(refused)])


def _show(policies: tuple[Policy, Policy], found: Comparison) -> None:
    # What is printed is references and figures: nothing in it is markup.
    screen = Console(highlight=False, markup=False, emoji=False)
    if not screen.is_terminal:
        screen.width = WIDTH
    before, after = policies
    differences = _differences(before, after)
    screen.print(f"Before: policy {before.version}, in force. After: policy {after.version}.")
    if not differences:
        screen.print("They have the same figures.")
    elif before.version == after.version:
        screen.print("These are other figures under the same version: give them a version of their own.")
    _print(screen, "Figures of the policy", ("", "before", "after"), differences)
    for of, title in SECTIONS.items():
        rows = [_figure_row(one) for one in found.figures if one.of == of]
        _print(screen, title, ("", "before", "after", "change"), rows)
    _show_changes(screen, found)


def _show_changes(screen: Console, found: Comparison) -> None:
    if not found.changed:
        screen.print("\nEvery duty went as before.")
        return
    headings = (
        "rule",
        "duties changed",
        "met otherwise",
        "due otherwise",
        "alerted otherwise",
        "new or gone",
    )
    _print(
        screen,
        f"Duties changed: {found.changed}, by rule" + _part_of(MOST_RULES, len(found.rules)),
        headings,
        [
            (one.rule, *map(str, (one.changed, one.how_met, one.due, one.alerts, one.came_or_went)))
            for one in found.rules[:MOST_RULES]
        ],
    )
    screen.print("\nSingle duties" + _part_of(len(found.listed), found.changed))
    for change in found.listed:
        who = f"  {change.victim}, {change.case}, {change.rule}, owed since {_moment(change.at)}"
        screen.print(who, soft_wrap=True)
        for said in _changes(change):
            screen.print(f"    {said}", soft_wrap=True)


def _print(screen: Console, title: str, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    table = Table(box=None, padding=(0, 2))
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="right" if place else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    if table.row_count:
        screen.print(f"\n{title}")
        screen.print(table)


def _part_of(shown: int, there: int) -> str:
    return f", the {shown} most changed of {there}" if there > shown else ""


def _differences(before: Policy, after: Policy) -> list[tuple[str, str, str]]:
    """The figures in which two policies differ, by name."""
    figures = [
        {name: str(getattr(one, name)) for name in FIGURES}
        | {"ask_again_at": ", ".join(one.ask_again_at) or "none"}
        | {"digest_at": f"{one.digest_at:%H:%M}" if one.digest_at else "none"}
        | _frequency(one)
        for one in (before, after)
    ]
    rows = [(name, *(one.get(name, "none") for one in figures)) for name in figures[0] | figures[1]]
    return [(name, was, becomes) for name, was, becomes in rows if was != becomes]


def _frequency(policy: Policy) -> dict[str, str]:
    return {
        f"frequency, {one.group}": f"{one.every_days} ({', '.join(one.words)})" for one in policy.frequency
    }


def _plain(figures: Any) -> Any:
    """What of a policy is no JSON of itself: a time of day, a set of words."""
    return f"{figures:%H:%M}" if isinstance(figures, time) else sorted(figures)


def _figure_row(figure: Figure) -> tuple[str, str, str, str]:
    change = figure.after - figure.before
    words = ", ".join(word.replace("_", " ") for word in figure.words)
    return words, str(figure.before), str(figure.after), f"{change:+}" if change else "0"


def _changes(change: DutyChange) -> Iterator[str]:
    """What is otherwise about one duty, a sentence each."""
    if change.before is None or change.after is None:
        which = "only after" if change.before is None else "only before"
        there = change.after or change.before or {}
        yield f"{which}: due {_moment(there['due_at'])}, {there['how']}"
        return
    for name, words in (("due_at", "due"), ("urgent_by", "urgent, to be told by"), ("how", "")):
        if change.differs(name):
            was, becomes = change.before[name], change.after[name]
            if name != "how":
                was, becomes = _moment(was), _moment(becomes)
            yield f"{words} {was} -> {becomes}".strip()
    was, becomes = _raised(change.before), _raised(change.after)
    for level in sorted(was | becomes, key=PLACE.__getitem__):
        if was.get(level) != becomes.get(level):
            said = level.replace("_", " ")
            yield f"{said} alert {was.get(level, 'never')} -> {becomes.get(level, 'never')}"


def _raised(standing: dict[str, Any]) -> dict[str, str]:
    """When each level of alert was raised."""
    times: dict[str, list[str]] = {}
    for level, _, at in standing["alerts"]:
        times.setdefault(level, []).append(_moment(at))
    return {level: " and ".join(moments) for level, moments in times.items()}


def _moment(at: str | None) -> str:
    if at is None:
        return "never"
    local = datetime.fromisoformat(at).astimezone(LONDON)
    return f"{local:%a} {local.day} {local:%b %Y %H:%M}"


def _as_json(policies: tuple[Policy, Policy], found: Comparison) -> Iterator[dict[str, Any]]:
    yield {"what": "policy", "before": asdict(policies[0]), "after": asdict(policies[1])}
    for figure in found.figures:
        yield {"what": "figure", **asdict(figure), "change": figure.after - figure.before}
    for rule in found.rules:
        yield {"what": "rule", **asdict(rule)}
    for change in found.listed:
        yield {"what": "duty", **asdict(change)}
