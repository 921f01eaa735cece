"""One change to many rows, each with values of its own, on both databases."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import LargeBinary, String, bindparam, select

from models.each import Each
from models.messages import Inbound
from models.types import UtcDateTime

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
CHANGE = Each(
    Inbound,
    {"came": UtcDateTime(), "ref": String(), "words": LargeBinary()},
    lambda given: {
        "received_at": given("came"),
        "provider_ref": given("ref"),
        "text_sealed": given("words"),
        "applied": bindparam("applied"),
    },
)


def make_inbound(number: int) -> Inbound:
    return Inbound(
        received_at=NOON,
        provider_ref=f"old-{number}",
        sender_sealed=b"sender",
        text_sealed=b"text",
        reading_sealed=b"reading",
        applied=False,
    )


def test_each_row_gets_its_own_values_and_what_they_share_and_no_other_row_changes(sessions):
    rows = [make_inbound(number) for number in range(4)]
    ids = [row.id for row in rows]
    with sessions.begin() as session:
        session.add_all(rows)
    given = [
        {"id": ids[2], "came": NOON + timedelta(hours=2), "ref": None, "words": b"\x00\xff{},\\"},
        {"id": ids[0], "came": NOON + timedelta(hours=1), "ref": 'a"b,{}', "words": b""},
        {"id": ids[3], "came": NOON + timedelta(hours=3), "ref": None, "words": b"NULL"},
    ]

    with sessions.begin() as session:
        CHANGE.run(session.connection(), given, applied=True)
        CHANGE.run(session.connection(), [], applied=True)

    with sessions() as session:
        kept = {
            row.id: (row.received_at, row.provider_ref, row.text_sealed, row.applied)
            for row in session.scalars(select(Inbound))
        }
    assert kept == {
        **{row["id"]: (row["came"], row["ref"], row["words"], True) for row in given},
        ids[1]: (NOON, "old-1", b"text", False),
    }


def test_values_that_are_all_missing_are_no_harm(sessions):
    row = make_inbound(1)
    with sessions.begin() as session:
        session.add(row)

    with sessions.begin() as session:
        given = {"id": row.id, "came": NOON, "ref": None, "words": b"words"}
        CHANGE.run(session.connection(), [given], applied=False)

    with sessions() as session:
        assert session.get_one(Inbound, row.id).provider_ref is None
