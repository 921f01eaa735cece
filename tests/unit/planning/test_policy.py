"""The policy figures and their file."""

from datetime import date

import pytest

from models.vocabulary import MilestoneKind
from notify.planning.catalogue_files import load_catalogue
from notify.planning.policy import Policy, PolicyError, load_policy

ON = date(2026, 1, 2)


def make_file(tmp_path, text):
    file = tmp_path / "policy.toml"
    file.write_text(text)
    return file


def test_the_shipped_file_and_the_defaults_say_the_same():
    shipped = load_policy()

    assert shipped == Policy(version=shipped.version)


def test_what_a_file_leaves_out_keeps_its_default(tmp_path):
    policy = load_policy(make_file(tmp_path, 'version = "local-1"\nurgent_hours = 2'))

    assert policy == Policy(version="local-1", urgent_hours=2)


def test_the_codes_own_number_of_days_wins_over_policy():
    (arrest,) = load_catalogue().rules_for(MilestoneKind.ARREST, ON)
    policy = Policy(version="x", default_standard_days=9, default_enhanced_days=8)

    assert (policy.days_for(arrest, enhanced=False), policy.days_for(arrest, enhanced=True)) == (5, 1)


def test_a_rule_without_a_number_takes_it_from_policy():
    confirmation = load_catalogue().rule("R3-CONF", ON)
    policy = Policy(version="x", default_standard_days=9, default_enhanced_days=8)

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
        ("version = ", "policy.toml"),
    ],
)
def test_a_bad_policy_is_refused_by_name(tmp_path, text, fault):
    with pytest.raises(PolicyError, match=fault):
        load_policy(make_file(tmp_path, text))


def test_a_policy_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(PolicyError, match=r"absent\.toml"):
        load_policy(tmp_path / "absent.toml")


def test_all_faults_of_a_policy_are_told_at_once(tmp_path):
    with pytest.raises(PolicyError) as caught:
        load_policy(make_file(tmp_path, "urgent_hours = 0\ndue_soon_hours = -1\nextra = 1"))

    assert len(str(caught.value).splitlines()) == 4
