"""Writes many rows at once: PostgreSQL is given them as columns and needs one statement, SQLite is given one by one."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Executable, TableValuedAlias, bindparam, column, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import TypeEngine


def columns(name: str, **types: TypeEngine[Any]) -> TableValuedAlias:
    """A table of so many columns as there are types, for a statement on PostgreSQL: each is handed over as an array."""
    arrays = (bindparam(key, type_=ARRAY(of)) for key, of in types.items())
    return (
        func.unnest(*arrays)
        .table_valued(*(column(key, of) for key, of in types.items()), name=name)
        .render_derived()
    )


def write(
    connection: Connection, rows: Sequence[Mapping[str, Any]], *, at_once: Executable, each: Executable
) -> None:
    """Run `at_once` on PostgreSQL, which takes `columns` named as in the rows, else `each` for every row."""
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        connection.execute(at_once, {name: [row[name] for row in rows] for name in rows[0]})
    else:
        connection.execute(each, rows)
