"""What becomes of news when facts are corrected, wishes change, phones are in the wrong hands and messages bounce."""

from tests.story import OFFICE_HOURS, channel, make_story

BOTH = (channel(), channel("V-1-email"))


def test_a_correction_plans_what_is_open_anew_and_puts_right_what_was_told(play):
    story = make_story("Mon 5 Jan 2026 09:00", victims=("V-1", "V-2"))
    story.milestone("Mon 5 Jan 2026 10:00", "arrest", id="m-1")
    story.about("Mon 5 Jan 2026 11:00", "contact", outcome="spoke_identity_checked", victim="V-1")
    story.tell("Tue 6 Jan 2026 10:00", "correct", milestone="m-1", by="officer", reason="a slip",
               happened_at="2026-01-02T16:00:00Z")  # fmt: skip

    corrected = play(story, "Tue 6 Jan 2026 10:00")

    assert sorted(corrected.of("duty", "victim", "rule", "at", "due_at", "class")) == [
        ("V-1", "CORRECTION", "Tue 6 Jan 2026 10:00", "Thu 8 Jan 2026 00:00", "officer_first"),
        ("V-1", "R6-ARREST", "Mon 5 Jan 2026 10:00", "Tue 13 Jan 2026 00:00", "routine"),
        ("V-2", "R6-ARREST", "Mon 5 Jan 2026 10:00", "Tue 13 Jan 2026 00:00", "routine"),
        ("V-2", "R6-ARREST", "Tue 6 Jan 2026 10:00", "Sat 10 Jan 2026 00:00", "routine"),
    ]
    assert corrected.of("task", "victim", "task", "rules", "due_at") == [
        ("V-1", "call", ["CORRECTION"], "Thu 8 Jan 2026 00:00")
    ]
    assert corrected.of("duty_closed", "victim", "how") == [("V-1", "told"), ("V-2", "cancelled")]


def test_a_corrected_kind_brings_the_duties_of_the_right_kind(play):
    story = make_story("Mon 5 Jan 2026 09:00")
    story.milestone("Mon 5 Jan 2026 10:00", "charge", id="m-1")
    story.tell("Mon 5 Jan 2026 11:00", "correct", milestone="m-1", by="officer", reason="a slip",
               kind="released_without_charge")  # fmt: skip

    corrected = play(story, "Mon 5 Jan 2026 11:00")

    assert corrected.of("duty", "rule") == ["R6-CHARGE", "R6-RELEASE"]
    assert corrected.of("duty_closed", "rule", "how") == [("R6-CHARGE", "cancelled")]


def test_a_correction_stops_words_that_have_not_left_yet(play):
    story = make_story("Sat 10 Jan 2026 09:00", plan=False)
    story.plan("Sat 10 Jan 2026 09:00", channel(detail="full", windows=OFFICE_HOURS))
    story.milestone("Sat 10 Jan 2026 10:00", "charge", id="m-1")
    story.tell("Sat 10 Jan 2026 11:00", "correct", milestone="m-1", by="officer", reason="a slip",
               kind="released_without_charge")  # fmt: skip

    assert play(story, "Mon 12 Jan 2026 12:00").of("message", "kind", "rules") == [
        ("released_without_charge", ["R6-RELEASE"])
    ]


def test_a_waived_duty_is_over_for_that_rule_only(play):
    story = make_story("Sat 10 Jan 2026 09:00", plan=False)
    story.plan("Sat 10 Jan 2026 09:00", channel(windows=OFFICE_HOURS))
    story.milestone("Sat 10 Jan 2026 10:00", "arrest")
    story.milestone("Sat 10 Jan 2026 10:00", "charge")
    story.about("Sat 10 Jan 2026 11:00", "waive", rule="R6-ARREST", reason="told by the custody desk")

    waived = play(story, "Mon 12 Jan 2026 12:00")

    assert waived.of("duty_closed", "rule", "how", "late") == [("R6-ARREST", "waived", False)]
    assert len(waived.of("message")) == 1


