"""Invariants 8 and 9: one time, stored in UTC; and rules that are data, so that the next Code is two more files."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from importlib.resources import files
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import StatementError

from models.duties import Duty
from models.milestones import Milestone
from models.tables import metadata
from models.types import UtcDateTime
from models.windows import VictimWindow
from notify.errors import FieldFault
from notify.planning.catalogue_files import load_catalogue
from notify.planning.corrections import correct_milestone
from notify.planning.milestones import corrected, read_happening
from notify.planning.policy import load_policy
from tests.make import LONDON, START, contact, make_plan, make_victim, make_world, record, run_ticks, when


def test_an_instant_told_in_any_zone_is_stored_and_read_in_utc(world):
    make_victim(world)
    local = datetime(2026, 1, 5, 11, 0, tzinfo=timezone(timedelta(hours=2)))

    record(world, happened_at=local, learned_at=START.astimezone(LONDON))

    milestone = world.row(Milestone)
    assert (milestone.happened_at, milestone.happened_at.tzinfo) == (local, UTC)
    assert world.duty().due_at.tzinfo is UTC


def test_a_time_without_a_zone_is_never_stored(world):
    make_victim(world)
    record(world)

    def store():
        with world.services.sessions.begin() as session:
            session.scalars(select(Milestone)).one().learned_at = datetime(2026, 1, 6, 10, 0)  # noqa: DTZ001 (the fault)

    with pytest.raises(StatementError, match="without an offset"):
        store()


def test_the_clock_that_is_passed_in_is_the_only_one_that_anything_tells(database):
    """Set to years ahead, nothing that is stored is of today."""
    world = make_world(database, at=when("Mon 6 Jan 2031 10:00"))
    make_victim(world)
    make_plan(world, every_days=28)
    record(world)
    run_ticks(world, when("Mon 3 Feb 2031 10:00"))
    contact(world)

    with world.services.reading() as session:
        years = {
            str(value)[:4]
            for table, column in times()
            for value in session.scalars(text(f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL"))
        }
    assert years == {"2031"}


def times():
    return [
        (table.name, column.name)
        for table in metadata.sorted_tables
        for column in table.c
        if isinstance(column.type, UtcDateTime)
    ]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"happened_at": START + timedelta(minutes=6)}, "happened_at"),
        ({"happened_at": START, "learned_at": START + timedelta(minutes=6)}, "learned_at"),
        ({"happened_at": START, "learned_at": START - timedelta(seconds=1)}, "learned_at"),
    ],
)
def test_what_cannot_have_been_is_refused_by_field_and_changes_nothing(world, given, field):
    make_victim(world)

    with pytest.raises(FieldFault) as refused:
        record(world, **given)

    assert refused.value.field == field
    assert world.rows(Milestone) == []
    assert world.rows(Duty) == []


@pytest.fixture
def next_code(tmp_path: Path) -> Path:
    """The shipped edition, and one from 1 March 2026 on that gives two days for an arrest and drops nothing."""
    for name in ("2021.toml", "2021.csv"):
        shutil.copyfile(str(files("notify.planning.rules") / "editions" / name), tmp_path / name)
    about = (tmp_path / "2021.toml").read_text(encoding="utf-8")
    rules = (tmp_path / "2021.csv").read_text(encoding="utf-8")
    (tmp_path / "2026.toml").write_text(
        about.replace('id = "2021"', 'id = "2026"').replace("2021-04-01", "2026-03-01"), encoding="utf-8"
    )
    (tmp_path / "2026.csv").write_text(
        rules.replace("suspect arrested,police,police,event,5,1", "suspect arrested,police,police,event,2,2"),
        encoding="utf-8",
    )
    return tmp_path


def test_the_next_code_applies_from_its_day_by_the_time_of_learning(world, next_code):
    rulebook = replace(world.services.rulebook, catalogue=load_catalogue(next_code))
    world.services = replace(world.services, rulebook=rulebook)
    make_victim(world)
    world.clock.now = when("Mon 2 Mar 2026 10:00")

    record(world, happened_at=when("Sat 28 Feb 2026 12:00"), learned_at=when("Sat 28 Feb 2026 23:59"))
    record(world, happened_at=when("Sat 28 Feb 2026 12:00"), learned_at=when("Sun 1 Mar 2026 00:00"))

    assert sorted((duty.edition, duty.due_at) for duty in world.rows(Duty)) == [
        ("2021", when("Sat 7 Mar 2026 00:00")),
        ("2026", when("Wed 4 Mar 2026 00:00")),
    ]


def test_a_window_goes_over_to_the_next_code_with_the_day_of_its_milestone(world, next_code):
    rulebook = replace(world.services.rulebook, catalogue=load_catalogue(next_code))
    world.services = replace(world.services, rulebook=rulebook)
    make_victim(world)
    world.clock.now = when("Mon 2 Mar 2026 10:00")
    learned = when("Sat 28 Feb 2026 12:00")
    milestone, _ = record(world, "sentence", happened_at=learned, learned_at=learned)

    with world.acting() as act:
        milestone = act.session.get_one(Milestone, milestone.id)
        happening = corrected(read_happening(act, milestone), learned_at=when("Sun 1 Mar 2026 09:00"))
        correct_milestone(act, rulebook, milestone, happening, reason="a slip")

    standing = [window.edition for window in world.rows(VictimWindow) if window.withdrawn_at is None]
    assert standing == ["2026"]
    assert {duty.edition for duty in world.rows(Duty) if duty.state == "open"} == {"2026"}


def test_what_the_force_decides_for_itself_is_a_file_too(world, tmp_path):
    policy = tmp_path / "policy.toml"
    policy.write_text('version = "example"\ndefault_standard_days = 3\nurgent_hours = 2\n', encoding="utf-8")
    world.services = replace(
        world.services, rulebook=replace(world.services.rulebook, policy=load_policy(policy))
    )
    make_victim(world)

    record(world, "crime_reported")
    record(world, "bail_granted")

    assert world.duty("R3-CONF").due_at == when("Fri 9 Jan 2026 00:00")
    assert world.duty("R6-BAIL").urgent_by == when("Mon 5 Jan 2026 12:00")
