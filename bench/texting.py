"""What the benchmarks of texts share: a lean peer, settings that lead to it, people who may be texted, and a real worker."""

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final

from bench.lean_peer import ACCOUNT, LINE
from bench.report import MIB, BenchError
from bench.servers import LONGEST_STOP, ROOT, free_port, listens
from jobs.heartbeats import worker_is_heard
from models.keyring import RootKeys
from models.people import Victim
from models.staff import Staff
from models.vocabulary import Agency, ContactPointKind, Detail, Role
from notify.demo import ALWAYS
from notify.ledger.audit import THE_SERVICE, Actor
from notify.planning.contact_points import add_contact_point, verify
from notify.planning.people import add_staff, add_unit, enrol_victim, open_case
from notify.planning.plans import ChannelTerms, PlanTerms, agree_plan
from notify.wiring import Services

TOKEN: Final = "a-token-for-the-bench"  # noqa: S105 - of a peer on this machine
SENDER: Final = "+447700900999"
TO: Final = "+447700900123"
LOOK_EVERY: Final = 0.2  # seconds
LONGEST_SILENCE: Final = 180  # seconds, on a machine with much else to do


def settings_for(url: str, peer: str, *, staff_port: int = 8080) -> dict[str, str]:
    """The environment of a service on this machine that texts to the peer."""
    return {
        "DATABASE_URL": url,
        "NOTIFY_ROOT_KEY": RootKeys.generate(),
        "STAFF_SECRET_KEY": secrets.token_urlsafe(48),
        "PUBLIC_SECRET_KEY": secrets.token_urlsafe(48),
        "PUBLIC_URL": "http://localhost:8081",
        "STAFF_URL": f"http://127.0.0.1:{staff_port}",
        "COOKIE_SECURE": "false",
        "SMS_PROVIDER": "twilio",
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_FROM": SENDER,
        "TWILIO_BASE_URL": peer,
        "LOG_LEVEL": "WARNING",
    }


def add_people(services: Services, victims: int) -> Staff:
    """A case and a plan for each victim; a text may go at any hour. Returns the officer of all."""
    with services.acting(THE_SERVICE) as act:
        unit = add_unit(act, ref="U-1", name="Example Unit", agency=Agency.POLICE)
        officer = add_staff(act, ref="officer-1", name="Example Officer", role=Role.CASE_OFFICER, unit=unit)
        act.actor = Actor("staff", officer.id)
        for number in range(victims):
            case = open_case(act, ref=f"C-{number}", unit=unit, officer=officer, offence="Example")
            part = enrol_victim(act, ref=f"V-{number}", case=case, name="Example Victim")
            victim = act.session.get_one(Victim, part.victim_id)
            value = f"+44770090{number % 10_000:04}"
            point = add_contact_point(
                act, victim, ref=f"P-{number}", kind=ContactPointKind.MOBILE, value=value
            )
            verify(act, point, reason="for the bench")
            terms = ChannelTerms(point=point, detail=Detail.NUDGE, windows=[ALWAYS])
            agree_plan(act, part, PlanTerms(every_days=30, channels=[terms]))
        return officer


@contextmanager
def a_peer(calls: Path | None = None) -> Iterator[str]:
    """The address of a peer in a process of its own; it notes in `calls` when each text came. Raises BenchError."""
    port = free_port()
    command = [sys.executable, "-m", "bench.lean_peer", str(port), *([str(calls)] if calls else [])]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:  # noqa: S603
        if not listens(process, port):
            raise BenchError("the peer does not start")
        yield f"http://127.0.0.1:{port}"
        assert process.stdin is not None  # noqa: S101 - it was asked for
        process.stdin.close()


def calls_in(calls: Path) -> int:
    """How many texts the peer took so far."""
    return calls.stat().st_size // LINE


def instants(calls: Path) -> list[float]:
    """When each text came, in seconds of this machine's monotonic clock, in the order in which they came."""
    return [int(line) / 1e9 for line in calls.read_bytes().split()]


@contextmanager
def a_worker(services: Services, env: Mapping[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    """A real worker on the database of these services, once every tick was heard of. Raises BenchError."""
    with (
        TemporaryFile("w+", encoding="utf-8") as told,
        subprocess.Popen(
            [sys.executable, "-m", "jobs"],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], **env},
            stdout=told,
            stderr=told,
        ) as process,
    ):
        try:
            await_that(lambda: process.poll() is not None or worker_is_heard(services), LONGEST_SILENCE)
            yield process
            if process.poll() is not None:
                told.seek(0)
                raise BenchError(f"the worker ended: {told.read()[-2000:]}")
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(LONGEST_STOP)
            process.kill()  # does nothing to one that has ended


def await_that(true: Callable[[], bool], seconds: float, *, every: float = LOOK_EVERY) -> None:
    """Wait until it is so. Raises BenchError when it takes too long."""
    until = time.monotonic() + seconds
    while not true():
        if time.monotonic() > until:
            raise BenchError(f"it took longer than {seconds:.0f} seconds")
        time.sleep(every)


def memory_of(process: "subprocess.Popen[bytes]") -> float:
    """What a process holds now, in MiB (Linux only, else 0)."""
    try:
        pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / MIB


def processor_seconds(process: "subprocess.Popen[bytes]") -> float:
    """The processor time that a process has used so far (Linux only, else 0)."""
    try:
        told = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")