def test_nothing_to_waive_is_refused_with_the_line_and_the_field(play):
    story = make_story("Mon 5 Jan 2026 09:00")
    story.about("Mon 5 Jan 2026 11:00", "waive", rule="R6-ARREST", reason="why not")

    (refusal,) = play(story, "Mon 5 Jan 2026 12:00").refused

    assert (refusal.line, refusal.field) == (len(story.lines), "rule")


def test_a_decline_waives_and_leaves_release_to_a_person(play):
    story = make_story("Mon 5 Jan 2026 09:00")
    story.about("Mon 5 Jan 2026 10:00", "decline", reason="wants none")
    story.milestone("Mon 5 Jan 2026 11:00", "charge")
    story.milestone("Mon 5 Jan 2026 11:00", "bail_granted")

    declined = play(story, "Mon 5 Jan 2026 12:00")

    assert declined.of("message") == []
    assert declined.of("duty_closed", "rule", "how") == [("R6-CHARGE", "waived")]
    assert set(declined.of("task", "task", "due_at")) == {
        ("call", "Mon 5 Jan 2026 15:00"),
        ("ask_again", "Tue 13 Jan 2026 00:00"),
    }


def test_closing_a_case_leaves_what_is_owed_as_calls(play):
    story = make_story("Sat 10 Jan 2026 09:00", plan=False)
    story.plan("Sat 10 Jan 2026 09:00", channel(windows=OFFICE_HOURS), every_days=7)
    story.milestone("Sat 10 Jan 2026 10:00", "sentence")
    story.milestone("Sat 10 Jan 2026 10:00", "charge")
    story.tell("Sat 10 Jan 2026 11:00", "close", case="C-1", by="officer", reason="ended")

    closed = play(story, "Mon 9 Mar 2026 12:00")

    assert closed.of("message") == []
    assert sorted(rule for (rule,) in closed.of("task", "rules", task="call")) == [
        "PLAN-CLOSED",
        "R6-CHARGE",
        "R9-SENTENCE",
    ]
    assert "PLAN-NOCHANGE" not in closed.of("duty", "rule")


def test_that_the_case_is_closed_is_told_by_a_person_within_the_usual_days_and_is_the_last_word(play):
    story = make_story("Thu 1 Jan 2026 10:00", every_days=7)
    story.about("Wed 7 Jan 2026 10:00", "contact", outcome="spoke_identity_checked")
    story.tell("Thu 15 Jan 2026 10:00", "close", case="C-1", by="officer", reason="ended")
    story.about("Fri 16 Jan 2026 10:00", "contact", outcome="met_in_person", covers=["PLAN-CLOSED"])

    closed = play(story, "Sun 1 Mar 2026 12:00")

    assert closed.of("duty", "rule", "kind", "class", "owner", "at", "due_at") == [
        ("PLAN-NOCHANGE", "no_change", "routine", "police", "Wed 14 Jan 2026 00:00", "Thu 15 Jan 2026 00:00"),
        ("PLAN-CLOSED", "case_closed", "officer_first", "police", "Thu 15 Jan 2026 10:00", "Fri 23 Jan 2026 00:00"),
    ]  # fmt: skip
    assert closed.of("duty_closed", "rule", "how", "late", "by_contact") == [
        ("PLAN-NOCHANGE", "cancelled", True, None),
        ("PLAN-CLOSED", "told", False, "met_in_person"),
    ]
    assert closed.of("task", "task", "rules", "due_at") == [
        ("call", ["PLAN-CLOSED"], "Fri 23 Jan 2026 00:00")
    ]
    assert closed.of("refused") == []
    assert len(closed.of("message")) == 1


