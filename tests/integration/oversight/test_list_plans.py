"""That every list finds its rows by an index: what a plan reads from end to end takes longer with every year of use."""

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from bench.crowd import NOW, Crowd, care_officer_id, district_id, fill
from bench.oversight import Statement, all_lists, watched
from models.session import Database, open_database
from models.vocabulary import DutyState, Role
from notify.access import Viewer
from notify.oversight.pages import Wanted, alerts_page, cases_page, duties_page

SOME = Crowd(1_000, a_minute=20, minutes=2)
BIG = {"alerts", "case_units", "cases", "duties", "participations", "tasks", "victims"}


@pytest.fixture
def crowded(database_url: str) -> Iterator[Database]:
    opened = open_database(database_url, throw_away=True)
    fill(opened.engine, SOME)
    yield opened
    opened.engine.dispose()


def test_each_list_looks_up_every_big_table_by_an_index(crowded: Database):
    scanned = {}
    for name, look in all_lists(SOME).items():
        with crowded.reads() as session, watched(crowded.engine) as statements:
            look(session, 0)
            asked = list(statements)
            scanned[name] = {table for one in asked for table in _read_whole(session.connection(), one)}

    assert scanned == {name: set() for name in all_lists(SOME)}


def test_each_page_for_machines_looks_up_every_big_table_by_an_index(crowded: Database):
    # One who sees a few cases of many, as a unit does in a force: who sees nearly all had better read all.
    caller = Viewer(care_officer_id(0), district_id(0), Role.CASE_OFFICER)
    pages = {
        "cases": lambda s, wanted: cases_page(s, caller, wanted),
        "open cases": lambda s, wanted: cases_page(s, caller, wanted, is_open=True),
        "duties": lambda s, wanted: duties_page(s, caller, wanted),
        "open duties": lambda s, wanted: duties_page(s, caller, wanted, state=DutyState.OPEN, due_before=NOW),
        "alerts": lambda s, wanted: alerts_page(s, caller, wanted),
    }
    scanned = {}
    for name, page in pages.items():
        with crowded.reads() as session, watched(crowded.engine) as statements:
            first = page(session, Wanted(2))
            assert first.more, name
            page(session, Wanted(2, after=first.rows[-1][0].id))
            asked = list(statements)
            scanned[name] = {table for one in asked for table in _read_whole(session.connection(), one)}

    assert scanned == {name: set() for name in pages}


def test_what_no_index_serves_is_noticed(crowded: Database):
    with crowded.reads() as session:
        scanned = list(_read_whole(session.connection(), ("select id from cases where restricted", ())))

    assert scanned == ["cases"]


def _read_whole(connection: Connection, asked: Statement) -> Iterator[str]:
    """The big tables of which a plan reads every row, or every line of an index."""
    statement, parameters = asked
    if connection.dialect.name == "sqlite":
        for row in connection.exec_driver_sql(f"explain query plan {statement}", parameters):  # type: ignore[arg-type]
            words = row[-1].split()
            if words[0] == "SCAN" and words[1] in BIG:
                yield words[1]
        return
    # Few rows are read sooner from end to end: forbidden that, the planner does it only where no index helps.
    for way in ("seqscan", "hashjoin", "mergejoin"):
        connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
    (plan,) = connection.exec_driver_sql(f"explain (format json) {statement}", parameters).scalars()  # type: ignore[arg-type]
    nodes = [one["Plan"] for one in (json.loads(plan) if isinstance(plan, str) else plan)]
    while nodes:
        node = nodes.pop()
        below = node.get("Plans", [])
        nodes += below
        is_found = "Index Cond" in node or any(
            "Index" in one["Node Type"] or "Bitmap" in one["Node Type"] for one in below
        )
        if node.get("Relation Name") in BIG and not is_found:
            yield node["Relation Name"]
