"""The API with a database behind it, a clock that moves when told to, and callers with tokens of every sort."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from models.keyring import RootKeys
from models.ledger import AuditEntry
from models.session import Database
from models.staff import ApiToken, Staff
from models.tables import metadata
from models.vocabulary import Agency, Channel, Role
from notify.delivery.providers.routes import Routes
from notify.ledger.audit import THE_SERVICE
from notify.planning.api_tokens import Scope, create_token
from notify.planning.people import add_staff, add_unit
from notify.wiring import Services
from tests.fakes import RecordingProvider
from tests.make import wire
from tests.web.doors import make_settings, make_staff_app

NOW = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)  # a Monday
ROOT_KEY = RootKeys.generate()
BASE = "/api/v1"
NAME = "Rowan Ashby"
MOBILE = "07700 900123"
CASE = {"case": "C-1", "unit": "north", "officer": "officer", "offence": "Assault"}
VICTIM = {"victim": "V-1", "name": NAME}
POINT = {"contact_point": "M-1", "kind": "mobile", "value": MOBILE}
CHANNEL = {
    "contact_point": "M-1",
    "detail": "nudge",
    "windows": [{"days": ["mon", "tue"], "from": "09:00", "to": "17:00"}],
    "cover_text": "Please ring when you can",
}
PLAN = {"every_days": 28, "channels": [CHANNEL]}
ARREST = {"milestone": "E-1", "kind": "arrest", "happened_at": "2026-01-05T09:00:00Z"}
ONE = "/cases/C-1/victims/V-1"
STAFF = {
    "officer": ("north", Role.CASE_OFFICER),
    "supervisor": ("north", Role.SUPERVISOR),
    "auditor": ("north", Role.AUDITOR),
    "admin": ("north", Role.ADMIN),
    "stranger": ("south", Role.CASE_OFFICER),
}


@dataclass
class MovableClock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_time(self, **amount: float) -> None:
        self.now += timedelta(**amount)


@dataclass
class Caller:
    """A partner's system with one token; each POST has a key of its own unless one is given."""

    app: Flask
    token: str
    keys: Any = field(default_factory=lambda: count(1))

    def get(self, path: str, **query: Any) -> TestResponse:
        return self.app.test_client().get(BASE + path, query_string=query, headers=self._headers())

    def post(self, path: str, body: object = None, *, key: str | None = None, **more: Any) -> TestResponse:
        headers = self._headers() | {"Idempotency-Key": key or f"key-{next(self.keys)}"}
        return self.app.test_client().post(BASE + path, json=body, headers=headers | more)

    def done(self, path: str, body: object = None) -> Any:
        """Post, and fail the test unless it was carried out."""
        answer = self.post(path, body)
        assert answer.status_code in {200, 201}, answer.text
        return answer.get_json()

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@dataclass
class Api:
    services: Services
    clock: MovableClock
    app: Flask

    def caller(self, staff: str = "officer", scopes: Collection[Scope] = tuple(Scope), **more: Any) -> Caller:
        return Caller(self.app, self.token(staff, scopes, **more))

    def token(self, staff: str, scopes: Collection[Scope] = tuple(Scope), **more: Any) -> str:
        with self.services.acting(THE_SERVICE) as act:
            row = act.session.scalars(select(Staff).where(Staff.ref == staff)).one()
            number = len(act.session.scalars(select(ApiToken.id)).all())
            terms = {"name": f"token {number}", "expires_at": None} | more
            return create_token(act, staff=row, scopes=scopes, **terms)

    def rows(self, table: type[Any], **equal: Any) -> list[Any]:
        with self.services.reading() as session:
            return list(session.scalars(select(table).filter_by(**equal)))

    def audit(self, action: str) -> list[AuditEntry]:
        return self.rows(AuditEntry, action=action)

    def stored(self, *leave_out: str) -> dict[str, list[str]]:
        """Every row of every table but these: to show that nothing changed."""
        with self.services.reading() as session:
            return {
                table.name: sorted(map(repr, session.execute(select(table)).all()))
                for table in metadata.sorted_tables
                if table.name not in leave_out
            }


def make_api(database: Database) -> Api:
    """The API, two units and staff of each role."""
    clock = MovableClock()
    providers = Routes.to({Channel.SMS: RecordingProvider()})
    services = wire(
        make_settings({"NOTIFY_ROOT_KEY": ROOT_KEY}), clock=clock, database=database, providers=providers
    )
    with services.acting(THE_SERVICE) as act:
        units = {
            ref: add_unit(act, ref=ref, name=f"{ref} team", agency=Agency.POLICE)
            for ref in ("north", "south")
        }
        for ref, (unit, role) in STAFF.items():
            add_staff(act, ref=ref, name=f"{ref} (fictional)", role=role, unit=units[unit])
    return Api(services, clock, make_staff_app(services))


def make_case(caller: Caller, **different: object) -> None:
    """Case C-1 with victim V-1 and her mobile M-1, not yet verified."""
    caller.done("/cases", CASE | different)
    caller.done("/cases/C-1/victims", VICTIM)
    caller.done("/victims/V-1/contact-points", POINT)
