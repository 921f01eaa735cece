"""Wrapped data keys, one per owner (a victim, a case, the service itself)."""

from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Table


class DataKey(Table):
    """A data key under the root key. `wrapped` is empty once the key was destroyed, and its owner with it."""

    __tablename__ = "data_keys"

    owner_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    wrapped: Mapped[bytes | None]
