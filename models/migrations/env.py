"""Runs migrations on the database that the settings, or the caller, name."""

import os
from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection, Enum

from config import database_url
from models.session import make_engine
from models.tables import metadata
from models.types import UtcDateTime


def render_item(kind: str, item: Any, _autogen: Any) -> str | Literal[False]:
    """Migrations name the plain column type, so that they need no code of the application."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, Enum):
        return f"sa.String(length={item.length})"  # words are checked by the application, which may learn new ones
    return False


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_item=render_item,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with make_engine(database_url(os.environ)).connect() as own:
        run(own)
        own.commit()
