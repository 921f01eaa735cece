"""What several commands need: the services, values checked as everywhere else, and a progress bar."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

import click
from marshmallow import ValidationError, fields
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from config import Settings, policy_file
from models.session import Database, open_database
from notify.fields import LONGEST_NAME, LONGEST_TEXT, moment, ref, words
from notify.wiring import Services, make_services

EVENT_FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
POLICY_FILE = EVENT_FILE
OWNER_ONLY = 0o600


class Refused(click.ClickException):
    """The input, the settings or the database cannot be used; each line is one fault."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        click.echo(self.message, file=file, err=file is None)


class Given(click.ParamType[Any]):
    """An argument that is read as the event file and the API read it."""

    def __init__(self, field: fields.Field[Any], name: str) -> None:
        self.field = field
        self.name = name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return self.field.deserialize(value)
        except ValidationError as fault:
            self.fail(str(fault.messages[0]), param, ctx)


MOMENT = Given(moment(), "moment")
REF = Given(ref(), "reference")
NAME = Given(words(longest=LONGEST_NAME), "name")
REASON = Given(words(longest=LONGEST_TEXT), "reason")


def make_settings() -> Settings:
    """The settings of this process. Raises ConfigError."""
    return Settings.from_env(os.environ)


def policy_in_force() -> Path | None:
    """The policy file that the environment names, if it does; no other setting is looked at. Raises ConfigError."""
    return policy_file(os.environ)


@contextmanager
def services() -> Iterator[Services]:
    """The services by the settings of this process. Raises ConfigError."""
    settings = make_settings()
    with opened(settings.database_url) as database:
        yield make_services(settings, database=database)


@contextmanager
def opened(url: str) -> Iterator[Database]:
    """A database for as long as a command needs it."""
    database = open_database(url)
    try:
        yield database
    finally:
        database.engine.dispose()


def progress_bar(*, console: Console | None = None) -> Progress:
    """A bar on standard error that is drawn only where somebody may be watching it."""
    console = console or Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=console, disable=not console.is_terminal, transient=True)


def day_of(at: datetime) -> str:
    """How a bar shows how far simulated time has come."""
    return f"{at:%d %b %Y}"


def private_file(path: Path) -> TextIO:
    """A file for UTF-8 text, opened for writing, that nobody but its owner may read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY)
    return os.fdopen(descriptor, "w", encoding="utf-8", newline="\n")
