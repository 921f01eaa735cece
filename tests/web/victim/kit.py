"""The public door with a database behind it, a clock that stands, and one victim who has a message to read."""

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from models.cases import Case
from models.keyring import RootKeys
from models.ledger import AuditEntry
from models.messages import SealedUpdate
from models.people import ContactPoint, Participation, Victim
from models.session import Database
from models.staff import Staff
from models.tables import metadata
from models.vocabulary import Agency, ContactPointKind, Detail, MilestoneKind, Role, Weekday
from notify.delivery.compose import compose
from notify.delivery.sealed_updates import set_secret, set_sign_in_name
from notify.ledger.acts import Act
from notify.ledger.audit import THE_SERVICE, Actor
from notify.planning.contact_points import add_contact_point, verify
from notify.planning.milestones import Happening, record_milestone
from notify.planning.people import add_staff, add_unit, enrol_victim, open_case
from notify.planning.plans import ChannelTerms, PlanTerms, WindowTerms, agree_plan
from notify.web.app import create_app
from notify.wiring import Services
from tests.make import wire
from tests.web.doors import make_settings, remember_templates

NOW = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)  # a Monday
ROOT_KEY = RootKeys.generate()
NAME = "Rowan Ashby"
MOBILE = "07700 900123"
LANDLINE = "020 7946 0018"
SIGN_IN_NAME = "blue teapot"
SECRET = "4917"
WRONG = "0000"
LINK = "a-link-for-tests"
TOKEN_FIELD = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass
class StandingClock:
    """A clock that moves when told to."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_time(self, **amount: float) -> None:
        self.now += timedelta(**amount)


@dataclass
class Door:
    """The public application over one database, and the services behind it."""

    services: Services
    clock: StandingClock
    app: Flask
    by: list[Staff] = field(default_factory=list)

    def browser(self) -> "Visitor":
        return Visitor(self.app.test_client())

    def audit(self, *actions: str) -> list[AuditEntry]:
        with self.services.reading() as session:
            entries = session.scalars(select(AuditEntry).order_by(AuditEntry.seq)).all()
            return [entry for entry in entries if entry.action in actions]

    def rows(self, table: type[Any], **equal: Any) -> list[Any]:
        with self.services.reading() as session:
            return list(session.scalars(select(table).filter_by(**equal)))

    def victim(self, ref: str = "V-1") -> Victim:
        found: Victim = self.rows(Victim, ref=ref)[0]
        return found

    def updates(self, ref: str = "V-1") -> list[SealedUpdate]:
        rows = self.rows(SealedUpdate, victim_id=self.victim(ref).id)
        return sorted(rows, key=lambda update: update.number)

    def stored(self) -> dict[str, list[str]]:
        """Every row of every table: to show that nothing changed."""
        with self.services.reading() as session:
            return {
                table.name: sorted(map(repr, session.execute(select(table)).all()))
                for table in metadata.sorted_tables
            }

    def tell(self, kind: MilestoneKind = MilestoneKind.ARREST, case: str = "C-1") -> None:
        """Something happens in the case, and the worker writes what there is to say of it."""
        with self.services.acting(Actor("staff", self.by[0].id)) as act:
            found = act.session.scalars(select(Case).where(Case.ref == case)).one()
            happening = Happening(kind=kind, happened_at=self.clock(), learned_at=self.clock())
            record_milestone(act, self.services.rulebook, found.id, happening)
        self.write()

    def write(self) -> None:
        services = self.services
        compose(
            services.sessions,
            services.keys,
            services.writer,
            at=self.clock(),
            stuck=services.rulebook.policy.stuck,
        )


@dataclass
class Visitor:
    """A browser at the public door: it fills in forms with the token that the page gave it."""

    client: FlaskClient

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.client.get(path, **more)

    def post(self, path: str, *, on: str | None = None, **fields: str) -> TestResponse:
        """Send the form of the page `on` (the page at `path` itself unless told otherwise)."""
        page = self.client.get(on or path).text
        token = TOKEN_FIELD.search(page)
        return self.client.post(path, data={"csrf_token": token[1] if token else "", **fields})

    def open_link(self, secret: str = SECRET, link: str = LINK) -> TestResponse:
        return self.post(f"/m/{link}", secret=secret)

    def sign_in(self, name: str = SIGN_IN_NAME, secret: str = SECRET) -> TestResponse:
        return self.post("/", name=name, secret=secret)

    def read(self, update_id: UUID) -> TestResponse:
        """Press the button in the list and see what comes."""
        answer = self.post(f"/messages/{update_id}", on="/messages")
        return self.client.get(answer.headers["Location"])


def make_door(database: Database, **env: str) -> Door:
    """The public door with case C-1 and victim V-1 in it, agreed with, told of an arrest, and sent LINK."""
    clock = StandingClock()
    settings = make_settings({"NOTIFY_ROOT_KEY": ROOT_KEY, **env})
    services = wire(settings, clock=clock, database=database)
    links = (LINK if number == 1 else f"{LINK}-{number}" for number in count(1))
    services = replace(services, writer=replace(services.writer, new_token=lambda: next(links)))
    door = Door(services, clock, remember_templates(create_app(services, face="public")))
    with services.acting(THE_SERVICE) as act:
        unit = add_unit(act, ref="U-1", name="North Team", agency=Agency.POLICE)
        door.by.append(add_staff(act, ref="S-1", name="Officer One", role=Role.CASE_OFFICER, unit=unit))
        open_case(act, ref="C-1", unit=unit, officer=door.by[0], offence="Assault")
    make_victim(door)
    door.tell()
    return door


def make_victim(
    door: Door,
    *,
    ref: str = "V-1",
    mobile: str = MOBILE,
    name: str = NAME,
    sign_in_name: str | None = SIGN_IN_NAME,
    secret: str | None = SECRET,
    planned: bool = True,
) -> None:
    """Enrol one victim in case C-1, with a mobile to which links may go and a landline for people."""
    with door.services.acting(Actor("staff", door.by[0].id)) as act:
        case = act.session.scalars(select(Case).where(Case.ref == "C-1")).one()
        participation = enrol_victim(act, ref=ref, case=case, name=name)
        victim = act.session.get_one(Victim, participation.victim_id)
        if secret is not None:
            set_secret(act, victim, secret)
        if sign_in_name is not None:
            set_sign_in_name(act, victim, sign_in_name)
        points = [
            _point(act, victim, f"{ref}-mobile", ContactPointKind.MOBILE, mobile),
            _point(act, victim, f"{ref}-landline", ContactPointKind.LANDLINE, LANDLINE),
        ]
        if planned:
            _plan(act, participation, points)


def _point(act: Act, victim: Victim, ref: str, kind: ContactPointKind, value: str) -> ContactPoint:
    point = add_contact_point(act, victim, ref=ref, kind=kind, value=value)
    verify(act, point, reason="rung back")
    return point


def _plan(act: Act, participation: Participation, points: list[ContactPoint]) -> None:
    weekdays = frozenset(Weekday) - {Weekday.SAT, Weekday.SUN}
    window = WindowTerms(weekdays, time(9), time(17, 30))
    channels = [ChannelTerms(point=point, detail=Detail.LINK, windows=[window]) for point in points]
    terms = PlanTerms(
        every_days=28, channels=channels, never_dates=[datetime(2026, 2, 14, tzinfo=UTC).date()]
    )
    agree_plan(act, participation, terms, reason="agreed at first contact")
