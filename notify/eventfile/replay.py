"""Replays an event file in simulated time: a throw-away database, the worker's own ticks, a provider that records."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from config import Settings
from jobs.timetable import TIMETABLE, next_due
from models.ids import FIRST_COUNTED, counted_ids
from models.keyring import Keyring, RootKeys
from models.session import Database, OneSession, open_database, schema_of_its_own
from models.tables import metadata
from models.vocabulary import Channel
from notify.delivery.providers.base import Accepted, Found, Known, NotFound, OneByOne, Outgoing
from notify.delivery.providers.routes import Routes
from notify.delivery.writing import Writer
from notify.errors import FieldFault
from notify.eventfile import events
from notify.eventfile.apply import apply_event
from notify.eventfile.parse import EventFault, read_events
from notify.ledger.audit import UNTIL_COMMIT, append_waiting
from notify.memory import seldom_collected
from notify.oversight.alerts import alert_policy
from notify.planning.calendar import england_and_wales
from notify.planning.catalogue_files import load_catalogue
from notify.planning.policy import Policy, load_policy
from notify.planning.rulebook import Rulebook
from notify.wiring import Services
from notify.wording.catalogue import Wording

REPLAY_SETTINGS = Settings.from_env({})
"""Nothing of the machine's own settings touches a replay."""

PUBLIC_URL = "https://updates.example"
"""Where links lead: as long as a real address, and to nobody's host."""

WORKER = "replay"
NEEDS_TICKS_FIRST = (events.ReceiptEvent, events.ReadEvent, events.InboundEvent)
"""Events about what the service did: what was due at the same instant is done before them."""

MOST_ROUNDS = 10_000
"""Ticks run within one instant: more means that a tick does not move on what it sees."""


@dataclass
class Numbers:
    """Whole numbers one after the other; `next` is the one to come."""

    next: int

    def __iter__(self) -> "Numbers":
        return self

    def __next__(self) -> int:
        self.next += 1
        return self.next - 1


@dataclass
class SimulatedClock:
    """Tells the time of the replay, and never goes back; and counts what is made in it.

    Begun where that of another replay stopped, it goes on with that replay's database.
    """

    instant: datetime | None = None
    ids: Numbers = field(default_factory=lambda: Numbers(FIRST_COUNTED))
    tokens: Numbers = field(default_factory=lambda: Numbers(1))
    refs: Numbers = field(default_factory=lambda: Numbers(1))

    def __call__(self) -> datetime:
        if self.instant is None:
            raise RuntimeError("the replay has not begun")
        return self.instant


@dataclass
class Recorder(OneByOne):
    """A provider that takes everything and sends nothing: the messages are in the database."""

    name: str = "recorder"
    keeps_records: bool = False
    numbers: Iterator[int] = field(default_factory=lambda: Numbers(1), repr=False)

    def send(self, outgoing: Outgoing, *, at: datetime) -> Accepted:
        """Take a message whose validity has not passed."""
        outgoing.seconds_left(at)
        return Accepted(f"recorded-{next(self.numbers)}")

    def look_up(self, outgoing: Outgoing, *, since: datetime, at: datetime, known: Known) -> Found:
        """Nothing is ever uncertain here."""
        del outgoing, since, at, known
        return NotFound()

    def redact(self, provider_ref: str) -> None:
        """Nothing is kept here."""


@dataclass(frozen=True)
class Refusal:
    """A line of the file that was not applied."""

    line: int
    field: str
    reason: str


@dataclass
class Outcome:
    """What became of the file's lines."""

    applied: int = 0
    beyond: int = 0
    """Lines after the end of the simulated time: well formed, and not applied."""
    refused: list[Refusal] = field(default_factory=list)


@contextmanager
def throw_away_database(url: str | None, keep: Path | None) -> Iterator[Database]:
    """A fresh database: SQLite in a temporary folder, or kept in `keep`, or a schema of its own at `url`."""
    if url is not None and url.startswith("postgresql"):
        with schema_of_its_own(url) as database:
            metadata.create_all(database.engine)
            yield database
        return
    with TemporaryDirectory(prefix="replay-") as folder:
        path = keep or (Path(url.removeprefix("sqlite:///")) if url else Path(folder) / "replay.db")
        if path.exists() and path.stat().st_size > 0:
            raise FieldFault("database", "is there already: a replay wants a fresh one")
        database = open_database(f"sqlite:///{path}", throw_away=True, alone=True)
        metadata.create_all(database.engine)
        try:
            yield database
        finally:
            database.engine.dispose()
            if keep is None:
                path.unlink(missing_ok=True)


