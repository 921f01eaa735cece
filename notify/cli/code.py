"""`notify code`: what is owed to a victim, rule by rule."""

from collections.abc import Iterator
from itertools import chain

import click

from notify.cli.shared import Refused, make_settings
from notify.planning.catalogue_files import load_catalogue
from notify.planning.policy import Policy, load_policy
from notify.planning.rules.catalogue import Edition, Rule

TO_CHECK = " [to be checked]"
"""Marks a rule whose evidence is not a live official text."""


@click.group()
def code() -> None:
    """The Victims' Code, as this service reads it."""


@code.command("list")
def list_rules() -> None:
    """List every rule of every edition: name, class, owner, working days (standard/enhanced), what is told.

    [to be checked] marks what was not read in a live official text.
    """
    policy = load_policy(make_settings().policy_file)
    for edition in load_catalogue().editions:
        click.echo(f"Edition {edition.id}, from {edition.valid_from}")
        for rule in edition.rules:
            window = edition.windows.get(rule.id)
            days = "" if window else _days(rule, policy)  # her own time is in what is told
            check = TO_CHECK if rule in edition.to_check else ""
            click.echo(
                f"  {rule.id:<13} {rule.duty_class:<13} {rule.owner:<12} {days:<6} {rule.event}{check}"
            )


@code.command("explain")
@click.argument("rule")
def explain_rule(rule: str) -> None:
    """Say all that is known about one RULE, such as R6-ARREST."""
    policy = load_policy(make_settings().policy_file)
    found = [
        _explained(edition, one, policy)
        for edition in load_catalogue().editions
        for one in edition.rules
        if one.id == rule
    ]
    if not found:
        raise Refused("RULE: is not known; `notify code list` names them all")
    for line in chain.from_iterable(found):
        click.echo(line)


def _explained(edition: Edition, rule: Rule, policy: Policy) -> Iterator[str]:
    yield f"{rule.id}: {rule.event}"
    for name, value in (
        ("edition", f"{edition.id}, in force from {edition.valid_from}"),
        ("right", f"{rule.right} of the Code" if rule.right else ""),
        ("milestones", ", ".join(rule.kinds)),
        ("class", rule.duty_class),
        ("owner", f"{rule.owner} ({rule.informer})"),
        ("clock starts", rule.clock_starts),
        ("working days", _explained_days(edition, rule, policy)),
        ("her own time", _explained_window(edition, rule)),
        ("evidence", edition.evidence[rule.evidence] + (TO_CHECK if rule in edition.to_check else "")),
        ("source", ", ".join(edition.sources.get(key, key) for key in rule.source.split())),
        ("notes", rule.notes),
        ("beware", edition.caution),
    ):
        if value:
            yield f"  {name + ':':<14}{value}"


def _explained_days(edition: Edition, rule: Rule, policy: Policy) -> str:
    if rule.id in edition.windows:
        return "none: the time is the victim's"
    where = "policy: the Code names none" if rule.source_kind == "policy" else "the Code"
    return f"{_days(rule, policy)} standard/enhanced, from {where}"


def _explained_window(edition: Edition, rule: Rule) -> str:
    """How long a victim may ask, and from when."""
    window = edition.windows.get(rule.id)
    if window is None:
        return ""
    start = "she was told" if window.opens == "told" else "it happened"
    return f"{window.length} from the day {start} ({', '.join(window.after)})"


def _days(rule: Rule, policy: Policy) -> str:
    return "/".join(str(policy.days_for(rule, enhanced=enhanced)) for enhanced in (False, True))
