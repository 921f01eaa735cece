"""`notify unit` and `notify staff`: who works with the service."""

import sys

import click

from models.vocabulary import Agency, Role
from notify.cli.shared import NAME, REF, services
from notify.ledger.audit import THE_SERVICE
from notify.planning.people import add_staff, add_unit
from notify.planning.queries import staff_by_ref, unit_by_ref
from notify.planning.staff_sign_in import set_password


@click.group()
def unit() -> None:
    """Units: the teams of each agency."""


@unit.command("add")
@click.argument("reference", type=REF)
@click.option("--name", type=NAME, required=True)
@click.option(
    "--agency",
    type=click.Choice([one.value for one in Agency]),
    default=Agency.POLICE.value,
    show_default=True,
)
def add_a_unit(reference: str, name: str, agency: str) -> None:
    """Add a unit under a REFERENCE of your own."""
    with services() as ours, ours.acting(THE_SERVICE) as act:
        add_unit(act, ref=reference, name=name, agency=Agency(agency))


@click.group()
def staff() -> None:
    """Staff and their sign-ins."""


@staff.command("add")
@click.argument("reference", type=REF)
@click.option("--name", type=NAME, required=True)
@click.option("--role", type=click.Choice([one.value for one in Role]), required=True)
@click.option("--unit", "unit_ref", type=REF, required=True, help="Reference of the unit.")
def add_a_member(reference: str, name: str, role: str, unit_ref: str) -> None:
    """Add a member of staff. They can sign in once they have a password."""
    with services() as ours, ours.acting(THE_SERVICE) as act:
        add_staff(act, ref=reference, name=name, role=Role(role), unit=unit_by_ref(act.session, unit_ref))


@staff.command("password")
@click.argument("reference", type=REF)
def set_a_password(reference: str) -> None:
    """Set the password of a member of staff, and end every sign-in under the old one.

    It is asked for twice at a terminal; else the first line of standard input is taken.
    """
    if sys.stdin.isatty():
        password = click.prompt("New password", hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    with services() as ours, ours.acting(THE_SERVICE) as act:
        set_password(act, staff_by_ref(act.session, reference, "staff"), password)
