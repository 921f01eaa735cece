"""What a victim may ask for until a date, replayed: one reminder half-way, by the plan, and nobody is alarmed about it."""

import pytest

from tests.story import OFFICE_HOURS, channel, make_story

DECIDED, TOLD, AFTER = "Mon 5 Jan 2026 10:00", "Tue 6 Jan 2026 15:00", "Thu 9 Apr 2026 12:00"
REMINDER = "review_window"


def of_reminder(results, what, *fields):
    return [line[1:] for line in results.of(what, "kind", *fields) if line[0] == REMINDER]


def test_a_victim_is_reminded_once_half_way_and_the_reminder_ends_with_her_time(play):
    story = make_story("Fri 2 Jan 2026 09:00")
    story.milestone(DECIDED, "police_no_further_action")
    story.about(TOLD, "contact", outcome="spoke_identity_checked")

    told = play(story, AFTER)

    # 90 days and 8 hours are left from Tuesday afternoon to the end of 6 April, one of them lost to summer time.
    assert of_reminder(told, "duty", "at", "rule", "class", "due_at") == [
        ("Fri 20 Feb 2026 19:00", "R6-VRR-REQ", "victim_window", "Tue 7 Apr 2026 00:00")
    ]
    assert of_reminder(told, "message", "at", "rules") == [("Fri 20 Feb 2026 19:00", ["R6-VRR-REQ"])]
    assert of_reminder(told, "duty_closed", "at", "how", "late") == [
        ("Tue 7 Apr 2026 00:00", "cancelled", False)
    ]
    assert "R6-VRR-REQ" not in told.of("alert", "rule")


def test_a_reminder_keeps_to_the_safe_windows(play):
    story = make_story("Fri 2 Jan 2026 09:00", plan=False)
    story.plan("Fri 2 Jan 2026 09:30", channel(windows=OFFICE_HOURS))
    story.milestone(DECIDED, "police_no_further_action")
    story.about(TOLD, "contact", outcome="spoke_identity_checked")

    assert of_reminder(play(story, AFTER), "message", "at") == [("Mon 23 Feb 2026 09:00",)]


@pytest.mark.parametrize("wish", ["pause", "decline"])
def test_who_wants_no_messages_is_owed_no_reminder(play, wish):
    story = make_story("Fri 2 Jan 2026 09:00")
    story.milestone(DECIDED, "police_no_further_action")
    story.about(TOLD, "contact", outcome="spoke_identity_checked")
    story.about("Wed 7 Jan 2026 12:00", wish, reason="asked")

    told = play(story, AFTER)

    assert of_reminder(told, "duty", "at") == []
    assert told.of("task", "task") == ["call"]  # for the decision itself, before she was told


def test_who_was_not_told_is_not_reminded(play):
    story = make_story("Fri 2 Jan 2026 09:00")
    story.milestone(DECIDED, "sentence")

    assert play(story, AFTER).of("duty", "class").count("victim_window") == 0