def test_to_an_enhanced_victim_it_is_due_sooner_and_it_is_alerted_about_like_any_duty(play):
    story = make_story("Thu 1 Jan 2026 10:00", enhanced=True, plan=False)
    story.tell("Thu 15 Jan 2026 10:00", "close", case="C-1", by="officer", reason="ended")

    closed = play(story, "Tue 20 Jan 2026 12:00")

    assert closed.of("duty", "due_at") == ["Sat 17 Jan 2026 00:00"]
    assert closed.of("alert", "at", "level") == [
        ("Fri 16 Jan 2026 00:00", "due_soon"),
        ("Sat 17 Jan 2026 00:00", "overdue"),
        ("Tue 20 Jan 2026 00:00", "escalated"),
    ]


def test_to_a_victim_who_asked_for_a_pause_it_stays_owed_and_nothing_rings(play):
    story = make_story("Thu 1 Jan 2026 10:00")
    story.about("Mon 5 Jan 2026 10:00", "pause", reason="asked for quiet")
    story.tell("Thu 15 Jan 2026 10:00", "close", case="C-1", by="officer", reason="ended")
    story.about("Mon 2 Feb 2026 10:00", "resume", reason="asked again")

    closed = play(story, "Mon 2 Feb 2026 12:00")

    assert closed.of("duty", "rule") == ["PLAN-CLOSED"]
    assert set(closed.of("alert", "at")) == {"Mon 2 Feb 2026 10:00"}
    assert (closed.of("message"), closed.of("refused"), closed.of("duty_closed")) == ([], [], [])


def test_that_a_case_is_closed_can_be_waived(play):
    story = make_story("Thu 1 Jan 2026 10:00")
    story.tell("Thu 15 Jan 2026 10:00", "close", case="C-1", by="officer", reason="ended")
    story.about("Thu 15 Jan 2026 11:00", "waive", rule="PLAN-CLOSED", reason="her advocate told her")

    closed = play(story, "Sun 1 Mar 2026 12:00")

    assert closed.of("duty_closed", "rule", "how") == [("PLAN-CLOSED", "waived")]
    assert closed.refused == []


def test_a_phone_in_other_hands_is_not_used_again_until_it_was_checked(play):
    story = make_story("Mon 5 Jan 2026 09:00", plan=False)
    story.plan("Mon 5 Jan 2026 09:00", *BOTH)
    story.about("Mon 5 Jan 2026 10:00", "contact", outcome="other_person_answered")
    story.milestone("Mon 5 Jan 2026 11:00", "arrest")
    story.tell("Wed 7 Jan 2026 10:00", "verify", contact_point="V-1-mobile", by="officer", reason="met her")
    story.milestone("Wed 7 Jan 2026 11:00", "charge")

    careful = play(story, "Wed 7 Jan 2026 12:00")

    assert careful.of("message", "kind", "channel") == [("arrest", "email"), ("charge", "sms")]
    assert careful.of("contact_point", "at", "state", contact_point="V-1-mobile")[2:] == [
        ("Mon 5 Jan 2026 10:00", "suspended"),
        ("Wed 7 Jan 2026 10:00", "verified"),
    ]
    assert careful.of("task", "task") == ["verify_contact"]


def test_stop_by_reply_is_heeded_at_once_and_followed_up_by_a_person(play):
    story = make_story("Mon 5 Jan 2026 09:00")
    story.tell("Mon 5 Jan 2026 10:00", "inbound", **{"from": "07700 900001", "text": "Stop please"})
    story.milestone("Mon 5 Jan 2026 11:00", "arrest")

    stopped = play(story, "Mon 5 Jan 2026 12:00")

    assert stopped.of("message") == []
    assert stopped.of("contact_point", "state")[-1] == "suspended"
    assert set(stopped.of("task", "task")) == {"call", "follow_up_inbound", "verify_contact"}


def test_any_other_reply_is_followed_up_and_changes_nothing(play):
    story = make_story("Mon 5 Jan 2026 09:00")
    story.tell("Mon 5 Jan 2026 10:00", "inbound", **{"from": "+447700900001", "text": "ok thanks"})
    story.milestone("Mon 5 Jan 2026 11:00", "arrest")

    heard = play(story, "Mon 5 Jan 2026 12:00")

    assert len(heard.of("message")) == 1
    assert heard.of("task", "task") == ["follow_up_inbound"]


