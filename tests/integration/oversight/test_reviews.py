"""What is said of a late duty: kept with its history, the last word holds, and the clock goes on."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from models.duties import Duty
from models.ledger import AuditEntry
from models.oversight import Alert, DutyReview
from models.vocabulary import LateReason, NextStep
from notify.errors import Conflict, FieldFault
from notify.ledger.audit import verify
from notify.oversight.reviews import latest_reviews, review_duty
from tests.make import World, contact, make_victim, record, run_ticks, when

NOW = when("Tue 13 Jan 2026 10:00")
SOON = when("Thu 15 Jan 2026 00:00")
NOTE = "Rang Ada Canary twice, no answer"


@pytest.fixture
def late(world: World) -> World:
    """An arrest that one victim was to hear of by the end of Monday 12 January; it is Tuesday."""
    make_victim(world, mobile=None)
    record(world)
    run_ticks(world, NOW)
    return world


def say(
    world: World,
    reason: LateReason = LateReason.COULD_NOT_REACH,
    *,
    note: str | None = NOTE,
    next_step: NextStep = NextStep.VISIT,
    by: datetime = SOON,
) -> None:
    with world.acting() as act:
        duty = act.session.get_one(Duty, world.duty().id)
        review_duty(act, duty, reason=reason, note=note, next_step=next_step, next_step_by=by)


def latest(world: World) -> DutyReview:
    with world.services.reading() as session:
        return latest_reviews(session, [world.duty().id])[world.duty().id]


def test_the_last_thing_said_holds_and_all_that_was_said_before_is_kept(late):
    say(late)
    late.clock.pass_time(hours=1)
    say(late, LateReason.NO_SAFE_WAY, note=None, next_step=NextStep.ASK_ADVOCATE)

    assert (latest(late).reason, latest(late).next_step) == (LateReason.NO_SAFE_WAY, NextStep.ASK_ADVOCATE)
    kept = sorted(late.rows(DutyReview), key=lambda review: review.at)
    assert [(review.reason, review.at) for review in kept] == [
        ("could_not_reach", NOW),
        ("no_safe_way", NOW + timedelta(hours=1)),
    ]


def test_a_duty_of_which_nothing_was_said_has_no_review(late):
    with late.services.reading() as session:
        assert latest_reviews(session, [late.duty().id]) == {}
        assert latest_reviews(session, []) == {}


def test_what_was_said_is_in_the_audit_chain_and_sealed_wherever_it_is_kept(late):
    say(late)

    (entry,) = late.rows(AuditEntry, action="duty reviewed")
    assert entry.detail == {"late": "could_not_reach", "next_step": "visit"}
    with late.acting() as act:
        review = latest(late)
        assert act.key(review.victim_id).open(review, "note_sealed") == NOTE
        for table in ("duty_reviews", "audit_entries"):
            rows = act.session.execute(text(f"select * from {table}")).all()
            assert "Canary" not in str(rows)
            assert b"Canary" not in b"".join(c for row in rows for c in row if isinstance(c, bytes))
        assert verify(act.session) is None


def test_a_supervisor_who_says_why_has_seen_the_alerts_and_the_next_level_still_comes(late):
    late.by = "supervisor"
    say(late)
    states = {alert.level.value: alert.state.value for alert in late.rows(Alert)}
    run_ticks(late, when("Fri 16 Jan 2026 10:00"))

    assert states == {"due_soon": "acknowledged", "overdue": "acknowledged"}
    seen = late.row(Alert, level="overdue")
    assert (seen.acknowledged_by_id, seen.acknowledged_at) == (late.staff["supervisor"].id, NOW)
    assert late.row(Alert, level="escalated").state == "open"
    assert late.duty().state == "open"


def test_an_officer_who_says_why_has_not_seen_the_supervisors_alert_for_them(late):
    say(late)

    states = {alert.level.value: alert.state.value for alert in late.rows(Alert)}
    assert states == {"due_soon": "acknowledged", "overdue": "open"}


def test_an_alert_that_was_seen_before_keeps_who_saw_it_first(late):
    late.by = "supervisor"
    say(late)
    late.clock.pass_time(hours=1)
    say(late)

    assert late.row(Alert, level="overdue").acknowledged_at == NOW


def test_of_a_closed_duty_nothing_is_said(late):
    contact(late)

    with pytest.raises(Conflict, match="duty"):
        say(late)
    assert late.rows(DutyReview) == []


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"by": NOW - timedelta(seconds=1)}, "next_step_by"),
        ({"reason": LateReason.OTHER, "note": None}, "note"),
        ({"reason": LateReason.OTHER, "note": ""}, "note"),
    ],
)
def test_a_step_in_the_past_and_another_reason_without_words_are_refused_and_change_nothing(
    late, wrong, field
):
    with pytest.raises(FieldFault) as caught:
        say(late, **wrong)

    assert caught.value.field == field
    assert late.rows(DutyReview) == []
    assert {alert.state for alert in late.rows(Alert)} == {"open"}


def test_a_duty_that_is_not_late_yet_may_be_reviewed_too(world):
    make_victim(world, mobile=None)
    record(world)

    say(world, LateReason.VICTIM_ASKED_TO_WAIT, next_step=NextStep.WAIT)

    assert latest(world).by_id == world.staff["officer"].id
