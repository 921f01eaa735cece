"""What a victim was told wrongly is put right by a person; what is withdrawn is told to nobody any more.

Long because who was told what, and how, gives each correction another outcome.
"""

import pytest

from models.duties import Duty
from models.messages import Message, SealedUpdate
from models.milestones import Milestone, MilestoneCorrection
from models.oversight import Alert, Task
from models.vocabulary import Agency, Detail, MilestoneKind
from notify.delivery.sealed_updates import release_update
from notify.errors import Conflict
from notify.planning import people
from notify.planning.corrections import correct_milestone, withdraw_milestone
from notify.planning.milestones import corrected, read_happening
from tests.make import (
    OFFICE_HOURS,
    ChannelPlan,
    close,
    contact,
    decline,
    make_plan,
    make_victim,
    pause,
    read_page,
    receipt,
    record,
    resume,
    run_ticks,
    when,
)

FULL = ChannelPlan(detail=Detail.FULL, counts_as_told=True)


def correct(world, milestone, **changes):
    with world.acting() as act:
        found = act.session.get_one(Milestone, milestone.id)
        happening = corrected(read_happening(act, found), **changes)
        return correct_milestone(act, world.services.rulebook, found, happening, reason="a slip")


def withdraw(world, milestone, reason="entered for the wrong case"):
    with world.acting() as act:
        found = act.session.get_one(Milestone, milestone.id)
        return withdraw_milestone(act, world.services.rulebook, found, reason=reason)


def told_of(world, kind="charge"):
    """A milestone that an officer told a victim of; nothing else is owed to her."""
    make_victim(world)
    make_plan(world)
    milestone, _ = record(world, kind, happened_at=when("Mon 5 Jan 2026 09:00"), suspect="one of two")
    contact(world)
    return milestone


def corrections(world, **equal):
    return world.rows(Duty, rule="CORRECTION", **equal)


WRONG = [
    {"kind": MilestoneKind.POLICE_NO_FURTHER_ACTION},
    {"happened_at": when("Sun 4 Jan 2026 09:00")},
    {"suspect": "the other"},
    {"facts": {"court": "another"}},
]


@pytest.mark.parametrize("changes", WRONG, ids=lambda changes: next(iter(changes)))
def test_who_was_told_otherwise_is_owed_a_correction_and_a_call(world, changes):
    milestone = told_of(world)
    world.clock.now = when("Fri 9 Jan 2026 15:00")

    correct(world, milestone, **changes)

    (duty,) = corrections(world)
    assert (duty.state, duty.duty_class, duty.owner) == ("open", "officer_first", "police")
    assert duty.kind == changes.get("kind", "charge")
    assert (duty.clock_start, duty.due_at) == (world.clock(), when("Tue 13 Jan 2026 00:00"))
    call = world.row(Task, duty_id=duty.id)
    assert (call.kind, call.rules, call.due_at, call.state) == ("call", ["CORRECTION"], duty.due_at, "open")


def test_when_only_our_own_clock_was_wrong_she_was_told_right(world):
    milestone = told_of(world)

    correct(world, milestone, learned_at=when("Mon 5 Jan 2026 09:30"))
    correct(world, milestone, owner=Agency.CPS)

    assert corrections(world) == []


def test_who_was_not_told_is_owed_the_right_news_only(world):
    make_victim(world, "V-1")
    make_victim(world, "V-2", mobile="07700 900002")
    milestone, _ = record(world, "charge")
    contact(world, victim="V-2")

    correct(world, milestone, suspect="the other")

    (duty,) = corrections(world)
    told = world.duty("R6-CHARGE", state="told")
    assert duty.participation_id == told.participation_id
    assert world.duty("R6-CHARGE", state="open").participation_id != told.participation_id


