"""`notify unit` and `notify staff`: who works with the service, who is away, and who has left."""

import sys
from datetime import datetime

import click

from models.vocabulary import Agency, Role
from notify.cli.shared import MOMENT, NAME, REASON, REF, services
from notify.errors import Conflict
from notify.in_hand import cases_in_hand
from notify.ledger.audit import THE_SERVICE
from notify.planning import staff_changes
from notify.planning.people import add_staff, add_unit
from notify.planning.queries import case_by_ref, staff_by_ref, unit_by_ref
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


@unit.command("under")
@click.argument("reference", type=REF)
@click.argument("parent", type=REF, required=False)
def put_under(reference: str, parent: str | None) -> None:
    """Put a unit under PARENT, whose supervisors see to it when nobody there is on duty.

    Both are of one agency. Without PARENT the unit stands under none.
    """
    with services() as ours, ours.acting(THE_SERVICE) as act:
        above = unit_by_ref(act.session, parent, "parent") if parent else None
        staff_changes.place_unit(act, unit_by_ref(act.session, reference), above)


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


@staff.command("absent")
@click.argument("reference", type=REF)
@click.option(
    "--from", "starts_at", type=MOMENT, help="When it starts, such as 2026-03-02T09:00:00Z; now if not given."
)
@click.option("--until", "ends_at", type=MOMENT, help="When it ends; until they are back if not given.")
def record_an_absence(reference: str, starts_at: datetime | None, ends_at: datetime | None) -> None:
    """Record that a member of staff is away, so that others see to what is theirs."""
    with services() as ours, ours.acting(THE_SERVICE) as act:
        member = staff_by_ref(act.session, reference, "staff")
        staff_changes.record_absence(act, member, starts_at=starts_at or act.at, ends_at=ends_at)


@staff.command("back")
@click.argument("reference", type=REF)
def end_an_absence(reference: str) -> None:
    """Record that a member of staff who was away is back."""
    with services() as ours, ours.acting(THE_SERVICE) as act:
        member = staff_by_ref(act.session, reference, "staff")
        now = [
            one
            for one in staff_changes.absences_of(act.session, [member.id], act.at)
            if one.starts_at <= act.at
        ]
        if not now:
            raise Conflict("staff", "is not away")
        staff_changes.end_absence(act, now[0])


@staff.command("leave")
@click.argument("reference", type=REF)
def record_a_leaving(reference: str) -> None:
    """Record that a member of staff has left: their sign-ins and their tokens end at once."""
    with services() as ours, ours.acting(THE_SERVICE) as act:
        waiting = staff_changes.leave(act, staff_changes.anybody_by_ref(act.session, reference))
    if waiting:
        click.echo(
            f"Cases that wait for somebody else: {waiting}. Pass them on: notify staff reassign {reference} TO"
        )


@staff.command("reassign")
@click.argument("reference", type=REF)
@click.argument("to", type=REF)
@click.option(
    "--case", "cases", type=REF, multiple=True, help="Only this case; may be given again. All if not given."
)
@click.option("--reason", type=REASON, required=True)
def reassign(reference: str, to: str, cases: tuple[str, ...], reason: str) -> None:
    """Pass the cases of a member of staff, who may have left, on to another one."""
    with services() as ours, ours.acting(THE_SERVICE) as act:
        giver = staff_changes.anybody_by_ref(act.session, reference)
        taker = staff_by_ref(act.session, to, "to")
        theirs = [case_by_ref(act.session, one) for one in cases] or cases_in_hand(act.session, giver.id)
        passed = staff_changes.reassign_cases(act, theirs, giver, taker, reason=reason)
    click.echo(f"Passed on: {len(passed)}")


@staff.command("email")
@click.argument("reference", type=REF)
@click.argument("address", required=False)
def set_an_email(reference: str, address: str | None) -> None:
    """Set the ADDRESS to which the daily digest of a member of staff goes; without ADDRESS it goes nowhere."""
    with services() as ours, ours.acting(THE_SERVICE) as act:
        staff_changes.set_email(act, staff_by_ref(act.session, reference, "staff"), address)