def test_what_bounced_goes_to_the_next_channel_and_then_to_a_person(play):
    story = make_story("Mon 5 Jan 2026 09:00", plan=False)
    story.plan("Mon 5 Jan 2026 09:00", *BOTH)
    story.milestone("Mon 5 Jan 2026 10:00", "arrest")
    story.receipt("Mon 5 Jan 2026 10:10", "undelivered", nth=1)
    story.receipt("Mon 5 Jan 2026 10:20", "failed", nth=2)

    bounced = play(story, "Mon 5 Jan 2026 12:00")

    assert bounced.of("message", "at", "channel") == [
        ("Mon 5 Jan 2026 10:00", "sms"),
        ("Mon 5 Jan 2026 10:10", "email"),
    ]
    assert bounced.of("task", "at", "task") == [("Mon 5 Jan 2026 10:20", "call")]
    assert bounced.of("refused", "reason") == ["already_tried"]
    assert bounced.of("entry", "outcome", "reached") == [
        ("message_accepted", False),
        ("message_undelivered", False),
        ("message_accepted", False),
        ("message_undelivered", False),
    ]


def test_something_recorded_in_the_minute_in_which_a_message_left_sends_it_no_second_time(play):
    story = make_story("Mon 5 Jan 2026 09:00", plan=False)
    story.plan("Mon 5 Jan 2026 09:00", *BOTH)
    story.milestone("Mon 5 Jan 2026 10:00", "arrest")
    story.tell("Mon 5 Jan 2026 10:00", "inbound", **{"from": "07700 900001", "text": "stop"})
    story.tell("Mon 5 Jan 2026 10:00", "verify", contact_point="V-1-mobile", by="officer", reason="met her")

    assert len(play(story, "Mon 5 Jan 2026 12:00").of("message")) == 1


def test_reading_the_private_page_tells(play):
    story = make_story("Mon 5 Jan 2026 09:00", plan=False)
    story.plan("Mon 5 Jan 2026 09:00", channel(detail="link"))
    story.milestone("Mon 5 Jan 2026 10:00", "arrest")
    story.receipt("Mon 5 Jan 2026 10:01", "delivered")
    story.tell("Mon 5 Jan 2026 20:00", "read", victim="V-1", nth=1)

    assert play(story, "Mon 5 Jan 2026 21:00").of("duty_closed", "at", "how", "by_contact") == [
        ("Mon 5 Jan 2026 20:00", "told", "read_private_page")
    ]


def test_several_pieces_of_news_that_wait_for_one_window_are_one_nudge(play):
    story = make_story("Sat 10 Jan 2026 09:00", plan=False)
    story.plan("Sat 10 Jan 2026 09:00", channel(windows=OFFICE_HOURS))
    for hour, kind in ((10, "arrest"), (14, "interview_under_caution"), (18, "charge")):
        story.milestone(f"Sat 10 Jan 2026 {hour}:00", kind)

    assert play(story, "Mon 12 Jan 2026 12:00").of("message", "at", "rules") == [
        ("Mon 12 Jan 2026 09:00", ["R6-ARREST", "R6-INTERV", "R6-CHARGE"])
    ]


def test_several_full_texts_are_never_run_together(play):
    story = make_story("Sat 10 Jan 2026 09:00", plan=False)
    story.plan("Sat 10 Jan 2026 09:00", channel(detail="full", windows=OFFICE_HOURS))
    story.milestone("Sat 10 Jan 2026 10:00", "arrest")
    story.milestone("Sat 10 Jan 2026 14:00", "charge")

    assert play(story, "Mon 12 Jan 2026 12:00").of("message", "rules") == [["R6-ARREST"], ["R6-CHARGE"]]
