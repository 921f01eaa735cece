"""The command line: `notify`, for the people who run the service and for those who try it."""

from importlib import import_module
from typing import Any

import click
from sqlalchemy.exc import DBAPIError

from config import ConfigError
from models.faults import database_fault
from models.keyring import KeyringError
from notify.cli.shared import Refused
from notify.errors import NotifyError
from notify.logs import configure_logs
from notify.planning.policy import PolicyError

COMMANDS = {
    "database": "database:database",
    "import": "importing:import_file",
    "replay": "replaying:replay_file",
    "policy": "policies:policy",
    "code": "code:code",
    "audit": "audit:audit",
    "keys": "keys:keys",
    "unit": "staff:unit",
    "staff": "staff:staff",
    "token": "tokens:token",
    "mail": "mail:mail",
    "health": "health:health",
    "serve": "serving:serve",
    "demo": "demonstration:demo",
    "dev": "dev:dev",
}
"""Where each command is made. Only the one that is run is loaded: all of them take seconds."""


class Commands(click.Group):
    """Commands whose faults are told in a line each, on standard error, with exit status 2."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(f"notify.cli.{module}"), name)
        return command

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


def main() -> None:
    """Run one command, with logs that cannot carry what is personal."""
    configure_logs("WARNING")
    notify()
