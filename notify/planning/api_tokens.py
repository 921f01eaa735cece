"""Tokens of partner systems: made once, shown once, kept as a hash, limited to scopes, revoked with a reason."""

import hashlib
import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.staff import ApiToken, Staff
from notify.access import Viewer, viewer_of
from notify.errors import Conflict, FieldFault
from notify.ledger.acts import Act

PREFIX = "notify_"
"""By this a token that was left lying about is recognised, by people and by scanners."""

TOKEN_BYTES = 32


class Scope(StrEnum):
    """What a token may be used for."""

    CASES_READ = "cases:read"
    CASES_WRITE = "cases:write"
    PLANS_WRITE = "plans:write"
    CONTACT_POINTS_VERIFY = "contact-points:verify"
    MILESTONES_WRITE = "milestones:write"
    CONTACTS_WRITE = "contacts:write"
    DUTIES_READ = "duties:read"
    DUTIES_WRITE = "duties:write"
    ALERTS_READ = "alerts:read"
    ALERTS_WRITE = "alerts:write"


@dataclass(frozen=True)
class Bearer:
    """A token in use: what it may be used for, and the member of staff it acts as."""

    token_id: UUID
    scopes: frozenset[Scope]
    viewer: Viewer


def create_token(
    act: Act, *, name: str, staff: Staff, scopes: Collection[Scope], expires_at: datetime | None
) -> str:
    """Make a token that acts as `staff` and return it: this is the only time it can be seen.

    Raises Conflict for a name in use, and FieldFault for no scope or an end that has passed.
    """
    if not scopes:
        raise FieldFault("scopes", "must name one at least")
    if expires_at is not None and expires_at <= act.at:
        raise FieldFault("expires_at", "must lie in the future")
    if act.session.scalars(select(ApiToken.id).where(ApiToken.name == name)).first() is not None:
        raise Conflict("name", "is used already")
    token = PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    row = ApiToken(
        name=name,
        token_hash=_hashed(token),
        staff_id=staff.id,
        scopes=[scope.value for scope in Scope if scope in scopes],
        created_at=act.at,
        expires_at=expires_at,
    )
    act.session.add(row)
    act.session.flush()
    act.log("token created", row, staff=str(staff.id), scopes=" ".join(row.scopes))
    return token


def revoke_token(act: Act, row: ApiToken, *, reason: str) -> None:
    """End a token at once. Raises Conflict when it is revoked already."""
    if row.revoked_at is not None:
        raise Conflict("token", "is revoked already")
    row.revoked_at = act.at
    act.log("token revoked", row, reason=reason)


def bearer_of(session: Session, token: str, *, at: datetime) -> Bearer | None:
    """Who acts with this token; None for one that is unknown, expired or revoked, or whose member of staff has left."""
    digest = _hashed(token)
    found = session.execute(
        select(ApiToken, Staff)
        .join(Staff, Staff.id == ApiToken.staff_id)
        .where(ApiToken.token_hash == digest, Staff.active, ApiToken.revoked_at.is_(None))
    ).first()
    if found is None:
        return None
    row, staff = found
    if not hmac.compare_digest(row.token_hash, digest) or (row.expires_at and row.expires_at <= at):
        return None
    known = {scope.value: scope for scope in Scope}
    scopes = frozenset(known[word] for word in row.scopes if word in known)
    return Bearer(row.id, scopes, viewer_of(session, staff))


def _hashed(token: str) -> bytes:
    """How a token is kept: 32 random bytes need no salt and no slow hash."""
    return hashlib.sha256(token.encode()).digest()
