"""`notify health`: whether the database answers and the worker works."""

import os

import click
from sqlalchemy.exc import DBAPIError

from config import database_url
from jobs.heartbeats import silent
from models.faults import database_fault
from notify.cli.shared import opened
from notify.clock import utc_now


@click.command()
@click.pass_context
def health(ctx: click.Context) -> None:
    """Say whether the database answers and every tick of the worker was heard of lately; exit status 1 if not."""
    try:
        with opened(database_url(os.environ)) as database, database.reads() as session:
            missing = silent(session, at=utc_now())
    except DBAPIError as fault:
        click.echo(database_fault(fault), err=True)
        ctx.exit(1)
    click.echo("database: ok")
    if missing:
        click.echo(f"worker: not heard of lately: {', '.join(missing)}", err=True)
        ctx.exit(1)
    click.echo("worker: ok")
