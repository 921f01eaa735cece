"""Being in touch even when nothing has changed, at the frequency agreed with the victim."""

from tests.story import OFFICE_HOURS, channel, make_story


def no_change(replayed):
    return replayed.of("duty", "at", "due_at", rule="PLAN-NOCHANGE")


def test_it_is_owed_at_the_end_of_the_agreed_day_and_opens_with_it(play):
    story = make_story("Thu 1 Jan 2026 15:30", every_days=14)

    assert no_change(play(story, "Thu 15 Jan 2026 12:00")) == [
        ("Thu 15 Jan 2026 00:00", "Fri 16 Jan 2026 00:00")
    ]


def test_days_are_calendar_days_whatever_the_clocks_and_the_bank_holidays_do(play):
    story = make_story("Fri 20 Mar 2026 23:30", every_days=14)

    # Good Friday, and after the clocks went forward
    assert no_change(play(story, "Fri 3 Apr 2026 12:00")) == [
        ("Fri 3 Apr 2026 00:00", "Sat 4 Apr 2026 00:00")
    ]


def test_the_london_day_of_the_agreement_counts_and_not_the_one_in_utc(play):
    story = make_story("Wed 1 Jul 2026 00:30", every_days=7)  # still Tuesday in UTC

    assert no_change(play(story, "Wed 8 Jul 2026 12:00")) == [
        ("Wed 8 Jul 2026 00:00", "Thu 9 Jul 2026 00:00")
    ]


def test_being_reached_starts_the_days_anew_and_an_attempt_does_not(play):
    story = make_story("Thu 1 Jan 2026 10:00", every_days=14)
    story.about("Thu 8 Jan 2026 10:00", "contact", outcome="spoke_identity_checked")
    story.about("Mon 12 Jan 2026 10:00", "contact", outcome="voicemail")

    assert no_change(play(story, "Thu 22 Jan 2026 12:00")) == [
        ("Thu 22 Jan 2026 00:00", "Fri 23 Jan 2026 00:00")
    ]


def test_one_is_open_at_a_time_and_the_next_comes_after_she_was_reached(play):
    story = make_story("Thu 1 Jan 2026 10:00", every_days=7)
    story.about("Sat 7 Feb 2026 10:00", "contact", outcome="spoke_identity_checked")

    silent = play(story, "Sun 15 Feb 2026 10:00")

    assert no_change(silent) == [
        ("Thu 8 Jan 2026 00:00", "Fri 9 Jan 2026 00:00"),
        ("Sat 14 Feb 2026 00:00", "Sun 15 Feb 2026 00:00"),
    ]
    assert silent.of("duty_closed", "at", "how", "late") == [("Sat 7 Feb 2026 10:00", "told", True)]


def test_a_full_text_that_counts_meets_it_each_time(play):
    story = make_story("Thu 1 Jan 2026 10:00", plan=False)
    story.plan("Thu 1 Jan 2026 10:00", channel(detail="full", counts_as_told=True), every_days=7)
    story.receipt("Thu 8 Jan 2026 08:00", "delivered", nth=1)
    story.receipt("Thu 15 Jan 2026 08:00", "delivered", nth=2)

    told = play(story, "Fri 23 Jan 2026 10:00")

    assert [due for _, due in no_change(told)] == [
        "Fri 9 Jan 2026 00:00",
        "Fri 16 Jan 2026 00:00",
        "Fri 23 Jan 2026 00:00",
    ]
    assert told.of("duty_closed", "late") == [False, False]


def test_a_new_agreement_starts_the_days_anew(play):
    story = make_story("Thu 1 Jan 2026 10:00", every_days=14)
    story.plan("Mon 12 Jan 2026 10:00", channel(), every_days=3)

    assert no_change(play(story, "Thu 15 Jan 2026 12:00")) == [
        ("Thu 15 Jan 2026 00:00", "Fri 16 Jan 2026 00:00")
    ]


def test_a_longer_agreement_puts_it_off(play):
    story = make_story("Thu 1 Jan 2026 10:00", every_days=14)
    story.plan("Mon 12 Jan 2026 10:00", channel(), every_days=28)

    assert no_change(play(story, "Sun 8 Feb 2026 12:00")) == []


def test_a_pause_suspends_it_and_there_is_no_burst_afterwards(play):
    story = make_story("Thu 1 Jan 2026 10:00", every_days=7)
    story.about("Mon 5 Jan 2026 10:00", "pause", reason="asked for quiet")
    story.about("Fri 6 Mar 2026 10:00", "resume", reason="asked again")

    paused = play(story, "Sat 14 Mar 2026 12:00")

    assert no_change(paused) == [("Sat 7 Mar 2026 00:00", "Sun 8 Mar 2026 00:00")]
    assert paused.of("message", "at") == ["Sat 7 Mar 2026 00:00"]


