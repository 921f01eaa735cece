"""The audit log and the contact log refuse to be changed.

On SQLite a later migration that rebuilds one of these tables (batch mode) loses its triggers and must make them anew.
"""

from collections.abc import Iterator, Sequence

from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLES = ("audit_entries", "contact_entries")


def upgrade() -> None:
    for statement in _postgresql() if _on_postgresql() else _sqlite():
        op.execute(statement)


def downgrade() -> None:
    if _on_postgresql():
        op.execute("DROP FUNCTION refuse_change CASCADE")
        return
    for table in TABLES:
        op.execute(f"DROP TRIGGER {table}_update")
        op.execute(f"DROP TRIGGER {table}_delete")


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
    for table in TABLES:
        for change in ("update", "delete"):
            yield (
                f"CREATE TRIGGER {table}_{change} BEFORE {change} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are never changed'); END"
            )
