"""The audit log and the contact log refuse to be changed.

On SQLite a later migration that rebuilds one of these tables (batch mode) loses its triggers and must make them anew.
"""

from collections.abc import Iterator, Sequence

from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLES = {"audit_entries": "seq", "contact_entries": "id"}
"""With the column of their primary key."""


def upgrade() -> None:
    for statement in _postgresql() if _on_postgresql() else _sqlite():
        op.execute(statement)


def downgrade() -> None:
    if _on_postgresql():
        op.execute("DROP FUNCTION refuse_change CASCADE")
        return
    for table in TABLES:
        for change in ("update", "delete", "insert"):
            op.execute(f"DROP TRIGGER {table}_{change}")


def _on_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _postgresql() -> Iterator[str]:
    yield (
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME; END $$"
    )
    for table in TABLES:
        yield (
            f"CREATE TRIGGER {table}_change BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        yield (
            f"CREATE TRIGGER {table}_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _sqlite() -> Iterator[str]:
    for table, key in TABLES.items():
        refuse = f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are never changed'); END"
        for change in ("update", "delete"):
            yield f"CREATE TRIGGER {table}_{change} BEFORE {change} ON {table} {refuse}"
        # INSERT OR REPLACE deletes what is in its way without firing the trigger on deletes.
        there = f"SELECT 1 FROM {table} WHERE {key} = NEW.{key} OR rowid = NEW.rowid"  # noqa: S608 - our own names
        yield f"CREATE TRIGGER {table}_insert BEFORE INSERT ON {table} WHEN EXISTS ({there}) {refuse}"
