"""Sends: hands claimed messages to their provider with no transaction open, and records what came of it."""

import logging
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from time import sleep
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Select, String, bindparam, case, null, select, update
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

from models.base import is_one_of
from models.columns import among
from models.each import Each
from models.keyring import Keyring, Place
from models.messages import WORDLESS, Message
from models.vocabulary import Channel, Detail, MessageState, Outcome
from notify.clock import Clock
from notify.delivery.carrying import SENT_AGAIN
from notify.delivery.claiming import Claim, claim_due, still_safe
from notify.delivery.giving_up import give_up
from notify.delivery.providers.base import (
    Accepted,
    Answer,
    NotAsked,
    ProviderError,
    Refused,
    SlowDown,
    TryLater,
)
from notify.delivery.providers.routes import Routes
from notify.delivery.routing import Streaks, note
from notify.delivery.rules.retry import Retry
from notify.delivery.writing import Writer, hashed
from notify.ledger.acts import Act, acting
from notify.ledger.audit import THE_SERVICE
from notify.ledger.contact_log import Sent, Words, write_attempts

log = logging.getLogger(__name__)

BATCH = 96
"""As many as Twilio is asked side by side: then the gate, asked at the claim, need not be asked anew for any of them."""
RETRY = Retry()
PAUSES = (0.5, 2.0)
"""Seconds between the tries to record: the answers are known here and nowhere else, and a database that starts again takes moments."""

FRESH = timedelta(seconds=10)

FIRST_ASKED = timedelta(hours=1)
"""When a message without a receipt is looked at first: no figure of the policy is shorter."""

NOT_KNOWN_TO_BE_SENT = (
    MessageState.CLAIMED,
    MessageState.UNCERTAIN,
    MessageState.QUEUED,
    MessageState.HELD,
)

_is_open = is_one_of(Message.state, *NOT_KNOWN_TO_BE_SENT)
_ACCEPT = Each(
    Message,
    {"ref": String(), "ask": Message.lease_until.type},
    lambda given: {
        # What was given back as not sent is overwritten; what ended otherwise is not.
        "state": case((_is_open, MessageState.ACCEPTED), else_=Message.state),
        "provider_ref": given("ref"),
        "handed_over_at": bindparam("now"),
        "lease_until": case((_is_open, given("ask")), else_=null()),
        "not_before": None,
        **WORDLESS,
    },
)
_NAME = update(Message).where(Message.id == bindparam("message")).values(provider_ref=bindparam("ref"))
_LOCKED: Select[*tuple[Any, ...]] = (
    select(
        Message.id,
        Message.participation_id,
        Message.victim_id,
        Message.contact_point_id,
        Message.channel,
        Message.detail,
        Message.callback_hash,
        Message.handed_over_at,
    )
    .where(among(Message.id, "ids"))
    .order_by(Message.id)
    .with_for_update(key_share=True)
)


def send_due(
    sessions: sessionmaker[Session],
    reads: sessionmaker[Session],
    keys: Keyring,
    writer: Writer,
    providers: Routes,
    *,
    clock: Clock,
    worker: str,
    limit: int = BATCH,
) -> int:
    """Claim, hand over and record one batch. Returns how many messages were looked at."""
    seen, claims = claim_due(sessions, keys, writer, providers, at=clock(), worker=worker, limit=limit)
    answers = list(_hand_over(reads, claims, clock))
    for left in reversed(range(len(PAUSES) + 1)):
        try:
            record(sessions, keys, answers, at=clock)
            break
        except OperationalError:  # a deadlock, or a database that is away for a moment
            if not left:
                raise
            sleep(PAUSES[-left])
    told = [((claim.outgoing.channel, claim.provider.name), answer) for claim, answer in answers]
    note(sessions, providers, told, amiss=any(claim.amiss for claim in claims), at=clock())
    return seen


def _hand_over(
    reads: sessionmaker[Session], claims: Sequence[Claim], clock: Clock
) -> Iterator[tuple[Claim, Answer]]:
    """Ask each provider, wave after wave of as many as it takes side by side. No transaction is open meanwhile."""
    # The gate was asked when they were claimed: a moment ago, unless the claim was long in being committed.
    fresh = bool(claims) and clock() - claims[0].at < FRESH
    streaks = Streaks(clock())
    for wave in _waves(claims):
        now = clock()
        provider = wave[0].provider
        if streaks.leaves_alone(provider):
            yield from ((claim, NotAsked("provider_failing")) for claim in wave)
            continue
        allowed = {claim.outgoing.message_id for claim in wave}
        if not fresh:
            allowed = _allowed(reads, wave, now)
        go = []
        for claim in wave:
            if now >= claim.until:
                # A slow provider has used up the lease: what was not handed over yet is given back while that is certain.
                yield claim, NotAsked("claim_too_old")
            elif claim.outgoing.message_id not in allowed:
                yield claim, NotAsked("not_safe_any_more")
            else:
                go.append(claim)
        if go:
            answers = provider.send_all([one.outgoing for one in go], at=now)
            streaks.saw(provider, answers)
            yield from zip(go, answers, strict=True)
        fresh = False


