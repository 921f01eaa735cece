"""Leases: one worker at a time runs a single-runner tick, and one that was overtaken can commit nothing."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import event, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from models.running import Lease
from models.session import Database

LASTS = timedelta(seconds=30)
"""After this without renewal another worker takes over: the holder has died, or has stopped for too long."""


class LeaseLost(Exception):  # noqa: N818 - it names what happened to the lease
    """Another worker took the lease over before this one committed; nothing of what it did is kept."""


@dataclass(frozen=True)
class Held:
    """A lease in hand. `fencing` is greater each time the lease changes hands, and proves that it has not."""

    name: str
    holder: str
    fencing: int


def take(sessions: sessionmaker[Session], name: str, holder: str, *, at: datetime) -> Held | None:
    """Take, renew or take over a lease; None while another worker holds it."""
    until = at + LASTS
    with sessions.begin() as session:
        renewed = session.scalar(
            update(Lease)
            .where(Lease.name == name, Lease.holder == holder)
            .values(until=until)
            .returning(Lease.fencing)
        )
        if renewed is not None:
            return Held(name, holder, renewed)
        taken_over = session.scalar(
            update(Lease)
            .where(Lease.name == name, Lease.until <= at)
            .values(holder=holder, until=until, fencing=Lease.fencing + 1)
            .returning(Lease.fencing)
        )
        if taken_over is not None:
            return Held(name, holder, taken_over)
        if session.get(Lease, name) is not None:
            return None
        try:
            with session.begin_nested():
                session.add(Lease(name=name, holder=holder, until=until, fencing=1))
        except IntegrityError:
            return None  # another worker was the first
        return Held(name, holder, 1)


def release(sessions: sessionmaker[Session], held: Held, *, at: datetime) -> None:
    """Let the next worker take over at once; harmless when it has done so already."""
    with sessions.begin() as session:
        session.execute(
            update(Lease)
            .where(Lease.name == held.name, Lease.holder == held.holder, Lease.fencing == held.fencing)
            .values(until=at)
        )


def fenced(database: Database, held: Held) -> Database:
    """The same database for as long as the lease is held: a commit after it was lost raises LeaseLost instead.

    The lease's row stays locked until the commit is through, so that nobody takes over in between.
    """
    sessions = sessionmaker(database.engine, expire_on_commit=False)
    still_ours = (
        select(Lease.fencing)
        .where(Lease.name == held.name, Lease.holder == held.holder, Lease.fencing == held.fencing)
        .with_for_update(read=True)
    )

    @event.listens_for(sessions, "before_commit")
    def _check(session: Session) -> None:
        if session.scalar(still_ours) is None:
            raise LeaseLost(held.name)

    return Database(database.engine, sessions=sessions, reads=database.reads)
