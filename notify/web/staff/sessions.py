"""Staff sessions: who is signed in, kept in our own table so that a sign-in can be ended from our side."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update

from models.keyring import SERVICE
from models.staff import Staff, StaffSession
from notify.access import Viewer, viewer_of
from notify.delivery.writing import hashed
from notify.ledger.acts import Act
from notify.wiring import Services, new_token

LASTS = timedelta(hours=12)
IDLE = timedelta(minutes=30)
NOTED_EVERY = timedelta(minutes=1)
"""How exactly the last request is known: less often written than asked."""


@dataclass(frozen=True)
class SignedIn:
    """The member of staff behind a request."""

    viewer: Viewer
    name: str = field(repr=False)

    @property
    def role(self) -> str:
        return self.viewer.role.value


def begin(act: Act, staff: Staff) -> str:
    """Open a session; the token returned is for the cookie, and only its hash is kept."""
    token = new_token()
    act.session.add(
        StaffSession(
            token_hash=hashed(token),
            staff_id=staff.id,
            created_at=act.at,
            last_seen_at=act.at,
            expires_at=act.at + LASTS,
        )
    )
    return token


def find(services: Services, token: str) -> SignedIn | None:
    """Whose session this is; None when it ended, is too old or idle, or its owner left."""
    at = services.clock()
    with services.reading() as session:
        found = session.execute(
            select(StaffSession, Staff)
            .join(Staff, Staff.id == StaffSession.staff_id)
            .where(
                StaffSession.token_hash == hashed(token),
                StaffSession.ended_at.is_(None),
                StaffSession.expires_at > at,
                StaffSession.last_seen_at > at - IDLE,
                Staff.active,
            )
        ).first()
        if found is None:
            return None
        kept, staff = found
        name = services.keys.of(session, SERVICE).open(staff, "name_sealed")
        viewer = viewer_of(session, staff)
    if at - kept.last_seen_at >= NOTED_EVERY:
        _note(services, kept.id, at)
    return SignedIn(viewer, name)


def end(act: Act, token: str) -> None:
    """End a session for good: the cookie opens nothing any more, wherever a copy of it is."""
    act.session.execute(
        update(StaffSession)
        .where(StaffSession.token_hash == hashed(token), StaffSession.ended_at.is_(None))
        .values(ended_at=act.at)
    )


def _note(services: Services, session_id: UUID, at: datetime) -> None:
    with services.sessions.begin() as session:
        session.execute(update(StaffSession).where(StaffSession.id == session_id).values(last_seen_at=at))