def _allowed(reads: sessionmaker[Session], wave: Sequence[Claim], now: datetime) -> set[UUID]:
    """What the gate lets go now: nothing while it cannot be asked, and what has left already is recorded all the same."""
    try:
        with reads() as session:
            return still_safe(session, wave, now)
    except DBAPIError:
        log.exception("the gate could not be asked")
        return set()


def _waves(claims: Sequence[Claim]) -> Iterator[list[Claim]]:
    """What goes to one provider side by side, in the order of the claims; slow mail does not keep texts waiting."""
    fast_first = sorted(claims, key=lambda claim: (-claim.provider.at_once, claim.provider.name))
    for _, same in groupby(fast_first, lambda claim: (claim.outgoing.channel, claim.provider.name)):
        waiting = list(same)
        size = waiting[0].provider.at_once
        yield from (waiting[first : first + size] for first in range(0, len(waiting), size))


def record(
    sessions: sessionmaker[Session],
    keys: Keyring,
    answers: Sequence[tuple[Claim, Answer]],
    *,
    at: Clock,
) -> None:
    """Write down what the providers answered to one batch of hand-overs."""
    if not answers:
        return
    with acting(sessions, keys, at=at(), actor=THE_SERVICE) as act:
        ids = [claim.outgoing.message_id for claim, _ in answers]
        messages = {message.id: message for message in act.connection.execute(_LOCKED, {"ids": ids})}
        taken: list[Taken] = []
        for claim, answer in answers:
            message = messages[claim.outgoing.message_id]
            # The token is new with each claim. The attempt is not: what was no attempt is claimed under the same number.
            if message.callback_hash != hashed(claim.outgoing.callback_token):
                log.error(
                    "an answer came for an attempt that was given up", extra={"message_id": str(message.id)}
                )
            elif not isinstance(answer, Accepted):
                _not_taken(act, act.session.get_one(Message, message.id), answer)
            elif message.handed_over_at is not None:  # a receipt was faster: all is written down but the name
                act.run(_NAME, message=message.id, ref=answer.provider_ref)
            else:
                taken.append(_taken(message, claim, answer))
        accept(act, taken)


def _taken(message: "Letter", claim: Claim, answer: Accepted) -> "Taken":
    words = Words(claim.outgoing.text, claim.outgoing.subject)
    return Taken(message, answer.provider_ref, claim.rules, words, claim.provider.gives_receipts)


def _not_taken(act: Act, message: Message, answer: ProviderError) -> None:
    if message.state is not MessageState.CLAIMED:
        return  # a receipt was faster and knows better
    if isinstance(answer, NotAsked | SlowDown):
        # It keeps its place, and may leave as soon as its provider, or another, takes it.
        message.state, message.lease_until = MessageState.QUEUED, None
        message.attempt -= 1
    elif isinstance(answer, TryLater):
        _try_later(act, message, answer)
    elif isinstance(answer, Refused) and message.error_code != SENT_AGAIN:
        give_up(act, message, MessageState.FAILED, answer.code)
    else:
        _uncertain(act, message, answer)


def _uncertain(act: Act, message: Message, answer: ProviderError) -> None:
    message.state, message.lease_until = MessageState.UNCERTAIN, act.at
    _note(message, answer)
    act.log("message uncertain", message, owner=message.victim_id)


def _note(message: Message, answer: ProviderError) -> None:
    if message.error_code != SENT_AGAIN:
        message.error_code = answer.reason


class Letter(Sent, Protocol):
    """What is asked of a message that a provider has taken."""

    @property
    def channel(self) -> Channel | None: ...
    @property
    def detail(self) -> Detail | None: ...


@dataclass(frozen=True)
class Taken:
    """A message that a provider has, by its name there, with the rules of the duties that it carries."""

    message: Letter
    provider_ref: str | None
    rules: Sequence[str]
    words: Words | None
    has_receipts: bool
    """Whether its provider says what becomes of it."""


def accept(act: Act, taken: Sequence[Taken]) -> None:
    """The provider has them: their words go from their rows to the contact log."""
    ask = act.at + FIRST_ASKED
    rows = [
        {"id": one.message.id, "ref": one.provider_ref, "ask": ask if one.has_receipts else None}
        for one in taken
    ]
    act.run_each(_ACCEPT, rows, now=act.at)
    write_attempts(act, Outcome.MESSAGE_ACCEPTED, [(one.message, one.rules, one.words) for one in taken])
    for one in taken:
        act.log(
            "message sent",
            Place("messages", one.message.id),
            owner=one.message.victim_id,
            channel=str(one.message.channel),
            detail=str(one.message.detail),
        )


def _try_later(act: Act, message: Message, answer: TryLater) -> None:
    when = RETRY.next_try(
        message.attempt,
        act.at,
        not_after=message.valid_until,  # later than that is too late to be a try of this one: others are left
        retry_after=answer.retry_after,
        jitter=random.random(),  # noqa: S311 - spreads load
    )
    if when is not None:
        message.state, message.not_before, message.lease_until = MessageState.QUEUED, when, None
        _note(message, answer)
    elif message.error_code == SENT_AGAIN:  # it may have arrived the first time
        _uncertain(act, message, answer)
    else:
        give_up(act, message, MessageState.EXPIRED, answer.reason)
