"""Brings a database to the newest schema."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine


def upgrade(engine: Engine) -> None:
    """Run all migrations that this database has not seen."""
    with engine.connect() as connection:
        command.upgrade(_config(connection), "head")
        connection.commit()


def downgrade(engine: Engine) -> None:
    """Take every migration back: for tests only, it drops the data."""
    with engine.connect() as connection:
        command.downgrade(_config(connection), "base")
        connection.commit()


def _config(connection: object) -> Config:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config
