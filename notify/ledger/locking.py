"""The order of locks: the case, then its milestone, the participation, her windows, the duties, when each is looked at, and last their messages."""

from uuid import UUID

from sqlalchemy import bindparam, select

from models.cases import Case
from notify.ledger.acts import Act

_CASE = select(Case.id).where(Case.id == bindparam("case")).with_for_update(key_share=True)


def lock_case(act: Act, case_id: UUID) -> None:
    """What is recorded in a case, and whom it concerns, is said by one act after the other.

    SQLite has one writer at a time, and needs no lock.
    """
    connection = act.connection
    if connection.dialect.name != "sqlite":
        connection.execute(_CASE, {"case": case_id})
