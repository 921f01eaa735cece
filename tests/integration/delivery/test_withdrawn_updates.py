"""What was put right goes from the private page before she reads it; what she read stays there as she read it."""

import pytest
from sqlalchemy import select

from models.messages import SealedUpdate
from models.milestones import Milestone
from models.people import Victim
from models.vocabulary import Detail, MilestoneKind
from notify.delivery.private_page import update_for, updates_for
from notify.planning.corrections import correct_milestone, withdraw_milestone
from notify.planning.milestones import corrected, read_happening
from notify.planning.queries import victim_by_ref
from tests.make import ChannelPlan, contact, make_plan, make_victim, read_page, record, run_ticks, when

AN_HOUR_LATER = when("Mon 5 Jan 2026 11:00")
TWO_HOURS_LATER = when("Mon 5 Jan 2026 12:00")


def test_what_was_put_right_is_gone_from_her_page_and_the_right_news_is_there(world):
    told_by_link(world)
    (wrong,) = on_her_page(world)

    put_right(world)
    run_ticks(world, TWO_HOURS_LATER)

    (right,) = on_her_page(world)
    assert right != wrong
    with world.services.reading() as session:
        victim = victim_by_ref(session, "V-1")
        assert update_for(session, victim.id, wrong) is None
        title = world.services.keys.of(session, victim.id).open(
            session.get_one(SealedUpdate, right), "title_sealed"
        )
    assert title == "The suspect has been released without charge"
    assert world.row(SealedUpdate, id=wrong).withdrawn_at == AN_HOUR_LATER


def test_it_is_gone_from_the_moment_of_the_correction_and_not_only_once_the_right_news_is_there(world):
    told_by_link(world)

    put_right(world)

    assert on_her_page(world) == []


def test_what_she_read_stays_as_she_read_it(world):
    told_by_link(world)
    (known,) = on_her_page(world)
    read_page(world)
    before = world.row(SealedUpdate)

    put_right(world)
    run_ticks(world, TWO_HOURS_LATER)

    after = world.row(SealedUpdate, id=known)
    assert known in on_her_page(world)
    assert (after.read_at, after.withdrawn_at) == (before.read_at, None)
    assert after.text_sealed == before.text_sealed
    assert world.duty("R6-CHARGE").state == "told"


def test_what_one_victim_read_and_another_did_not_is_gone_from_the_other_s_page_only(world):
    make_victim(world, "V-2", mobile="07700 900002")
    make_plan(world, ChannelPlan("V-2-mobile", Detail.LINK), victim="V-2")
    told_by_link(world)
    read_page(world, "V-2")

    put_right(world)

    assert (len(on_her_page(world, "V-1")), len(on_her_page(world, "V-2"))) == (0, 1)


def test_news_of_another_milestone_stays(world):
    told_by_link(world)
    record(world, "arrest")
    run_ticks(world, AN_HOUR_LATER)
    both = on_her_page(world)

    put_right(world)

    assert len(both) == 2
    assert on_her_page(world) == [update.id for update in world.rows(SealedUpdate, duty_id=world.duty().id)]


def told_by_link(world):
    """A charge, of which each victim in the case has a link and a page that she has not read."""
    make_victim(world)
    make_plan(world, ChannelPlan(detail=Detail.LINK))
    record(world, "charge")
    run_ticks(world)


def put_right(world):
    """An hour later it turns out that there was no charge."""
    run_ticks(world, AN_HOUR_LATER)
    with world.acting() as act:
        milestone = act.session.scalars(select(Milestone).where(Milestone.kind == MilestoneKind.CHARGE)).one()
        happening = corrected(read_happening(act, milestone), kind=MilestoneKind.RELEASED_WITHOUT_CHARGE)
        correct_milestone(act, world.services.rulebook, milestone, happening, reason="a slip")


def on_her_page(world, ref="V-1"):
    victim = world.row(Victim, ref=ref)
    with world.services.reading() as session:
        return [update.id for update in updates_for(session, victim.id)]


@pytest.mark.parametrize("how", ["withdrawn", "corrected"])
def test_what_she_was_told_of_by_telephone_and_never_read_goes_from_the_page_as_well(world, how):
    make_victim(world)
    make_plan(world, ChannelPlan(detail=Detail.LINK))
    milestone, _ = record(world, "charge")
    run_ticks(world)
    contact(world)
    rulebook = world.services.rulebook

    with world.acting() as act:
        wrong = act.session.get_one(Milestone, milestone.id)
        if how == "withdrawn":
            withdraw_milestone(act, rulebook, wrong, reason="another case")
        else:
            right = corrected(read_happening(act, wrong), kind=MilestoneKind.POLICE_NO_FURTHER_ACTION)
            correct_milestone(act, rulebook, wrong, right, reason="the wrong line")

    with world.services.reading() as session:
        assert updates_for(session, world.row(Victim).id) == []
