"""Daily digests: a row for each is made ahead for the next working day, claimed when its time has come, and settled.

The e-mail leaves between the claim and its settling, with no transaction open. A worker that dies in between leaves a
claim that runs out, and the digest is sent again: one that comes twice does no harm, one that is missing might.
"""

import logging
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, sessionmaker

from models.keyring import SERVICE, Keyring, SealBroken
from models.oversight import Digest
from models.staff import Staff
from notify.ledger.acts import Act, acting
from notify.ledger.audit import THE_SERVICE
from notify.oversight.rules.digest import DigestTimes, next_try
from notify.presence import is_away

log = logging.getLogger(__name__)

BATCH = 50
LEASE = timedelta(minutes=5)
"""A claim older than this belongs to a worker that died."""

_HAS_ROW = exists().where(Digest.staff_id == Staff.id, Digest.next_try_at.is_not(None))
WITHOUT_A_ROW = (Staff.email_sealed.is_not(None), Staff.active.is_(True), ~_HAS_ROW)
"""Those for whom the next digest is still to be planned."""


@dataclass(frozen=True)
class Claim:
    """A digest that this worker, and no other, may send until `until`."""

    digest_id: UUID
    staff_id: UUID
    day: date
    to: str = field(repr=False)
    tries: int
    until: datetime


@dataclass(frozen=True)
class Sent:
    """The mail server has it."""


@dataclass(frozen=True)
class NothingToSay:
    """Nothing waits for this person today."""


@dataclass(frozen=True)
class NotTried:
    """It was not handed over, and may be at once."""


@dataclass(frozen=True)
class Failed:
    """The mail server did not take it, or nobody knows; `for_good` when asking again will not help."""

    reason: str
    for_good: bool = False


Outcome = Sent | NothingToSay | NotTried | Failed


def plan_digests(sessions: sessionmaker[Session], times: DigestTimes, *, at: datetime) -> int:
    """Make the row of the next digest for each who has an address and no row yet. Returns how many."""
    with sessions.begin() as session:
        waiting = select(Staff.id).where(*WITHOUT_A_ROW).order_by(Staff.id)
        if session.scalars(waiting.limit(1)).first() is None:
            return 0
        found = list(session.scalars(waiting.with_for_update(key_share=True)))
        # Asked again now that their rows are locked: another worker may have planned for them meanwhile.
        rows = session.execute(
            select(Digest.staff_id, func.max(Digest.day), func.count(Digest.next_try_at))
            .where(Digest.staff_id.in_(found))
            .group_by(Digest.staff_id)
        )
        last = {staff_id: (day, planned) for staff_id, day, planned in rows}
        for staff_id in found:
            last_day, planned = last.get(staff_id, (None, 0))
            if not planned:
                day = times.next_day(at, after=date.fromisoformat(last_day) if last_day else None)
                session.add(_row(staff_id, day, times, at))
        return len(found)


def claim_digests(
    sessions: sessionmaker[Session], keys: Keyring, times: DigestTimes, *, at: datetime, limit: int = BATCH
) -> tuple[int, list[Claim]]:
    """Claim what is due now, before any mail server hears of it. Returns how many rows were looked at, and the claims.

    A row for which there is nothing to send goes, and the next is planned: its day is no working day any more or is
    over, there are no digests, or the person is away or has no address.
    """
    with acting(sessions, keys, at=at, actor=THE_SERVICE) as act:
        rows = act.session.execute(
            select(Digest, Staff, is_away(at))
            .join(Staff, Staff.id == Digest.staff_id)
            .where(Digest.next_try_at <= at)
            .order_by(Digest.next_try_at, Digest.id)
            .limit(limit)
            .with_for_update(of=Digest, skip_locked=True)
        ).all()
        claims = [_claim(act, digest, staff, times, away=away) for digest, staff, away in rows]
        return len(rows), [claim for claim in claims if claim is not None]


def _claim(act: Act, digest: Digest, staff: Staff, times: DigestTimes, *, away: bool) -> Claim | None:
    day = date.fromisoformat(digest.day)
    if away or staff.email_sealed is None or not times.is_for(day, act.at):
        _let_go(act, digest)
        return None
    try:
        to = act.key(SERVICE).open(staff, "email_sealed")
    except SealBroken:
        _give_up(act, digest, "address_cannot_be_read")
        return None
    digest.tries += 1
    digest.next_try_at = until = act.at + LEASE
    return Claim(digest.id, staff.id, day, to, digest.tries, until)


def settle(
    sessions: sessionmaker[Session],
    keys: Keyring,
    times: DigestTimes,
    claim: Claim,
    outcome: Outcome,
    *,
    at: datetime,
) -> None:
    """Write down what became of a claimed digest. A claim that another worker has taken over meanwhile is left to it."""
    with acting(sessions, keys, at=at, actor=THE_SERVICE) as act:
        digest = act.session.get(Digest, claim.digest_id, with_for_update=True)
        if digest is not None and digest.sent_at is None and digest.tries == claim.tries:
            _settle(act, digest, times.due_on(claim.day), outcome)


def _settle(act: Act, digest: Digest, due_at: datetime, outcome: Outcome) -> None:
    if isinstance(outcome, Sent):
        digest.sent_at, digest.next_try_at = act.at, None
        act.log("digest sent", digest, staff=str(digest.staff_id))
    elif isinstance(outcome, NotTried):
        digest.tries, digest.next_try_at = digest.tries - 1, act.at
    elif isinstance(outcome, NothingToSay):
        act.session.delete(digest)
    else:
        again = None if outcome.for_good else next_try(digest.tries, due_at, act.at)
        if again is None:
            _give_up(act, digest, outcome.reason)
        else:
            digest.next_try_at = again


def _let_go(act: Act, digest: Digest) -> None:
    """Nothing is to be sent. A row that was tried is kept: that it never went is worth knowing."""
    if digest.tries:
        _give_up(act, digest, "its_time_is_over")
    else:
        act.session.delete(digest)


def _give_up(act: Act, digest: Digest, reason: str) -> None:
    digest.next_try_at = None
    act.log("digest given up", digest, staff=str(digest.staff_id), why=reason, tries=digest.tries)
    log.warning("digest given up", extra={"digest": str(digest.id), "reason": reason})


def given_up(session: Session, *, since: date) -> int:
    """How many digests of this London day and later ones were given up."""
    query = select(func.count()).where(
        Digest.day >= since.isoformat(), Digest.sent_at.is_(None), Digest.next_try_at.is_(None)
    )
    return session.scalar(query) or 0


def _row(staff_id: UUID, day: date, times: DigestTimes, at: datetime) -> Digest:
    return Digest(
        staff_id=staff_id, day=day.isoformat(), created_at=at, tries=0, next_try_at=times.due_on(day)
    )
