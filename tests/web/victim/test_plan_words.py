"""Safe times in words that need no explaining."""

from typing import Any

import pytest

from notify.web.victim.plan_words import window_words


def window(days: str, opens: str, closes: str) -> dict[str, Any]:
    return {"days": days.split(), "from": opens, "to": closes}


@pytest.mark.parametrize(
    ("windows", "words"),
    [
        ([window("mon tue wed thu fri", "09:00", "17:00")], "Monday to Friday, 9am to 5pm."),
        ([window("mon tue wed thu fri sat sun", "00:00", "00:00")], "Every day, at any time."),
        ([window("mon", "12:00", "00:00")], "Monday, midday to midnight."),
        ([window("tue thu", "00:30", "12:05")], "Tuesday and Thursday, 12:30am to 12:05pm."),
        ([window("fri sat", "22:00", "01:00")], "Friday and Saturday, 10pm to 1am the next day."),
        ([window("mon wed fri", "09:00", "09:00")], "Monday, Wednesday and Friday, 9am to 9am the next day."),
        (
            [window("mon", "09:00", "10:00"), window("sun", "18:00", "19:30")],
            "Monday, 9am to 10am; Sunday, 6pm to 7:30pm.",
        ),
        ([], "No safe time is agreed, so we do not use it."),
    ],
)
def test_windows_are_told_as_people_say_them(windows: list[dict[str, Any]], words: str):
    assert window_words(windows) == words
