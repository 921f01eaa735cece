"""Several suspects: a victim is told of all, but for those of whom somebody recorded that they do not concern her.

Long because each thing that may be on its way to a victim is stopped, and given back.
"""

import pytest
from sqlalchemy import select

from models.duties import Duty
from models.ledger import AuditEntry
from models.messages import SealedUpdate
from models.milestones import Milestone, UnconcernedSuspect
from models.oversight import Task
from models.vocabulary import (
    CORRECTION_RULE,
    Detail,
    DutyState,
    MessageState,
    MilestoneKind,
    TaskKind,
    TaskState,
)
from models.windows import VictimWindow
from notify.delivery.private_page import update_for, updates_for
from notify.errors import Conflict, FieldFault
from notify.planning.corrections import correct_milestone
from notify.planning.milestones import corrected, read_happening
from notify.planning.suspects import end_unconcerned, set_unconcerned, suspects_of
from tests.make import (
    ChannelPlan,
    World,
    contact,
    decline,
    make_case,
    make_plan,
    make_victim,
    make_window,
    make_world,
    read_page,
    record,
    run_ticks,
)

LATER = (make_window("sun", "09:00-10:00"),)


@pytest.fixture
def world(database) -> World:
    return make_world(database)


def unconcern(world: World, suspect="Sam Doe", *, victim="V-1", case="C-1", reason="another matter"):
    with world.about(victim, case) as (act, participation):
        return set_unconcerned(act, world.services.rulebook, participation, suspect, reason=reason)


def concern(world: World, *, victim="V-1", case="C-1", reason="the same matter") -> list[Duty]:
    with world.about(victim, case) as (act, participation):
        row = act.session.scalars(
            select(UnconcernedSuspect).where(UnconcernedSuspect.participation_id == participation.id)
        ).one()
        return end_unconcerned(act, world.services.rulebook, participation, row, reason=reason)


def correct(world: World, **changes) -> None:
    with world.acting() as act:
        milestone = act.session.scalars(select(Milestone)).one()
        happening = corrected(read_happening(act, milestone), **changes)
        correct_milestone(act, world.services.rulebook, milestone, happening, reason="wrong")


def owed(world: World, rule="R6-ARREST", state=DutyState.OPEN) -> int:
    return len(world.rows(Duty, rule=rule, state=state))


def test_every_suspect_concerns_every_victim_unless_it_was_said_otherwise(world: World):
    make_victim(world)
    make_victim(world, "V-2", mobile=None)
    record(world, suspect="Sam Doe")

    assert owed(world) == 2


@pytest.mark.parametrize("spelt", ["Sam Doe", "sam doe", " SAM \u00a0 doe", "Ｓam Doe"])
def test_a_victim_is_told_nothing_of_a_suspect_who_does_not_concern_her(world: World, spelt: str):
    part = make_victim(world)
    other = make_victim(world, "V-2", mobile=None)
    unconcern(world)

    record(world, suspect=spelt)

    assert [duty.participation_id for duty in world.rows(Duty)] == [other.id] != [part.id]


def test_she_is_told_of_the_others_and_of_what_is_about_no_one_suspect(world: World):
    make_victim(world)
    unconcern(world)

    record(world, suspect="Alex Roe")
    record(world, suspect="Sam Doe-Roe")
    record(world)

    assert owed(world) == 3


def test_a_name_means_the_suspect_of_that_case_only(world: World):
    make_case(world, "C-2")
    make_victim(world)
    make_victim(world, "V-1", case="C-2", mobile=None)
    unconcern(world)

    record(world, suspect="Sam Doe", case="C-2")

    assert owed(world) == 1
    (one,) = world.rows(UnconcernedSuspect)
    (milestone,) = world.rows(Milestone)
    assert one.suspect_index != milestone.suspect_index


def test_what_she_was_still_to_be_told_is_cancelled_and_its_message_stopped(world: World):
    make_victim(world)
    make_plan(world, ChannelPlan(detail=Detail.LINK, windows=LATER))
    record(world, suspect="Sam Doe")
    run_ticks(world)
    assert world.states() == ["held"]

    unconcern(world)
    run_ticks(world)

    assert owed(world, state=DutyState.CANCELLED) == 1
    assert world.states() == [MessageState.CANCELLED]
    assert world.row(SealedUpdate).withdrawn_at is not None


def test_a_call_about_them_is_not_asked_for_any_more(world: World):
    make_victim(world)
    record(world, "police_no_further_action", suspect="Sam Doe")

    unconcern(world)

    assert {task.state for task in world.rows(Task)} == {TaskState.CANCELLED}
    assert world.row(VictimWindow).withdrawn_at is not None


def test_the_private_page_shows_nothing_of_them_read_or_not(world: World):
    part = make_victim(world)
    make_plan(world, ChannelPlan(detail=Detail.LINK))
    record(world, suspect="Sam Doe")
    run_ticks(world)
    read_page(world)
    update = world.row(SealedUpdate)
    with world.services.reading() as session:
        assert len(updates_for(session, part.victim_id)) == 1

    unconcern(world)

    with world.services.reading() as session:
        assert updates_for(session, part.victim_id) == []
        assert update_for(session, part.victim_id, update.id) is None


