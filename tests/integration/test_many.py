"""Many values at once, as arrays or one by one: both databases keep and find the same."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import bindparam, select, text, update
from sqlalchemy.orm import Session

from models.columns import among, insert_all
from models.ids import new_id
from models.ledger import ContactEntry
from models.messages import Inbound
from models.vocabulary import Outcome

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
AWKWARD = [None, "", "NULL", 'a"b,{}\\', "{x}", "\t'é"]


def make_rows(refs: list[str | None]) -> list[dict[str, object]]:
    return [
        {
            "id": new_id(),
            "received_at": NOON,
            "provider_ref": ref,
            "sender_sealed": bytes(range(256)),
            "text_sealed": b"",
            "reading_sealed": b"\\x00",
            "applied": number % 2 == 0,
        }
        for number, ref in enumerate(refs)
    ]


def make_entry(rules: list[str]) -> dict[str, object]:
    ids = {name: new_id() for name in ("id", "participation_id", "victim_id")}
    return {**ids, "at": NOON, "outcome": Outcome.MESSAGE_ACCEPTED, "reached": False, "rules": rules}


def without_foreign_keys(session: Session) -> None:
    """For one transaction: what is looked at here needs nobody's case."""
    sqlite = session.get_bind().dialect.name == "sqlite"
    session.execute(
        text("PRAGMA defer_foreign_keys = ON" if sqlite else "SET LOCAL session_replication_role = replica")
    )


def kept(sessions) -> dict[object, tuple[object, ...]]:
    with sessions() as session:
        return {
            row.id: (row.received_at, row.provider_ref, row.sender_sealed, row.text_sealed, row.applied)
            for row in session.scalars(select(Inbound))
        }


@pytest.mark.parametrize(
    "refs", [[], ["one"], AWKWARD, [None, None]], ids=["none", "one", "several", "empty"]
)
def test_rows_are_kept_as_they_were_given(sessions, refs):
    rows = make_rows(refs)

    with sessions.begin() as session:
        insert_all(session.connection(), Inbound, rows)

    assert kept(sessions) == {
        row["id"]: tuple(
            row[name] for name in ("received_at", "provider_ref", "sender_sealed", "text_sealed", "applied")
        )
        for row in rows
    }


def test_what_is_not_given_stays_empty(sessions):
    with sessions.begin() as session:
        insert_all(session.connection(), Inbound, make_rows(["one", "two"]))

    with sessions() as session:
        assert [row.contact_point_id for row in session.scalars(select(Inbound))] == [None, None]


@pytest.mark.parametrize(
    "rules",
    [[["A"], ["B"]], [["A"], ["B", "C"], []], [["A", "B"], ["C", "D"]]],
    ids=["one", "unequal", "two"],
)
def test_a_list_that_a_row_holds_stays_one_value(sessions, rules):
    entries = [make_entry(one) for one in rules]

    with sessions() as session:  # and nothing is committed
        without_foreign_keys(session)
        insert_all(session.connection(), ContactEntry, entries)
        kept = {row.id: row.rules for row in session.scalars(select(ContactEntry))}
    assert kept == {entry["id"]: entry["rules"] for entry in entries}


@pytest.mark.parametrize("count", [0, 1, 3])
def test_among_finds_those_that_are_given_and_no_others(sessions, count):
    rows = make_rows(["a", "b", "c", "d"])
    with sessions.begin() as session:
        insert_all(session.connection(), Inbound, rows)
    wanted = [row["id"] for row in rows[:count]]

    with sessions.begin() as session:
        found = set(session.scalars(select(Inbound.id).where(among(Inbound.id, "ids")), {"ids": wanted}))
        by_name = session.scalars(
            select(Inbound.provider_ref).where(among(Inbound.provider_ref, "refs"), Inbound.applied),
            {"refs": ["a", "b"]},
        ).all()
        changed = session.connection().execute(
            update(Inbound).where(among(Inbound.id, "ids")).values(reading_sealed=bindparam("now")),
            {"ids": wanted, "now": b"changed"},
        )

    assert found == set(wanted)
    assert by_name == ["a"]
    assert changed.rowcount == count
