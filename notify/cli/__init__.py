"""The command line: `notify`, for the people who run the service and for those who try it."""

from typing import Any

import click
from sqlalchemy.exc import DBAPIError

from config import ConfigError
from models.faults import database_fault
from models.keyring import KeyringError
from notify.cli import (
    audit,
    code,
    database,
    demonstration,
    dev,
    health,
    importing,
    keys,
    mail,
    policies,
    replaying,
    serving,
    staff,
    tokens,
)
from notify.cli.shared import Refused
from notify.errors import NotifyError
from notify.logs import configure_logs
from notify.planning.policy import PolicyError


class Commands(click.Group):
    """Commands whose faults are told in a line each, on standard error, with exit status 2."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (ConfigError, KeyringError, NotifyError, PolicyError) as fault:
            raise Refused(str(fault)) from fault
        except DBAPIError as fault:
            raise Refused(database_fault(fault)) from fault
        except BrokenPipeError:
            raise  # whoever read our output has seen enough
        except OSError as fault:
            raise Refused(f"{fault.filename or 'input or output'}: {fault.strerror}") from fault


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def notify() -> None:
    """Communication plans for victims of crime, and safe, timely updates about their case.

    Settings come from the environment: see docs/settings.md.
    """


for command in (
    database.database,
    importing.import_file,
    replaying.replay_file,
    policies.policy,
    code.code,
    audit.audit,
    keys.keys,
    staff.unit,
    staff.staff,
    tokens.token,
    mail.mail,
    health.health,
    serving.serve,
    demonstration.demo,
    dev.dev,
):
    notify.add_command(command)


def main() -> None:
    """Run one command, with logs that cannot carry what is personal."""
    configure_logs("WARNING")
    notify()
