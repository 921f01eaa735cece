"""Builders: a service with a settable clock and recording providers, and what a test wants to find in it.

Long because it is the one place where tests make what they need.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import select

from config import Settings
from jobs.timetable import next_due, run_due
from models.cases import Case
from models.duties import Duty
from models.keyring import Keyring, RootKeys
from models.messages import Message, SealedUpdate
from models.milestones import Milestone
from models.people import ContactPoint, Participation, Victim
from models.plans import Plan
from models.session import Database
from models.staff import Staff, Unit
from models.vocabulary import (
    Agency,
    Channel,
    CodeWord,
    ContactPointKind,
    Detail,
    EnhancedRight,
    MilestoneKind,
    Outcome,
    ReceiptStatus,
    Role,
    Sender,
    Weekday,
)
from notify.clock import Clock
from notify.delivery.inbound import take_inbound
from notify.delivery.providers.routes import Routes
from notify.delivery.receipts import Slip, take_receipt
from notify.delivery.sealed_updates import read_updates
from notify.ledger.acts import Act
from notify.ledger.audit import THE_SERVICE, Actor
from notify.ledger.contact_log import record_contact
from notify.ledger.suspending import suspend
from notify.planning import people
from notify.planning.case_closing import close_case
from notify.planning.contact_points import add_contact_point, verify
from notify.planning.milestones import Happening, record_milestone
from notify.planning.plans import ChannelTerms, PlanTerms, WindowTerms, agree_plan
from notify.planning.queries import case_by_ref, contact_point_by_ref, participation_of, victim_by_ref
from notify.wiring import Services, choose_providers, make_services
from tests.fakes import Arrived, RecordingProvider, SettableClock

LONDON = ZoneInfo("Europe/London")
ROOT_KEY = RootKeys.generate()
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
WORKER = "worker-1"
MOST_INSTANTS = 10_000
"""More instants than this in one run: a tick does not come to rest."""

Row = TypeVar("Row")


def when(words: str) -> datetime:
    """The instant of a London time with its weekday in words; AssertionError when the weekday is not that day's.

    >>> when("Fri 3 Jul 2026 16:00").isoformat()
    '2026-07-03T15:00:00+00:00'
    """
    weekday, _, rest = words.partition(" ")
    local = datetime.strptime(rest, "%d %b %Y %H:%M").replace(tzinfo=LONDON)
    assert WEEKDAYS[local.weekday()] == weekday, words
    return local.astimezone(UTC)


START = when("Mon 5 Jan 2026 10:00")


def make_window(days: str = "mon tue wed thu fri sat sun", hours: str = "00:00-00:00") -> WindowTerms:
    """A weekly safe window, "09:00-17:00" in London; any time at all unless told otherwise."""
    opens, closes = map(time.fromisoformat, hours.split("-"))
    return WindowTerms(frozenset(map(Weekday, days.split())), opens, closes)


ANY_TIME = (make_window(),)
OFFICE_HOURS = (make_window("mon tue wed thu fri", "09:00-17:00"),)


@dataclass(frozen=True)
class ChannelPlan:
    """What a plan says of one contact point, named by its reference."""

    point: str = "V-1-mobile"
    detail: Detail = Detail.NUDGE
    windows: Sequence[WindowTerms] = ANY_TIME
    counts_as_told: bool = False
    cover_text: str | None = None
    sender: Sender = Sender.NEUTRAL


@dataclass
class World:
    """One service: real wiring on one database, a clock that stands until it is set, and providers that remember."""

    services: Services
    clock: SettableClock
    sms: RecordingProvider
    email: RecordingProvider
    staff: dict[str, Staff] = field(default_factory=dict)
    by: str = "officer"
    """Who acts."""

    @property
    def arrived(self) -> list[Arrived]:
        """Every message that reached a phone or a mailbox, in time order."""
        return sorted([*self.sms.arrived, *self.email.arrived], key=lambda one: one.at)

    def acting(self) -> AbstractContextManager[Act]:
        return self.services.acting(Actor("staff", self.staff[self.by].id))

    @contextmanager
    def about(self, victim: str, case: str) -> Iterator[tuple[Act, Participation]]:
        """An act about one victim in one case."""
        with self.acting() as act:
            found = participation_of(
                act.session, case_by_ref(act.session, case), victim_by_ref(act.session, victim)
            )
            yield act, found

    def rows(self, table: type[Row], **equal: Any) -> list[Row]:
        """Rows as they are stored now, in no particular order."""
        with self.services.reading() as session:
            return list(session.scalars(select(table).filter_by(**equal)))

    def row(self, table: type[Row], **equal: Any) -> Row:
        (found,) = self.rows(table, **equal)
        return found

    def duty(self, rule: str = "R6-ARREST", **equal: Any) -> Duty:
        return self.row(Duty, rule=rule, **equal)

    def states(self) -> list[str]:
        """The state of every message that was ever written, in the order of the alphabet; refusals are not among them."""
        return sorted(message.state.value for message in self.rows(Message) if message.channel is not None)


def make_world(database: Database, *, at: datetime = START, staff: bool = True) -> World:
    """Services by the real wiring; with an officer, a supervisor and case C-1 unless `staff` is False."""
    clock = SettableClock(at)
    sms, email = RecordingProvider(), RecordingProvider()
    services = wire(
        make_settings(),
        clock=clock,
        database=database,
        providers=Routes.to({Channel.SMS: sms, Channel.EMAIL: email}),
    )
    world = World(services, clock, sms, email)
    if staff:
        make_unit(world)
        make_staff(world, "officer", Role.CASE_OFFICER)
        make_staff(world, "supervisor", Role.SUPERVISOR)
        make_case(world)
    return world


def wire(
    settings: Settings,
    *,
    clock: Clock,
    database: Database,
    providers: Routes | None = None,
) -> Services:
    """Services by the real wiring; what that reads from files, and nothing ever changes, it reads once a test process."""
    first = _WIRED.get(settings)
    if first is None:
        wired = make_services(settings, clock=clock, database=database, providers=providers)
        return _WIRED.setdefault(settings, wired)
    keys = Keyring(RootKeys.parse(settings.require_root_key()))
    keys.ready(database.sessions)
    providers = providers or choose_providers(settings)
    return replace(first, database=database, keys=keys, clock=clock, providers=providers)


_WIRED: dict[Settings, Services] = {}


def make_settings(**env: str) -> Settings:
    settings = Settings.from_env({"NOTIFY_ROOT_KEY": ROOT_KEY, **env})
    return replace(settings, public_url="https://updates.example")  # what a phone would show


def make_second_worker(world: World, database: Database) -> World:
    """Another worker's services on another connection to the same database; the providers are the same."""
    services = wire(make_settings(), clock=world.clock, database=database, providers=world.services.providers)
    return replace(world, services=services)