@pytest.mark.parametrize(("detail", "owed"), [(Detail.FULL, 1), (Detail.LINK, 0), (Detail.NUDGE, 0)])
def test_words_that_left_count_as_told_and_a_message_that_says_nothing_does_not(world, detail, owed):
    make_victim(world)
    make_plan(world, ChannelPlan(detail=detail))
    milestone, _ = record(world, "charge")
    run_ticks(world)
    assert len(world.arrived) == 1

    correct(world, milestone, suspect="the other")

    assert len(corrections(world)) == owed


def test_what_she_read_behind_her_secret_counts_as_told(world):
    make_victim(world)
    make_plan(world, ChannelPlan(detail=Detail.LINK))
    milestone, _ = record(world, "charge")
    run_ticks(world)
    read_page(world)

    withdraw(world, milestone)

    assert len(corrections(world)) == 1


def test_no_message_goes_about_a_correction_even_where_she_may_be_asked_to_ring(world):
    milestone = told_of(world)
    make_plan(world, officer_first_nudge=True)
    correct(world, milestone, suspect="the other")

    pause(world)
    resume(world)
    make_plan(world, officer_first_nudge=True)
    run_ticks(world, when("Thu 8 Jan 2026 12:00"))

    assert world.arrived == []
    assert world.rows(Message) == []
    with world.acting() as act, pytest.raises(Conflict):
        release_update(act, world.services.writer, act.session.merge(corrections(world)[0]))


def test_a_correction_raises_alerts_like_any_other_duty(world):
    milestone = told_of(world)

    withdraw(world, milestone)
    run_ticks(world, when("Mon 12 Jan 2026 12:00"))

    (duty,) = corrections(world)
    alerts = [alert.level for alert in world.rows(Alert, duty_id=duty.id)]
    assert sorted(alerts) == ["due_soon", "escalated", "overdue"]


def test_news_of_release_or_bail_is_put_right_within_hours(world):
    milestone = told_of(world, "bail_granted")
    world.clock.now = when("Tue 6 Jan 2026 11:00")

    correct(world, milestone, facts={"conditions": "none"})
    run_ticks(world)

    (duty,) = corrections(world)
    assert duty.urgent_by == when("Tue 6 Jan 2026 15:00")
    assert world.row(Task, duty_id=duty.id).due_at == duty.urgent_by
    assert "urgent" in {alert.level for alert in world.rows(Alert, duty_id=duty.id)}


def test_a_contact_closes_a_correction_and_its_call(world):
    milestone = told_of(world)
    withdraw(world, milestone)

    contact(world, covers=["CORRECTION"])

    (duty,) = corrections(world)
    assert duty.state == "told"
    assert world.row(Task, duty_id=duty.id).state == "done"


def test_what_was_corrected_wrongly_and_told_is_corrected_again(world):
    milestone = told_of(world)
    correct(world, milestone, suspect="the other")
    contact(world)

    correct(world, milestone, suspect="one of three")

    assert sorted(duty.state for duty in corrections(world)) == ["open", "told"]


def test_a_second_slip_before_anybody_rang_buys_no_time(world):
    milestone = told_of(world)
    correct(world, milestone, suspect="the other")
    (first,) = corrections(world)
    world.clock.pass_time(days=1)

    correct(world, milestone, suspect="one of three")

    (second,) = corrections(world, state="open")
    assert second.due_at == first.due_at
    assert [task.state for task in world.rows(Task, duty_id=first.id)] == ["cancelled"]


def test_a_correction_that_is_owed_stands_when_only_our_own_clock_changes(world):
    milestone = told_of(world)
    correct(world, milestone, suspect="the other")
    (owed,) = corrections(world)

    correct(world, milestone, owner=Agency.CPS)

    assert [duty.id for duty in corrections(world)] == [owed.id]
    assert corrections(world)[0].state == "open"


