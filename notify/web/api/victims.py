"""Victims: enrolled in a case and shown; what they have asked for; and the ways to reach them."""

from collections.abc import Callable
from datetime import date
from typing import Any

from sqlalchemy import select

from models.people import ContactPoint
from notify.certificates import LONGEST
from notify.fields import flag, words
from notify.ledger import suspending
from notify.ledger.acts import Act
from notify.phone import masked
from notify.planning import contact_points, people
from notify.planning.api_tokens import Bearer, Scope
from notify.shapes import ContactPointShape, ReasonShape, SupportShape, VictimShape
from notify.web.api.answers import (
    ContactPointSchema,
    ParticipationInFullSchema,
    ParticipationSchema,
    told,
    told_part,
)
from notify.web.api.finding import Found, find_case, find_contact_point, find_part, find_victim
from notify.web.api.operations import Part

part = Part("victims", "Victims, their part in a case, and their contact points")

ONE = "/cases/<case>/victims/<victim>"


class VictimBody(VictimShape):
    pass


class WishBody(ReasonShape):
    pass


class DeclineBody(ReasonShape):
    wants_releases = flag(load_default=None, allow_none=True)
    """Whether she wants to be told of releases and bail alone; null or nothing: she was not asked."""


class SupportBody(SupportShape):
    pass


class ContactPointBody(ContactPointShape):
    pass


class ContactPointChangeBody(ReasonShape):
    pass


class CertificateBody(ReasonShape):
    certificate = words(required=True, allow_none=True, longest=LONGEST)
    """PEM, with an RSA key; null takes away the one that is there."""


@part.act("/cases/<case>/victims", Scope.CASES_WRITE, ParticipationSchema, body=VictimBody, status=201)
def enrol_victim(act: Act, caller: Bearer, body: dict[str, Any], case: str) -> dict[str, Any]:
    """Enrol a victim in a case; one who is known from another case is given the same reference and name."""
    row = find_case(act, caller, case, lock=True)
    participation = people.enrol_victim(act, case=row, ref=body.pop("victim"), viewer=caller.viewer, **body)
    return told_part(find_part(act, caller, row.ref, str(participation.victim_id)))


@part.look(ONE, Scope.CASES_READ, ParticipationInFullSchema)
def show_participation(act: Act, caller: Bearer, case: str, victim: str) -> dict[str, Any]:
    """Show a victim's part in a case, with the name, and the contact points masked."""
    found = find_part(act, caller, case, victim)
    act.log("viewed", found.participation, owner=found.victim.id)
    key = act.key(found.victim.id)
    birth = key.open_or_none(found.victim, "date_of_birth_sealed")
    points = act.session.scalars(
        select(ContactPoint).where(ContactPoint.victim_id == found.victim.id).order_by(ContactPoint.ref)
    )
    return told_part(found) | {
        "name": key.open(found.victim, "name_sealed"),
        "date_of_birth": date.fromisoformat(birth) if birth else None,
        "contact_points": [
            _told_point(point, found.victim.ref) | {"masked": masked(key.open(point, "value_sealed"))}
            for point in points
        ],
    }


@part.act(f"{ONE}/pause", Scope.PLANS_WRITE, ParticipationSchema, body=WishBody)
def pause(act: Act, caller: Bearer, body: dict[str, Any], case: str, victim: str) -> dict[str, Any]:
    """The victim asks for no contact for now."""
    return _wish(act, people.pause, find_part(act, caller, case, victim, lock=True), body)


@part.act(f"{ONE}/resume", Scope.PLANS_WRITE, ParticipationSchema, body=WishBody)
def resume(act: Act, caller: Bearer, body: dict[str, Any], case: str, victim: str) -> dict[str, Any]:
    """The victim wants to hear from us again, after a pause or a decline."""
    return _wish(act, people.resume, find_part(act, caller, case, victim, lock=True), body)


@part.act(f"{ONE}/decline", Scope.PLANS_WRITE, ParticipationSchema, body=DeclineBody)
def decline(act: Act, caller: Bearer, body: dict[str, Any], case: str, victim: str) -> dict[str, Any]:
    """The victim wants no further updates; said again, with more of what she wants of releases and bail."""
    found = find_part(act, caller, case, victim, lock=True)
    people.decline(act, found.participation, reason=body["reason"], wants_releases=body["wants_releases"])
    return told_part(found)


@part.act(f"{ONE}/support", Scope.CASES_WRITE, ParticipationSchema, body=SupportBody)
def record_support(act: Act, caller: Bearer, body: dict[str, Any], case: str, victim: str) -> dict[str, Any]:
    """Record whether the victim supports the prosecution."""
    found = find_part(act, caller, case, victim, lock=True)
    people.record_support(act, found.participation, body["supports"], reason=body["reason"])
    return told_part(found)


@part.act(
    "/victims/<victim>/contact-points",
    Scope.PLANS_WRITE,
    ContactPointSchema,
    body=ContactPointBody,
    status=201,
)
def add_contact_point(act: Act, caller: Bearer, body: dict[str, Any], victim: str) -> dict[str, Any]:
    """Add a way to reach a victim: it is not used until somebody has verified it."""
    row = find_victim(act, caller, victim)
    point = contact_points.add_contact_point(
        act, row, ref=body["contact_point"], kind=body["kind"], value=body["value"]
    )
    return _told_point(point, row.ref)


@part.act(
    "/contact-points/<contact_point>/verification",
    Scope.CONTACT_POINTS_VERIFY,
    ContactPointSchema,
    body=ContactPointChangeBody,
)
def verify(act: Act, caller: Bearer, body: dict[str, Any], contact_point: str) -> dict[str, Any]:
    """Say how it was made sure, by a safe route, that this reaches the victim."""
    point, victim = find_contact_point(act, caller, contact_point)
    contact_points.verify(act, point, reason=body["reason"])
    return _told_point(point, victim.ref)


@part.act(
    "/contact-points/<contact_point>/certificate",
    Scope.PLANS_WRITE,
    ContactPointSchema,
    body=CertificateBody,
)
def set_certificate(act: Act, caller: Bearer, body: dict[str, Any], contact_point: str) -> dict[str, Any]:
    """E-mail to this address of a representative is sealed with a certificate from now on, or no more."""
    point, victim = find_contact_point(act, caller, contact_point)
    contact_points.set_certificate(act, point, body["certificate"], reason=body["reason"])
    return _told_point(point, victim.ref)


@part.act(
    "/contact-points/<contact_point>/suspension",
    Scope.PLANS_WRITE,
    ContactPointSchema,
    body=ContactPointChangeBody,
)
def suspend(act: Act, caller: Bearer, body: dict[str, Any], contact_point: str) -> dict[str, Any]:
    """Stop using a contact point at once; doing so twice is no fault."""
    point, victim = find_contact_point(act, caller, contact_point)
    suspending.suspend(act, point, reason=body["reason"])
    return _told_point(point, victim.ref)


def _wish(act: Act, step: Callable[..., None], found: Found, body: dict[str, Any]) -> dict[str, Any]:
    step(act, found.participation, reason=body["reason"])
    return told_part(found)


def _told_point(point: ContactPoint, victim: str) -> dict[str, Any]:
    return told(point, ContactPointSchema) | {"contact_point": point.ref, "victim": victim}