def make_unit(
    world: World, ref: str = "U-1", *, name: str = "North Team", agency: Agency = Agency.POLICE
) -> Unit:
    with world.services.acting(THE_SERVICE) as act:
        return people.add_unit(act, ref=ref, name=name, agency=agency)


def make_staff(
    world: World,
    ref: str,
    role: Role = Role.CASE_OFFICER,
    *,
    unit: str = "U-1",
    name: str = "Officer (fictional)",
) -> Staff:
    with world.services.acting(THE_SERVICE) as act:
        found = act.session.scalars(select(Unit).where(Unit.ref == unit)).one()
        world.staff[ref] = people.add_staff(act, ref=ref, name=name, role=role, unit=found)
    return world.staff[ref]


def make_case(
    world: World,
    ref: str = "C-1",
    *,
    unit: str = "U-1",
    offence: str = "Example offence",
    allow: Collection[str] | None = None,
) -> Case:
    """A case of the acting officer's; a restricted one when `allow` names who may see it."""
    with world.acting() as act:
        return people.open_case(
            act,
            ref=ref,
            unit=act.session.scalars(select(Unit).where(Unit.ref == unit)).one(),
            officer=act.session.get_one(Staff, world.staff[world.by].id),
            offence=offence,
            restricted=allow is not None,
            allow=[act.session.get_one(Staff, world.staff[one].id) for one in allow or ()],
        )


def make_victim(
    world: World,
    ref: str = "V-1",
    *,
    case: str = "C-1",
    name: str = "Example Person",
    enhanced: bool = False,
    mobile: str | None = "07700 900001",
    email: str | None = None,
    language: str = "en",
) -> Participation:
    """A victim in a case, with verified contact points REF-mobile and REF-email as given."""
    with world.acting() as act:
        made = people.enrol_victim(
            act,
            ref=ref,
            case=case_by_ref(act.session, case),
            name=name,
            enhanced=[EnhancedRight.VULNERABLE_OR_INTIMIDATED] if enhanced else [],
            language=language,
        )
    if mobile is not None:
        make_contact_point(world, f"{ref}-mobile", mobile, victim=ref)
    if email is not None:
        make_contact_point(world, f"{ref}-email", email, victim=ref, kind=ContactPointKind.EMAIL)
    return made


def make_contact_point(
    world: World,
    ref: str,
    value: str,
    *,
    victim: str = "V-1",
    kind: ContactPointKind = ContactPointKind.MOBILE,
    verified: bool = True,
) -> ContactPoint:
    with world.acting() as act:
        owner = victim_by_ref(act.session, victim)
        point = add_contact_point(act, owner, ref=ref, kind=kind, value=value)
        if verified:
            verify(act, point, reason="rung back")
    return point


