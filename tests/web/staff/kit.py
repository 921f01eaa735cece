"""The staff door with a database behind it, and a browser that signs in and fills in the forms it is given."""

import re
from dataclasses import dataclass, replace
from html import unescape
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from models.ledger import AuditEntry
from models.session import Database
from models.staff import Staff
from models.vocabulary import Role
from notify.ledger.audit import THE_SERVICE
from notify.planning.staff_sign_in import set_password
from tests.make import World, make_settings, make_staff, make_unit, make_world
from tests.web.doors import make_staff_app

PASSWORD = "a long enough password"
KEYS = {"STAFF_SECRET_KEY": "staff-" * 8, "PUBLIC_SECRET_KEY": "public-" * 8}
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass
class Desk:
    """The staff application over one world."""

    world: World
    app: Flask

    def browser(self) -> "Visitor":
        return Visitor(self.app.test_client())

    def sign_in(self, ref: str = "officer") -> "Visitor":
        visitor = self.browser()
        assert visitor.sign_in(ref).status_code == 303
        return visitor

    def audit(self, *actions: str) -> list[AuditEntry]:
        with self.world.services.reading() as session:
            query = select(AuditEntry).where(AuditEntry.action.in_(actions)).order_by(AuditEntry.seq)
            return list(session.scalars(query))


@dataclass
class Visitor:
    """A browser: it sends forms with the token that the page gave it, and follows where it is led."""

    client: FlaskClient

    def get(self, path: str) -> TestResponse:
        return self.client.get(path)

    def post(self, path: str, fields: dict[str, Any] | None = None, *, on: str | None = None) -> TestResponse:
        """Send the form of the page `on` (the page at `path` itself unless told otherwise)."""
        token = TOKEN.search(self.client.get(on or path).text)
        return self.client.post(path, data={"csrf_token": token[1] if token else "", **(fields or {})})

    def sign_in(self, ref: str = "officer", password: str = PASSWORD) -> TestResponse:
        return self.post("/sign-in", {"ref": ref, "password": password})


def make_desk(database: Database, **env: str) -> Desk:
    """The staff door with an officer, a supervisor, an auditor, an administrator, and an officer of another unit."""
    world = make_world(database)
    make_staff(world, "auditor", Role.AUDITOR)
    make_staff(world, "admin", Role.ADMIN)
    make_unit(world, "U-2", name="South Team")
    make_staff(world, "stranger", unit="U-2")
    for ref in world.staff:
        give_password(world, ref)
    return open_desk(world, **env)


def open_desk(world: World, **env: str) -> Desk:
    """The staff door over a world."""
    world.services = replace(world.services, settings=make_settings(COOKIE_SECURE="true", **KEYS, **env))
    app = make_staff_app(world.services)
    app.config["SESSION_COOKIE_SECURE"] = False  # the test client speaks plain HTTP
    return Desk(world, app)


def make_colleague(desk: Desk, ref: str = "colleague", role: Role = Role.CASE_OFFICER) -> None:
    """One more of the officer's unit, who can sign in."""
    make_staff(desk.world, ref, role)
    give_password(desk.world, ref)


def give_password(world: World, ref: str) -> None:
    with world.services.acting(THE_SERVICE) as act:
        set_password(act, act.session.get_one(Staff, world.staff[ref].id), PASSWORD)


def faults(page: str) -> list[tuple[str, str]]:
    """The error summary: the field each line leads to, and what it says."""
    found = re.findall(r'<li>\s*<a href="#([^"]+)">(.*?)</a>', page, re.DOTALL)
    assert all(f'id="{anchor}"' in page for anchor, _ in found)
    return [(anchor, unescape(text).strip()) for anchor, text in found]


def typed(page: str, name: str) -> str | None:
    """What a one-line field holds."""
    found = re.search(rf'<input[^>]*name="{re.escape(name)}"[^>]*value="([^"]*)"', page)
    return unescape(found[1]) if found else None
