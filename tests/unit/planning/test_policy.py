"""The policy figures and their file."""

import json
import re
from dataclasses import replace
from datetime import date, time
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from models.vocabulary import MilestoneKind
from notify.planning.catalogue_files import load_catalogue
from notify.planning.policy import SHIPPED, PolicyError, load_policy

HOW_TO = Path(__file__).parents[3] / "docs/how-to/try-a-policy.md"
ON = date(2026, 1, 2)


def make_file(tmp_path, text):
    file = tmp_path / "policy.toml"
    file.write_text(text)
    return file


def make_group(**changes: Any) -> str:
    """A policy with one group of offences, which is right but for the changes."""
    group = {"group": "arson", "words": ["arson"], "every_days": 7} | changes
    return "\n".join(
        [
            'version = "x"',
            "[[frequency]]",
            *(f"{key} = {json.dumps(value)}" for key, value in group.items()),
            "",
        ]
    )


def test_the_shipped_file_is_one_that_a_force_could_give(tmp_path):
    assert load_policy(make_file(tmp_path, SHIPPED.read_text(encoding="utf-8"))) == load_policy()


def test_the_policy_of_the_how_to_is_one_that_can_be_tried(tmp_path):
    shown = re.search(r"```toml\n(.*?)```", HOW_TO.read_text(encoding="utf-8"), re.DOTALL)
    assert shown

    policy = load_policy(make_file(tmp_path, dedent(shown[1])))

    assert (policy.version, policy.urgent_hours) == ("trial-1", 2)
    assert policy.every_days_for("Stalking") == 7


def test_what_a_file_leaves_out_keeps_the_shipped_figure(tmp_path):
    policy = load_policy(make_file(tmp_path, 'version = "local-1"\nurgent_hours = 2'))

    assert policy == replace(load_policy(), version="local-1", urgent_hours=2)


def test_the_codes_own_number_of_days_wins_over_policy():
    (arrest,) = load_catalogue().rules_for(MilestoneKind.ARREST, ON)
    policy = replace(load_policy(), default_standard_days=9, default_enhanced_days=8)

    assert (policy.days_for(arrest, enhanced=False), policy.days_for(arrest, enhanced=True)) == (5, 1)


def test_a_rule_without_a_number_takes_it_from_policy():
    confirmation = load_catalogue().rule("R3-CONF", ON)
    policy = replace(load_policy(), default_standard_days=9, default_enhanced_days=8)

    assert (policy.days_for(confirmation, enhanced=False), policy.days_for(confirmation, enhanced=True)) == (
        9,
        8,
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('version = "x"\nurgent_hour = 4', "urgent_hour: unknown"),
        ("urgent_hours = 4", "version: must be a text"),
        ("version = 3", "version: must be a text"),
        ('version = "x"\nurgent_hours = 0', "urgent_hours: must be a whole number"),
        ('version = "x"\nurgent_hours = true', "urgent_hours: must be a whole number"),
        ('version = "x"\nurgent_hours = "4"', "urgent_hours: must be a whole number"),
        ('version = "x"\nurgent_hours = 4.5', "urgent_hours: must be a whole number"),
        ('version = "x"\nurgent_hours = 100000', "urgent_hours: must be a whole number"),
        ('version = "x"\ndefault_enhanced_days = 6', "default_enhanced_days: is more than"),
        ('version = "x"\nescalate_enhanced_days = 6', "escalate_enhanced_days: is more than"),
        (
            'version = "x"\ndefault_standard_days = 2\ndefault_enhanced_days = 3',
            "default_enhanced_days: is more",
        ),
        (
            'version = "x"\nask_again_at = ["charge", "trial"]',
            "ask_again_at, 2: trial: unknown milestone kind",
        ),
        (
            'version = "x"\nask_again_at = ["charge", "charge"]',
            "ask_again_at, 2: charge is there twice",
        ),
        ('version = "x"\nask_again_at = [{ kind = "charge" }]', "ask_again_at, 1: unknown milestone kind"),
        ('version = "x"\nask_again_at = "charge"', "ask_again_at: must be a list of milestone kinds"),
        ('version = "x"\ndigest_at = "7:30"', "digest_at: must be a time such as 07:30, or none"),
        ('version = "x"\ndigest_at = "24:00"', "digest_at: must be a time such as 07:30, or none"),
        ('version = "x"\ndigest_at = "07:30\\n"', "digest_at: must be a time such as 07:30, or none"),
        ('version = "x"\ndigest_at = ""', "digest_at: must be a time such as 07:30, or none"),
        ('version = "x"\ndigest_at = 07:30:00', "digest_at: must be a time such as 07:30, or none"),
        ('version = "x"\ndigest_at = ["07:30"]', "digest_at: must be a time such as 07:30, or none"),
        (
            'version = "x"\ndefault_every_days = 367',
            "default_every_days: must be a whole number from 1 to 366",
        ),
        ('version = "x"\n[frequency]\nall = 7', "frequency: must be tables"),
        (make_group(group=""), "frequency, table 1, group: must be a text"),
        (make_group() + make_group().partition("\n")[2], "frequency, table 2, group: is there twice"),
        (make_group(words="arson"), "frequency, table 1, words: must be a list of texts"),
        (make_group(words=[]), "frequency, table 1, words: must be a list of texts"),
        (make_group(words=["arson", " "]), "frequency, table 1, words: must be a list of texts"),
        (make_group(every_days=0), "frequency, table 1, every_days: must be a whole number from 1 to 366"),
        (make_group(days=3), "frequency, table 1, days: unknown"),
        ("version = ", "policy.toml"),
    ],
)
def test_a_bad_policy_is_refused_by_name(tmp_path, text, fault):
    with pytest.raises(PolicyError, match=fault):
        load_policy(make_file(tmp_path, text))


