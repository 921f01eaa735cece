"""`notify keys`: making and changing the root key."""

import click

from models.keyring import RootKeys
from models.keys import DataKey
from notify.cli.shared import services
from notify.ledger.audit import THE_SERVICE, Record

MOST = 2**32 - 1


@click.group()
def keys() -> None:
    """The root key, which wraps the data key of every victim."""


@keys.command("generate")
@click.option(
    "--number",
    type=click.IntRange(1, MOST),
    default=1,
    show_default=True,
    help="One more than the key in use.",
)
def generate_key(number: int) -> None:
    """Write a fresh root key to standard output, for NOTIFY_ROOT_KEY or its file. It is kept nowhere else."""
    click.echo(RootKeys.generate(number))


@keys.command("rotate")
def rotate_keys() -> None:
    """Wrap every data key under the first root key given; the old one is not needed any more after that."""
    with services() as ours, ours.acting(THE_SERVICE) as act:
        changed = ours.keys.rewrap_all(act.session)
        detail = {"changed": changed}
        act.records.append(
            Record(
                act.logged_at, act.actor, "data keys wrapped anew", DataKey.__tablename__, None, detail=detail
            )
        )
    click.echo(f"{changed} data keys wrapped under the first root key")
