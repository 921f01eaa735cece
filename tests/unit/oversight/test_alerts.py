"""When a duty that is still open needs a person, and whom."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.vocabulary import AlertLevel, Role
from notify.oversight.rules.alerts import ROLE_FOR, AlertPolicy, Deadlines, due_now, next_at, steps
from notify.planning.rules.working_days import WorkingDays

POLICY = AlertPolicy(due_soon=timedelta(hours=24), escalate_standard=3, escalate_enhanced=1)
later = WorkingDays(frozenset()).later

START = datetime(2020, 1, 1, tzinfo=UTC)
instants = st.integers(0, 20 * 366 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes))
deadlines = st.builds(
    Deadlines, created_at=instants, due_at=instants, urgent_by=st.none() | instants, enhanced=st.booleans()
)


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def make_steps(*, created="2026-01-02T16:00", due="2026-01-10T00:00", urgent=None, enhanced=False):
    times = Deadlines(
        created_at=utc(created), due_at=utc(due), urgent_by=utc(urgent) if urgent else None, enhanced=enhanced
    )
    return steps(times, POLICY, later)


def times_of(found):
    return {level: moment for moment, level, _ in found}


def test_a_standard_duty_is_due_soon_a_day_before_and_escalated_three_working_days_after():
    assert make_steps() == (
        (utc("2026-01-09T00:00"), AlertLevel.DUE_SOON, Role.CASE_OFFICER),
        (utc("2026-01-10T00:00"), AlertLevel.OVERDUE, Role.SUPERVISOR),
        (utc("2026-01-15T00:00"), AlertLevel.ESCALATED, Role.SUPERVISOR),  # the end of Wednesday
    )


def test_an_enhanced_duty_is_escalated_one_working_day_after():
    found = times_of(make_steps(due="2026-01-06T00:00", enhanced=True))

    assert found[AlertLevel.ESCALATED] == utc("2026-01-07T00:00")


def test_a_duty_created_within_the_last_day_is_due_soon_at_once():
    found = times_of(make_steps(created="2026-01-09T10:00"))

    assert found[AlertLevel.DUE_SOON] == utc("2026-01-09T10:00")


def test_an_urgent_duty_is_overdue_when_its_urgent_time_is_past():
    found = times_of(make_steps(due="2026-01-06T00:00", urgent="2026-01-02T20:00", enhanced=True))

    assert found == {
        AlertLevel.OVERDUE: utc("2026-01-02T20:00"),
        AlertLevel.DUE_SOON: utc("2026-01-05T00:00"),
        AlertLevel.ESCALATED: utc("2026-01-05T20:00"),  # Friday evening -> Monday evening
    }


@pytest.mark.parametrize("level", AlertLevel)
def test_every_level_has_someone_to_tell_and_only_due_soon_is_the_officers(level):
    assert ROLE_FOR[level] is (Role.CASE_OFFICER if level is AlertLevel.DUE_SOON else Role.SUPERVISOR)


def test_nothing_is_raised_before_its_time_and_each_at_its_time():
    found = make_steps()

    assert due_now(found, set(), utc("2026-01-08T23:59")) == []
    assert due_now(found, set(), utc("2026-01-09T00:00")) == [(AlertLevel.DUE_SOON, Role.CASE_OFFICER)]


def test_after_a_silence_every_alert_missed_is_raised_in_order():
    assert [level for level, _ in due_now(make_steps(), set(), utc("2026-02-01T00:00"))] == [
        AlertLevel.DUE_SOON,
        AlertLevel.OVERDUE,
        AlertLevel.ESCALATED,
    ]


def test_the_next_moment_steps_over_alerts_raised_before():
    found = make_steps()

    assert next_at(found, set(), utc("2026-01-02T16:00")) == utc("2026-01-09T00:00")
    assert next_at(found, {AlertLevel.DUE_SOON}, utc("2026-01-02T16:00")) == utc("2026-01-10T00:00")
    assert next_at(found, set(AlertLevel), utc("2026-01-02T16:00")) is None


@given(times=deadlines)
def test_steps_come_in_time_order_and_escalation_after_overdue(times):
    found = steps(times, POLICY, later)

    assert [moment for moment, _, _ in found] == sorted(moment for moment, _, _ in found)
    assert {level for _, level, _ in found} == {AlertLevel.DUE_SOON, AlertLevel.OVERDUE, AlertLevel.ESCALATED}
    assert times_of(found)[AlertLevel.ESCALATED] > times_of(found)[AlertLevel.OVERDUE]
    assert times_of(found)[AlertLevel.DUE_SOON] >= times.created_at


@given(times=deadlines)
def test_an_enhanced_duty_is_never_escalated_later_than_a_standard_one(times):
    enhanced, standard = (
        steps(Deadlines(times.created_at, times.due_at, times.urgent_by, flag), POLICY, later)
        for flag in (True, False)
    )

    assert times_of(enhanced)[AlertLevel.ESCALATED] <= times_of(standard)[AlertLevel.ESCALATED]


@given(times=deadlines, start=instants)
def test_waking_at_each_next_moment_raises_every_alert_exactly_once(times, start):
    found = steps(times, POLICY, later)
    order: list[AlertLevel] = []
    at: datetime | None = start
    while at is not None:
        order += [level for level, _ in due_now(found, set(order), at)]
        at = next_at(found, set(order), at)

    assert sorted(order) == sorted(level for _, level, _ in found)
