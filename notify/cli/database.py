"""`notify database`: the tables."""

import os
from pathlib import Path

import click
from sqlalchemy import make_url

from config import database_url
from models.schema import upgrade
from models.session import make_engine
from notify.cli.shared import OWNER_ONLY


@click.group()
def database() -> None:
    """The database that DATABASE_URL names."""


@database.command("upgrade")
def upgrade_database() -> None:
    """Bring the tables to the newest version; make the file of an embedded database."""
    upgrade_at(database_url(os.environ))
    click.echo("The database is up to date.")


def upgrade_at(url: str) -> None:
    """Run all migrations that the database at `url` has not seen."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        path = Path(parsed.database)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=OWNER_ONLY)
    engine = make_engine(url)
    try:
        upgrade(engine)
    finally:
        engine.dispose()
