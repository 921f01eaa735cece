"""Sends each member of staff the daily digest: numbers alone, by the way that e-mails go."""

from datetime import UTC, datetime

from sqlalchemy import case, exists, func, literal, select

from jobs.tick import Tick
from models.oversight import Digest
from models.staff import Staff
from models.types import UtcDateTime
from models.vocabulary import Channel
from notify.delivery.providers.base import NotAsked, Outgoing, ProviderError, Refused
from notify.oversight.digest import (
    WITHOUT_A_ROW,
    Claim,
    Failed,
    NothingToSay,
    NotTried,
    Outcome,
    Sent,
    claim_digests,
    plan_digests,
    settle,
)
from notify.oversight.digest_text import SUBJECT, digest_text
from notify.oversight.rules.digest import DigestTimes
from notify.wiring import Services

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def run(services: Services, _worker: str) -> int:
    """Plan the next digest of each who has none planned, and send what is due."""
    rules = services.rulebook
    times = DigestTimes(rules.policy.digest_at, rules.calendar.counts)
    sessions, keys = services.sessions, services.keys
    planned = plan_digests(sessions, times, at=services.clock())
    seen, claims = claim_digests(sessions, keys, times, at=services.clock())
    for claim in claims:
        settle(sessions, keys, times, claim, _send(services, claim), at=services.clock())
    return planned + seen


def _send(services: Services, claim: Claim) -> Outcome:
    """Count what waits for one person now, and hand the e-mail over with no transaction open."""
    now = services.clock()
    if now >= claim.until:
        return NotTried()
    with services.reading() as session:
        staff = session.get_one(Staff, claim.staff_id)
        text = digest_text(session, staff, at=now, staff_url=services.settings.staff_url)
    if text is None:
        return NothingToSay()
    outgoing = Outgoing(
        message_id=claim.digest_id,  # the same at each try: a mailbox may know a repeat by it
        channel=Channel.EMAIL,
        to=claim.to,
        subject=SUBJECT,
        text=text,
        valid_until=claim.until,
        attempt=claim.tries,
        callback_token="",
    )
    try:
        services.providers.first(Channel.EMAIL).send(outgoing, at=now)
    except NotAsked:
        return NotTried()
    except ProviderError as answer:
        return Failed(answer.reason, for_good=isinstance(answer, Refused))
    return Sent()


_unplanned = exists(select(Staff.id).where(*WITHOUT_A_ROW))
_planned = select(func.min(Digest.next_try_at)).where(Digest.next_try_at.is_not(None)).scalar_subquery()

TICK = Tick(
    "digest",
    run,
    select(case((_unplanned, literal(LONG_AGO, UtcDateTime())), else_=_planned)).scalar_subquery(),
)
