"""That what the worker takes in batches is found in its order: where very many begin at one instant, each batch would sort all of them."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from bench.oversight import Statement, watched
from jobs import compose, no_change, redact, send
from jobs.tick import Tick
from tests.make import make_plan, make_victim, record


@pytest.mark.parametrize(
    "tick", [no_change.TICK, compose.TICK, send.TICK, redact.TICK], ids=lambda tick: tick.name
)
def test_a_batch_is_not_sorted(tick: Tick, world):
    make_victim(world)
    make_plan(world)
    record(world)

    with watched(world.services.database.engine) as statements:
        tick.run(world.services, "worker")
        batches = [one for one in statements if " LIMIT " in one[0]]
    with world.services.reading() as session:
        sorts = [line for batch in batches for line in _sorts(session.connection(), batch)]

    assert batches
    assert sorts == []


def test_a_sort_is_noticed(world):
    with world.services.reading() as session:
        asked = ("SELECT id FROM cases ORDER BY restricted LIMIT 1", ())
        sorts = list(_sorts(session.connection(), asked))

    assert len(sorts) == 1


def _sorts(connection: Connection, asked: Statement) -> Iterator[str]:
    """The lines of a plan that sort."""
    statement, parameters = asked
    if connection.dialect.name == "sqlite":
        plan = connection.exec_driver_sql(f"explain query plan {statement}", parameters)  # type: ignore[arg-type]
        yield from (row[-1] for row in plan if "TEMP B-TREE" in row[-1])
        return
    # Few rows are sorted sooner than an index is read: forbidden that, the planner does it only where it must.
    for way in ("sort", "incremental_sort", "seqscan", "bitmapscan", "hashjoin", "mergejoin"):
        connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
    plan = connection.exec_driver_sql(f"explain {statement}", parameters)  # type: ignore[arg-type]
    yield from (row[0] for row in plan if "Sort Key" in row[0])