@pytest.mark.parametrize(
    ("given", "read"), [("07:30", time(7, 30)), ("00:00", time(0)), ("23:59", time(23, 59)), ("none", None)]
)
def test_digests_go_at_a_time_of_day_or_not_at_all(tmp_path, given, read):
    assert load_policy(make_file(tmp_path, f'version = "x"\ndigest_at = "{given}"')).digest_at == read


def test_a_policy_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(PolicyError, match=r"absent\.toml"):
        load_policy(tmp_path / "absent.toml")


def test_all_faults_of_a_policy_are_told_at_once(tmp_path):
    with pytest.raises(PolicyError) as caught:
        load_policy(make_file(tmp_path, "urgent_hours = 0\ndue_soon_hours = -1\nextra = 1"))

    assert len(str(caught.value).splitlines()) == 4


def test_a_figure_that_is_wrong_does_not_hide_that_two_others_do_not_fit(tmp_path):
    with pytest.raises(PolicyError) as caught:
        load_policy(make_file(tmp_path, 'version = "x"\nurgent_hours = 0\nescalate_enhanced_days = 4'))

    assert str(caught.value).splitlines() == [
        "policy.toml, urgent_hours: must be a whole number from 1 to 1000",
        "policy.toml, escalate_enhanced_days: is more than escalate_standard_days",
    ]


@pytest.mark.parametrize(
    ("offence", "days"),
    [
        ("Arson", 7),
        ("ARSON with intent", 7),
        ("Attempted arson (domestic dispute)", 3),
        ("Harsh words", 28),
        ("Parsonage burglary", 28),
        ("", 28),
    ],
)
def test_the_frequency_offered_is_the_shortest_of_the_groups_whose_words_the_offence_has(
    tmp_path, offence, days
):
    disputes = '[[frequency]]\ngroup = "disputes"\nwords = ["domestic dispute"]\nevery_days = 3\n'
    policy = load_policy(make_file(tmp_path, make_group() + disputes))

    assert policy.every_days_for(offence) == days


def test_groups_of_a_file_stand_in_place_of_all_the_shipped_ones(tmp_path):
    assert load_policy().frequency
    assert [one.group for one in load_policy(make_file(tmp_path, make_group())).frequency] == ["arson"]
    assert load_policy(make_file(tmp_path, 'version = "x"\nfrequency = []')).frequency == ()
