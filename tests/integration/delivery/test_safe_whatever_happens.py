"""Invariant 1 again, by machine: whatever happens in whatever order, each message was safe at the instant it left."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from models.session import Database
from models.tables import metadata
from models.vocabulary import Detail
from notify.delivery.providers.base import Outgoing, Refused, TryLater, Uncertain
from tests.fakes import Answer
from tests.make import (
    LONDON,
    ChannelPlan,
    close,
    contact,
    decline,
    inbound,
    make_plan,
    make_victim,
    make_window,
    make_world,
    pause,
    receipt,
    record,
    resume,
    run_ticks,
    suspend_point,
    verify_point,
)

POINTS = {"V-1-mobile": "+447700900001", "V-1-email": "v1@example.org"}
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
BEGINNINGS = (
    datetime(2026, 1, 5, 10, tzinfo=UTC),
    datetime(2026, 3, 27, 22, tzinfo=UTC),  # the clocks go forward on the 29th
    datetime(2026, 10, 24, 12, tzinfo=UTC),  # and back on the 25th
)
KINDS = ("arrest", "bail_granted", "police_no_further_action", "charge", "crime_reported")
ABOUT_BAD_NEWS = "police_no_further_action"
COVER = "Your library book is ready."
EXAMPLES = {"sqlite": 40, "postgresql": 8}
LEFT: list[int] = []
"""How many messages left in each example."""


@dataclass
class Agreed:
    """What the test itself knows to be agreed: plain words and times, none of the service's own types."""

    channels: dict[str, tuple[Detail, list[tuple[list[str], int, int]]]] = field(default_factory=dict)
    never: set[date] = field(default_factory=set)
    automatic: bool = False
    nudge_bad_news: bool = False
    usable: set[str] = field(default_factory=set)
    paused: bool = False
    declined: bool = False
    releases: bool = False
    """She who declined wants to be told of releases and bail alone."""
    bail: bool = False
    """Something has happened that she may then be told of."""
    closed: bool = False
    bad_news_only: bool = True
    """Nothing but bad news has happened so far: what leaves now can only be a nudge."""


days = st.one_of(st.just(list(DAYS)), st.lists(st.sampled_from(DAYS), min_size=1, unique=True))
windows = st.lists(st.tuples(days, st.integers(0, 23), st.integers(0, 23)), min_size=1, max_size=2)
channels = st.lists(
    st.tuples(st.sampled_from(sorted(POINTS)), st.sampled_from(list(Detail)), windows),
    min_size=1,
    max_size=2,
    unique_by=lambda channel: channel[0],
)
never_dates = st.lists(st.integers(0, 9), max_size=3, unique=True)
waits = st.sampled_from([timedelta(0), timedelta(minutes=7), timedelta(hours=5), timedelta(hours=26)])
answers = st.sampled_from(
    [
        Answer(Uncertain("timed_out"), arrives=True),
        Answer(Uncertain("timed_out"), arrives=False),
        Answer(TryLater("busy"), arrives=False),
        Answer(TryLater("busy", timedelta(hours=9)), arrives=False),
        Answer(Refused("21211", "bad_number"), arrives=False),
    ]
)