@pytest.mark.parametrize(("kind", "state"), [("charge", "waived"), ("bail_granted", "open")])
def test_who_declined_is_told_only_of_what_is_owed_within_hours(world, kind, state):
    milestone = told_of(world, kind)
    decline(world)

    withdraw(world, milestone)

    assert [duty.state for duty in corrections(world)] == [state]
    assert (["CORRECTION"] in [task.rules for task in world.rows(Task, state="open")]) is (state == "open")


def test_a_correction_can_be_waived_with_a_reason(world):
    milestone = told_of(world)
    withdraw(world, milestone)

    with world.about("V-1", "C-1") as (act, participation):
        people.waive(act, participation, "CORRECTION", reason="her advocate told her")

    assert [duty.state for duty in corrections(world)] == ["waived"]


def test_a_closed_case_is_no_reason_to_leave_her_with_what_is_wrong(world):
    milestone = told_of(world)
    close(world)

    withdraw(world, milestone)

    assert [duty.state for duty in corrections(world)] == ["open"]


def test_words_that_bounce_after_they_were_put_right_are_not_owed_again(world):
    make_victim(world)
    make_plan(world, FULL)
    milestone, _ = record(world, "charge")
    run_ticks(world)
    receipt(world, world.arrived[0], "delivered")
    withdraw(world, milestone)

    world.clock.pass_time(minutes=1)
    receipt(world, world.arrived[0], "undelivered")
    run_ticks(world, when("Mon 5 Jan 2026 12:00"))

    assert [duty.rule for duty in world.rows(Duty, state="open")] == ["CORRECTION"]
    assert len(world.arrived) == 1


def test_a_withdrawn_milestone_is_kept_with_who_withdrew_it_when_and_why(world):
    make_victim(world)
    milestone, _ = record(world, "charge", suspect="one of two")

    withdraw(world, milestone)

    kept, why = world.row(Milestone), world.row(MilestoneCorrection)
    assert (kept.withdrawn_at, why.at, why.by_id) == (world.clock(), world.clock(), world.staff["officer"].id)
    with world.services.reading() as session:
        key = world.services.keys.of(session, milestone.case_id)
        assert key.open(why, "reason_sealed") == "entered for the wrong case"
        assert "one of two" in key.open(why, "earlier_sealed")


def test_withdrawn_news_is_owed_to_nobody_and_leaves_by_no_way(world):
    make_victim(world)
    make_plan(world, ChannelPlan(detail=Detail.LINK, windows=OFFICE_HOURS))
    world.clock.now = when("Sat 10 Jan 2026 10:00")
    milestone, _ = record(world, "charge")
    run_ticks(world)
    assert world.states() == ["held"]

    withdraw(world, milestone)
    run_ticks(world, when("Mon 12 Jan 2026 12:00"))

    assert world.arrived == []
    assert world.states() == ["cancelled"]
    assert [duty.state for duty in world.rows(Duty)] == ["cancelled"]
    assert [update.withdrawn_at for update in world.rows(SealedUpdate)] == [when("Sat 10 Jan 2026 10:00")]


def test_of_a_milestone_entered_twice_the_other_one_is_still_told(world):
    make_victim(world)
    make_plan(world, ChannelPlan(windows=OFFICE_HOURS))
    world.clock.now = when("Sat 10 Jan 2026 10:00")
    record(world, "charge")
    twice, _ = record(world, "charge")
    run_ticks(world)

    withdraw(world, twice, reason="entered twice")
    run_ticks(world, when("Mon 12 Jan 2026 12:00"))

    assert len(world.arrived) == 1
    assert sorted(duty.state for duty in world.rows(Duty)) == ["cancelled", "open"]


def test_a_withdrawn_milestone_is_neither_corrected_nor_withdrawn_again(world):
    make_victim(world)
    milestone, _ = record(world, "charge")
    withdraw(world, milestone)

    with pytest.raises(Conflict):
        withdraw(world, milestone)
    with pytest.raises(Conflict):
        correct(world, milestone, suspect="the other")

    assert len(world.rows(MilestoneCorrection)) == 1
