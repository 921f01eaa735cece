"""Heartbeats: when each tick last finished a look, on any worker; health fails when one is old."""

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from jobs.timetable import TIMETABLE
from models.running import Heartbeat
from notify.wiring import Services

OLD = timedelta(seconds=60)
"""A tick that was silent for longer has stopped, whatever its worker may look like from outside."""

BETWEEN = timedelta(seconds=15)
"""How often one worker writes a beat at most: a commit for every empty look would wear out the disk."""


def beat(sessions: sessionmaker[Session], tick: str, worker: str, *, at: datetime) -> None:
    """Note that a worker has finished a look."""
    with sessions.begin() as session:
        if _moved(session, tick, worker, at):
            return
        try:
            with session.begin_nested():
                session.add(Heartbeat(tick=tick, at=at, worker=worker))
        except IntegrityError:  # another worker wrote the first one in this moment
            _moved(session, tick, worker, at)


def silent(session: Session, *, at: datetime) -> list[str]:
    """The ticks of the timetable that no worker has finished of late."""
    heard = set(session.scalars(select(Heartbeat.tick).where(Heartbeat.at >= at - OLD)))
    return [tick.name for tick in TIMETABLE if tick.name not in heard]


def worker_is_heard(services: Services) -> bool:
    """Whether every tick was finished of late."""
    with services.reading() as session:
        return not silent(session, at=services.clock())


def _moved(session: Session, tick: str, worker: str, at: datetime) -> bool:
    moved = session.scalar(
        update(Heartbeat).where(Heartbeat.tick == tick).values(at=at, worker=worker).returning(Heartbeat.tick)
    )
    return moved is not None
