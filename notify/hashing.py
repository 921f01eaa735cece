"""Hashes of what a person remembers, such as a password or a PIN, and their comparison, which takes as long for nobody's."""

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
"""Argon2id with the OWASP minimum: the lock after a few wrong tries is what protects a short PIN online."""


def hash_of(secret: str) -> str:
    """What is kept in the place of a secret."""
    return _hasher.hash(secret)


def matches(kept: str | None, secret: str) -> bool:
    """Whether this is the secret of which `kept` is the hash; False for None, after as long."""
    try:
        _hasher.verify(kept or _nobodys(), secret)
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


@cache
def _nobodys() -> str:
    """Compared when there is no hash to compare. Made when it is first needed: most commands never do."""
    return _hasher.hash(secrets.token_urlsafe())
