"""One change to many rows, each with values of its own: in one statement where the database can, else row after row."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Connection, Update, bindparam, column, func, update
from sqlalchemy.types import TypeEngine

from models.base import Base

Given = Callable[[str], ColumnElement[Any]]
"""Stands for what each row is given under a name."""


class Each:
    """Sets `values` of the rows of `table` whose ids are given under `id`, each with what it is `given` besides.

    What is the same for all rows is a plain parameter of `values`.
    """

    def __init__(
        self,
        table: type[Base],
        given: Mapping[str, TypeEngine[Any]],
        values: Callable[[Given], dict[str, Any]],
    ) -> None:
        types: dict[str, TypeEngine[Any]] = {"id": table.__table__.c.id.type, **given}
        self._names = tuple(types)

        def of_a_row(name: str) -> ColumnElement[Any]:
            return bindparam(name, type_=types[name])

        self._by_row: Update = update(table).where(table.id == bindparam("row")).values(values(of_a_row))
        rows = (
            func.unnest(*(bindparam(f"all_{name}", type_=ARRAY(kind)) for name, kind in types.items()))
            .table_valued(*(column(name, kind) for name, kind in types.items()))
            .render_derived(name="given")
        )
        self._at_once: Update = (
            update(table).where(table.id == rows.c.id).values(values(lambda name: rows.c[name]))
        )

    def run(self, connection: Connection, rows: Sequence[Mapping[str, object]], **same: object) -> None:
        """Change them; `same` is what they all are given."""
        if not rows:
            return
        if connection.dialect.name == "postgresql":
            # Row after row, what goes to and fro takes longer than the change itself.
            all_of = {f"all_{name}": [row[name] for row in rows] for name in self._names}
            connection.execute(self._at_once, {**all_of, **same})
            return
        each = [{("row" if name == "id" else name): row[name] for name in self._names} for row in rows]
        connection.execute(self._by_row, [{**row, **same} for row in each])
