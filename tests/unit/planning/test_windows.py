"""Until when a victim may ask: London days, months that end early, leap years and clock changes; and faulty data."""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.vocabulary import DutyClass, MilestoneKind
from notify.planning.catalogue_files import SHIPPED, load_catalogue
from notify.planning.rules.catalogue import CatalogueError, WindowRule
from notify.planning.rules.windows import ends_at, half_way, last_day
from tests.make import LONDON, when

REVIEW = WindowRule("R6-VRR-REQ", "told", ("R6-NFA-POL",), 3, None, "review_window")
SENTENCE = WindowRule("R9-ULS", "happened", ("R9-SENTENCE",), None, 28, "sentence_review_window")
ON = date(2026, 1, 5)

instants = st.integers(0, 2_177_452_800).map(
    lambda s: datetime(2021, 4, 1, tzinfo=UTC) + timedelta(seconds=s)
)
lengths = st.one_of(
    st.integers(1, 24).map(lambda n: WindowRule("X", "told", ("Y",), n, None, "review_window")),
    st.integers(1, 366).map(lambda n: WindowRule("X", "told", ("Y",), None, n, "review_window")),
)


@pytest.mark.parametrize(
    ("window", "opened", "ends"),
    [
        (REVIEW, "Thu 15 Jan 2026 09:00", "Thu 16 Apr 2026 00:00"),
        (REVIEW, "Sun 30 Nov 2025 09:00", "Sun 1 Mar 2026 00:00"),
        (REVIEW, "Thu 30 Nov 2023 09:00", "Fri 1 Mar 2024 00:00"),  # a leap year
        (REVIEW, "Mon 31 Aug 2026 23:59", "Tue 1 Dec 2026 00:00"),
        (REVIEW, "Sat 31 Oct 2026 12:00", "Mon 1 Feb 2027 00:00"),
        (SENTENCE, "Mon 5 Jan 2026 10:00", "Tue 3 Feb 2026 00:00"),
        (SENTENCE, "Sun 1 Mar 2026 12:00", "Mon 30 Mar 2026 00:00"),  # over the change to summer time
        (SENTENCE, "Mon 5 Oct 2026 00:00", "Tue 3 Nov 2026 00:00"),  # and back
    ],
)
def test_a_window_ends_with_its_last_london_day(window, opened, ends):
    assert ends_at(when(opened), window) == when(ends)


def test_a_window_opened_at_night_counts_from_the_london_day():
    # 23:30 in UTC is half past midnight of the next day in London's summer.
    assert ends_at(datetime(2026, 6, 30, 23, 30, tzinfo=UTC), SENTENCE) == when("Thu 30 Jul 2026 00:00")


@given(instants, lengths)
def test_a_window_ends_at_midnight_in_london_and_not_before_its_whole_length(opened, window):
    ends = ends_at(opened, window)
    first, last = opened.astimezone(LONDON).date(), last_day(ends)

    assert ends.tzinfo is UTC
    assert ends.astimezone(LONDON).time() == time(0)
    if window.days:
        assert last - first == timedelta(days=window.days)
    else:
        assert (last.year - first.year) * 12 + last.month - first.month == window.months
        assert last.day == min(first.day, monthrange(last.year, last.month)[1])


@given(instants, instants, lengths)
def test_what_opens_later_never_ends_earlier(one, other, window):
    earlier, later = sorted((one, other))

    assert ends_at(earlier, window) <= ends_at(later, window)


@given(instants, lengths)
def test_half_of_a_window_is_as_far_from_its_beginning_as_from_its_end(opened, window):
    ends = ends_at(opened, window)
    half = half_way(opened, ends)

    assert opened < half < ends
    assert abs((half - opened) - (ends - half)) <= timedelta(microseconds=1)


def test_the_shipped_edition_has_the_dates_of_each_window():
    (edition,) = load_catalogue().editions

    assert dict(edition.windows) == {"R6-VRR-REQ": REVIEW, "R9-ULS": SENTENCE}
    assert set(edition.windows) == {
        rule.id for rule in edition.rules if rule.duty_class is DutyClass.VICTIM_WINDOW
    }


def test_a_milestone_opens_the_windows_that_follow_its_rules():
    catalogue = load_catalogue()

    def opened_by(kind):
        return [window.rule for window in catalogue.windows_for(kind, ON)]

    assert opened_by(MilestoneKind.POLICE_NO_FURTHER_ACTION) == ["R6-VRR-REQ"]
    assert opened_by(MilestoneKind.SENTENCE) == ["R9-ULS"]
    # The CPS has a scheme of its own, whose days no source gives for certain.
    assert opened_by(MilestoneKind.CPS_NO_CHARGE) == []
    assert opened_by(MilestoneKind.ARREST) == []


def edition_with(folder, old, new):
    for name in ("2021.csv", "2021.toml"):
        (folder / name).write_text((SHIPPED / name).read_text())
    header = folder / "2021.toml"
    text = header.read_text()
    assert old in text
    header.write_text(text.replace(old, new, 1))
    return folder


def test_another_edition_may_change_a_window(tmp_path):
    changed = load_catalogue(edition_with(tmp_path, "months = 3", "months = 6"))

    (window,) = changed.windows_for(MilestoneKind.POLICE_NO_FURTHER_ACTION, ON)

    assert window.months == 6


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("months = 3", "months = 0", "windows.R6-VRR-REQ, months: must be a whole number from 1 to 24"),
        ("months = 3", "months = true", "windows.R6-VRR-REQ, months: must be a whole number from 1 to 24"),
        ("months = 3", "months = 3\ndays = 9", "windows.R6-VRR-REQ: has either months or days"),
        ("months = 3", "", "windows.R6-VRR-REQ: has either months or days"),
        ("days = 28", "days = 400", "windows.R9-ULS, days: must be a whole number from 1 to 366"),
        ('opens = "told"', 'opens = "asked"', "windows.R6-VRR-REQ, opens: must be one of told, happened"),
        ('opens = "told"', "", "windows.R6-VRR-REQ, opens: missing"),
        ('opens = "told"', 'opens = "told"\nwhen = 1', "windows.R6-VRR-REQ, when: unknown"),
        ('"R6-NFA-POL"', "", "windows.R6-VRR-REQ, after: must be a list of rules"),
        ('"R6-NFA-POL"', '"R6-X"', "windows.R6-VRR-REQ, after: 'R6-X' is no rule that a milestone sets off"),
        ('"R6-NFA-POL"', '"R9-ULS"', "windows.R6-VRR-REQ, after: 'R9-ULS' is no rule that a milestone"),
        ('"review_window"', '"x"', "windows.R6-VRR-REQ, reminder: must be one of review_window"),
        ("windows.R9-ULS", "windows.R9-X", "windows.R9-X: is no rule of the class victim_window"),
        ("windows.R9-ULS", "windows.R9-SENTENCE", "windows.R9-ULS: missing, and its class is victim_window"),
    ],
)
def test_a_fault_in_a_window_is_told_by_its_name(tmp_path, old, new, fault):
    with pytest.raises(CatalogueError) as caught:
        load_catalogue(edition_with(tmp_path, old, new))

    assert any(one.startswith(f"2021.toml, {fault}") for one in caught.value.faults), caught.value.faults
