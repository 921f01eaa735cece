"""An act: what one actor does at one instant, in one transaction that ends with its lines in the audit chain."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from itertools import groupby
from uuid import UUID

from sqlalchemy import Connection, Executable
from sqlalchemy.orm import Session, sessionmaker

from models.base import Table
from models.columns import insert_all
from models.each import Each
from models.keyring import SERVICE, Keyring, OwnerKey, Row
from notify.ledger import audit
from notify.ledger.audit import Actor, Record


@dataclass
class Act:
    """Passed to every step that changes something. The step writes to `session` and never commits."""

    session: Session
    keys: Keyring
    at: datetime
    actor: Actor
    logged_at: datetime
    """When the service learned of it: `at`, but for an event that is brought in later than it happened."""
    records: list[Record] = field(default_factory=list)
    _connection: Connection | None = field(default=None, init=False, repr=False)

    @property
    def connection(self) -> Connection:
        """The one that this transaction is on: asking the session for it anew costs as much as a small statement.

        Not a cached property: that holds a lock of all acts while it waits for a database, and an act that has the
        database already would wait for that lock.
        """
        if self._connection is None:
            self._connection = self.session.connection()
        return self._connection

    @property
    def only_looked(self) -> bool:
        """Whether nothing was done so far but to look, which makes nothing due: every change leaves a record."""
        return all(record.action == "listed" or record.action.endswith("viewed") for record in self.records)

    def key(self, owner: UUID) -> OwnerKey:
        return self.keys.of(self.session, owner)

    def seal(self, owner: UUID, row: Row, column: str, text: str | None) -> bytes | None:
        return None if text is None else self.key(owner).seal(row, column, text)

    @property
    def staff_id(self) -> UUID | None:
        """The member of staff who acts, if it is one."""
        return self.actor.id if self.actor.kind == "staff" else None

    def write(self, *rows: Table) -> None:
        """Insert rows that this act will not change again: much cheaper than having the session track them."""
        for table, same in groupby(rows, type):
            self.write_values(table, [_values(row) for row in same])

    def write_values(self, table: type[Table], rows: Sequence[Mapping[str, object]]) -> None:
        """Insert rows of one table, all with values for the same columns; the others stay empty."""
        self.session.flush()
        insert_all(self.connection, table, rows)

    def run(self, statement: Executable, **values: object) -> int:
        """Run a prepared change on rows that this act has not loaded. Returns how many it changed."""
        self.session.flush()
        return self.connection.execute(statement, values).rowcount

    def run_many(self, statement: Executable, rows: Sequence[Mapping[str, object]]) -> None:
        """Run one prepared change for several rows, in one go."""
        if rows:
            self.session.flush()
            self.connection.execute(statement, rows)

    def run_each(self, change: Each, rows: Sequence[Mapping[str, object]], **same: object) -> None:
        """Make one prepared change to several rows, each with values of its own; `same` is what they share."""
        self.session.flush()
        change.run(self.connection, rows, **same)

    def log(
        self,
        action: str,
        row: Row,
        *,
        owner: UUID = SERVICE,
        reason: str | None = None,
        **detail: str | int | bool,
    ) -> None:
        """Note a line for the audit chain, written when the act ends."""
        self.records.append(
            Record(self.logged_at, self.actor, action, row.__tablename__, row.id, owner, detail, reason)
        )

    def log_list(self, subject: str, count: int) -> None:
        """Note that a list of `count` rows of one table was shown: one line, however long it was."""
        detail = {"count": count}
        self.records.append(Record(self.logged_at, self.actor, "listed", subject, None, detail=detail))


def _values(row: Table) -> dict[str, object]:
    """What a new row holds, column by column."""
    values = _nothing(type(row)) | vars(row)
    del values["_sa_instance_state"]
    return values


@cache
def _nothing(table: type[Table]) -> dict[str, object]:
    return dict.fromkeys(table.__mapper__.column_attrs.keys())


@contextmanager
def acting(
    sessions: sessionmaker[Session],
    keys: Keyring,
    *,
    at: datetime,
    actor: Actor,
    logged_at: datetime | None = None,
) -> Iterator[Act]:
    """One transaction for one act. The audit lines go in last, because the chain's lock orders all writers."""
    with sessions.begin() as session:
        act = Act(session, keys, at, actor, logged_at or at)
        yield act
        session.flush()
        audit.append(session, keys, act.records)
