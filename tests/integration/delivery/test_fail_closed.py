"""Invariant 1, fail closed: no message leaves unless the plan of now says that it may, and a person hears of it.

Long because every reason to keep a message back is a test of one invariant.
"""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from jobs import send
from models.messages import Message
from models.oversight import Task
from models.people import ContactPoint, Victim
from models.plans import Plan, PlanChannel
from models.vocabulary import ContactPointKind, Detail, MessageState
from notify.delivery.providers.base import TryLater
from notify.planning import people
from tests.fakes import Answer
from tests.make import (
    ANY_TIME,
    OFFICE_HOURS,
    ChannelPlan,
    close,
    contact,
    decline,
    inbound,
    make_case,
    make_contact_point,
    make_plan,
    make_victim,
    make_window,
    pause,
    receipt,
    record,
    resume,
    run_ticks,
    suspend_point,
    verify_point,
    when,
)

MONTH_LATER = when("Wed 4 Feb 2026 10:00")
SATURDAY = when("Sat 10 Jan 2026 12:00")
MONDAY = when("Mon 12 Jan 2026 09:00")


def no_plan(world):
    """Leave it at that."""


def point_pending(world):
    make_contact_point(world, "other", "07700 900002", verified=False)
    make_plan(world, ChannelPlan("other"))


def point_suspended(world):
    make_plan(world)
    suspend_point(world)


def not_automatic(world):
    make_plan(world, automatic=False)


def no_windows(world):
    make_plan(world, ChannelPlan(windows=()))


def landline_only(world):
    make_contact_point(world, "landline", "020 7946 0018", kind=ContactPointKind.LANDLINE)
    make_plan(world, ChannelPlan("landline"))


def paused(world):
    make_plan(world)
    pause(world)


def no_safe_day_in_two_months(world):
    start = world.clock().date()
    make_plan(world, never_dates=[start + timedelta(days=n) for n in range(75)])


