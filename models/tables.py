"""Imports every table, so that the metadata is whole (migrations, tests)."""

from models import (
    cases,
    duties,
    keys,
    ledger,
    messages,
    milestones,
    oversight,
    people,
    plans,
    running,
    staff,
    windows,
)
from models.base import Table

metadata = Table.metadata

__all__ = [
    "cases",
    "duties",
    "keys",
    "ledger",
    "messages",
    "metadata",
    "milestones",
    "oversight",
    "people",
    "plans",
    "running",
    "staff",
    "windows",
]