def replay_services(
    database: Database,
    clock: SimulatedClock,
    *,
    roots: RootKeys | None = None,
    policy: Policy | None = None,
) -> Services:
    """Services for simulated time, under the shipped policy unless another is given.

    They have a root key of their own unless it is given, and tokens that are the same each time.
    """
    roots = roots or RootKeys.parse(RootKeys.generate())
    policy = policy or load_policy()
    recorder = Recorder(numbers=clock.refs)
    keys = Keyring(roots)
    keys.ready(database.sessions)
    one = OneSession(database.engine, before_commit=lambda session: append_waiting(session, keys))
    one().info[UNTIL_COMMIT] = []
    return Services(
        settings=REPLAY_SETTINGS,
        database=Database(database.engine, sessions=one, reads=one),
        keys=keys,
        clock=clock,
        rulebook=Rulebook(load_catalogue(), england_and_wales(), policy),
        alert_policy=alert_policy(
            policy.due_soon_hours, policy.escalate_standard_days, policy.escalate_enhanced_days
        ),
        writer=Writer(Wording.load(), PUBLIC_URL, lambda: f"replay-{next(clock.tokens):08d}"),
        providers=Routes.to({Channel.SMS: recorder, Channel.EMAIL: recorder}),
    )


def replay(
    services: Services,
    clock: SimulatedClock,
    lines: Iterable[bytes],
    *,
    until: datetime | None = None,
    progress: Callable[[int, datetime], None] = lambda _line, _now: None,
) -> Outcome:
    """Apply the events in file order, each at its own time, running every tick that is due in between.

    A clock that shows a time already goes on from there; FieldFault when the events do not begin later.
    """
    outcome = Outcome()
    began = clock.instant
    try:
        with seldom_collected(), counted_ids(clock.ids):
            for number, event in _in_order(lines, outcome, until):
                if began is not None and event.at <= began:
                    raise FieldFault(
                        f"line {number}, at",
                        f"is not later than {began.isoformat()}, up to which the replay has come",
                    )
                _live(services, clock, event, number, outcome)
                progress(number, event.at)
            if clock.instant is not None:
                _advance(services, clock, max(until or clock.instant, clock.instant))
                _settle(services, clock)
    finally:
        if isinstance(services.sessions, OneSession):
            services.sessions.close()  # else its open transaction would keep a schema from being dropped
    return outcome


def _in_order(
    lines: Iterable[bytes], outcome: Outcome, until: datetime | None
) -> Iterator[tuple[int, events.Event]]:
    """The events to apply, up to `until`; faults and what lies beyond are noted. The file is read to its end all the same."""
    latest: datetime | None = None
    for number, event in read_events(lines):
        if isinstance(event, EventFault):
            outcome.refused.append(Refusal(number, event.field, event.reason))
        elif latest is not None and event.at < latest:
            outcome.refused.append(Refusal(number, "at", "is earlier than an event before it"))
        elif until is not None and event.at > until:
            latest = event.at
            outcome.beyond += 1
        else:
            latest = event.at
            yield number, event


def _live(
    services: Services, clock: SimulatedClock, event: events.Event, number: int, outcome: Outcome
) -> None:
    """Let time pass up to one event, and apply it."""
    _advance(services, clock, event.at)
    if isinstance(event, NEEDS_TICKS_FIRST):
        _settle(services, clock)
    try:
        apply_event(services, event)
        outcome.applied += 1
    except FieldFault as fault:
        outcome.refused.append(Refusal(number, fault.field, fault.reason))


def _advance(services: Services, clock: SimulatedClock, to: datetime) -> None:
    """Move to `to`, stopping at every instant before it at which a tick has something to see."""
    if clock.instant is None:
        clock.instant = to
        return
    while clock.instant < to:
        upcoming = _settle(services, clock)
        clock.instant = to if upcoming is None else min(upcoming, to)


def _settle(services: Services, clock: SimulatedClock) -> datetime | None:
    """Run what is due now, until nothing is; returns when something is due next.

    Tick after tick, each until it has no more to see: so what is done for one victim is done in the same order
    whether or not there are others.
    """
    now = clock()
    turn = 0
    for _ in range(MOST_ROUNDS):
        with services.reading() as session:
            due = list(next_due(session).values())
        ready = [number for number, when in enumerate(due) if when is not None and when <= now]
        if not ready:
            return min((when for when in due if when is not None), default=None)
        turn = next((number for number in ready if number >= turn), ready[0])
        TIMETABLE[turn].run(services, WORKER)
    msg = f"ticks do not come to rest at {now.isoformat()}"
    raise RuntimeError(msg)
