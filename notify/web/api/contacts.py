"""The contact log: what people did to reach a victim, and what need not be told."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from models.duties import Duty
from models.milestones import Milestone
from models.people import ContactPoint
from notify.errors import FieldFault
from notify.fields import ref
from notify.ledger.acts import Act
from notify.ledger.contact_log import record_contact
from notify.planning import people
from notify.planning.api_tokens import Bearer, Scope
from notify.planning.hand_overs import check_own
from notify.shapes import ContactShape, WaiverShape
from notify.web.api.answers import ContactSchema, WaiverSchema, told, told_duty
from notify.web.api.finding import Found, find_part
from notify.web.api.operations import Part

part = Part("contacts", "Attempts and successes in reaching a victim, and waivers")

ONE = "/cases/<case>/victims/<victim>"


class ContactBody(ContactShape):
    """`contact_point` is the one that was tried: when another person answered, it alone is suspended."""

    contact_point = ref(load_default=None, allow_none=False)


class WaiverBody(WaiverShape):
    pass


@part.act(f"{ONE}/contacts", Scope.CONTACTS_WRITE, ContactSchema, body=ContactBody, status=201)
def record(act: Act, caller: Bearer, body: dict[str, Any], case: str, victim: str) -> dict[str, Any]:
    """Log one attempt by a person; a success closes the duties it covers, all that are open if none are named."""
    found = find_part(act, caller, case, victim, lock=True)
    entry = record_contact(
        act,
        found.participation,
        body["outcome"],
        covers=body["covers"],
        note=body["note"],
        contact_point_id=_point_id(act, found, body["contact_point"]),
    )
    return told(entry, ContactSchema) | {"case": found.case.ref, "victim": found.victim.ref}


@part.act(f"{ONE}/waivers", Scope.DUTIES_WRITE, WaiverSchema, body=WaiverBody, status=201)
def waive(act: Act, caller: Bearer, body: dict[str, Any], case: str, victim: str) -> dict[str, Any]:
    """Decide that the open duties under one rule need not be carried out, and say why."""
    found = find_part(act, caller, case, victim, lock=True)
    duties = people.waive(act, found.participation, body["rule"], reason=body["reason"])
    for duty in duties:
        check_own(act.session, caller.viewer, found.case, duty.owner)
    milestones = _external_ids(act, list(duties))
    return {
        "duties": [
            told_duty(duty, found.victim.ref, found.case.ref, milestones.get(duty.milestone_id))
            for duty in duties
        ]
    }


def _point_id(act: Act, found: Found, name: str | None) -> UUID | None:
    if name is None:
        return None
    point_id = act.session.scalar(
        select(ContactPoint.id).where(ContactPoint.ref == name, ContactPoint.victim_id == found.victim.id)
    )
    if point_id is None:
        raise FieldFault("contact_point", "is not known")
    return point_id


def _external_ids(act: Act, duties: list[Duty]) -> dict[UUID | None, str | None]:
    ids = {duty.milestone_id for duty in duties}
    rows = act.session.execute(select(Milestone.id, Milestone.external_id).where(Milestone.id.in_(ids)))
    return dict(rows.all())
