"""Who is told in a crash test: victims with a number each, some of whom may be told in a few minutes of each hour only."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID

from sqlalchemy import select

from chaos.peer import ACCOUNT
from config import Settings
from models.cases import Case
from models.keyring import RootKeys
from models.people import Participation, Victim
from models.staff import Staff, Unit
from models.vocabulary import Agency, Channel, ContactPointKind, Detail, MilestoneKind, Role, Weekday
from notify.clock import LONDON, Clock
from notify.delivery.providers.routes import Routes
from notify.delivery.providers.twilio_sms import TwilioSms
from notify.ledger.acts import Act
from notify.ledger.audit import THE_SERVICE, Actor
from notify.planning.contact_points import add_contact_point, verify
from notify.planning.milestones import Happening, record_milestone
from notify.planning.people import add_staff, add_unit, enrol_victim, open_case
from notify.planning.plans import ChannelTerms, PlanTerms, WindowTerms, agree_plan
from notify.wiring import Services, make_services

OF_A_CASE = 100  # victims
AT_ONCE = 5  # cases, in one transaction
ONE_IN_QUICK = 40  # texts that the peer sends, and hides, at once
ONE_IN_SHARED, SHARES = 50, 7  # a phone with the victim before
PATIENCE = 1.0  # real seconds; three times that is the longest call, and less than the margin of a window
HAPPENINGS = (MilestoneKind.ARREST, MilestoneKind.INTERVIEW_UNDER_CAUTION, MilestoneKind.BAIL_GRANTED)
"""What a burst is about, in turn: one duty to each victim; of the last, an urgent one."""
MINUTES: Sequence[tuple[int, int] | None] = (None, (0, 20), (30, 50))
"""When a victim may be told: at any time, or from one minute of each hour up to another."""


def make(url: str, peer: str, clock: Clock) -> Services:
    """The service as the settings of a real one make it; only the clock and the provider's patience are the test's."""
    token = secrets.token_urlsafe(24)
    sender = "+447700900999"
    env = {
        "DATABASE_URL": url,
        "NOTIFY_ROOT_KEY": RootKeys.generate(),
        "SMS_PROVIDER": "twilio",
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": token,
        "TWILIO_FROM": sender,
        "TWILIO_BASE_URL": peer,
        "PUBLIC_URL": "http://localhost:8081",
        "STAFF_URL": "http://127.0.0.1:8080",
    }
    settings = Settings.from_env(env)
    [account] = settings.twilio_accounts()
    texts = TwilioSms(
        name=account.name,
        account_sid=ACCOUNT,
        auth_token=token,
        sender=sender,
        public_url=settings.public_url,
        base_url=peer,
        timeout=PATIENCE,
    )
    return make_services(settings, clock=clock, providers=Routes.to({Channel.SMS: texts}))


@dataclass(frozen=True)
class Crowd:
    """The victims, by the number of each participation, and their cases."""

    participations: Mapping[UUID, int]
    cases: Sequence[UUID]


def number_of(nth: int) -> str:
    """The mobile of the nth victim: more than the range for examples has, and never called by anyone but the peer."""
    if nth % ONE_IN_SHARED == SHARES:
        nth -= 1
    first = 80_000 if nth % ONE_IN_QUICK == 0 else 0
    return f"+4477009{first + nth:05}"


def enrol(services: Services, victims: int, *, share: tuple[int, int] = (0, 1)) -> None:
    """So many victims, each with a mobile and a plan, in cases of some size; of several who share the work, what is one's own."""
    officer_id = _officer(services)
    mine, shares = share
    step = OF_A_CASE * AT_ONCE
    for first in range(mine * step, victims, shares * step):
        with services.acting(Actor("staff", officer_id)) as act:
            for begin in range(first, min(first + step, victims), OF_A_CASE):
                _case(act, officer_id, range(begin, min(begin + OF_A_CASE, victims)))


def add_officer(services: Services) -> None:
    """The one who has all the cases."""
    with services.acting(THE_SERVICE) as act:
        unit = add_unit(act, ref="U-1", name="Example Unit", agency=Agency.POLICE)
        add_staff(act, ref="officer-1", name="Example Officer", role=Role.CASE_OFFICER, unit=unit)


def crowd(services: Services) -> Crowd:
    """Whoever is enrolled."""
    with services.reading() as session:
        parts = session.execute(select(Participation.id, Victim.ref).join_from(Participation, Victim))
        participations = {row.id: int(row.ref.removeprefix("V-")) for row in parts}
        return Crowd(participations, session.scalars(select(Case.id).order_by(Case.ref)).all())


def _case(act: Act, officer_id: UUID, members: range) -> None:
    officer = act.session.get_one(Staff, officer_id)
    ref = f"C-{members.start:05}"
    unit = act.session.get_one(Unit, officer.unit_id)
    case = open_case(act, ref=ref, unit=unit, officer=officer, offence="Example")
    for nth in members:
        part = enrol_victim(act, ref=f"V-{nth}", case=case, name="Example Victim")
        victim = act.session.get_one(Victim, part.victim_id)
        mobile = ContactPointKind.MOBILE
        point = add_contact_point(act, victim, ref=f"P-{nth}", kind=mobile, value=number_of(nth))
        verify(act, point, reason="for the crash test")
        terms = ChannelTerms(point=point, detail=Detail.NUDGE, windows=_windows(nth))
        agree_plan(act, part, PlanTerms(every_days=30, channels=[terms]))


def burst(services: Services, crowd: Crowd, nth: int) -> None:
    """Something happens in every case: each victim is owed one more text, from now on."""
    officer_id = _officer(services)
    for first in range(0, len(crowd.cases), AT_ONCE):
        with services.acting(Actor("staff", officer_id)) as act:
            happening = Happening(HAPPENINGS[nth % len(HAPPENINGS)], act.at, act.at)
            for case_id in crowd.cases[first : first + AT_ONCE]:
                record_milestone(act, services.rulebook, case_id, happening)


def _officer(services: Services) -> UUID:
    with services.reading() as session:
        return session.scalars(select(Staff.id)).one()


def _windows(nth: int) -> list[WindowTerms]:
    minutes = MINUTES[nth % len(MINUTES)]
    if minutes is None:
        return [WindowTerms(frozenset(Weekday), time(0), time(0))]
    opens, closes = minutes
    return [WindowTerms(frozenset(Weekday), time(hour, opens), time(hour, closes)) for hour in range(24)]


def could_arrive_outside(nth: int, taken_at: datetime, lasts: timedelta) -> bool:
    """Whether a text that was taken then, and is valid so long, could reach the nth victim at another time than agreed.

    Reckoned from `MINUTES` alone, and not by the rules under test.
    """
    minutes = MINUTES[nth % len(MINUTES)]
    if minutes is None:
        return False
    local = taken_at.astimezone(LONDON)
    into = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    opens, closes = (timedelta(minutes=minute) for minute in minutes)
    return not (opens <= into and into + lasts <= closes)
