"""The database fixtures themselves: complete, empty, and each test's own."""

import pytest
from sqlalchemy import inspect, make_url, text

from models.tables import metadata
from tests.postgres import a_server


def test_a_database_has_every_table(engine):
    assert set(metadata.tables) <= set(inspect(engine).get_table_names())


@pytest.mark.parametrize("turn", ["first", "second"])
def test_each_test_has_a_database_of_its_own(engine, turn):
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE mine (turn TEXT PRIMARY KEY)"))
        connection.execute(text("INSERT INTO mine VALUES (:turn)"), {"turn": turn})

        rows = connection.execute(text("SELECT turn FROM mine")).scalars().all()

    assert rows == [turn]


def test_a_named_server_is_used_as_it_is():
    with a_server({"TEST_DATABASE_URL": "postgresql://someone@db.example/tests"}) as url:
        assert url == make_url("postgresql+psycopg://someone@db.example/tests")


def test_a_server_that_runs_speaks_utf8(postgresql_admin):
    with postgresql_admin.connect() as connection:
        assert connection.exec_driver_sql("SHOW server_encoding").scalar_one() == "UTF8"
