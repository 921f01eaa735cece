"""When somebody hears that a victim has not been told: alerts and urgent calls, in weekdays."""

from tests.story import OFFICE_HOURS, channel, make_story


def test_the_officer_is_warned_a_day_before_and_the_supervisor_hears_when_it_is_late(play):
    story = make_story("Fri 2 Jan 2026 09:00")
    story.milestone("Fri 2 Jan 2026 16:00")

    assert play(story, "Fri 30 Jan 2026 12:00").of("alert", "at", "level", "to_role") == [
        ("Fri 9 Jan 2026 00:00", "due_soon", "case_officer"),
        ("Sat 10 Jan 2026 00:00", "overdue", "supervisor"),
        ("Thu 15 Jan 2026 00:00", "escalated", "supervisor"),  # when the third working day after it ended
    ]


def test_enhanced_rights_shorten_every_step(play):
    story = make_story("Fri 2 Jan 2026 09:00", enhanced=True)
    story.milestone("Fri 2 Jan 2026 16:00")

    assert play(story, "Fri 30 Jan 2026 12:00").of("alert", "at", "level") == [
        ("Mon 5 Jan 2026 00:00", "due_soon"),
        ("Tue 6 Jan 2026 00:00", "overdue"),
        ("Wed 7 Jan 2026 00:00", "escalated"),
    ]


def test_a_day_before_is_twenty_four_hours_even_when_the_clocks_change(play):
    story = make_story("Fri 27 Mar 2026 09:00", enhanced=True)
    story.milestone("Sat 28 Mar 2026 12:00")

    alerts = play(story, "Thu 2 Apr 2026 12:00").of("alert", "at", "level")

    assert alerts[:2] == [("Mon 30 Mar 2026 00:00", "due_soon"), ("Tue 31 Mar 2026 00:00", "overdue")]


def test_being_told_in_time_ends_the_matter(play):
    story = make_story("Fri 2 Jan 2026 09:00")
    story.milestone("Fri 2 Jan 2026 16:00")
    story.about("Thu 8 Jan 2026 16:00", "contact", outcome="spoke_identity_checked")

    told = play(story, "Fri 30 Jan 2026 12:00")

    assert told.of("alert") == []
    assert told.of("duty_closed", "at", "how", "late", "by_contact") == [
        ("Thu 8 Jan 2026 16:00", "told", False, "spoke_identity_checked")
    ]


def test_an_attempt_ends_nothing(play):
    story = make_story("Fri 2 Jan 2026 09:00")
    story.milestone("Fri 2 Jan 2026 16:00")
    story.about("Thu 8 Jan 2026 16:00", "contact", outcome="voicemail")

    attempted = play(story, "Sun 11 Jan 2026 12:00")

    assert attempted.of("duty_closed") == []
    assert attempted.of("alert", "level") == ["due_soon", "overdue"]


def test_told_at_the_very_end_is_in_time_and_a_minute_later_is_not(play):
    story = make_story("Fri 2 Jan 2026 09:00", victims=("V-1", "V-2"))
    story.milestone("Fri 2 Jan 2026 16:00")
    story.about("Sat 10 Jan 2026 00:00", "contact", outcome="met_in_person", victim="V-1")
    story.about("Sat 10 Jan 2026 00:01", "contact", outcome="met_in_person", victim="V-2")

    assert play(story, "Fri 30 Jan 2026 12:00").of("duty_closed", "victim", "late") == [
        ("V-1", False),
        ("V-2", True),
    ]


def test_release_with_no_safe_moment_in_time_is_a_call_and_an_urgent_alert_at_once(play):
    story = make_story("Fri 2 Jan 2026 09:00", plan=False)
    story.plan("Fri 2 Jan 2026 09:30", channel(windows=OFFICE_HOURS))
    story.milestone("Fri 2 Jan 2026 23:00", "bail_granted")

    released = play(story, "Sat 3 Jan 2026 02:59")

    assert released.of("task", "at", "task", "due_at") == [
        ("Fri 2 Jan 2026 23:00", "call", "Sat 3 Jan 2026 03:00")
    ]
    assert ("Fri 2 Jan 2026 23:00", "urgent", "supervisor") in released.of("alert", "at", "level", "to_role")
    assert released.of("message") == []


