"""One change to many rows, each with values of its own: in one statement where the database can, else row after row."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Update, bindparam, update
from sqlalchemy.types import TypeEngine

from models.base import Table
from models.columns import columns

Given = Callable[[str], ColumnElement[Any]]
"""Stands for what each row is given under a name."""


class Each:
    """Sets `values` of the rows of `table` whose ids are given under `id`, each with what it is `given` besides.

    What is the same for all rows is a plain parameter of `values`.
    """

    def __init__(
        self,
        table: type[Table],
        given: Mapping[str, TypeEngine[Any]],
        values: Callable[[Given], dict[str, Any]],
    ) -> None:
        (key,) = table.__table__.primary_key
        types: dict[str, TypeEngine[Any]] = {"id": key.type, **given}
        self._names = tuple(types)

        def of_a_row(name: str) -> ColumnElement[Any]:
            return bindparam(_given(name), type_=types[name])

        rows = columns("given", **{_given(name): kind for name, kind in types.items()})
        self._by_row: Update = update(table).where(key == of_a_row("id")).values(values(of_a_row))
        self._at_once: Update = (
            update(table).where(key == rows.c[_given("id")]).values(values(lambda name: rows.c[_given(name)]))
        )

    def run(self, connection: Connection, rows: Sequence[Mapping[str, object]], **same: object) -> None:
        """Change them; `same` is what they all are given."""
        if not rows:
            return
        if connection.dialect.name == "postgresql":
            # Row after row, what goes to and fro takes longer than the change itself.
            all_of = {_given(name): [row[name] for row in rows] for name in self._names}
            connection.execute(self._at_once, {**all_of, **same})
            return
        each = [{_given(name): row[name] for name in self._names} for row in rows]
        connection.execute(self._by_row, [{**row, **same} for row in each])


def _given(name: str) -> str:
    """A parameter may not be called as a column of the table is."""
    return f"given_{name}"
