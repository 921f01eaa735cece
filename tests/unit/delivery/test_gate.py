"""The safe-contact gate: fail closed (invariant 1), say nothing more than agreed (invariant 2).

Long because every fact that the gate looks at is tried by itself and together with others.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.vocabulary import (
    CHANNEL_OF,
    ContactPointKind,
    ContactPointState,
    Detail,
    DutyClass,
    Refusal,
    Weekday,
)
from notify.delivery.rules.gate import ChannelFacts, Decision, Facts, Hold, PlanFacts, Refuse, Send, decide
from notify.delivery.rules.windows import MIN_ROOM, Window, is_safe

FIRST, SECOND, THIRD = (UUID(int=number) for number in (1, 2, 3))
MONDAY = date(2026, 1, 5)
NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
EVENING = datetime(2026, 1, 5, 20, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def make_window(opens: str = "09:00", closes: str = "17:00") -> Window:
    return Window(frozenset(Weekday), time.fromisoformat(opens), time.fromisoformat(closes))


def make_channel(contact_point: UUID = FIRST, *windows: Window, **changed: Any) -> ChannelFacts:
    channel = ChannelFacts(
        contact_point=contact_point,
        kind=ContactPointKind.MOBILE,
        state=ContactPointState.VERIFIED,
        detail=Detail.LINK,
        windows=windows or (make_window(),),
        counts_as_told=False,
    )
    return replace(channel, **changed)


def make_plan(*channels: ChannelFacts, **changed: Any) -> PlanFacts:
    plan = PlanFacts(
        channels=channels or (make_channel(),),
        never_dates=frozenset(),
        automatic=True,
        officer_first_nudge=False,
    )
    return replace(plan, **changed)


def make_facts(*channels: ChannelFacts, **changed: Any) -> Facts:
    facts = Facts(
        plan=make_plan(*channels),
        duty_class=DutyClass.ROUTINE,
        duty_open=True,
        paused=False,
        declined=False,
        case_closed=False,
        urgent_by=None,
    )
    return replace(facts, **changed)


def chosen(decision: Decision) -> UUID:
    assert not isinstance(decision, Refuse)
    return decision.channel.contact_point


def test_in_a_safe_window_a_message_is_sent_to_arrive_before_it_ends() -> None:
    decision = decide(make_facts(), NOON)

    assert isinstance(decision, Send)
    assert (decision.channel, decision.detail, decision.in_time) == (make_channel(), Detail.LINK, True)
    assert decision.valid_until == NOON + 5 * HOUR - timedelta(seconds=60)


def test_outside_a_safe_window_a_message_is_held_until_the_next() -> None:
    decision = decide(make_facts(), EVENING)

    assert decision == Hold(make_channel(), Detail.LINK, False, NOON + 21 * HOUR, in_time=True)


def test_at_the_end_of_a_window_a_message_is_held_rather_than_sent_too_late() -> None:
    assert isinstance(decide(make_facts(), NOON + 5 * HOUR - MIN_ROOM), Send)
    assert isinstance(decide(make_facts(), NOON + 5 * HOUR - MIN_ROOM + timedelta(seconds=1)), Hold)


def test_on_a_never_date_nothing_is_sent() -> None:
    decision = decide(make_facts(plan=make_plan(never_dates=frozenset({MONDAY}))), NOON)

    assert isinstance(decision, Hold)
    assert decision.until == NOON + 21 * HOUR


STOPPED = [
    ({"duty_open": False}, Refusal.DUTY_CLOSED),
    ({"case_closed": True}, Refusal.CASE_CLOSED),
    ({"declined": True}, Refusal.DECLINED),
    ({"paused": True}, Refusal.PAUSED),
    ({"plan": None}, Refusal.NO_PLAN),
    ({"plan": make_plan(automatic=False)}, Refusal.NOT_AUTOMATIC),
    ({"duty_class": DutyClass.STAFF_TASK}, Refusal.NOT_AUTOMATIC),
    ({"duty_class": DutyClass.OTHER_AGENCY}, Refusal.NOT_AUTOMATIC),
    ({"duty_class": DutyClass.OFFICER_FIRST}, Refusal.OFFICER_FIRST),
    ({"duty_class": DutyClass.VICTIM_WINDOW, "case_closed": True}, Refusal.CASE_CLOSED),
    ({"duty_class": DutyClass.VICTIM_WINDOW, "declined": True}, Refusal.DECLINED),
    ({"duty_class": DutyClass.VICTIM_WINDOW, "paused": True}, Refusal.PAUSED),
    ({"duty_class": DutyClass.VICTIM_WINDOW, "plan": make_plan(automatic=False)}, Refusal.NOT_AUTOMATIC),
]


@pytest.mark.parametrize(("changed", "reason"), STOPPED)
def test_a_fact_that_forbids_every_message_refuses_by_name(changed: dict[str, Any], reason: Refusal) -> None:
    assert decide(make_facts(**changed), NOON) == Refuse(reason, None)


def test_of_several_reasons_the_first_in_order_is_given() -> None:
    facts = make_facts(duty_open=False, case_closed=True, declined=True, paused=True, plan=None)
    mended = [
        (facts, Refusal.DUTY_CLOSED),
        (facts := replace(facts, duty_open=True), Refusal.CASE_CLOSED),
        (facts := replace(facts, case_closed=False), Refusal.DECLINED),
        (facts := replace(facts, declined=False), Refusal.PAUSED),
        (replace(facts, paused=False), Refusal.NO_PLAN),
    ]

    for still_wrong, reason in mended:
        assert decide(still_wrong, NOON) == Refuse(reason, None)


def test_bad_news_may_only_ask_the_victim_to_ring() -> None:
    full = make_channel(detail=Detail.FULL, counts_as_told=True)
    facts = make_facts(plan=make_plan(full, officer_first_nudge=True), duty_class=DutyClass.OFFICER_FIRST)

    for at in (NOON, EVENING):
        decision = decide(facts, at)
        assert not isinstance(decision, Refuse)
        assert (decision.detail, decision.counts_as_told) == (Detail.NUDGE, False)


@pytest.mark.parametrize(
    ("detail", "agreed", "counts"),
    [
        (Detail.FULL, True, True),
        (Detail.FULL, False, False),
        (Detail.LINK, True, False),
        (Detail.NUDGE, True, False),
    ],
)
def test_only_the_full_text_where_so_agreed_counts_as_told(
    detail: Detail, agreed: bool, counts: bool
) -> None:
    channel = make_channel(detail=detail, counts_as_told=agreed)

    decision = decide(make_facts(channel), NOON)

    assert isinstance(decision, Send)
    assert decision.counts_as_told is counts


def test_the_plan_s_order_decides_even_if_a_later_channel_is_safe_sooner() -> None:
    morning = make_channel(FIRST, make_window("09:00", "10:00"))

    assert chosen(decide(make_facts(morning, make_channel(SECOND)), NOON)) == FIRST


@pytest.mark.parametrize(
    "unusable",
    [
        {"state": ContactPointState.PENDING},
        {"state": ContactPointState.SUSPENDED},
        {"kind": ContactPointKind.LANDLINE},
        {"kind": ContactPointKind.POST},
        {"windows": ()},
    ],
)
def test_a_channel_that_can_not_be_used_gives_way_to_the_next(unusable: dict[str, Any]) -> None:
    channel = make_channel(FIRST, **unusable)

    assert chosen(decide(make_facts(channel, make_channel(SECOND)), NOON)) == SECOND


def test_for_an_urgent_duty_a_channel_that_is_in_time_goes_first() -> None:
    morning = make_channel(FIRST, make_window("09:00", "10:00"))
    afternoon = make_channel(SECOND, make_window("13:00", "14:00"))

    decision = decide(make_facts(morning, afternoon, urgent_by=NOON + HOUR), NOON)

    assert decision == Hold(afternoon, Detail.LINK, False, NOON + HOUR, in_time=True)


def test_for_an_urgent_duty_no_channel_in_time_is_said_and_the_window_kept() -> None:
    morning = make_channel(FIRST, make_window("09:00", "10:00"))
    evening = make_channel(SECOND, make_window("18:00", "19:00"))

    decision = decide(make_facts(morning, evening, urgent_by=NOON + 4 * HOUR), NOON)

    assert decision == Hold(morning, Detail.LINK, False, NOON + 21 * HOUR, in_time=False)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"state": ContactPointState.PENDING}, Refusal.NOT_VERIFIED),
        ({"state": ContactPointState.SUSPENDED}, Refusal.SUSPENDED),
        ({"windows": ()}, Refusal.NO_SAFE_WINDOW),
    ],
)
def test_when_no_channel_can_be_used_the_first_that_carries_messages_says_why(
    changed: dict[str, Any], reason: Refusal
) -> None:
    landline = make_channel(FIRST, kind=ContactPointKind.LANDLINE)
    other = make_channel(THIRD, state=ContactPointState.PENDING)

    decision = decide(make_facts(landline, make_channel(SECOND, **changed), other), NOON)

    assert decision == Refuse(reason, SECOND)


@pytest.mark.parametrize("channels", [(), (make_channel(kind=ContactPointKind.POST),)])
def test_a_plan_without_a_channel_for_messages_is_refused(channels: tuple[ChannelFacts, ...]) -> None:
    plan = replace(make_plan(), channels=channels)

    assert decide(make_facts(plan=plan), NOON) == Refuse(Refusal.NO_CHANNEL, None)


@pytest.mark.parametrize("duty_class", DutyClass)
def test_who_declined_but_for_releases_is_sent_those_and_nothing_else(duty_class: DutyClass) -> None:
    facts = make_facts(plan=make_plan(officer_first_nudge=True), duty_class=duty_class, declined=True)

    assert decide(facts, NOON) == Refuse(Refusal.DECLINED, None)
    decision = decide(replace(facts, wants_releases=True), NOON)
    assert isinstance(decision, Send) is (duty_class is DutyClass.IMMEDIATE)


# The properties. Half of what is drawn is in order, so that sends are as common as refusals.

minutes = st.sampled_from([time(0), time(1, 30), time(9), time(12), time(12, 1), time(17), time(23, 59)])
windows = st.builds(Window, st.frozensets(st.sampled_from(Weekday), min_size=3), minutes, minutes)
channels = st.builds(
    ChannelFacts,
    contact_point=st.sampled_from([FIRST, SECOND, THIRD]),
    kind=st.just(ContactPointKind.MOBILE) | st.sampled_from(ContactPointKind),
    state=st.just(ContactPointState.VERIFIED) | st.sampled_from(ContactPointState),
    detail=st.sampled_from(Detail),
    windows=st.lists(windows, max_size=3).map(tuple),
    counts_as_told=st.booleans(),
)
plans = st.builds(
    PlanFacts,
    channels=st.lists(channels, max_size=4).map(tuple),
    never_dates=st.frozensets(st.integers(0, 3).map(lambda days: MONDAY + timedelta(days)), max_size=2),
    automatic=st.just(True),
    officer_first_nudge=st.booleans(),
)
instants = st.integers(0, 3 * 24 * 3600).map(
    lambda seconds: datetime(2026, 1, 5, tzinfo=UTC) + timedelta(0, seconds)
)
allowed_facts = st.builds(
    Facts,
    plan=plans,
    duty_class=st.sampled_from([DutyClass.ROUTINE, DutyClass.IMMEDIATE, DutyClass.OFFICER_FIRST]),
    duty_open=st.just(True),
    paused=st.just(False),
    declined=st.just(False),
    case_closed=st.just(False),
    urgent_by=st.none() | instants,
)
any_facts = allowed_facts | st.builds(
    Facts,
    plan=st.none() | plans | plans.map(lambda plan: replace(plan, automatic=False)),
    duty_class=st.sampled_from(DutyClass),
    duty_open=st.booleans(),
    paused=st.booleans(),
    declined=st.booleans(),
    wants_releases=st.booleans(),
    case_closed=st.booleans(),
    urgent_by=st.none() | instants,
)


@settings(deadline=None)
@given(any_facts, instants)
def test_nothing_is_sent_unless_every_fact_allows_it(facts: Facts, at: datetime) -> None:
    decision = decide(facts, at)

    if isinstance(decision, Send):
        plan, channel = facts.plan, decision.channel
        assert plan is not None
        assert plan.automatic
        assert facts.duty_open
        assert not any([facts.case_closed, facts.paused])
        if facts.declined:
            assert facts.wants_releases
            assert facts.duty_class is DutyClass.IMMEDIATE
        assert facts.duty_class in {DutyClass.ROUTINE, DutyClass.IMMEDIATE, DutyClass.OFFICER_FIRST}
        assert channel in plan.channels
        assert channel.kind in CHANNEL_OF
        assert channel.state is ContactPointState.VERIFIED
        assert is_safe(channel.windows, plan.never_dates, at)
        assert at < decision.valid_until < decision.interval.end
        assert is_safe(channel.windows, plan.never_dates, decision.valid_until)


@settings(deadline=None)
@given(any_facts, instants)
def test_no_message_says_more_than_was_agreed(facts: Facts, at: datetime) -> None:
    decision = decide(facts, at)

    if not isinstance(decision, Refuse):
        assert decision.detail in {decision.channel.detail, Detail.NUDGE}
        assert decision.counts_as_told <= (decision.channel.counts_as_told and decision.detail is Detail.FULL)
        if facts.duty_class is DutyClass.OFFICER_FIRST:
            assert facts.plan is not None
            assert facts.plan.officer_first_nudge
            assert decision.detail is Detail.NUDGE


@settings(deadline=None)
@given(any_facts, instants)
def test_what_is_held_goes_over_the_same_channel_when_its_moment_comes(facts: Facts, at: datetime) -> None:
    decision = decide(facts, at)

    if isinstance(decision, Hold):
        then = decide(facts, decision.until)
        assert decision.until > at
        assert isinstance(then, Send)
        assert (then.channel, then.detail) == (decision.channel, decision.detail)
        assert decision.in_time is (facts.urgent_by is None or decision.until <= facts.urgent_by)


@settings(deadline=None)
@given(allowed_facts, instants, st.sampled_from(STOPPED[:5]))
def test_whatever_could_be_sent_one_forbidding_fact_stops_it(
    facts: Facts, at: datetime, stopped: tuple[dict[str, Any], Refusal]
) -> None:
    changed, reason = stopped

    assert decide(replace(facts, **changed), at) == Refuse(reason, None)


@settings(deadline=None)
@given(any_facts, instants)
def test_wanting_releases_changes_nothing_but_for_releases_after_a_decline(
    facts: Facts, at: datetime
) -> None:
    without, having = (decide(replace(facts, wants_releases=wants), at) for wants in (False, True))

    if facts.declined and facts.duty_class is DutyClass.IMMEDIATE:
        # As if she had declined nothing: every other fact still has its say.
        assert having == decide(replace(facts, declined=False), at)
        assert isinstance(without, Refuse)
    else:
        assert without == having


@settings(deadline=None)
@given(allowed_facts, plans, instants)
def test_a_usable_channel_is_never_refused(facts: Facts, plan: PlanFacts, at: datetime) -> None:
    plan = replace(plan, channels=(*plan.channels, make_channel(THIRD)))
    decision = decide(replace(facts, plan=plan), at)

    if facts.duty_class is DutyClass.OFFICER_FIRST and not plan.officer_first_nudge:
        assert decision == Refuse(Refusal.OFFICER_FIRST, None)
    else:
        assert not isinstance(decision, Refuse)
