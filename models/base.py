"""The base of every table: our own ids, naming of constraints, and how Python types are stored."""

import enum
import re
from datetime import datetime
from functools import cache
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import JSON, ColumnElement, Enum, LargeBinary, MetaData, Uuid, literal_column
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Mapped, mapped_column

from models.ids import new_id
from models.types import UtcDateTime

_PLAIN = re.compile(r"[A-Za-z0-9_-]+")

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Table(DeclarativeBase):
    """Metadata and type map for every table."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        UUID: Uuid(),
        datetime: UtcDateTime(),
        bytes: LargeBinary(),
        enum.StrEnum: Enum(
            enum.StrEnum, native_enum=False, length=32, values_callable=lambda e: [m.value for m in e]
        ),
        list[str]: JSON(),
        dict[str, Any]: JSON(),
        list[dict[str, Any]]: JSON(),
    }


class Base(Table):
    """A table whose rows carry an id made by us, before the database sees them: sealed fields are bound to it."""

    __abstract__ = True

    id: Mapped[UUID] = mapped_column(primary_key=True)

    def __init__(self, **values: Any) -> None:
        values.setdefault("id", new_id())
        if values.keys() <= _columns(type(self)):
            # A new row has no history to keep and nothing that refers to it: the session reads what it inserts from
            # here, and setting each column by itself takes longer than inserting the row.
            vars(self).update(values)
        else:
            super().__init__(**values)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id}>"


@cache
def _columns(table: type[Base]) -> frozenset[str]:
    return frozenset(table.__mapper__.column_attrs.keys())


def is_one_of(column: InstrumentedAttribute[Any], *words: enum.StrEnum | str) -> ColumnElement[bool]:
    """The condition that `column` holds one of these words, written into the SQL itself.

    A planner uses a partial index only where it can see that the condition of the index holds; it cannot see into a
    parameter.
    """
    values = [literal_column(f"'{_plain(word)}'", column.type) for word in words]
    return column == values[0] if len(values) == 1 else column.in_(values)


def _plain(word: str) -> str:
    if not _PLAIN.fullmatch(word):
        raise ValueError("not a word that may stand in SQL")
    return str(word)