def test_what_another_victim_reads_stays(world: World):
    make_victim(world)
    other = make_victim(world, "V-2", mobile="07700 900002")
    make_plan(world, ChannelPlan("V-2-mobile", detail=Detail.LINK), victim="V-2")
    record(world, suspect="Sam Doe")
    run_ticks(world)

    unconcern(world)

    with world.services.reading() as session:
        assert len(updates_for(session, other.victim_id)) == 1
    assert owed(world) == 1


def test_unread_words_that_somebody_told_her_meanwhile_are_taken_back_too(world: World):
    make_victim(world)
    make_plan(world, ChannelPlan(detail=Detail.LINK))
    record(world, suspect="Sam Doe")
    run_ticks(world)
    contact(world)

    unconcern(world)

    assert world.row(SealedUpdate).withdrawn_at is not None
    assert owed(world, state=DutyState.TOLD) == 1


def test_what_she_was_told_wrongly_is_put_right_all_the_same(world: World):
    make_victim(world)
    record(world, suspect="Sam Doe")
    contact(world)
    correct(world, facts={"reason": "another"})

    unconcern(world)

    assert owed(world, CORRECTION_RULE) == 1


def test_when_they_do_concern_her_what_she_was_not_told_is_owed_by_its_old_clock(world: World):
    make_victim(world)
    _, (first,) = record(world, suspect="Sam Doe")
    unconcern(world)
    world.clock.pass_time(days=2)
    record(world, "charge", suspect="sam doe")

    made = concern(world)

    assert sorted(duty.rule for duty in made) == ["R6-ARREST", "R6-CHARGE"]
    (again,) = [duty for duty in made if duty.rule == "R6-ARREST"]
    assert again.due_at == first.due_at


def test_what_she_was_told_before_is_not_told_again(world: World):
    make_victim(world)
    record(world, suspect="Sam Doe")
    contact(world)
    unconcern(world)

    assert concern(world) == []


def test_a_window_comes_back_with_the_suspect(world: World):
    make_victim(world)
    record(world, "sentence", suspect="Sam Doe")
    unconcern(world)

    concern(world)

    assert sorted(window.withdrawn_at is None for window in world.rows(VictimWindow)) == [False, True]


def test_a_corrected_suspect_is_planned_for_those_whom_the_right_one_concerns(world: World):
    make_victim(world)
    unconcern(world)
    record(world, suspect="Alex Roe")
    assert owed(world) == 1

    correct(world, suspect="Sam Doe")
    assert owed(world) == 0

    correct(world, suspect="Alex Roe")
    assert owed(world) == 1


def test_who_was_told_of_the_wrong_suspect_is_owed_a_correction(world: World):
    make_victim(world)
    unconcern(world)
    record(world, suspect="Alex Roe")
    contact(world)

    correct(world, suspect="Sam Doe")

    assert owed(world, CORRECTION_RULE) == 1
    assert owed(world) == 0


def test_the_suspects_of_a_case_are_listed_once_each_as_first_named(world: World):
    make_victim(world)
    for kind, suspect in (
        ("arrest", "Sam Doe"),
        ("charge", "SAM DOE"),
        ("arrest", "Alex Roe"),
        ("arrest", None),
    ):
        record(world, kind, suspect=suspect)
        world.clock.pass_time(minutes=1)
    unconcern(world, "alex roe")
    unconcern(world, "Never Named")

    with world.about("V-1", "C-1") as (act, participation):
        found = suspects_of(act, participation.case_id, participation)

    assert [(one.name, one.unconcerned is not None) for one in found] == [
        ("Sam Doe", False),
        ("Alex Roe", True),
        ("Never Named", True),
    ]


@pytest.mark.parametrize("nobody", ["", "   "])
def test_nobody_is_no_suspect(world: World, nobody: str):
    make_victim(world)
    with pytest.raises(FieldFault):
        unconcern(world, nobody)


def test_the_same_is_recorded_once_and_ended_once(world: World):
    make_victim(world)
    unconcern(world)
    with pytest.raises(Conflict):
        unconcern(world, "SAM DOE")

    concern(world)
    with pytest.raises(Conflict):
        concern(world)
    assert unconcern(world).ended_at is None


def test_no_name_and_no_reason_stands_in_the_clear_and_every_change_is_logged(world: World):
    make_victim(world)
    unconcern(world)
    concern(world)

    (row,) = world.rows(UnconcernedSuspect)
    assert b"Doe" not in row.suspect_sealed + row.suspect_index + row.reason_sealed
    actions = [entry.action for entry in world.rows(AuditEntry, subject="unconcerned_suspects")]
    assert sorted(actions) == ["suspect does concern", "suspect does not concern"]


def test_who_declined_is_not_asked_again_for_what_is_corrected_of_a_suspect_who_does_not_concern_her(
    world: World,
):
    make_victim(world)
    decline(world)
    record(world, suspect="Sam Doe")
    unconcern(world)

    correct(world, kind=MilestoneKind.CHARGE)

    assert MilestoneKind.CHARGE in world.services.rulebook.policy.ask_again_at
    assert not world.rows(Task, kind=TaskKind.ASK_AGAIN)
