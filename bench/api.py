"""Records milestones through the API of a real server, in turn with a bare Flask route that inserts one row."""

import http.client
import json
import math
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from bench.report import EMBEDDED, SERVER, BenchError, Measured, Report, load_now
from bench.servers import a_server, free_port, serving, version_of
from config import Settings
from models.keyring import RootKeys
from models.people import Victim
from models.vocabulary import Agency, ContactPointKind, Detail, MilestoneKind, Role
from notify.cli.database import upgrade_at
from notify.clock import utc_now
from notify.demo import ALWAYS
from notify.ledger.acts import Act
from notify.ledger.audit import THE_SERVICE, Actor
from notify.planning.api_tokens import Scope, create_token
from notify.planning.contact_points import add_contact_point, verify
from notify.planning.people import add_staff, add_unit, enrol_victim, open_case
from notify.planning.plans import ChannelTerms, PlanTerms, agree_plan
from notify.wiring import make_services

KINDS: Final = (
    MilestoneKind.ARREST,
    MilestoneKind.INTERVIEW_UNDER_CAUTION,
    MilestoneKind.BAIL_GRANTED,
    MilestoneKind.CHARGE,
    MilestoneKind.FIRST_HEARING_LISTED,
)
CREATED: Final = 201
Job = tuple[str, bytes]
"""Where a request goes, and its body."""


@dataclass(frozen=True)
class Size:
    """How many requests of each sort are measured at a time, how often, and by how many callers at once."""

    requests: int
    repeats: int
    callers: int = 4
    warm_up: int = 40

    @property
    def cases(self) -> int:
        """So many that each gets about as many milestones as a case has."""
        return math.ceil((self.requests * self.repeats + self.warm_up) / len(KINDS))


SHORT: Final = Size(requests=400, repeats=3)
WHOLE: Final = Size(requests=2_000, repeats=5)


@dataclass(frozen=True)
class Route:
    """One route of one server, and what is still to be asked of it."""

    port: int
    jobs: Iterator[Job]
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def run(*, full: bool, size: Size | None = None, databases: tuple[str, ...] = (EMBEDDED, SERVER)) -> Report:
    """Measure on SQLite and on PostgreSQL. Raises BenchError."""
    size = size or (WHOLE if full else SHORT)
    before, version = load_now(), None
    repeats: dict[str, list[Measured]] = {}
    if EMBEDDED in databases:
        with TemporaryDirectory(prefix="bench-") as folder:
            repeats[EMBEDDED] = measure(f"sqlite:///{Path(folder) / 'notify.db'}", size)
    if SERVER in databases:
        with a_server() as url:
            version = version_of(url)
            repeats[SERVER] = measure(url, size)
    sizes = {"callers": size.callers, "requests": size.requests, "repeats": size.repeats, "cases": size.cases}
    note = "ratio_to_bare: bare requests that the same server answers in the time of one milestone"
    return Report("api", sizes, repeats, (before, load_now()), postgresql=version, notes=[note])


def measure(url: str, size: Size) -> list[Measured]:
    """Every repeat on one database: milestones, then bare rows."""
    with _both_routes(url, size) as (milestones, bare):
        for route in (milestones, bare):
            _ask(route, size.warm_up, size.callers)
        return [_figures(milestones, bare, size) for _ in range(size.repeats)]


def _figures(milestones: Route, bare: Route, size: Size) -> Measured:
    taken, seconds = _ask(milestones, size.requests, size.callers)
    bare_taken, bare_seconds = _ask(bare, size.requests, size.callers)
    return {
        "milestone_p50_ms": percentile(taken, 50),
        "milestone_p99_ms": percentile(taken, 99),
        "requests_per_second": size.requests / seconds,
        "bare_p50_ms": percentile(bare_taken, 50),
        "bare_p99_ms": percentile(bare_taken, 99),
        "bare_requests_per_second": size.requests / bare_seconds,
        "ratio_to_bare": seconds / bare_seconds,
    }


def percentile(values: list[float], percent: int) -> float:
    """The least value that so many in a hundred do not exceed."""
    return sorted(values)[math.ceil(len(values) * percent / 100) - 1]


