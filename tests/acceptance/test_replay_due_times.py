"""When duties are due, in weekdays: the working days of England and Wales, the London day, and who learned when."""

import pytest

from tests.make import when
from tests.story import make_story

STANDARD = [
    # learned, due (5 working days), and why
    ("Fri 2 Jan 2026 16:00", "Sat 10 Jan 2026 00:00", "counted from Monday"),
    ("Sun 4 Jan 2026 23:59", "Sat 10 Jan 2026 00:00", "a Sunday is no day of its own"),
    ("Mon 5 Jan 2026 00:00", "Tue 13 Jan 2026 00:00", "the first minute of a Monday is Monday"),
    ("Thu 2 Apr 2026 12:00", "Tue 14 Apr 2026 00:00", "Good Friday and Easter Monday"),
    ("Thu 30 Apr 2026 12:00", "Sat 9 May 2026 00:00", "the first bank holiday in May"),
    ("Fri 22 May 2026 12:00", "Tue 2 Jun 2026 00:00", "the spring bank holiday"),
    ("Thu 27 Aug 2026 12:00", "Sat 5 Sep 2026 00:00", "the last Monday in August"),
    ("Wed 23 Dec 2026 12:00", "Tue 5 Jan 2027 00:00", "Christmas, Boxing Day on Monday, New Year's Day"),
    ("Fri 27 Mar 2026 12:00", "Wed 8 Apr 2026 00:00", "the clocks go forward; then Easter"),
    ("Mon 19 Oct 2026 12:00", "Tue 27 Oct 2026 00:00", "the clocks go back"),
    ("Tue 30 Jun 2026 23:30", "Wed 8 Jul 2026 00:00", "still Tuesday in London, though not in summer's UTC"),
    ("Wed 1 Jul 2026 00:30", "Thu 9 Jul 2026 00:00", "Wednesday in London, Tuesday in UTC"),
]
ENHANCED = [
    ("Fri 2 Jan 2026 16:00", "Tue 6 Jan 2026 00:00", "the next working day is Monday"),
    ("Thu 2 Apr 2026 12:00", "Wed 8 Apr 2026 00:00", "Easter"),
    ("Wed 23 Dec 2026 12:00", "Fri 25 Dec 2026 00:00", "Christmas Eve is a working day"),
    ("Thu 24 Dec 2026 12:00", "Wed 30 Dec 2026 00:00", "Boxing Day is made up for on Monday"),
    ("Sat 28 Mar 2026 23:59", "Tue 31 Mar 2026 00:00", "the night before the clocks go forward"),
    ("Sun 29 Mar 2026 02:30", "Tue 31 Mar 2026 00:00", "the night itself"),
    ("Sun 25 Oct 2026 01:30", "Tue 27 Oct 2026 00:00", "an hour that comes twice"),
    ("Thu 31 Dec 2026 23:59", "Tue 5 Jan 2027 00:00", "over the year's end"),
]


@pytest.mark.parametrize(
    ("enhanced", "table"), [(False, STANDARD), (True, ENHANCED)], ids=["standard", "enhanced"]
)
def test_a_duty_is_due_when_its_last_working_day_ends(play, enhanced, table):
    learned = sorted(table, key=lambda row: when(row[0]))
    story = make_story(learned[0][0], enhanced=enhanced)
    for at, _, _ in learned:
        story.milestone(at)

    due = play(story, "Mon 4 Jan 2027 10:00").of("duty", "due_at", rule="R6-ARREST")

    assert dict(zip([(at, why) for at, _, why in learned], due, strict=True)) == {
        (at, why): expected for at, expected, why in learned
    }


