"""What a victim may ask for until a date: when it opens, that she is reminded once, and what ends it.

Long because everything that opens, moves, silences or ends a window is tried.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select

from models.duties import Duty
from models.messages import Message, SealedUpdate
from models.milestones import Milestone, UnconcernedSuspect
from models.oversight import Alert, AlertLook, Task
from models.people import Participation
from models.vocabulary import CORRECTION_RULE, Detail, DutyClass, DutyState, MessageState, MilestoneKind
from models.windows import VictimWindow
from notify.ledger.acts import Act
from notify.planning.corrections import correct_milestone, withdraw_milestone
from notify.planning.milestones import corrected, read_happening
from notify.planning.people import waive
from notify.planning.suspects import end_unconcerned, set_unconcerned
from notify.planning.windows import look
from tests.integration.planning.at_once import Step, at_once
from tests.make import (
    ChannelPlan,
    World,
    close,
    contact,
    decline,
    make_plan,
    make_victim,
    make_window,
    make_world,
    pause,
    read_page,
    record,
    resume,
    run_ticks,
    suspend_point,
    verify_point,
    when,
)

NFA = "police_no_further_action"
REVIEW, SENTENCE = "R6-VRR-REQ", "R9-ULS"
DECIDED = when("Mon 5 Jan 2026 10:00")
TOLD = when("Tue 6 Jan 2026 15:00")
ENDS = when("Tue 7 Apr 2026 00:00")
HALF = TOLD + (ENDS - TOLD) / 2


@pytest.fixture
def world(database) -> World:
    return make_world(database, at=DECIDED)


def told_of_nfa(world: World, *channels: ChannelPlan, **plan) -> None:
    """Victim V-1, whose case was dropped, and who was told so by a person."""
    make_victim(world)
    make_plan(world, *channels, **plan)
    record(world, NFA)
    world.clock.now = TOLD
    contact(world)
    run_ticks(world)


def reminders(world: World) -> list[Duty]:
    return world.rows(Duty, duty_class=DutyClass.VICTIM_WINDOW)


def correct(world: World, reason="wrong", **changes) -> None:
    with world.acting() as act:
        (milestone,) = act.session.scalars(select(Milestone))
        happening = corrected(read_happening(act, milestone), **changes)
        correct_milestone(act, world.services.rulebook, milestone, happening, reason=reason)


def test_the_review_window_waits_until_she_is_told(world: World):
    make_victim(world)
    record(world, NFA)
    run_ticks(world)

    window = world.row(VictimWindow)

    assert (window.rule, window.opened_at, window.ends_at, window.next_look_at) == (REVIEW, None, None, None)


def test_the_review_window_runs_three_months_from_the_day_she_was_told(world: World):
    told_of_nfa(world)

    window = world.row(VictimWindow)

    assert (window.opened_at, window.ends_at, window.edition) == (TOLD, ENDS, "2021")


@pytest.mark.parametrize("outcome", ["voicemail", "no_answer", "letter_sent"])
def test_an_attempt_opens_nothing(world: World, outcome: str):
    make_victim(world)
    record(world, NFA)
    contact(world, outcome)
    run_ticks(world)

    assert world.row(VictimWindow).opened_at is None


def test_being_told_of_something_else_opens_nothing(world: World):
    make_victim(world)
    record(world, NFA)
    record(world, "arrest")
    contact(world, covers=["R6-ARREST"])
    run_ticks(world)

    assert world.row(VictimWindow).opened_at is None


def test_the_sentence_window_runs_28_days_from_the_sentence_whenever_she_was_told(world: World):
    make_victim(world)
    world.clock.now = when("Fri 9 Jan 2026 10:00")
    record(world, "sentence", happened_at=DECIDED, learned_at=world.clock.now)

    window = world.row(VictimWindow)

    assert (window.rule, window.opened_at) == (SENTENCE, DECIDED)
    assert window.ends_at == when("Tue 3 Feb 2026 00:00")


def test_each_victim_of_the_case_has_her_own_window(world: World):
    make_victim(world)
    make_victim(world, "V-2", mobile=None)
    record(world, NFA)
    contact(world, victim="V-2")
    run_ticks(world)

    assert sorted(window.opened_at is None for window in world.rows(VictimWindow)) == [False, True]


def test_she_is_reminded_once_when_half_of_the_time_is_over(world: World):
    told_of_nfa(world)
    run_ticks(world, until=HALF - timedelta(seconds=1))
    assert not world.arrived

    run_ticks(world, until=ENDS + timedelta(days=30))

    (message,) = world.arrived
    assert HALF <= message.at < HALF + timedelta(minutes=1)
    (reminder,) = reminders(world)
    assert (reminder.rule, reminder.kind, reminder.due_at) == (REVIEW, "review_window", ENDS)


def test_a_nudge_of_it_says_nothing(world: World):
    told_of_nfa(world)
    run_ticks(world, until=ENDS)

    (text,) = world.sms.texts
    assert text == "Please give me a ring when you have a moment. Thank you."


def test_a_full_text_of_it_says_what_and_until_when(world: World):
    told_of_nfa(world, ChannelPlan(detail=Detail.FULL))
    run_ticks(world, until=ENDS)

    (text,) = world.sms.texts
    assert "You can ask until the end of 6 April 2026." in text


def test_behind_a_link_stands_what_and_until_when_and_reading_it_closes_the_reminder(world: World):
    told_of_nfa(world, ChannelPlan(detail=Detail.LINK))
    run_ticks(world, until=HALF + timedelta(hours=1))
    update = world.row(SealedUpdate)
    with world.services.reading() as session:
        key = world.services.keys.of(session, update.victim_id)
        assert "until the end of 6 April 2026" in key.open(update, "text_sealed")

    read_page(world)

    (reminder,) = reminders(world)
    assert reminder.state is DutyState.TOLD


def test_a_reminder_waits_for_a_safe_moment(world: World):
    told_of_nfa(world, ChannelPlan(windows=(make_window("mon", "09:00-10:00"),)))
    run_ticks(world, until=ENDS)

    (message,) = world.arrived
    assert message.at == when("Mon 23 Feb 2026 09:00")
    assert message.at > HALF


def test_a_reminder_that_was_not_read_ends_with_the_window_and_alerts_nobody(world: World):
    told_of_nfa(world)
    run_ticks(world, until=HALF + timedelta(hours=1))
    (reminder,) = reminders(world)
    assert reminder.state is DutyState.OPEN
    assert not world.rows(AlertLook, duty_id=reminder.id)

    run_ticks(world, until=ENDS)

    (reminder,) = reminders(world)
    assert (reminder.state, reminder.closed_at, reminder.late) == (DutyState.CANCELLED, ENDS, False)
    assert not world.rows(Alert, duty_id=reminder.id)
    assert not world.rows(Task, duty_id=reminder.id)
    assert world.row(VictimWindow).next_look_at is None


@pytest.mark.parametrize(
    "stop",
    [pause, decline, close, suspend_point, lambda world: make_plan(world, automatic=False)],
    ids=["paused", "declined", "closed", "suspended", "not automatic"],
)
def test_no_reminder_is_owed_where_nothing_may_be_sent(world: World, stop):
    told_of_nfa(world)
    stop(world)
    run_ticks(world, until=ENDS)

    assert not reminders(world)
    assert not world.arrived


def test_no_reminder_is_owed_without_a_plan(world: World):
    make_victim(world)
    record(world, NFA)
    contact(world)
    run_ticks(world, until=ENDS + timedelta(days=1))

    assert not reminders(world)


def test_no_reminder_of_a_sentence_of_which_nobody_has_told_her(world: World):
    make_victim(world)
    make_plan(world, ChannelPlan(detail=Detail.FULL))
    record(world, "sentence")
    run_ticks(world, until=when("Tue 3 Feb 2026 00:00"))

    assert not reminders(world)
    assert not world.arrived


def test_no_reminder_when_a_review_was_asked_for(world: World):
    told_of_nfa(world)
    record(world, "review_requested")
    contact(world)
    run_ticks(world, until=ENDS)

    assert not reminders(world)


def test_a_request_from_before_the_decision_was_about_something_else(world: World):
    make_victim(world)
    make_plan(world)
    record(world, "review_requested", happened_at=DECIDED - timedelta(days=30))
    contact(world)
    record(world, NFA)
    world.clock.now = TOLD
    contact(world)
    run_ticks(world, until=HALF)

    assert len(reminders(world)) == 1


def test_a_request_stops_a_reminder_that_waits(world: World):
    told_of_nfa(world, ChannelPlan(windows=(make_window("mon", "09:00-10:00"),)))
    run_ticks(world, until=HALF)
    record(world, "review_requested")
    contact(world)
    run_ticks(world, until=ENDS)

    (reminder,) = reminders(world)
    assert reminder.state is DutyState.CANCELLED
    assert not world.arrived


@pytest.mark.parametrize("stop", [pause, decline, close], ids=["paused", "declined", "closed"])
def test_a_reminder_that_waits_is_dropped_without_a_task(world: World, stop):
    told_of_nfa(world, ChannelPlan(windows=(make_window("mon", "09:00-10:00"),)))
    run_ticks(world, until=HALF)
    (reminder,) = reminders(world)

    stop(world)
    run_ticks(world, until=ENDS)

    (reminder,) = reminders(world)
    assert reminder.state in (DutyState.WAIVED, DutyState.CANCELLED)
    assert not world.rows(Task, duty_id=reminder.id)
    assert not world.rows(Alert, duty_id=reminder.id)
    assert not world.arrived


def test_a_reminder_that_the_gate_refuses_is_waived_without_a_task(world: World):
    told_of_nfa(world)
    run_ticks(world, until=HALF - timedelta(minutes=1))
    make_plan(world, ChannelPlan(windows=()))
    run_ticks(world, until=HALF + timedelta(days=1))

    (reminder,) = reminders(world)
    assert reminder.state is DutyState.WAIVED
    assert not world.rows(Task, duty_id=reminder.id)
    (refused,) = world.rows(Message, state=MessageState.REFUSED, kind="review_window")
    assert refused.refusal == "no_safe_window"


def test_waking_everything_rings_no_clock_of_a_reminder(world: World):
    told_of_nfa(world)
    run_ticks(world, until=HALF + timedelta(hours=1))
    pause(world)
    resume(world)
    run_ticks(world, until=ENDS - timedelta(seconds=1))

    (reminder,) = reminders(world)
    assert reminder.state is DutyState.OPEN
    assert not world.rows(AlertLook, duty_id=reminder.id)
    assert not world.rows(Alert, duty_id=reminder.id)
    assert len(world.arrived) == 1


def test_a_withdrawn_decision_withdraws_the_window_and_its_reminder(world: World):
    told_of_nfa(world, ChannelPlan(windows=(make_window("mon", "09:00-10:00"),)))
    run_ticks(world, until=HALF)
    with world.acting() as act:
        (milestone,) = act.session.scalars(select(Milestone))
        withdraw_milestone(act, world.services.rulebook, milestone, reason="never happened")
    run_ticks(world, until=ENDS)

    window = world.row(VictimWindow)
    assert window.withdrawn_at == HALF
    assert window.next_look_at is None
    assert not world.arrived


def test_a_corrected_sentence_date_moves_the_window(world: World):
    make_victim(world)
    record(world, "sentence", happened_at=DECIDED)
    world.clock.now = TOLD
    correct(world, happened_at=DECIDED - timedelta(days=3))

    kept = [window for window in world.rows(VictimWindow) if window.withdrawn_at is None]

    assert [window.ends_at for window in kept] == [when("Sat 31 Jan 2026 00:00")]
    assert len(world.rows(VictimWindow)) == 2


def test_a_corrected_reason_leaves_the_window_as_it_is(world: World):
    told_of_nfa(world)
    correct(world, facts={"reason": "another one"})
    run_ticks(world)

    window = world.row(VictimWindow)
    assert (window.opened_at, window.ends_at, window.withdrawn_at) == (TOLD, ENDS, None)


def test_a_decision_that_was_another_one_withdraws_the_window_and_the_right_one_opens_it_anew(world: World):
    told_of_nfa(world)
    correct(world, kind=MilestoneKind.CHARGE)
    assert world.row(VictimWindow).withdrawn_at is not None

    correct(world, kind=MilestoneKind.POLICE_NO_FURTHER_ACTION)
    world.clock.now = when("Thu 8 Jan 2026 09:00")
    contact(world, covers=[CORRECTION_RULE])
    run_ticks(world)

    (window,) = [one for one in world.rows(VictimWindow) if one.withdrawn_at is None]
    assert window.opened_at == when("Thu 8 Jan 2026 09:00")
    assert window.ends_at == when("Thu 9 Apr 2026 00:00")


def test_a_reminder_that_has_gone_is_not_sent_again_after_a_correction(world: World):
    told_of_nfa(world)
    run_ticks(world, until=HALF + timedelta(days=1))
    assert len(world.arrived) == 1

    correct(world, facts={"reason": "another one"})
    contact(world)
    run_ticks(world, until=ENDS)

    assert len(world.arrived) == 1
    assert not [one for one in reminders(world) if one.state is DutyState.OPEN]


def test_a_decision_told_long_after_the_case_was_closed_still_opens_the_window(world: World):
    make_victim(world)
    record(world, NFA)
    close(world)
    world.clock.now = TOLD
    contact(world)
    run_ticks(world, until=ENDS)

    assert world.row(VictimWindow).ends_at == ENDS
    assert not reminders(world)


def unconcerning(world: World, act: Act) -> None:
    part = act.session.scalars(select(Participation)).one()
    set_unconcerned(act, world.services.rulebook, part, "Sam Doe", reason="another matter")


def unconcern(world: World) -> None:
    with world.acting() as act:
        unconcerning(world, act)


def concern(world: World) -> None:
    with world.about("V-1", "C-1") as (act, part):
        row = act.session.scalars(select(UnconcernedSuspect)).one()
        end_unconcerned(act, world.services.rulebook, part, row, reason="a mistake")


def withdrawing(world: World, act: Act) -> None:
    (milestone,) = act.session.scalars(select(Milestone))
    withdraw_milestone(act, world.services.rulebook, milestone, reason="never happened")


def looking(world: World, act: Act) -> None:
    look(act, world.services.rulebook)


def standing(world: World) -> list[tuple[datetime | None, datetime | None]]:
    return [(one.opened_at, one.ends_at) for one in world.rows(VictimWindow) if one.withdrawn_at is None]


def told_of_sam(world: World) -> None:
    make_victim(world)
    make_plan(world)
    record(world, NFA, suspect="Sam Doe")
    world.clock.now = TOLD
    contact(world)
    run_ticks(world)


@pytest.mark.parametrize(
    ("stop", "go_on"),
    [
        (pause, resume),
        (suspend_point, verify_point),
        (lambda world: make_plan(world, automatic=False), make_plan),
    ],
    ids=["paused", "suspended", "not automatic"],
)
def test_who_may_not_be_reminded_half_way_is_reminded_once_she_may(
    world: World, stop: Callable[[World], None], go_on: Callable[[World], None]
):
    told_of_nfa(world)
    stop(world)
    run_ticks(world, until=HALF + timedelta(days=3))
    assert not reminders(world)

    go_on(world)
    run_ticks(world, until=ENDS)

    (message,) = world.arrived
    assert HALF + timedelta(days=3) <= message.at <= HALF + timedelta(days=4)
    assert len(reminders(world)) == 1


def test_who_is_told_of_a_sentence_in_the_second_half_is_reminded_on_the_next_day(world: World):
    make_victim(world)
    make_plan(world)
    record(world, "sentence")
    run_ticks(world, until=when("Tue 20 Jan 2026 10:00"))
    assert not reminders(world)

    contact(world)
    run_ticks(world, until=when("Tue 3 Feb 2026 00:00"))

    (reminder,) = reminders(world)
    assert reminder.created_at == when("Wed 21 Jan 2026 00:00")
    assert len(world.arrived) == 1


def test_a_window_is_looked_at_once_a_day_at_most_and_not_after_she_was_reminded(world: World):
    told_of_nfa(world)
    pause(world)
    run_ticks(world, until=HALF)
    looks = []
    for _ in range(3):
        at = world.row(VictimWindow).next_look_at
        assert at is not None
        looks.append(at)
        run_ticks(world, until=at)
    assert [later - earlier for earlier, later in pairwise(looks)] == [timedelta(days=1)] * 2

    resume(world)
    run_ticks(world, until=looks[-1] + timedelta(days=3))

    assert world.row(VictimWindow).next_look_at == ENDS


def test_a_reminder_that_the_gate_left_out_is_owed_again_on_another_day(world: World):
    told_of_nfa(world)
    run_ticks(world, until=HALF - timedelta(minutes=1))
    make_plan(world, ChannelPlan(windows=()))
    run_ticks(world, until=HALF + timedelta(days=3))
    assert not world.arrived

    make_plan(world)
    run_ticks(world, until=ENDS)

    assert len(world.arrived) == 1
    (reminder,) = reminders(world)
    assert reminder.due_at == ENDS
    assert not world.rows(Task, duty_id=reminder.id)


def test_a_reminder_that_a_person_waived_stays_waived(world: World):
    told_of_nfa(world, ChannelPlan(windows=(make_window("mon", "09:00-10:00"),)))
    run_ticks(world, until=HALF)
    with world.about("V-1", "C-1") as (act, part):
        waive(act, part, REVIEW, reason="she knows")
    run_ticks(world, until=ENDS)

    (reminder,) = reminders(world)
    assert reminder.state is DutyState.WAIVED
    assert not world.arrived


def test_the_window_of_which_she_knew_comes_back_with_the_suspect_as_it_was(world: World):
    told_of_sam(world)
    unconcern(world)
    assert standing(world) == []
    world.clock.now = TOLD + timedelta(days=2)

    concern(world)
    run_ticks(world)

    assert standing(world) == [(TOLD, ENDS)]
    run_ticks(world, until=ENDS)
    (message,) = world.arrived
    assert HALF <= message.at < HALF + timedelta(days=1)


def test_the_window_waits_for_the_correction_of_what_she_was_told_of_the_suspect(world: World):
    told_of_sam(world)
    correct(world, facts={"reason": "another one"})
    unconcern(world)
    concern(world)
    run_ticks(world)
    assert standing(world) == [(None, None)]

    world.clock.now = when("Thu 8 Jan 2026 09:00")
    contact(world, covers=[CORRECTION_RULE])
    run_ticks(world)

    assert standing(world) == [(when("Thu 8 Jan 2026 09:00"), when("Thu 9 Apr 2026 00:00"))]


@pytest.mark.parametrize("end", [withdrawing, unconcerning])
@pytest.mark.parametrize("tick_first", [True, False])
def test_no_reminder_is_owed_of_a_window_that_ends_at_that_moment(
    world: World, end: Step, *, tick_first: bool
):
    told_of_sam(world)
    world.clock.now = HALF

    at_once(world, *((looking, end) if tick_first else (end, looking)))
    run_ticks(world)

    assert standing(world) == []
    assert not [one for one in reminders(world) if one.state is DutyState.OPEN]
    assert not world.arrived
