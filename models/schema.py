"""Brings a database to the newest schema."""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine

if TYPE_CHECKING:
    from alembic.config import Config


def upgrade(engine: Engine) -> None:
    """Run all migrations that this database has not seen."""
    from alembic import command  # noqa: PLC0415 - takes longer to load than many a command takes to run

    with engine.connect() as connection:
        command.upgrade(_config(connection), "head")
        connection.commit()


def downgrade(engine: Engine) -> None:
    """Take every migration back: for tests only, it drops the data."""
    from alembic import command  # noqa: PLC0415 - as above

    with engine.connect() as connection:
        command.downgrade(_config(connection), "base")
        connection.commit()


def _config(connection: object) -> "Config":
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config
