"""`notify health`: whether the database answers, the worker works and messages leave."""

import os

import click
from sqlalchemy.exc import DBAPIError

from config import database_url, policy_file
from jobs.heartbeats import silent
from models.faults import database_fault
from notify.cli.shared import opened
from notify.clock import utc_now
from notify.delivery.stuck import stuck
from notify.planning.policy import load_policy


@click.command()
@click.pass_context
def health(ctx: click.Context) -> None:
    """Say whether the database answers and every tick of the worker was heard of lately, and messages leave; exit status 1 if not."""
    after = load_policy(policy_file(os.environ)).stuck
    try:
        with opened(database_url(os.environ)) as database, database.reads() as session:
            now = utc_now()
            missing, kept_back = silent(session, at=now), stuck(session, at=now, after=after)
    except DBAPIError as fault:
        click.echo(database_fault(fault), err=True)
        ctx.exit(1)
    click.echo("database: ok")
    if missing:
        click.echo(f"worker: not heard of lately: {', '.join(missing)}", err=True)
    else:
        click.echo("worker: ok")
    if kept_back.since:
        some = f"{kept_back.count}{' or more' if kept_back.many else ''}"
        click.echo(f"sending: {some} stuck, the first since {kept_back.since.isoformat()}", err=True)
    else:
        click.echo("sending: ok")
    if missing or kept_back.count:
        ctx.exit(1)
