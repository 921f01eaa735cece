"""Sealing: a root key wraps one data key per owner, and data keys seal fields bound to their place."""

import base64
import binascii
import hmac
import os
import re
from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Protocol
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import insert, select
from sqlalchemy.orm import Session, sessionmaker

from models.columns import among
from models.keys import DataKey

SERVICE = UUID(int=1)
"""Owner of what belongs to no victim and no case: names of staff and units, unmatched inbound texts."""

INDEX = UUID(int=2)
"""Owner of the key from which the blind index is derived."""

KEY_BYTES = 32
NONCE_BYTES = 12
CACHED_KEYS = 20_000
FIELD_FORMAT = b"\x01"


class KeyringError(Exception):
    """The keys given do not fit: missing, malformed, or not the ones this database was sealed with."""


class SealBroken(Exception):  # noqa: N818 - it names what happened to the seal
    """A sealed value does not open: it was moved, changed, or its key was destroyed."""


class Row(Protocol):
    """What a sealed value is bound to."""

    @property
    def __tablename__(self) -> str:
        """The table."""

    @property
    def id(self) -> UUID:
        """The row."""


@dataclass(frozen=True)
class Place:
    """A row that is only named: for values read, or sealed, apart from their row."""

    __tablename__: str
    id: UUID


@dataclass(frozen=True)
class RootKeys:
    """Numbered root keys; the first one given wraps, the others only open."""

    current: int
    keys: Mapping[int, bytes] = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> "RootKeys":
        """Read `number:base64` entries separated by commas or lines.

        Raises KeyringError without echoing any part of a key.
        """
        keys: dict[int, bytes] = {}
        for entry in filter(None, (part.strip() for part in re.split(r"[,\n]", text))):
            number, _, encoded = entry.partition(":")
            try:
                key = base64.b64decode(encoded, validate=True)
            except (binascii.Error, ValueError):
                key = b""
            if (
                not number.isascii()
                or not number.isdigit()
                or not 1 <= int(number) < 2**32
                or len(key) != KEY_BYTES
            ):
                msg = "a root key must look like 1:BASE64 with 32 bytes behind the number"
                raise KeyringError(msg)
            if int(number) in keys:
                msg = f"root key number {int(number)} is given twice"
                raise KeyringError(msg)
            keys[int(number)] = key
        if not keys:
            msg = "no root key is given"
            raise KeyringError(msg)
        return cls(current=next(iter(keys)), keys=keys)

    @staticmethod
    def generate(number: int = 1) -> str:
        """A fresh root key in the form that `parse` reads."""
        return f"{number}:{base64.b64encode(os.urandom(KEY_BYTES)).decode('ascii')}"

    def wrap(self, data_key: bytes, about: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        number = self.current.to_bytes(4, "big")
        return number + nonce + AESGCM(self.keys[self.current]).encrypt(nonce, data_key, number + about)

    def unwrap(self, wrapped: bytes, about: bytes) -> bytes:
        number, nonce, body = wrapped[:4], wrapped[4 : 4 + NONCE_BYTES], wrapped[4 + NONCE_BYTES :]
        root = self.keys.get(int.from_bytes(number, "big"))
        if root is None:
            msg = f"root key number {int.from_bytes(number, 'big')} is needed and was not given"
            raise KeyringError(msg)
        try:
            return AESGCM(root).decrypt(nonce, body, number + about)
        except InvalidTag:
            msg = "the root key does not fit this database"
            raise KeyringError(msg) from None


@dataclass(frozen=True)
class OwnerKey:
    """The data key of one owner, able to seal and open that owner's fields."""

    owner: UUID
    version: int
    _cipher: AESGCM = field(repr=False)

    def seal(self, row: Row, column: str, text: str) -> bytes:
        """Seal `text` for one column of one row; it opens nowhere else."""
        nonce = os.urandom(NONCE_BYTES)
        header = FIELD_FORMAT + self.version.to_bytes(2, "big")
        return header + nonce + self._cipher.encrypt(nonce, text.encode(), _place(header, row, column))

    def open(self, row: Row, column: str) -> str:
        """The text sealed in `row.column`. Raises SealBroken."""
        return self.open_value(getattr(row, column), row, column)

    def open_value(self, sealed: bytes, row: Row, column: str) -> str:
        """The text of a sealed value that was read apart from its row. Raises SealBroken."""
        header, nonce, body = sealed[:3], sealed[3 : 3 + NONCE_BYTES], sealed[3 + NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, body, _place(header, row, column)).decode()
        except (InvalidTag, ValueError):  # a value cut short may have no whole nonce
            msg = f"{row.__tablename__}.{column} of row {row.id} does not open"
            raise SealBroken(msg) from None

    def open_or_none(self, row: Row, column: str) -> str | None:
        return None if getattr(row, column) is None else self.open(row, column)


def _place(header: bytes, row: Row, column: str) -> bytes:
    return b"|".join((header, row.__tablename__.encode(), column.encode(), row.id.bytes))


_NEW_KEY = insert(DataKey)
_KEYS_OF = (
    select(DataKey.owner_id, DataKey.version, DataKey.wrapped)
    .where(among(DataKey.owner_id, "owners"))
    .order_by(DataKey.version)  # the newest is the last
)


class Keyring:
    """Finds, makes, re-wraps and destroys data keys. Opened keys are kept in memory, a bounded number of them."""

    def __init__(self, roots: RootKeys) -> None:
        self._roots = roots
        self._opened: OrderedDict[UUID, OwnerKey] = OrderedDict()
        self._lock = Lock()
        self._index: bytes | None = None

    def create(self, session: Session, owner: UUID) -> OwnerKey:
        """Make the data key of a new owner, in the caller's transaction."""
        key, row = self.make(owner)
        session.connection().execute(_NEW_KEY, row)
        return self._remember(key)

    def make(self, owner: UUID) -> tuple[OwnerKey, dict[str, Any]]:
        """A data key for a new owner, and the row of `data_keys` that keeps it: for who inserts very many at once."""
        secret = AESGCM.generate_key(bit_length=KEY_BYTES * 8)
        wrapped = self._roots.wrap(secret, _about(owner, 1))
        return OwnerKey(owner, 1, AESGCM(secret)), {"owner_id": owner, "version": 1, "wrapped": wrapped}

    def of(self, session: Session, owner: UUID) -> OwnerKey:
        """The data key of `owner`. Raises SealBroken when it was destroyed or never made."""
        with self._lock:
            known = self._opened.get(owner)
            if known is not None:
                self._opened.move_to_end(owner)
                return known
        secret, version = self._secret(session, owner)
        return self._remember(OwnerKey(owner, version, AESGCM(secret)))

    def fetch(self, session: Session, owners: Collection[UUID]) -> None:
        """Open the keys of several owners in one question, so that `of` need not ask for each; what is not there is passed over."""
        with self._lock:
            unknown = [owner for owner in owners if owner not in self._opened]
        if not unknown:
            return
        for owner, version, wrapped in session.connection().execute(_KEYS_OF, {"owners": unknown}):
            if wrapped is not None:
                secret = self._roots.unwrap(wrapped, _about(owner, version))
                self._remember(OwnerKey(owner, version, AESGCM(secret)))

    def ready(self, sessions: sessionmaker[Session]) -> None:
        """Prove that the root key fits this database; a new database gets its own keys. Raises KeyringError."""
        with sessions.begin() as session:
            known = set(
                session.scalars(select(DataKey.owner_id).where(DataKey.owner_id.in_((SERVICE, INDEX))))
            )
            for owner in (SERVICE, INDEX):
                if owner in known:
                    self._secret(session, owner)
                else:
                    self.create(session, owner)

    def blind_index(self, session: Session, value: str) -> bytes:
        """A keyed digest by which equal values can be found without storing them (HMAC-SHA-256, its own derived key)."""
        if self._index is None:
            secret, _ = self._secret(session, INDEX)
            self._index = HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=b"blind index").derive(secret)
        return hmac.digest(self._index, value.encode(), "sha256")

    def rewrap_all(self, session: Session, *, batch: int = 1000) -> int:
        """Wrap every data key under the current root key; sealed fields stay as they are. Returns how many changed."""
        changed = 0
        for row in session.scalars(select(DataKey).execution_options(yield_per=batch)):
            if row.wrapped is None or int.from_bytes(row.wrapped[:4], "big") == self._roots.current:
                continue
            about = _about(row.owner_id, row.version)
            row.wrapped = self._roots.wrap(self._roots.unwrap(row.wrapped, about), about)
            changed += 1
        return changed

    def destroy(self, session: Session, owner: UUID) -> None:
        """Erase an owner: nothing sealed under this key opens again in this database.

        An older backup still holds the wrapped key: it is erased there too once the root key of that day is destroyed
        (rotate, re-wrap, destroy the old one). Other processes drop an opened key when they restart.
        """
        for row in session.scalars(select(DataKey).where(DataKey.owner_id == owner)):
            row.wrapped = None
        self.forget(owner)

    def forget(self, owner: UUID) -> None:
        with self._lock:
            self._opened.pop(owner, None)

    def _secret(self, session: Session, owner: UUID) -> tuple[bytes, int]:
        row = session.scalars(
            select(DataKey).where(DataKey.owner_id == owner).order_by(DataKey.version.desc()).limit(1)
        ).first()
        if row is None or row.wrapped is None:
            msg = f"there is no data key for owner {owner}"
            raise SealBroken(msg)
        return self._roots.unwrap(row.wrapped, _about(owner, row.version)), row.version

    def _remember(self, key: OwnerKey) -> OwnerKey:
        with self._lock:
            self._opened[key.owner] = key
            while len(self._opened) > CACHED_KEYS:
                self._opened.popitem(last=False)
        return key


def _about(owner: UUID, version: int) -> bytes:
    return b"data key|" + owner.bytes + b"|" + version.to_bytes(2, "big")