def test_the_message_still_waits_for_its_safe_moment_after_an_urgent_alert(play):
    story = make_story("Fri 2 Jan 2026 09:00", plan=False)
    story.plan("Fri 2 Jan 2026 09:30", channel(windows=OFFICE_HOURS))
    story.milestone("Fri 2 Jan 2026 23:00", "bail_granted")

    released = play(story, "Mon 5 Jan 2026 12:00")

    assert released.of("message", "at") == ["Mon 5 Jan 2026 09:00"]
    assert ("Sat 3 Jan 2026 03:00", "overdue") in released.of("alert", "at", "level")


def test_release_with_a_safe_moment_in_time_raises_no_urgent_alert(play):
    story = make_story("Fri 2 Jan 2026 09:00", plan=False)
    story.plan("Fri 2 Jan 2026 09:30", channel(windows=OFFICE_HOURS))
    story.milestone("Mon 5 Jan 2026 05:30", "bail_granted")

    released = play(story, "Mon 5 Jan 2026 09:29")

    assert released.of("message", "at") == ["Mon 5 Jan 2026 09:00"]
    assert released.of("task") == []
    assert "urgent" not in released.of("alert", "level")


def test_a_later_channel_that_is_safe_in_time_goes_before_the_first_one_that_is_not(play):
    story = make_story("Fri 2 Jan 2026 09:00", plan=False)
    story.plan("Fri 2 Jan 2026 09:30", channel(windows=OFFICE_HOURS), channel("V-1-email"))
    story.milestone("Fri 2 Jan 2026 23:00", "bail_granted")

    released = play(story, "Sat 3 Jan 2026 02:59")

    assert released.of("message", "at", "channel") == [("Fri 2 Jan 2026 23:00", "email")]
    assert released.of("task") == []


def test_release_without_any_plan_is_a_call_and_an_urgent_alert_too(play):
    story = make_story("Fri 2 Jan 2026 09:00", plan=False)
    story.milestone("Fri 2 Jan 2026 16:00", "released_without_charge")

    released = play(story, "Fri 2 Jan 2026 16:00")

    assert sorted(released.of("task", "task")) == ["agree_plan", "call"]
    assert "urgent" in released.of("alert", "level")


def test_release_after_she_asked_for_no_contact_is_for_a_person_to_weigh(play):
    story = make_story("Fri 2 Jan 2026 09:00")
    story.about("Fri 2 Jan 2026 10:00", "pause", reason="asked for quiet")
    story.milestone("Fri 2 Jan 2026 16:00", "released_without_charge")

    released = play(story, "Fri 30 Jan 2026 12:00")

    assert released.of("message") == []
    assert released.of("task", "task") == ["explain_no_contact"]
    assert released.of("alert", "level") == ["urgent"]


def test_bad_news_is_a_call_at_once_and_never_a_message_with_content(play):
    story = make_story("Fri 2 Jan 2026 09:00", plan=False)
    story.plan("Fri 2 Jan 2026 09:30", channel(detail="full", counts_as_told=True))
    story.milestone(
        "Fri 2 Jan 2026 16:00", "police_no_further_action", facts={"reason": "too little to go on"}
    )

    bad_news = play(story, "Fri 30 Jan 2026 12:00")

    assert bad_news.of("task", "at", "task") == [("Fri 2 Jan 2026 16:00", "call")]
    assert bad_news.of("message") == []
    assert bad_news.of("refused", "reason") == ["officer_first"]
    assert bad_news.of("duty_closed") == []


def test_bad_news_may_be_nudged_about_if_the_plan_allows(play):
    story = make_story("Fri 2 Jan 2026 09:00", plan=False)
    story.plan(
        "Fri 2 Jan 2026 09:30",
        channel(detail="full", counts_as_told=True, cover_text="Your library book is ready."),
        officer_first_nudge=True,
    )
    story.milestone("Fri 2 Jan 2026 16:00", "cps_no_charge", facts={"reason": "too little to go on"})
    story.receipt("Fri 2 Jan 2026 16:05", "delivered")

    bad_news = play(story, "Fri 2 Jan 2026 17:00")

    assert bad_news.of("task", "task") == ["call"]
    assert bad_news.of("message", "detail", "text") == [("nudge", "Your library book is ready.")]
    assert bad_news.of("duty_closed") == []


def test_what_staff_must_do_themselves_is_a_task_and_no_message(play):
    story = make_story("Mon 5 Jan 2026 09:00")
    story.milestone("Mon 5 Jan 2026 10:00", "investigation_opened")

    opened = play(story, "Mon 5 Jan 2026 10:00")

    assert opened.of("task", "task", "rules", "due_at") == [
        ("do_duty", ["R6-PREFS"], "Tue 13 Jan 2026 00:00")
    ]
    assert opened.of("message") == []
