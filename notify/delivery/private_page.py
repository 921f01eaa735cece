"""The private page: whose link it is, what she may read there, and what she may ask for."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from models.cases import Case
from models.duties import Duty
from models.messages import PrivateLink, SealedUpdate, VictimSession
from models.milestones import Milestone, UnconcernedSuspect
from models.people import ContactPoint, Participation, Victim
from models.vocabulary import TaskKind
from notify.delivery.sealed_updates import find_by_sign_in_name, read_updates
from notify.delivery.writing import hashed
from notify.ledger.acts import Act
from notify.ledger.audit import Record
from notify.ledger.suspending import suspend
from notify.ledger.tasks import open_task

_UNCONCERNED = exists().where(
    # Of a suspect who does not concern her she is shown nothing, not even what she read before that was known.
    Duty.id == SealedUpdate.duty_id,
    Milestone.id == Duty.milestone_id,
    UnconcernedSuspect.participation_id == Duty.participation_id,
    UnconcernedSuspect.suspect_index == Milestone.suspect_index,
    UnconcernedSuspect.ended_at.is_(None),
)


def victim_of_link(session: Session, token: str, *, at: datetime) -> Victim | None:
    """The victim to whom a link was sent; None when there is no such link or its time is over."""
    return session.scalars(
        select(Victim)
        .join(PrivateLink, PrivateLink.victim_id == Victim.id)
        .where(PrivateLink.token_hash == hashed(token), PrivateLink.expires_at > at)
    ).first()


def victim_named(act: Act, name: str) -> Victim | None:
    """The victim who agreed this sign-in name. A name that nobody has is logged, as a wrong secret is."""
    victim = find_by_sign_in_name(act, name)
    if victim is None:
        act.records.append(Record(act.at, act.actor, "secret refused", Victim.__tablename__, None))
    return victim


def updates_for(session: Session, victim_id: UUID) -> list[SealedUpdate]:
    """All that this victim may read, in every case, the newest first."""
    return list(
        session.scalars(
            select(SealedUpdate)
            .where(SealedUpdate.victim_id == victim_id, SealedUpdate.withdrawn_at.is_(None), ~_UNCONCERNED)
            .order_by(SealedUpdate.number.desc())
        )
    )


def update_for(session: Session, victim_id: UUID, update_id: UUID) -> SealedUpdate | None:
    """One of them, locked, since showing it may change it."""
    return session.scalars(
        select(SealedUpdate)
        .where(
            SealedUpdate.id == update_id,
            SealedUpdate.victim_id == victim_id,
            SealedUpdate.withdrawn_at.is_(None),
            ~_UNCONCERNED,
        )
        .with_for_update(of=SealedUpdate)
    ).first()


def participations_of(session: Session, victim_id: UUID) -> list[Participation]:
    """Her part in each case that is open or, when none is, in those that were."""
    found = session.execute(
        select(Participation, Case.closed_at)
        .join(Case, Case.id == Participation.case_id)
        .where(Participation.victim_id == victim_id)
        .order_by(Participation.enrolled_at, Participation.id)
    )
    lines = list(found)
    return [part for part, closed_at in lines if closed_at is None] or [part for part, _ in lines]


def read_one(act: Act, update: SealedUpdate) -> None:
    """She was shown this update."""
    read_updates(act, act.session.get_one(Participation, update.participation_id), [update])


def ask_for_call(act: Act, victim: Victim) -> None:
    """She asks to be rung: a task for the officer of each case, once until it is done."""
    act.log("call asked for", victim, owner=victim.id)
    for participation in participations_of(act.session, victim.id):
        open_task(act, participation, TaskKind.CALL, about=victim.id, due_at=act.at)


def stop_contact(act: Act, victim: Victim, *, visit_id: UUID) -> None:
    """She says, during this visit, that it is no longer safe to contact her as agreed.

    She does not say which way, so none is used until somebody has checked it with her; an officer is told. Somebody
    else may know her secret: every other visit ends, and another secret is to be agreed.
    """
    act.log("not safe", victim, owner=victim.id)
    for point in act.session.scalars(
        select(ContactPoint).where(ContactPoint.victim_id == victim.id).order_by(ContactPoint.ref)
    ).all():
        suspend(act, point, reason="said on the private page that it is not safe")
    for participation in participations_of(act.session, victim.id):
        open_task(act, participation, TaskKind.FOLLOW_UP_INBOUND, about=victim.id, due_at=act.at)
        open_task(act, participation, TaskKind.AGREE_SECRET, about=victim.id)
    for visit in act.session.scalars(
        select(VictimSession).where(
            VictimSession.victim_id == victim.id,
            VictimSession.id != visit_id,
            VictimSession.ended_at.is_(None),
            VictimSession.expires_at > act.at,
        )
    ).all():
        visit.ended_at = act.at
        act.log("visit ended", visit, owner=victim.id)
