"""The same POST twice is one act: a key is claimed first, and the act and its answer are kept together or not at all.

Kept are answers of acts that were carried out. A refused request changed nothing, so its key stays free, and so does
the key of one that failed inside; a request that never ended gives its key up after a while.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from webargs.flaskparser import abort

from models.ids import new_id
from models.keyring import SERVICE, Keyring, Place
from models.running import IdempotentRequest
from notify.errors import Conflict
from notify.ledger.acts import Act
from notify.ledger.audit import Actor
from notify.wiring import Services

KEY = re.compile(r"[\x21-\x7e]{1,255}")
TAKEN_OVER_AFTER = timedelta(seconds=60)
"""A request takes far less; one that is older has died with its process."""

TABLE = IdempotentRequest.__tablename__
KEPT_FOR = timedelta(days=7)
UNIQUE = {"23505", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"}
"""How PostgreSQL and SQLite say that a row is there already."""


@dataclass(frozen=True)
class Asked:
    """One request: the token and the key it came with, and the words by which a repeat of it is known."""

    token_id: UUID
    key: str
    words: str


@dataclass(frozen=True)
class Claim:
    """The right to answer: it is lost when somebody else takes the row over, which changes `since`."""

    row_id: UUID
    since: datetime


@dataclass(frozen=True)
class Answer:
    status: int
    text: str
    replayed: bool = False


def once(services: Services, actor: Actor, asked: Asked, view: Callable[[Act], str], status: int) -> Answer:
    """Carry the request out, or give the answer it got before. `view` returns its answer as text."""
    claimed = _claim(services, asked)
    if isinstance(claimed, Answer):
        return claimed
    try:
        with services.acting(actor) as act:
            answer = Answer(status, view(act))
            _keep(act, claimed, answer)
    except Exception as error:
        # Whatever the reason, nothing of the act is left; if the answer is kept after all, this leaves it alone.
        _release(services, claimed)
        if isinstance(error, IntegrityError) and _is_repeat(error):
            raise Conflict("", "was recorded by another request at the same moment") from error
        raise
    return answer


def _claim(services: Services, asked: Asked) -> Claim | Answer:
    at, keys = services.clock(), services.keys
    try:
        with services.sessions.begin() as session:
            session.execute(delete(IdempotentRequest).where(IdempotentRequest.created_at < at - KEPT_FOR))
            claim = Claim(new_id(), at)
            session.connection().execute(
                insert(IdempotentRequest).values(
                    id=claim.row_id,
                    token_id=asked.token_id,
                    key_hash=_key_hash(session, keys, asked),
                    body_hash=_body_hash(session, keys, asked),
                    created_at=at,
                )
            )
            return claim
    except IntegrityError:
        pass  # the key was used before
    with services.sessions.begin() as session:
        row = session.scalars(
            select(IdempotentRequest)
            .where(
                IdempotentRequest.token_id == asked.token_id,
                IdempotentRequest.key_hash == _key_hash(session, keys, asked),
            )
            .with_for_update()
        ).first()
        if row is None:
            _in_progress()  # the request that had it has failed this moment, and gave it up
        return _met_before(session, keys, row, _body_hash(session, keys, asked), at)


# Keyed digests: a bare one of a short body, or of a key with a name in it, could be guessed.
def _key_hash(session: Session, keys: Keyring, asked: Asked) -> bytes:
    return keys.blind_index(session, f"api key|{asked.key}")


def _body_hash(session: Session, keys: Keyring, asked: Asked) -> bytes:
    return keys.blind_index(session, f"api request|{asked.words}")


def _met_before(
    session: Session, keys: Keyring, row: IdempotentRequest, body_hash: bytes, at: datetime
) -> Claim | Answer:
    if row.body_hash != body_hash:
        reason = "was used before, for another request"
        abort(422, errors={"headers": {"Idempotency-Key": [reason]}})
    if row.status is not None:
        text = keys.of(session, SERVICE).open(row, "answer_sealed")
        return Answer(row.status, text, replayed=True)
    if at - row.created_at < TAKEN_OVER_AFTER:
        _in_progress()
    row.created_at = at
    return Claim(row.id, at)


def _keep(act: Act, claim: Claim, answer: Answer) -> None:
    """Store the answer in the act's own transaction. Whoever has lost the claim meanwhile has done nothing."""
    sealed = act.seal(SERVICE, Place(TABLE, claim.row_id), "answer_sealed", answer.text)
    kept = act.connection.execute(
        update(IdempotentRequest)
        .where(
            IdempotentRequest.id == claim.row_id,
            IdempotentRequest.created_at == claim.since,
            IdempotentRequest.status.is_(None),
        )
        .values(status=answer.status, answer_sealed=sealed)
    )
    if kept.rowcount != 1:
        _in_progress()


def _release(services: Services, claim: Claim) -> None:
    with services.sessions.begin() as session:
        session.execute(
            delete(IdempotentRequest).where(
                IdempotentRequest.id == claim.row_id,
                IdempotentRequest.created_at == claim.since,
                IdempotentRequest.status.is_(None),
            )
        )


def _in_progress() -> NoReturn:
    abort(
        409,
        message="A request with this Idempotency-Key is being answered; ask again later.",
        headers={"Retry-After": "1"},
    )


def _is_repeat(error: IntegrityError) -> bool:
    code = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "sqlite_errorname", None)
    return code in UNIQUE
