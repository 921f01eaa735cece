"""`notify token`: keys of partner systems to the JSON interface."""

from datetime import datetime

import click
from sqlalchemy import select

from models.staff import ApiToken
from notify.cli.shared import MOMENT, NAME, REASON, REF, services
from notify.errors import NotKnown
from notify.ledger.audit import THE_SERVICE
from notify.planning.api_tokens import Scope, create_token, revoke_token
from notify.planning.queries import staff_by_ref


@click.group()
def token() -> None:
    """Tokens for partner systems."""


@token.command("create")
@click.argument("name", type=NAME)
@click.option(
    "--staff", "staff_ref", type=REF, required=True, help="Reference of the member of staff it acts as."
)
@click.option(
    "--scope", "scopes", type=click.Choice([one.value for one in Scope]), multiple=True, required=True
)
@click.option(
    "--expires", type=MOMENT, help="When it ends, such as 2027-01-01T00:00:00Z; never if not given."
)
def create(name: str, staff_ref: str, scopes: tuple[str, ...], expires: datetime | None) -> None:
    """Make a token and write it to standard output: this is the only time that it can be seen."""
    with services() as ours, ours.acting(THE_SERVICE) as act:
        member = staff_by_ref(act.session, staff_ref, "staff")
        made = create_token(
            act, name=name, staff=member, scopes=[Scope(one) for one in scopes], expires_at=expires
        )
    click.echo(made)


@token.command("revoke")
@click.argument("name", type=NAME)
@click.option("--reason", type=REASON, required=True)
def revoke(name: str, reason: str) -> None:
    """End a token at once."""
    with services() as ours, ours.acting(THE_SERVICE) as act:
        row = act.session.scalars(select(ApiToken).where(ApiToken.name == name)).first()
        if row is None:
            raise NotKnown("name")
        revoke_token(act, row, reason=reason)
