"""The calendar of England and Wales and the file that puts it right."""

from datetime import date, timedelta

import pytest

from notify.planning.calendar import CalendarError, Overrides, england_and_wales, load_overrides

NONE = Overrides(frozenset(), frozenset())


def closed_weekdays(calendar, year):
    every = (date(year, 1, 1) + timedelta(days=n) for n in range(365))
    return {day.isoformat() for day in every if day.weekday() < 5 and not calendar.counts(day)}


def test_the_bank_holidays_of_2026_are_those_of_england_and_wales():
    assert closed_weekdays(england_and_wales(NONE), 2026) == {
        "2026-01-01",
        "2026-04-03",
        "2026-04-06",
        "2026-05-04",
        "2026-05-25",
        "2026-08-31",
        "2026-12-25",
        "2026-12-28",
    }


@pytest.mark.parametrize("day", [date(2022, 9, 19), date(2023, 5, 8)])
def test_one_off_bank_holidays_are_known(day):
    assert not england_and_wales(NONE).counts(day)


@pytest.mark.parametrize("day", [date(2026, 1, 2), date(2026, 8, 3), date(2026, 3, 17)])
def test_the_bank_holidays_of_scotland_and_northern_ireland_are_working_days(day):
    assert england_and_wales(NONE).counts(day)


def test_every_year_promised_has_its_holidays():
    assert all(len(closed_weekdays(england_and_wales(NONE), year)) >= 8 for year in range(2015, 2051))


def test_the_shipped_file_invents_nothing():
    assert load_overrides() == NONE
    assert england_and_wales() == england_and_wales(NONE)


def test_a_file_can_add_and_take_away_a_bank_holiday(tmp_path):
    file = tmp_path / "overrides.toml"
    file.write_text(
        '[[added]]\nday = 2030-01-31\nreason = "Made up"\n[[removed]]\nday = 2026-05-04\nreason = "Made up"\n'
    )

    calendar = england_and_wales(load_overrides(file))

    assert not calendar.counts(date(2030, 1, 31))
    assert calendar.counts(date(2026, 5, 4))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("added = 3", "added: must be a list"),
        ("extra = []", "extra: unknown"),
        ("[[added]]\nday = 2030-01-31", "added 1: must be a day"),
        ('[[added]]\nday = "2030-01-31"\nreason = "x"', "added 1: must be a day"),
        ('[[added]]\nday = 2030-01-31T00:00:00Z\nreason = "x"', "added 1: must be a day"),
        ('[[added]]\nday = 2030-01-31\nreason = ""', "added 1: must be a day"),
        ('[[added]]\nday = 2030-01-31\nreason = "x"\nwhy = "y"', "added 1: must be a day"),
        (
            '[[added]]\nday=2030-01-31\nreason="x"\n[[removed]]\nday=2030-01-31\nreason="x"',
            "both added and removed",
        ),
        ("added = [", "overrides.toml"),
    ],
)
def test_a_bad_override_is_refused_by_name(tmp_path, text, fault):
    file = tmp_path / "overrides.toml"
    file.write_text(text)

    with pytest.raises(CalendarError, match=fault):
        load_overrides(file)


def test_all_faults_of_the_file_are_told_at_once(tmp_path):
    file = tmp_path / "overrides.toml"
    file.write_text("extra = 1\nadded = 3\nremoved = [1, 2]")

    with pytest.raises(CalendarError) as caught:
        load_overrides(file)

    assert len(str(caught.value).splitlines()) == 4