@pytest.mark.parametrize(
    ("obstacle", "reason", "tasks"),
    [
        (no_plan, "no_plan", "agree_plan"),
        (point_pending, "not_verified", "verify_contact"),
        (point_suspended, "suspended", "call verify_contact"),
        (not_automatic, "not_automatic", "call"),
        (no_windows, "no_safe_window", "call"),
        (landline_only, "no_channel", "call"),
        (no_safe_day_in_two_months, "no_safe_window", "call"),
        (paused, "paused", ""),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_what_is_not_known_to_be_safe_is_never_sent(world, obstacle, reason, tasks):
    make_victim(world)
    obstacle(world)

    record(world)
    run_ticks(world, MONTH_LATER)

    assert asked(world) == []
    assert [message.refusal for message in world.rows(Message)] == [reason]
    assert sorted(one.kind for one in world.rows(Task)) == tasks.split()
    assert world.duty().state == "open"


@pytest.mark.parametrize("kind", ["bail_granted", "released_without_charge", "escape_from_custody"])
@pytest.mark.parametrize(
    ("obstacle", "task"),
    [(point_suspended, "call"), (no_plan, "call"), (paused, "explain_no_contact")],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_what_must_be_told_at_once_and_cannot_be_sent_is_a_task_at_once(world, kind, obstacle, task):
    make_victim(world)
    obstacle(world)

    record(world, kind)
    run_ticks(world)

    assert asked(world) == []
    assert task in [one.kind for one in world.rows(Task)]


def suspended_after(world, victim, _case):
    suspend_point(world, f"{victim}-mobile")


def declined_after(world, victim, case):
    decline(world, victim, case)


def paused_after(world, victim, case):
    pause(world, victim, case)


def closed_after(world, _victim, case):
    close(world, case)


def stop_sent_after(world, victim, _case):
    inbound(world, "STOP", sender=number_of(victim))


def other_person_after(world, victim, case):
    contact(world, "other_person_answered", victim=victim, case=case)


def told_after(world, victim, case):
    contact(world, "spoke_identity_checked", victim=victim, case=case)


def waived_after(world, victim, case):
    with world.about(victim, case) as (act, participation):
        people.waive(act, participation, "R6-ARREST", reason="told by the court")


def not_automatic_after(world, victim, case):
    terms = ChannelPlan(f"{victim}-mobile", windows=OFFICE_HOURS)
    make_plan(world, terms, victim=victim, case=case, automatic=False)


def other_point_after(world, victim, case):
    landline = f"{victim}-landline"
    make_contact_point(world, landline, "020 7946 0018", victim=victim, kind=ContactPointKind.LANDLINE)
    make_plan(world, ChannelPlan(landline), victim=victim, case=case)


CHANGES = {
    # what happens, and the task that it leaves where the news is still owed and she may be contacted
    suspended_after: {"call", "verify_contact"},
    stop_sent_after: {"call", "verify_contact", "follow_up_inbound"},
    other_person_after: {"call", "verify_contact"},
    closed_after: {"call"},
    not_automatic_after: {"call"},
    other_point_after: {"call"},
    declined_after: set(),
    paused_after: set(),
    told_after: set(),
    waived_after: set(),
}


def test_a_change_between_writing_and_sending_stops_the_message(world):
    one_victim_for_each_change(world)
    world.clock.now = SATURDAY
    for _, _, case in victims():
        record(world, case=case)
    run_ticks(world)
    assert set(world.states()) == {"held"}

    world.clock.now = MONDAY
    for change, victim, case in victims():
        change(world, victim, case)
    run_ticks(world, MONTH_LATER)

    assert reached(world) == []
    assert set(world.states()) == {"cancelled"}
    assert tasks_left(world) == {change.__name__: tasks for change, tasks in CHANGES.items()}


def test_a_change_between_the_milestone_and_writing_stops_the_message(world):
    one_victim_for_each_change(world)
    for _, _, case in victims():
        record(world, case=case)

    for change, victim, case in victims():
        change(world, victim, case)
    run_ticks(world, MONTH_LATER)

    assert reached(world) == []
    assert world.states() == []
    assert tasks_left(world) == {change.__name__: tasks for change, tasks in CHANGES.items()}


def one_victim_for_each_change(world):
    for _, victim, case in victims():
        make_case(world, case)
        make_victim(world, victim, case=case, mobile=number_of(victim))
        make_plan(world, ChannelPlan(f"{victim}-mobile", windows=OFFICE_HOURS), victim=victim, case=case)


def victims():
    return [(change, f"V-{n}", f"C-{n}") for n, change in enumerate(CHANGES, start=10)]


def number_of(victim):
    return f"07700 9000{victim.removeprefix('V-')}"


def reached(world):
    """The changes in spite of which a message left."""
    to = {outgoing.to for outgoing in asked(world)}
    return [
        change.__name__
        for change, victim, _ in victims()
        if f"+44{number_of(victim)[1:].replace(' ', '')}" in to
    ]


def tasks_left(world):
    left = {}
    for change, victim, _ in victims():
        found = world.rows(Task, victim_id=world.row(Victim, ref=victim).id)
        left[change.__name__] = {task.kind.value for task in found}
    return left


def test_the_words_of_an_old_plan_are_not_sent_under_a_new_one(world):
    make_victim(world)
    make_plan(world, ChannelPlan(detail=Detail.LINK, windows=OFFICE_HOURS))
    world.clock.now = SATURDAY
    record(world)
    run_ticks(world)

    make_plan(world, ChannelPlan(detail=Detail.NUDGE, windows=OFFICE_HOURS))
    run_ticks(world, MONTH_LATER)

    assert ["updates.example" in one.text for one in world.arrived] == [False]
    assert world.states() == ["accepted", "cancelled"]


def test_what_was_written_under_an_old_plan_is_kept_back_even_before_it_is_written_anew(world):
    make_victim(world)
    make_plan(world, ChannelPlan(windows=OFFICE_HOURS, cover_text="Your library book is ready."))
    world.clock.now = SATURDAY
    record(world)
    run_ticks(world)

    world.clock.now = MONDAY
    make_plan(world, ChannelPlan(windows=OFFICE_HOURS, cover_text="Your parcel is ready."))
    send.TICK.run(world.services, "worker-1")
    sent_under_the_old_plan = world.sms.texts.copy()
    run_ticks(world)

    assert sent_under_the_old_plan == []
    assert world.sms.texts == ["Your parcel is ready."]


def test_a_message_goes_to_the_contact_point_of_the_new_plan_and_not_to_the_old(world):
    make_victim(world, email="v1@example.org")
    make_plan(world, ChannelPlan(windows=OFFICE_HOURS))
    world.clock.now = SATURDAY
    record(world)
    run_ticks(world)

    make_plan(world, ChannelPlan("V-1-email"))
    run_ticks(world, MONTH_LATER)

    assert [one.to for one in world.arrived] == ["v1@example.org"]


def test_what_the_gate_reads_is_what_is_stored_at_the_moment_of_sending(world):
    waiting_until_monday(world)

    # No step tells delivery of this: somebody changed the row by hand.
    with world.services.sessions.begin() as session:
        session.scalars(select(ContactPoint)).one().state = "suspended"
    run_ticks(world, MONTH_LATER)

    assert asked(world) == []


def test_detail_that_was_cut_back_by_hand_is_not_exceeded(world):
    make_victim(world)
    make_plan(world, ChannelPlan(detail=Detail.LINK, windows=OFFICE_HOURS))
    world.clock.now = SATURDAY
    record(world)
    run_ticks(world)

    with world.services.sessions.begin() as session:
        session.scalars(select(PlanChannel)).one().detail = Detail.NUDGE
    run_ticks(world, MONTH_LATER)

    assert ["updates.example" in one.text for one in world.arrived] == [False]


def test_a_plan_that_is_not_current_any_more_sends_nothing(world):
    waiting_until_monday(world)

    with world.services.sessions.begin() as session:
        session.scalars(select(Plan)).one().current = False
    run_ticks(world, MONTH_LATER)

    assert asked(world) == []
    assert "agree_plan" in [one.kind for one in world.rows(Task)]


@pytest.mark.parametrize(
    ("learned", "window", "leaves"),
    [
        ("Mon 5 Jan 2026 10:00", ("mon", "09:00-17:00"), "Mon 5 Jan 2026 10:00"),
        ("Mon 5 Jan 2026 08:59", ("mon", "09:00-17:00"), "Mon 5 Jan 2026 09:00"),
        ("Mon 5 Jan 2026 17:00", ("mon", "09:00-17:00"), "Mon 12 Jan 2026 09:00"),
        (
            "Mon 5 Jan 2026 16:59",
            ("mon", "09:00-17:00"),
            "Mon 12 Jan 2026 09:00",
        ),  # no time left to arrive in
        ("Sat 28 Mar 2026 20:00", ("sun", "09:00-17:00"), "Sun 29 Mar 2026 09:00"),  # clocks go forward
        ("Sat 24 Oct 2026 20:00", ("sun", "09:00-17:00"), "Sun 25 Oct 2026 09:00"),  # clocks go back
        ("Fri 9 Jan 2026 23:30", ("fri", "22:00-02:00"), "Fri 9 Jan 2026 23:30"),
        ("Sat 10 Jan 2026 01:30", ("fri", "22:00-02:00"), "Sat 10 Jan 2026 01:30"),
        ("Sat 10 Jan 2026 02:00", ("fri", "22:00-02:00"), "Fri 16 Jan 2026 22:00"),
    ],
)
def test_a_message_leaves_at_the_first_safe_moment(world, learned, window, leaves):
    world.clock.now = when(learned)
    make_victim(world)
    make_plan(world, ChannelPlan(windows=[make_window(*window)]))

    record(world)
    run_ticks(world, when(learned) + timedelta(days=10))

    assert [one.at for one in world.arrived] == [when(leaves)]


def test_a_message_must_arrive_before_its_window_ends(world):
    make_victim(world)
    make_plan(world, ChannelPlan(windows=[make_window("mon", "09:00-10:30")]))

    record(world)
    run_ticks(world)

    assert world.sms.arrived[0].outgoing.valid_until < when("Mon 5 Jan 2026 10:30")


def test_nothing_leaves_on_a_date_that_was_ruled_out(world):
    make_victim(world)
    make_plan(world, never_dates=[date(2026, 1, 5), date(2026, 1, 6)])

    record(world)
    run_ticks(world, when("Fri 9 Jan 2026 10:00"))

    assert [one.at for one in world.arrived] == [when("Wed 7 Jan 2026 00:00")]


def test_a_try_that_is_put_off_beyond_its_window_is_the_last_and_a_person_tells_her(world):
    put_off = when("Mon 5 Jan 2026 16:00")
    world.sms.answers.append(Answer(TryLater("busy", timedelta(hours=2)), arrives=False))
    world.clock.now = put_off
    make_victim(world)
    make_plan(world, ChannelPlan(windows=OFFICE_HOURS))

    record(world)
    run_ticks(world, MONTH_LATER)

    assert len(world.sms.asked) == 1
    assert world.arrived == []
    assert [(task.kind, task.created_at) for task in world.rows(Task)] == [("call", put_off)]


def test_a_try_that_is_put_off_beyond_its_window_leaves_it_to_the_next_contact_point(world):
    world.sms.answers.append(Answer(TryLater("busy", timedelta(hours=2)), arrives=False))
    world.clock.now = when("Mon 5 Jan 2026 16:00")
    make_victim(world, email="v1@example.org")
    evening = make_window("mon", "18:00-20:00")
    make_plan(world, ChannelPlan(windows=OFFICE_HOURS), ChannelPlan("V-1-email", windows=(evening,)))

    record(world)
    run_ticks(world, when("Tue 6 Jan 2026 09:00"))

    assert [one.at for one in world.arrived] == [when("Mon 5 Jan 2026 18:00")]


def test_a_paused_victim_hears_once_after_the_pause_and_not_once_a_milestone(world):
    make_victim(world)
    make_plan(world)
    pause(world)
    for kind in ("arrest", "interview_under_caution", "charge"):
        record(world, kind)
        world.clock.pass_time(days=1)
        run_ticks(world)

    resume(world)
    run_ticks(world, MONTH_LATER)

    assert len(world.arrived) == 1


def test_a_point_that_was_verified_again_is_used_again(world):
    make_victim(world)
    make_plan(world)
    suspend_point(world)
    record(world)
    run_ticks(world)

    verify_point(world)
    run_ticks(world)

    assert len(world.arrived) == 1


def test_bad_news_is_never_carried_by_a_message(world):
    make_victim(world)
    make_plan(world, ChannelPlan(detail=Detail.FULL, counts_as_told=True))

    record(world, "police_no_further_action")
    run_ticks(world, MONTH_LATER)

    assert asked(world) == []
    assert [task.kind for task in world.rows(Task)] == ["call"]


def test_a_suspended_point_is_not_used_for_another_victim_whose_point_it_is_not(world):
    """Two victims may share a number; each has a contact point of her own, checked on its own."""
    make_case(world, "C-2")
    make_victim(world)
    make_victim(world, "V-2", case="C-2", mobile="07700 900001")
    make_plan(world)
    make_plan(world, victim="V-2", case="C-2")
    suspend_point(world, "V-1-mobile")

    record(world)
    record(world, case="C-2")
    run_ticks(world, MONTH_LATER)

    assert len(world.arrived) == 1
    owner = world.row(Message, state=MessageState.ACCEPTED).participation_id
    assert owner == world.duty(state="open", participation_id=owner).participation_id


def test_a_message_that_bounced_goes_to_the_next_contact_point_only_if_that_is_safe(world):
    make_victim(world, email="v1@example.org")
    make_plan(world, ChannelPlan(windows=ANY_TIME), ChannelPlan("V-1-email"))
    record(world)
    run_ticks(world)

    suspend_point(world, "V-1-email")
    receipt(world, world.arrived[0], "undelivered")
    run_ticks(world, MONTH_LATER)

    assert len(world.arrived) == 1
    assert "verify_contact" in [task.kind for task in world.rows(Task)]


def waiting_until_monday(world):
    """A message that was written on Saturday and waits for Monday."""
    make_victim(world)
    make_plan(world, ChannelPlan(windows=OFFICE_HOURS))
    world.clock.now = SATURDAY
    record(world)
    run_ticks(world)
    assert world.states() == ["held"]


def asked(world):
    """Every message that a provider so much as heard of."""
    return [*world.sms.asked, *world.email.asked]