class Contact(RuleBasedStateMachine):
    """One victim, two contact points, and everything that may happen to them."""

    database: Database

    @initialize(
        at=st.sampled_from(BEGINNINGS),
        agreed=channels,
        never=never_dates,
        nudge=st.booleans(),
        first=st.sampled_from(KINDS),
    )
    def begin(self, at, agreed, never, nudge, first):
        with self.database.engine.begin() as connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(table.delete())
        self.world = make_world(self.database, at=at)
        make_victim(self.world, email=POINTS["V-1-email"])
        self.agreed = Agreed(usable=set(POINTS))
        self.faults: list[str] = []
        for provider in (self.world.sms, self.world.email):
            provider.witness = self.check
        self.agree(agreed, never, automatic=True, nudge=nudge)
        self.happen(first)

    @rule(
        agreed=channels,
        never=never_dates,
        automatic=st.sampled_from([True, True, True, False]),
        nudge=st.booleans(),
    )
    def agree(self, agreed, never, automatic, nudge):
        today = self.world.clock().astimezone(LONDON).date()
        self.agreed.channels = {point: (detail, spans) for point, detail, spans in agreed}
        self.agreed.never = {today + timedelta(days=n) for n in never}
        self.agreed.automatic, self.agreed.nudge_bad_news = automatic, nudge
        make_plan(
            self.world,
            *(
                ChannelPlan(
                    point,
                    detail,
                    [make_window(" ".join(d), f"{a:02}:00-{b:02}:00") for d, a, b in spans],
                    counts_as_told=detail is Detail.FULL,
                    cover_text=COVER,
                )
                for point, detail, spans in agreed
            ),
            never_dates=self.agreed.never,
            automatic=automatic,
            officer_first_nudge=nudge,
            every_days=366,
            default=False,
        )

    @rule(kind=st.sampled_from(KINDS))
    def happen(self, kind):
        record(self.world, kind)
        self.agreed.bail |= kind == "bail_granted"
        self.agreed.bad_news_only &= kind == ABOUT_BAD_NEWS
        run_ticks(self.world)

    @rule(kind=st.sampled_from(KINDS), wait=waits)
    def happen_and_wait(self, kind, wait):
        self.happen(kind)
        self.pass_time(wait)

    @rule(wait=waits)
    def pass_time(self, wait):
        run_ticks(self.world, self.world.clock() + wait)

    @rule(wait=waits)
    def sleep(self, wait):
        """Time goes by and no worker runs: what was due meanwhile is late."""
        self.world.clock.now += wait

    @rule(answer=answers, by_mail=st.booleans())
    def trouble(self, answer, by_mail):
        (self.world.email if by_mail else self.world.sms).answers.append(answer)

    @rule(status=st.sampled_from(["accepted", "delivered", "undelivered", "failed"]), which=st.integers(0, 9))
    def hear_of(self, status, which):
        if self.world.arrived:
            receipt(self.world, self.world.arrived[which % len(self.world.arrived)], status)

    @rule(
        what=st.sampled_from(["suspend", "stop", "other person", "spoke", "pause", "decline"]),
        releases=st.sampled_from([None, True, True, False]),
    )
    def disturb(self, what, releases):
        match what:
            case "suspend":
                suspend_point(self.world, "V-1-email")
                self.agreed.usable.discard("V-1-email")
            case "stop":
                inbound(self.world, "STOP")
                self.agreed.usable.discard("V-1-mobile")
            case "other person":
                contact(self.world, "other_person_answered")
                self.agreed.usable.discard("V-1-mobile")
            case "spoke":
                contact(self.world, "spoke_identity_checked")
            case "pause" if not self.agreed.paused:
                pause(self.world)
                self.agreed.paused = True
            case "decline" if not self.agreed.declined:
                decline(self.world, wants_releases=releases)
                self.agreed.declined, self.agreed.releases = True, releases is True

    @rule()
    def mend(self):
        for point in sorted(set(POINTS) - self.agreed.usable):
            verify_point(self.world, point)
            self.agreed.usable.add(point)
        if self.agreed.paused or self.agreed.declined:
            resume(self.world)
            self.agreed.paused = self.agreed.declined = False

    @precondition(lambda self: not self.agreed.closed and len(self.world.arrived) > 1)
    @rule()
    def end(self):
        close(self.world)
        self.agreed.closed = True

    def check(self, outgoing: Outgoing, at: datetime) -> None:
        """At the instant of the hand-over, before the provider answers."""
        self.faults += faults(self.agreed, outgoing, at)

    def teardown(self):
        if hasattr(self, "faults"):
            run_ticks(self.world, self.world.clock() + timedelta(days=8))
            assert self.faults == []
            LEFT.append(len(self.world.arrived))
            arrived = [one.outgoing.message_id for one in self.world.arrived]
            assert len(arrived) == len(set(arrived))


def faults(agreed: Agreed, outgoing: Outgoing, at: datetime) -> list[str]:
    """Why this message was not allowed at this instant, worked out the long way."""
    ref = next(ref for ref, value in POINTS.items() if value == outgoing.to)
    found = []
    if agreed.paused or agreed.closed or (agreed.declined and not (agreed.releases and agreed.bail)):
        found.append("she wanted none, or the case was closed")
    if ref not in agreed.usable:
        found.append("the contact point was in doubt")
    if ref not in agreed.channels or not agreed.automatic:
        return [*found, "the plan does not say so"]
    detail, spans = agreed.channels[ref]
    if not is_agreed_time(agreed, spans, at):
        found.append(f"not a safe moment: {at}")
    minute = at
    while minute < outgoing.valid_until:
        minute += timedelta(minutes=5)
        if not is_agreed_time(agreed, spans, min(minute, outgoing.valid_until)):
            found.append(f"may arrive at {minute}, which is not safe")
            break
    said = "link" if "updates.example" in outgoing.text else "nudge" if COVER in outgoing.text else "full"
    if said not in ("nudge", detail.value):
        found.append(f"says more than {detail}: {said}")
    if agreed.bad_news_only and (said != "nudge" or not agreed.nudge_bad_news):
        found.append(f"brings bad news: {said}")
    return found


def is_agreed_time(agreed: Agreed, spans: list[tuple[list[str], int, int]], at: datetime) -> bool:
    local = at.astimezone(LONDON)
    if local.date() in agreed.never:
        return False
    today, yesterday = DAYS[local.weekday()], DAYS[local.weekday() - 1]
    hour = local.hour + local.minute / 60 + local.second / 3600
    for days, opens, closes in spans:
        if opens < closes:
            if today in days and opens <= hour < closes:
                return True
        elif (today in days and hour >= opens) or (yesterday in days and hour < closes):
            return True
    return False


@pytest.mark.slow
def test_every_message_that_left_was_safe_at_the_instant_it_left(database):
    class OnThisDatabase(Contact):
        pass

    OnThisDatabase.database = database
    LEFT.clear()
    run_state_machine_as_test(
        OnThisDatabase,
        settings=settings(
            max_examples=EXAMPLES[database.engine.dialect.name],
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            phases=[Phase.generate],  # a run is dear: what fails is shown as it was found
            suppress_health_check=list(HealthCheck),
        ),
    )

    assert sum(LEFT) > len(LEFT)  # else nothing was tried
