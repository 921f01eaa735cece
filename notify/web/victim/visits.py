"""Visits to the private page: begun by a right secret, ended by leaving, signing out or the clock.

The browser keeps a random token inside the session cookie of the public door; we keep only its hash.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from flask import g, redirect, session
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from models.messages import VictimSession
from models.people import Victim
from notify.delivery.writing import hashed
from notify.ledger.acts import Act
from notify.ledger.audit import Actor
from notify.web.context import current_services
from notify.wiring import Services, new_token

IDLE = timedelta(minutes=15)
LONGEST = timedelta(minutes=30)
KEY = "visit"

log = logging.getLogger(__name__)


def begin(act: Act, victim: Victim) -> str:
    """Begin a visit by somebody who gave the victim's secret; returns the token for her browser."""
    token = new_token()
    act.actor = Actor("victim", victim.id)
    visit = VictimSession(
        token_hash=hashed(token), victim_id=victim.id, created_at=act.at, expires_at=act.at + IDLE
    )
    act.session.add(visit)
    act.session.flush()
    act.log("visit begun", visit, owner=victim.id)
    return token


def remember(token: str) -> None:
    """Give the token to the browser, in a fresh session: nothing that was there before the secret lives on."""
    session.clear()
    session[KEY] = token


def token() -> str | None:
    """The token that the browser shows, whether or not it is good."""
    return session.get(KEY)


def require() -> Response | None:
    """The guard of every private page: without a living visit, back to the front door."""
    services = current_services()
    shown = token()
    with services.reading() as reading:
        visit = _living(reading, shown, services.clock()) if shown else None
    if visit is None:
        session.clear()
        return redirect("/", 303)
    g.visit = visit
    return None


def current_id() -> UUID:
    """Which visit this is."""
    return cast("VictimSession", g.visit).id


@contextmanager
def visiting() -> Iterator[tuple[Act, Victim]]:
    """One act by the victim whose visit it is; it keeps the visit alive a while longer."""
    seen = cast("VictimSession", g.visit)
    with current_services().acting(Actor("victim", seen.victim_id)) as act:
        visit = act.session.get_one(VictimSession, seen.id, with_for_update=True)
        visit.expires_at = min(act.at + IDLE, visit.created_at + LONGEST)
        yield act, act.session.get_one(Victim, visit.victim_id)


def end(act: Act, shown: str) -> None:
    """The token opens nothing any more."""
    visit = _living(act.session, shown, act.at)
    if visit is not None:
        visit.ended_at = act.at
        act.log("visit ended", visit, owner=visit.victim_id)


def end_behind(services: Services, shown: str) -> None:
    """End a visit after the answer has gone: she has left already, and must not wait or see an error."""
    try:
        with services.acting(Actor("victim")) as act:
            end(act, shown)
    except Exception:  # whatever it is, the visit ends by itself within minutes
        log.exception("a visit was not ended")


def _living(reading: Session, shown: str, at: datetime) -> VictimSession | None:
    return reading.scalars(
        select(VictimSession).where(
            VictimSession.token_hash == hashed(shown),
            VictimSession.ended_at.is_(None),
            VictimSession.expires_at > at,
        )
    ).first()
