"""Two replays of the same events, side by side: what is counted, and which duties are not as they were."""

import json
from typing import Any

from notify.eventfile.compare import LISTED, Comparison, Figure, compare

AT = "2026-01-05T09:30:00+00:00"
DUE = "2026-01-13T00:00:00+00:00"
OVERDUE = ["overdue", "supervisor", DUE]
DUE_SOON = ["due_soon", "case_officer", "2026-01-12T00:00:00+00:00"]


def make_duty(victim: str = "V-1", **changes: Any) -> str:
    duty: dict[str, Any] = {
        "at": AT,
        "victim": victim,
        "what": "duty",
        "case": "C-1",
        "rule": "R6-ARREST",
        "class": "routine",
        "due_at": DUE,
        "urgent_by": None,
        "how": "told in time",
        "alerts": [],
        "nth": 1,
    }
    return json.dumps(duty | changes)


def make_counted(what: str, *words: str) -> str:
    return json.dumps({"at": AT, "victim": "V-1", "what": what, "words": words})


def listed(found: Comparison) -> list[tuple[str, int]]:
    return [(change.victim, change.nth) for change in found.listed]


def test_a_replay_compared_with_itself_has_its_figures_and_no_change():
    lines = [make_duty(alerts=[DUE_SOON, OVERDUE]), make_counted("message", "sms", "nudge")]

    found = compare(lines, lines)

    assert (found.changed, found.rules, found.listed) == (0, [], [])
    assert found.figures == [
        Figure("alert", ("due_soon", "case_officer"), 1, 1),
        Figure("alert", ("overdue", "supervisor"), 1, 1),
        Figure("duty", ("routine", "told in time"), 1, 1),
        Figure("message", ("sms", "nudge"), 1, 1),
    ]


def test_what_is_counted_on_one_side_only_is_none_on_the_other():
    found = compare([make_counted("task", "call")], [make_duty(), make_counted("refused", "paused")])

    assert found.figures == [
        Figure("duty", ("routine", "told in time"), 0, 1),
        Figure("refused", ("paused",), 0, 1),
        Figure("task", ("call",), 1, 0),
    ]


def test_each_duty_is_compared_with_itself_and_not_with_one_like_it():
    before = [make_duty(nth=1), make_duty(nth=2, how="told late"), make_duty("V-2")]
    after = [make_duty(nth=1), make_duty(nth=2), make_duty("V-2")]

    found = compare(before, after)

    assert listed(found) == [("V-1", 2)]
    (change,) = found.listed
    assert (change.before or {})["how"] == "told late"
    assert (change.after or {})["how"] == "told in time"


def test_a_duty_of_one_replay_only_is_new_or_gone():
    found = compare([make_duty("V-1"), make_duty("V-2")], [make_duty("V-2"), make_duty("V-3")])

    assert [(change.victim, change.before is None, change.after is None) for change in found.listed] == [
        ("V-1", False, True),
        ("V-3", True, False),
    ]
    assert [(rule.changed, rule.came_or_went, rule.how_met) for rule in found.rules] == [(2, 2, 0)]


def test_how_a_duty_was_met_is_listed_first_then_who_was_alerted_then_when_it_was_due():
    victims = ["V-1", "V-2", "V-3", "V-4", "V-5"]
    before = [make_duty(victim) for victim in victims]
    after = [
        make_duty("V-1", alerts=[DUE_SOON]),
        make_duty("V-2", due_at=AT),
        make_duty("V-3", alerts=[OVERDUE]),
        make_duty("V-4", how="told late"),
        make_duty("V-5"),
    ]

    found = compare(before, after)

    assert [victim for victim, _ in listed(found)] == ["V-4", "V-3", "V-2", "V-1"]
    (rule,) = found.rules
    assert (rule.changed, rule.how_met, rule.due, rule.alerts) == (4, 1, 1, 2)


def test_the_list_is_bounded_and_the_counts_are_not():
    many = [f"V-{number:02}" for number in range(LISTED + 5)]

    found = compare([make_duty(one) for one in many], [make_duty(one, how="told late") for one in many])

    assert [victim for victim, _ in listed(found)] == many[:LISTED]
    assert found.changed == LISTED + 5


def test_the_most_changed_rule_comes_first():
    rules = ["R4-REFER", "R6-ARREST", "R7-VPS"]
    before = [make_duty(f"V-{n}", rule=rule) for n in (1, 2) for rule in rules]
    after = [
        make_duty(f"V-{n}", rule=rule, how="told late" if n == 1 or rule == "R7-VPS" else "told in time")
        for n in (1, 2)
        for rule in rules
    ]

    found = compare(before, after)

    assert [(rule.rule, rule.changed) for rule in found.rules] == [
        ("R7-VPS", 2),
        ("R4-REFER", 1),
        ("R6-ARREST", 1),
    ]
