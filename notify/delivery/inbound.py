"""Inbound texts and mail: from whoever holds the phone, so nothing is answered and a person follows up."""

import re

from sqlalchemy import select

from models.keyring import SERVICE
from models.messages import Inbound
from models.people import ContactPoint, Participation
from models.plans import Plan, PlanChannel
from models.vocabulary import ContactPointKind, TaskKind
from notify.ledger.acts import Act
from notify.ledger.suspending import suspend
from notify.ledger.tasks import open_task
from notify.phone import BadContactValue, index_key, normalise

STOPPING = re.compile(
    r"""
    \b(stop|stopall|unsubscribe|revoke|optout|opt\s+out)\b
    | ^\W*(end|quit|cancel)\W*$
    | \b(do\s+not|don\W?t|never|no\s+more|please\s+no)\b.*\b(text|texts|txt|call|calls|ring|contact|message|messages|write|mail)
    | \bwrong\s+(number|person|address|phone)\b
    | \b(not|isn\W?t|no\s+longer|never)\s+(a\s+)?safe\b | \bunsafe\b
    | \bnot\s+(her|his|my|their)\s+(number|phone|mobile|email)\b
    | \bwho\W?s?\s+(is\s+)?this\b
    | \bleave\s+(me|us|her|him)\s+alone\b
    | \b(husband|wife|boyfriend|girlfriend|partner|he|she|they)\s+(reads?|sees?|checks?|has|have)\b
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
"""Words after which a contact point is not used until a person has checked it by another route: rather too many."""


def take_inbound(act: Act, *, sender: str, text: str, provider_ref: str | None = None) -> Inbound | None:
    """Keep what came in, suspend the contact point if the words ask for it, and open a task to follow up.

    None when the provider told us of the same text before. Nothing is ever sent in answer.
    """
    if provider_ref is not None:
        known = act.session.scalars(select(Inbound.id).where(Inbound.provider_ref == provider_ref)).first()
        if known is not None:
            return None
    points = _points(act, sender)
    inbound = Inbound(
        received_at=act.at, contact_point_id=points[0].id if points else None, provider_ref=provider_ref
    )
    key = act.key(points[0].victim_id if points else SERVICE)
    inbound.sender_sealed = key.seal(inbound, "sender_sealed", sender)
    inbound.text_sealed = key.seal(inbound, "text_sealed", text)
    act.session.add(inbound)
    act.session.flush()
    act.log("inbound", inbound)
    for point in points:
        if STOPPING.search(text):
            suspend(act, point, reason="asked to stop by reply")
        for participation in _concerned(act, point):
            open_task(act, participation, TaskKind.FOLLOW_UP_INBOUND, about=inbound.id)
    return inbound


def _points(act: Act, sender: str) -> list[ContactPoint]:
    """Every contact point with this number or address, whoever's it is."""
    kind = ContactPointKind.EMAIL if "@" in sender else ContactPointKind.MOBILE
    indexes = []
    for candidate in (kind, ContactPointKind.LANDLINE) if kind is ContactPointKind.MOBILE else (kind,):
        try:
            value = normalise(candidate, sender)
        except BadContactValue:
            continue
        indexes.append(act.keys.blind_index(act.session, index_key(candidate, value)))
    return list(
        act.session.scalars(
            select(ContactPoint)
            .where(ContactPoint.value_index.in_(indexes))
            .order_by(ContactPoint.added_at, ContactPoint.id)
        )
    )


def _concerned(act: Act, point: ContactPoint) -> list[Participation]:
    """The participations whose plan names the contact point; failing that, all of the victim's."""
    planned = list(
        act.session.scalars(
            select(Participation)
            .join(Plan, (Plan.participation_id == Participation.id) & Plan.current)
            .join(PlanChannel, PlanChannel.plan_id == Plan.id)
            .where(PlanChannel.contact_point_id == point.id)
            .order_by(Participation.enrolled_at, Participation.id)
        )
    )
    return planned or list(
        act.session.scalars(
            select(Participation)
            .where(Participation.victim_id == point.victim_id)
            .order_by(Participation.enrolled_at, Participation.id)
        )
    )