def make_plan(
    world: World,
    *channels: ChannelPlan,
    victim: str = "V-1",
    case: str = "C-1",
    every_days: int = 366,
    never_dates: Iterable[date] = (),
    automatic: bool = True,
    officer_first_nudge: bool = False,
    reason: str | None = None,
    code_words: Mapping[CodeWord, str] | None = None,
    default: bool = True,
) -> Plan:
    """A plan; without channels, the victim's mobile may be nudged at any time, unless `default` is False."""
    wanted = channels or ((ChannelPlan(f"{victim}-mobile"),) if default else ())
    with world.about(victim, case) as (act, participation):
        terms = PlanTerms(
            every_days=every_days,
            channels=[_terms(act, channel) for channel in wanted],
            never_dates=list(never_dates),
            automatic=automatic,
            officer_first_nudge=officer_first_nudge,
            code_words=code_words,
        )
        return agree_plan(act, participation, terms, reason=reason, senders=world.services.senders)


def _terms(act: Act, channel: ChannelPlan) -> ChannelTerms:
    return ChannelTerms(
        point=contact_point_by_ref(act.session, channel.point),
        detail=channel.detail,
        windows=channel.windows,
        counts_as_told=channel.counts_as_told,
        cover_text=channel.cover_text,
        sender=channel.sender,
    )


def record(
    world: World,
    kind: str = "arrest",
    *,
    case: str = "C-1",
    happened_at: datetime | None = None,
    learned_at: datetime | None = None,
    facts: Mapping[str, str] | None = None,
    suspect: str | None = None,
    owner: Agency = Agency.POLICE,
) -> tuple[Milestone, list[Duty]]:
    """Something happens in a case: now, and learned of at once, unless told otherwise."""
    happened = happened_at or learned_at or world.clock()
    happening = Happening(MilestoneKind(kind), happened, learned_at or happened, owner, suspect, facts)
    with world.acting() as act:
        return record_milestone(
            act, world.services.rulebook, case_by_ref(act.session, case).id, happening, external_id=None
        )


def contact(
    world: World,
    outcome: str = "spoke_identity_checked",
    *,
    covers: Collection[str] | None = None,
    note: str | None = None,
    victim: str = "V-1",
    case: str = "C-1",
) -> None:
    with world.about(victim, case) as (act, participation):
        record_contact(act, participation, Outcome(outcome), covers=covers, note=note)


def pause(world: World, victim: str = "V-1", case: str = "C-1", reason: str = "asked for quiet") -> None:
    with world.about(victim, case) as (act, participation):
        people.pause(act, participation, reason=reason)


def resume(world: World, victim: str = "V-1", case: str = "C-1", reason: str = "asked again") -> None:
    with world.about(victim, case) as (act, participation):
        people.resume(act, participation, reason=reason)


def decline(
    world: World,
    victim: str = "V-1",
    case: str = "C-1",
    reason: str = "wants none",
    *,
    wants_releases: bool | None = None,
) -> None:
    with world.about(victim, case) as (act, participation):
        people.decline(act, participation, reason=reason, wants_releases=wants_releases)


def close(world: World, case: str = "C-1", reason: str = "ended") -> None:
    with world.acting() as act:
        close_case(act, world.services.rulebook, case_by_ref(act.session, case), reason=reason)


def suspend_point(world: World, ref: str = "V-1-mobile", reason: str = "doubtful") -> None:
    with world.acting() as act:
        suspend(act, contact_point_by_ref(act.session, ref), reason=reason)


def verify_point(world: World, ref: str = "V-1-mobile", reason: str = "rung back") -> None:
    with world.acting() as act:
        verify(act, contact_point_by_ref(act.session, ref), reason=reason)


def inbound(world: World, text: str, sender: str = "07700 900001") -> None:
    with world.services.acting(THE_SERVICE) as act:
        take_inbound(act, sender=sender, text=text)


def receipt(world: World, arrived: Arrived, status: str, code: str | None = None) -> None:
    """The provider says something about a message."""
    message_id = arrived.outgoing.message_id
    slip = Slip("recording", f"ref-{message_id}", ReceiptStatus(status), code, raw=f"{status} {arrived.to}")
    take_receipt(world.services.sessions, world.services.keys, slip, message_id=message_id, at=world.clock())


def read_page(world: World, victim: str = "V-1", *, number: int = 1) -> None:
    """The victim, behind her secret, reads one of her sealed updates."""
    found = world.row(Victim, ref=victim)
    with world.services.acting(Actor("victim", found.id)) as act:
        update = act.session.scalars(
            select(SealedUpdate).where(SealedUpdate.victim_id == found.id, SealedUpdate.number == number)
        ).one()
        read_updates(act, act.session.get_one(Participation, update.participation_id), [update])


def run_ticks(world: World, until: datetime | None = None, *, worker: str = WORKER) -> None:
    """Run the worker's ticks now, and at every instant up to `until` at which one has something to see."""
    end = until or world.clock()
    for _ in range(MOST_INSTANTS):
        run_due(world.services, worker)
        with world.services.reading() as session:
            upcoming = min((at for at in next_due(session).values() if at is not None), default=end)
        if world.clock() >= end:
            return
        world.clock.now = min(max(upcoming, world.clock()), end)
    raise AssertionError("the ticks do not come to rest")
