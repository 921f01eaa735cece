"""The migrations make the tables that the models describe, on both databases, and can be taken back."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, MetaData, inspect, text
from sqlalchemy.exc import DBAPIError

from models.schema import downgrade, upgrade
from models.session import make_engine
from models.tables import metadata
from tests.postgres import a_database

AUDIT_ENTRY = text(
    "INSERT INTO audit_entries (seq, at, actor, action, subject, owner_id, detail, previous, hash)"
    " VALUES (1, '2026-01-05 09:00:00', 'service', 'viewed', 'cases', :owner, '{}', :hash, :hash)"
)


@pytest.fixture(params=["sqlite", "postgresql"])
def bare(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database with nothing in it."""
    if request.param == "sqlite":
        yield from _disposed(make_engine(f"sqlite:///{tmp_path / 'bare.db'}"))
        return
    admin = request.getfixturevalue("postgresql_admin")
    with a_database(admin, f"notify_bare_{uuid4().hex}") as url:
        yield from _disposed(make_engine(url.render_as_string(hide_password=False)))


def _disposed(engine: Engine) -> Iterator[Engine]:
    yield engine
    engine.dispose()


def described(engine: Engine) -> dict[str, object]:
    """Everything that the database says of its own tables."""
    inspector = inspect(engine)
    return {
        table: (
            sorted(map(str, inspector.get_columns(table))),
            inspector.get_pk_constraint(table),
            sorted(map(str, inspector.get_foreign_keys(table))),
            sorted(map(str, inspector.get_unique_constraints(table))),
            sorted(map(str, inspector.get_check_constraints(table))),
            sorted(str(_told(dict(index))) for index in inspector.get_indexes(table)),
        )
        for table in inspector.get_table_names()
        if table != "alembic_version"
    }


def _told(index: dict[str, Any]) -> dict[str, Any]:
    """An index with the words of its condition, and not the object that holds them."""
    options = index.get("dialect_options", {})
    return index | {"dialect_options": {name: str(value) for name, value in options.items()}}


def test_the_newest_schema_is_the_one_that_the_models_describe(bare):
    upgrade(bare)

    with bare.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_migrated_tables_are_those_that_the_models_make(bare):
    upgrade(bare)
    migrated = described(bare)
    downgrade(bare)

    metadata.create_all(bare)

    assert migrated.keys() == metadata.tables.keys()
    assert described(bare) == migrated


def test_going_back_leaves_nothing(bare):
    upgrade(bare)

    downgrade(bare)

    left = MetaData()
    left.reflect(bare)
    assert set(left.tables) == {"alembic_version"}
    if bare.dialect.name == "postgresql":
        with bare.connect() as connection:
            ours = "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
            assert connection.scalars(text(ours)).all() == []


def test_a_round_trip_ends_where_it_began(bare):
    upgrade(bare)
    before = described(bare)

    downgrade(bare)
    upgrade(bare)

    assert described(bare) == before


def test_an_upgrade_may_be_repeated(bare):
    upgrade(bare)
    before = described(bare)

    upgrade(bare)

    assert described(bare) == before


@pytest.mark.parametrize(
    "change", ["UPDATE audit_entries SET action = 'nothing'", "DELETE FROM audit_entries"]
)
def test_the_audit_log_refuses_to_be_changed(bare, change):
    upgrade(bare)
    values = {"owner": uuid4().hex, "hash": b"\0" * 32}
    with bare.begin() as connection:
        connection.execute(AUDIT_ENTRY, values)

    with pytest.raises(DBAPIError, match="never changed"), bare.begin() as connection:
        connection.execute(text(change))

    with bare.connect() as connection:
        assert connection.scalars(text("SELECT action FROM audit_entries")).all() == ["viewed"]


@pytest.mark.parametrize(
    ("table", "in_its_way"),
    [
        ("audit_entries", {"seq": 1}),
        ("contact_entries", {"id": 1}),
        ("contact_entries", {"id": 3, "rowid": 1}),
    ],
)
def test_sqlite_does_not_put_a_new_row_in_the_place_of_an_old_one(tmp_path, table, in_its_way):
    key = next(iter(in_its_way))
    engine = make_engine(f"sqlite:///{tmp_path / 'bare.db'}")
    upgrade(engine)
    engine.dispose()
    # A connection of its own asks for no rows in other tables.
    with closing(sqlite3.connect(tmp_path / "bare.db")) as connection:
        add(connection, table, {key: 1})
        add(connection, table, {key: 2})

        with pytest.raises(sqlite3.IntegrityError, match="never changed"):
            add(connection, table, in_its_way, how="INSERT OR REPLACE")

        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (2,)


def add(connection: sqlite3.Connection, table: str, given: dict[str, int], *, how: str = "INSERT") -> None:
    """A row with these values, and with anything in its other columns."""
    columns = connection.execute(f"PRAGMA table_info({table})").fetchall()
    values = {name: "x" for _, name, _, needed, _, _ in columns if needed} | given
    holes = ", ".join("?" * len(values))
    connection.execute(f"{how} INTO {table} ({', '.join(values)}) VALUES ({holes})", [*values.values()])


def test_postgresql_does_not_truncate_the_logs(postgresql_admin):
    with a_database(postgresql_admin, f"notify_bare_{uuid4().hex}") as url:
        engine = make_engine(url.render_as_string(hide_password=False))
        upgrade(engine)
        for table in ("audit_entries", "contact_entries"):
            with pytest.raises(DBAPIError, match="never changed"), engine.begin() as connection:
                connection.execute(text(f"TRUNCATE {table} CASCADE"))
        engine.dispose()