def test_nobody_who_declined_or_whose_case_is_closed_is_owed_it(play):
    story = make_story("Thu 1 Jan 2026 10:00", every_days=7, victims=("V-1", "V-2"))
    story.tell("Thu 1 Jan 2026 10:00", "case", case="C-2", unit="U-1", officer="officer", offence="Other")
    story.tell("Thu 1 Jan 2026 10:00", "victim", victim="V-3", case="C-2", name="Example V-3")
    story.plan("Thu 1 Jan 2026 10:00", victim="V-3", case="C-2", every_days=7)
    story.about("Mon 5 Jan 2026 10:00", "decline", reason="wants none", victim="V-1")
    story.tell("Mon 5 Jan 2026 10:00", "close", case="C-2", by="officer", reason="ended")

    replayed = play(story, "Sat 14 Mar 2026 12:00")

    assert replayed.of("duty", "victim", rule="PLAN-NOCHANGE") == ["V-2"]
    assert replayed.of("duty", "victim", "at", rule="PLAN-CLOSED") == [("V-3", "Mon 5 Jan 2026 10:00")]


FULL = channel(detail="full", windows=OFFICE_HOURS)
LINK = channel(detail="link", windows=OFFICE_HOURS)


def test_that_there_is_no_news_is_not_said_on_a_day_on_which_there_is(play):
    story = make_story("Thu 1 Jan 2026 10:00", plan=False)
    story.plan("Thu 1 Jan 2026 10:00", FULL, every_days=7)
    story.milestone("Thu 8 Jan 2026 07:00", "charge")

    replayed = play(story, "Fri 9 Jan 2026 12:00")

    assert replayed.of("message", "at", "kind") == [
        ("Thu 8 Jan 2026 09:00", "charge"),
        ("Fri 9 Jan 2026 09:00", "no_change"),
    ]


def test_not_even_where_the_news_is_about_another_case(play):
    story = make_story("Thu 1 Jan 2026 10:00", plan=False)
    story.plan("Thu 1 Jan 2026 10:00", LINK, every_days=7)
    story.tell("Thu 1 Jan 2026 10:00", "case", case="C-2", unit="U-1", officer="officer", offence="Other")
    story.tell("Thu 1 Jan 2026 10:00", "victim", victim="V-1", case="C-2", name="Example V-1")
    story.plan("Thu 1 Jan 2026 10:00", LINK, case="C-2")
    story.milestone("Thu 8 Jan 2026 07:00", "charge", case="C-2")

    replayed = play(story, "Fri 9 Jan 2026 12:00")

    assert replayed.of("message", "at", "case", "rules") == [
        ("Thu 8 Jan 2026 09:00", "C-2", ["R6-CHARGE"]),
        ("Fri 9 Jan 2026 09:00", "C-1", ["PLAN-NOCHANGE"]),
    ]


def test_where_both_can_go_in_one_message_they_do(play):
    story = make_story("Thu 1 Jan 2026 10:00", plan=False)
    story.plan("Thu 1 Jan 2026 10:00", LINK, every_days=7)
    story.milestone("Thu 8 Jan 2026 07:00", "charge")

    (message,) = play(story, "Fri 9 Jan 2026 12:00").of("message", "at", "rules")

    assert message == ("Thu 8 Jan 2026 09:00", ["PLAN-NOCHANGE", "R6-CHARGE"])


def test_news_that_waits_for_another_day_is_no_reason_to_keep_silent_today(play):
    mornings = [{"days": ["mon"], "from": "09:00", "to": "10:00"}]
    story = make_story("Thu 1 Jan 2026 10:00", plan=False)
    story.plan("Thu 1 Jan 2026 10:00", FULL, every_days=7)
    story.tell("Thu 1 Jan 2026 10:00", "case", case="C-2", unit="U-1", officer="officer", offence="Other")
    story.tell("Thu 1 Jan 2026 10:00", "victim", victim="V-1", case="C-2", name="Example V-1")
    story.plan("Thu 1 Jan 2026 10:00", channel(detail="full", windows=mornings), case="C-2")
    story.milestone("Thu 8 Jan 2026 07:00", "charge", case="C-2")

    assert play(story, "Fri 9 Jan 2026 12:00").of("message", "at", "case") == [
        ("Thu 8 Jan 2026 09:00", "C-1")
    ]


def test_without_an_agreement_no_frequency_is_owed(play):
    story = make_story("Thu 1 Jan 2026 10:00", plan=False)

    assert play(story, "Fri 1 May 2026 10:00").of("duty") == []