@contextmanager
def _both_routes(url: str, size: Size) -> Iterator[tuple[Route, Route]]:
    """The API and the bare route, each behind a server of its own, on one database with cases in it."""
    staff_port, bare_port = free_port(), free_port()
    env = {
        "DATABASE_URL": url,
        "NOTIFY_ROOT_KEY": RootKeys.generate(),
        "STAFF_SECRET_KEY": secrets.token_urlsafe(48),
        "PUBLIC_SECRET_KEY": secrets.token_urlsafe(48),
        "STAFF_URL": f"http://127.0.0.1:{staff_port}",
        "PUBLIC_URL": f"http://localhost:{bare_port}",
        "COOKIE_SECURE": "false",
        "OUTBOX_FILE": os.devnull,
    }
    upgrade_at(url)
    token = _make_cases(env, size.cases)
    with ExitStack() as stack:
        stack.enter_context(serving("wsgi:staff", staff_port, env))
        stack.enter_context(serving("bench.bare:make_app()", bare_port, env))
        yield (
            Route(staff_port, _milestones(size.cases), {"Authorization": f"Bearer {token}"}),
            Route(
                bare_port, cycle([("/rows", json.dumps({"text": "about as long as a milestone"}).encode())])
            ),
        )


def _make_cases(env: Mapping[str, str], cases: int) -> str:
    """Cases with one victim each, who has agreed a plan, and a token that may record milestones in them."""
    services = make_services(Settings.from_env(env))
    try:
        with services.acting(THE_SERVICE) as act:
            unit = add_unit(act, ref="unit", name="Example North", agency=Agency.POLICE)
            officer = add_staff(
                act, ref="officer", name="Officer (fictional)", role=Role.CASE_OFFICER, unit=unit
            )
            act.actor = Actor("staff", officer.id)
            for number in range(cases):
                case = open_case(act, ref=f"case-{number}", unit=unit, officer=officer, offence="Assault")
                participation = enrol_victim(
                    act, ref=f"victim-{number}", case=case, name=f"Victim {number} (fictional)"
                )
                victim = act.session.get_one(Victim, participation.victim_id)
                agree_plan(act, participation, _plan(act, victim))
            return create_token(
                act, name="bench", staff=officer, scopes=[Scope.MILESTONES_WRITE], expires_at=None
            )
    finally:
        services.database.engine.dispose()


def _plan(act: Act, victim: Victim) -> PlanTerms:
    address = f"{victim.ref}@example.com"
    point = add_contact_point(
        act, victim, ref=f"email-{victim.ref}", kind=ContactPointKind.EMAIL, value=address
    )
    verify(act, point, reason="met in person")
    return PlanTerms(
        every_days=28, channels=[ChannelTerms(point=point, detail=Detail.LINK, windows=[ALWAYS])]
    )


def _milestones(cases: int) -> Iterator[Job]:
    """Every case's next milestone, round and round, each under an id of its own."""
    happened = (utc_now() - timedelta(minutes=10)).isoformat()
    for number in range(cases * len(KINDS)):
        kind = KINDS[number // cases]
        body: dict[str, Any] = {"milestone": f"milestone-{number}", "kind": kind, "happened_at": happened}
        if kind is MilestoneKind.BAIL_GRANTED:
            body["facts"] = {"conditions": "not to contact you in any way"}
        yield f"/api/v1/cases/case-{number % cases}/milestones", json.dumps(body).encode()


def _ask(route: Route, requests: int, callers: int) -> tuple[list[float], float]:
    """Ask so many times; milliseconds of each, and seconds in all."""
    jobs = list(islice(route.jobs, requests))
    began = time.perf_counter()
    with ThreadPoolExecutor(callers) as pool:
        taken = list(pool.map(lambda caller: _call(route, jobs[caller::callers]), range(callers)))
    seconds = time.perf_counter() - began
    return [each for one in taken for each in one], seconds


def _call(route: Route, jobs: list[Job]) -> list[float]:
    """One caller, who waits for each answer before the next request. Raises BenchError."""
    taken = []
    connection = http.client.HTTPConnection("127.0.0.1", route.port, timeout=60)
    try:
        for path, body in jobs:
            headers = {"Content-Type": "application/json", "Idempotency-Key": secrets.token_hex(16)}
            began = time.perf_counter()
            connection.request("POST", path, body, {**headers, **route.headers})
            answer = connection.getresponse()
            told = answer.read()
            taken.append(1000 * (time.perf_counter() - began))
            if answer.status != CREATED:
                raise BenchError(f"{path} answered {answer.status}: {told[:500].decode()}")
    finally:
        connection.close()
    return taken
