"""`notify audit`: whether the log of every look and change is whole."""

import os

import click

from config import database_url
from notify.cli.shared import opened
from notify.ledger.audit import verify


@click.group()
def audit() -> None:
    """The audit chain."""


@audit.command("verify")
@click.pass_context
def verify_chain(ctx: click.Context) -> None:
    """Walk the whole chain; exit status 1 at the first entry that is not what or where it was. Needs no root key."""
    with opened(database_url(os.environ)) as database, database.reads() as session:
        found = verify(session)
    if found is None:
        click.echo("The audit chain is whole.")
        return
    click.echo(f"entry {found.seq}: {found.fault}", err=True)
    ctx.exit(1)
