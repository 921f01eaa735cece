"""What one sweep writes for many duties at once: for each its own alerts, and when to look at it again."""

import pytest

from models.duties import Duty
from models.oversight import Alert, AlertLook
from models.vocabulary import AlertState
from notify.oversight.alerts import raise_alerts
from notify.oversight.rules.alerts import ROLE_FOR
from tests.make import make_victim, record, when

A_WEEK_ON = when("Mon 12 Jan 2026 10:00")
"""An arrest of Monday 5 January is long overdue for those with enhanced rights, and due at the end of this day for the others."""
THE_DAY_AFTER = when("Tue 13 Jan 2026 00:00")


@pytest.fixture
def arrested(world):
    """Three victims with enhanced rights and three others, all of whom have yet to be told of an arrest."""
    for n in range(1, 7):
        make_victim(world, f"V-{n}", mobile=None, enhanced=n > 3)
    record(world)
    return world


def sweep(world, at, limit=1000):
    services = world.services
    later = services.rulebook.calendar.later
    return raise_alerts(services.sessions, services.keys, services.alert_policy, later, at=at, limit=limit)


def alerts(world, duty):
    return {alert.level.value for alert in world.rows(Alert) if alert.duty_id == duty.id}


def test_each_of_many_duties_gets_the_alerts_of_its_own_deadline(arrested):
    assert sweep(arrested, A_WEEK_ON) == 6

    for duty in arrested.rows(Duty):
        late = {"due_soon", "overdue", "escalated"}
        assert alerts(arrested, duty) == (late if duty.enhanced else {"due_soon"})


def test_each_of_many_duties_is_looked_at_again_when_its_own_next_step_comes(arrested):
    sweep(arrested, A_WEEK_ON)

    looks = {look.duty_id: look.at for look in arrested.rows(AlertLook)}
    for duty in arrested.rows(Duty):
        assert looks.get(duty.id) == (None if duty.enhanced else THE_DAY_AFTER)


def test_an_alert_says_whom_it_concerns_and_who_is_told(arrested):
    sweep(arrested, A_WEEK_ON)

    duties = {duty.id: duty for duty in arrested.rows(Duty)}
    raised = arrested.rows(Alert)
    assert len({alert.id for alert in raised}) == len(raised) == 12
    for alert in raised:
        duty = duties[alert.duty_id]
        assert (alert.participation_id, alert.unit_id) == (duty.participation_id, duty.unit_id)
        assert (alert.to_role, alert.raised_at, alert.state) == (
            ROLE_FOR[alert.level],
            A_WEEK_ON,
            AlertState.OPEN,
        )


def test_what_one_sweep_leaves_the_next_one_sees(arrested):
    assert [sweep(arrested, A_WEEK_ON, limit=4) for _ in range(3)] == [4, 2, 0]
    assert len(arrested.rows(Alert)) == 12