def test_each_rule_has_its_own_days(play):
    story = make_story("Mon 5 Jan 2026 09:00")
    for kind in (
        "crime_reported", "arrest", "charge", "hearing_listed", "verdict", "sentence", "review_requested",
        "review_decided", "special_measures_decided", "complaint_made",
    ):  # fmt: skip
        story.milestone("Mon 5 Jan 2026 10:00", kind)

    due = dict(play(story, "Mon 5 Jan 2026 10:00").of("duty", "rule", "due_at"))

    assert due == {
        "R3-CONF": "Tue 13 Jan 2026 00:00",  # the Code gives no number: the force's policy says 5
        "R4-NEEDS": "Tue 13 Jan 2026 00:00",
        "R4-REFER": "Thu 8 Jan 2026 00:00",
        "R7-VPS": "Tue 13 Jan 2026 00:00",
        "R6-ARREST": "Tue 13 Jan 2026 00:00",
        "R6-CHARGE": "Tue 13 Jan 2026 00:00",
        "R8-HRG": "Wed 7 Jan 2026 00:00",
        "R9-OUTCOME": "Wed 7 Jan 2026 00:00",
        "R9-SENTENCE": "Wed 7 Jan 2026 00:00",
        "R11-VCSREF": "Tue 20 Jan 2026 00:00",
        "R6-VRR-ACK": "Tue 20 Jan 2026 00:00",
        "R6-VRR-OUT": "Tue 17 Feb 2026 00:00",
        "R8-SPECIAL": "Tue 13 Jan 2026 00:00",
        "R12-COMPL": "Tue 20 Jan 2026 00:00",
    }


def test_the_clock_starts_when_it_was_learned_and_not_when_it_happened(play):
    story = make_story("Mon 5 Jan 2026 09:00")
    story.milestone(
        "Wed 14 Jan 2026 12:00",
        happened_at="Mon 5 Jan 2026 10:00",
        learned_at="Tue 13 Jan 2026 10:00",
    )

    assert play(story, "Wed 14 Jan 2026 12:00").of("duty", "at", "due_at") == [
        ("Wed 14 Jan 2026 12:00", "Wed 21 Jan 2026 00:00")
    ]


def test_what_is_recorded_too_late_is_overdue_at_once(play):
    story = make_story("Mon 5 Jan 2026 09:00")
    story.milestone("Fri 30 Jan 2026 12:00", happened_at="Mon 5 Jan 2026 10:00")

    assert set(play(story, "Fri 30 Jan 2026 12:00").of("alert", "at", "level", "to_role")) == {
        ("Fri 30 Jan 2026 12:00", "due_soon", "case_officer"),
        ("Fri 30 Jan 2026 12:00", "overdue", "supervisor"),
        ("Fri 30 Jan 2026 12:00", "escalated", "supervisor"),
    }


@pytest.mark.parametrize("kind", ["bail_granted", "released_without_charge", "court_bail_decision"])
def test_release_and_bail_are_urgent_in_four_real_hours(play, kind):
    story = make_story("Sat 28 Mar 2026 09:00")
    story.milestone("Sat 28 Mar 2026 23:00", kind)  # the clocks go forward two hours later

    assert play(story, "Sat 28 Mar 2026 23:00").of("duty", "urgent_by", "class") == [
        ("Sun 29 Mar 2026 04:00", "immediate")
    ]


def test_every_victim_of_a_case_is_owed_the_same_news_on_her_own_clock(play):
    story = make_story("Mon 5 Jan 2026 09:00", victims=("V-1", "V-2"))
    story.tell("Mon 5 Jan 2026 09:30", "victim", victim="V-3", case="C-1", name="Example V-3",
               enhanced=["persistently_targeted"])  # fmt: skip
    story.milestone("Mon 5 Jan 2026 10:00")

    due = dict(play(story, "Mon 5 Jan 2026 10:00").of("duty", "victim", "due_at"))

    assert due == {
        "V-1": "Tue 13 Jan 2026 00:00",
        "V-2": "Tue 13 Jan 2026 00:00",
        "V-3": "Wed 7 Jan 2026 00:00",
    }


def test_a_child_has_enhanced_rights_without_being_asked(play):
    story = make_story("Mon 5 Jan 2026 09:00")
    story.tell("Mon 5 Jan 2026 09:30", "victim", victim="V-2", case="C-1", name="Example V-2",
               date_of_birth="2008-01-06")  # fmt: skip
    story.tell("Mon 5 Jan 2026 09:30", "victim", victim="V-3", case="C-1", name="Example V-3",
               date_of_birth="2008-01-05")  # fmt: skip
    story.milestone("Mon 5 Jan 2026 10:00")

    due = dict(play(story, "Mon 5 Jan 2026 10:00").of("duty", "victim", "due_at"))

    assert due["V-2"] == "Wed 7 Jan 2026 00:00"
    assert due["V-3"] == due["V-1"] == "Tue 13 Jan 2026 00:00"
