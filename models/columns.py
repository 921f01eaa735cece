"""Many values at once: PostgreSQL is given them as arrays, in one statement that stays the same however many they are."""

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, Self

from sqlalchemy import (
    JSON,
    Boolean,
    Connection,
    Insert,
    TableValuedAlias,
    Uuid,
    any_,
    bindparam,
    column,
    func,
    insert,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import NullType, TypeEngine

from models.base import Table


def _array(of: TypeEngine[Any]) -> ARRAY[Any]:
    # Of one dimension, in so many words: a JSON value may be a list itself, and is one element all the same.
    return ARRAY(of, dimensions=1)


def columns(name: str, /, **types: TypeEngine[Any]) -> TableValuedAlias:
    """A table of so many columns as there are types, for a statement on PostgreSQL: each is handed over as an array."""
    arrays = (bindparam(key, type_=_array(of)) for key, of in types.items())
    return (
        func.unnest(*arrays)
        .table_valued(*(column(key, of) for key, of in types.items()), name=name)
        .render_derived()
    )


def insert_all(connection: Connection, table: type[Table], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all give values for the same columns; the others stay empty."""
    if len(rows) > 1 and connection.dialect.name == "postgresql":
        columns_of = {name: [row[name] for row in rows] for name in rows[0]}
        # What they all share is given once: taking an array of it apart costs as much as one of other values.
        shared = [name for name, values in columns_of.items() if _is_shared(table, name, values)]
        values = columns_of | {name: columns_of[name][0] for name in shared}
        connection.execute(_insert_at_once(table, tuple(rows[0]), frozenset(shared)), values)
    elif rows:
        connection.execute(_insert(table), rows if len(rows) > 1 else rows[0])


def _is_shared(table: type[Table], name: str, values: list[Any]) -> bool:
    column = table.__table__.c[name]
    if column.primary_key or isinstance(
        column.type, JSON
    ):  # the null of JSON is another than that of the database
        return False
    first = values[0]
    return all(value is first for value in values)


@lru_cache(maxsize=256)
def _insert_at_once(table: type[Table], names: tuple[str, ...], shared: frozenset[str]) -> Insert:
    types = {name: table.__table__.c[name].type for name in names}
    given = columns("given", **{name: kind for name, kind in types.items() if name not in shared})
    one = (bindparam(name, type_=types[name]) if name in shared else given.c[name] for name in names)
    return insert(table).from_select(names, select(*one), include_defaults=False)


@cache
def _insert(table: type[Table]) -> Insert:
    return insert(table)


class among(FunctionElement[bool]):  # noqa: N801 - reads as a function, and is one to SQLAlchemy
    """The condition that a column holds one of the values given under `name`.

    A list with a place for each value is another statement for each number of them: it is read, prepared and planned
    anew, which takes longer than to run it.
    """

    type = Boolean()
    inherit_cache = True

    def __init__(self, of: InstrumentedAttribute[Any], name: str) -> None:
        # The type of a foreign key may not be known yet; all of ours are the ids of rows.
        kind = Uuid() if isinstance(of.type, NullType) else of.type
        super().__init__(of, bindparam(name, expanding=True, type_=kind), bindparam(name, type_=_array(kind)))

    def self_group(self, against: OperatorType | None = None) -> Self:  # noqa: ARG002 - how SQLAlchemy asks
        """As it is: SQLAlchemy would compare it with 1 on SQLite, which then finds no index for it."""
        return self


@compiles(among)
def _as_places(element: among, compiler: SQLCompiler, **options: Any) -> str:
    of, places, _ = element.clauses
    return compiler.process(of.in_(places), **options)


@compiles(among, "postgresql")
def _as_an_array(element: among, compiler: SQLCompiler, **options: Any) -> str:
    of, _, array = element.clauses
    return compiler.process(of == any_(array), **options)
