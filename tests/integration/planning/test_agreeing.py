"""Enrolling, agreeing and correcting: what is kept, what is refused and by which field.

Long because every refusal names its field.
"""

from datetime import date

import pytest

from models.duties import Duty
from models.messages import Inbound
from models.milestones import Milestone, MilestoneCorrection
from models.oversight import Task
from models.people import ContactPoint, Participation, Victim
from models.plans import Plan, PlanChannel
from models.staff import Unit
from models.vocabulary import (
    Agency,
    ContactPointKind,
    Detail,
    EnhancedRight,
    MilestoneKind,
    RepresentativeKind,
)
from notify.delivery.inbound import take_inbound
from notify.errors import Conflict, FieldFault
from notify.planning import people
from notify.planning.contact_points import add_contact_point
from notify.planning.corrections import correct_milestone
from notify.planning.milestones import Happening, record_milestone
from notify.planning.queries import case_by_ref, victim_by_ref
from tests.make import (
    START,
    ChannelPlan,
    close,
    inbound,
    make_case,
    make_contact_point,
    make_plan,
    make_unit,
    make_victim,
    make_window,
    record,
    run_ticks,
    verify_point,
)


def test_every_version_of_a_plan_is_kept_and_one_is_current(world):
    make_victim(world)
    make_plan(world, every_days=7)
    world.clock.pass_time(days=1)
    make_plan(world, every_days=14)

    plans = sorted(world.rows(Plan), key=lambda plan: plan.version)
    assert [(plan.version, plan.current, plan.every_days) for plan in plans] == [(1, False, 7), (2, True, 14)]
    assert {plan.agreed_by_id for plan in plans} == {world.staff["officer"].id}
    assert len(world.rows(PlanChannel)) == 2


def test_a_plan_keeps_the_order_that_she_prefers(world):
    make_victim(world, email="v1@example.org")
    make_plan(world, ChannelPlan("V-1-email"), ChannelPlan("V-1-mobile"))

    points = {point.id: point.ref for point in world.rows(ContactPoint)}
    in_order = sorted(world.rows(PlanChannel), key=lambda channel: channel.position)
    assert [points[channel.contact_point_id] for channel in in_order] == ["V-1-email", "V-1-mobile"]


@pytest.mark.parametrize(
    ("channels", "more", "field"),
    [
        ([ChannelPlan()], {"every_days": 0}, "every_days"),
        ([ChannelPlan()], {"every_days": 367}, "every_days"),
        ([ChannelPlan(), ChannelPlan()], {}, "channels[1].contact_point"),
        ([ChannelPlan(), ChannelPlan("V-2-mobile")], {}, "channels[1].contact_point"),
        ([ChannelPlan(detail=Detail.LINK, counts_as_told=True)], {}, "channels[0].counts_as_told"),
        ([ChannelPlan(cover_text="Please call PC Example")], {}, "channels[0].cover_text"),
        ([ChannelPlan(cover_text=" ")], {}, "channels[0].cover_text"),
        ([ChannelPlan(windows=[make_window(""), make_window()])], {}, "channels[0].windows[0].days"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_by_field_and_the_old_one_stands(world, channels, more, field):
    make_victim(world)
    make_victim(world, "V-2", mobile="07700 900002")
    make_plan(world)

    with pytest.raises(FieldFault) as refused:
        make_plan(world, *channels, **more)

    assert refused.value.field == field
    assert world.row(Plan).current


def test_a_plan_with_links_asks_for_a_secret_that_is_not_agreed_yet(world):
    make_victim(world)

    make_plan(world, ChannelPlan(detail=Detail.LINK))

    assert [task.kind for task in world.rows(Task)] == ["agree_secret"]


def test_agreeing_a_plan_ends_the_task_to_agree_one(world):
    make_victim(world)
    record(world)
    run_ticks(world)
    before = world.row(Task).kind

    make_plan(world)

    assert (before, world.row(Task).state) == ("agree_plan", "done")


def test_verifying_a_contact_point_ends_the_task_to_verify_it(world):
    make_victim(world, mobile=None)
    make_contact_point(world, "point", "07700 900003", verified=False)
    make_plan(world, ChannelPlan("point"))
    record(world)
    run_ticks(world)

    verify_point(world, "point")
    run_ticks(world)

    assert world.row(Task, kind="verify_contact").state == "done"
    assert len(world.arrived) == 1


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (ContactPointKind.MOBILE, "020 7946 0018"),
        (ContactPointKind.MOBILE, "not a number"),
        (ContactPointKind.EMAIL, "nobody"),
        (ContactPointKind.LANDLINE, "07700 900001"),
        (ContactPointKind.POST, " "),
    ],
)
def test_a_contact_point_that_reaches_nobody_is_refused_without_repeating_it(world, kind, value):
    make_victim(world, mobile=None)

    with pytest.raises(FieldFault) as refused:
        make_contact_point(world, "point", value, kind=kind)

    assert refused.value.field == "value"
    assert value.strip() == "" or value not in str(refused.value)
    assert world.rows(ContactPoint) == []


def test_a_victim_of_two_cases_is_one_victim_with_two_parts(world):
    make_victim(world)
    make_case(world, "C-2")
    make_victim(world, case="C-2", mobile=None)

    assert len(world.rows(Victim)) == 1
    assert len(world.rows(Participation)) == 2


@pytest.mark.parametrize(
    ("again", "field"),
    [
        (lambda world: make_victim(world, mobile=None), "victim"),
        (lambda world: make_victim(world, name="Someone Else", mobile=None), "name"),
        (make_case, "case"),
        (make_unit, "unit"),
        (lambda world: make_contact_point(world, "V-1-mobile", "07700 900009"), "contact_point"),
    ],
)
def test_a_reference_that_is_used_is_refused_by_field(world, again, field):
    make_victim(world)

    with pytest.raises(Conflict) as refused:
        again(world)

    assert refused.value.field == field


def test_nobody_is_enrolled_in_a_closed_case(world):
    close(world)

    with pytest.raises(Conflict):
        make_victim(world)


def test_an_allow_list_goes_with_a_restricted_case_only(world):
    unit, officer = world.row(Unit), world.staff["officer"]

    with world.acting() as act, pytest.raises(FieldFault) as refused:
        people.open_case(act, ref="C-2", unit=unit, officer=officer, offence="Example", allow=[officer])

    assert refused.value.field == "allow"


def test_a_child_is_vulnerable_by_law(world):
    with world.acting() as act:
        made = people.enrol_victim(
            act,
            ref="V-1",
            case=case_by_ref(act.session, "C-1"),
            name="Junior",
            date_of_birth=date(2010, 1, 1),
        )

    assert made.enhanced == [EnhancedRight.VULNERABLE_OR_INTIMIDATED]


def test_the_end_of_consent_ends_the_use_of_the_representatives_contact_points(world):
    make_victim(world, mobile=None)
    with world.acting() as act:
        victim = victim_by_ref(act.session, "V-1")
        idva = people.add_representative(
            act,
            victim,
            kind=RepresentativeKind.IDVA,
            name="Idva Example",
            scope="court dates",
            consent_at=START,
            starts_at=START,
        )
        point = add_contact_point(
            act, victim, ref="idva", kind=ContactPointKind.MOBILE, value="07700 900007", representative=idva
        )
        people.end_representation(act, idva, reason="consent withdrawn")

    assert world.row(ContactPoint, id=point.id).state == "suspended"


def test_the_earlier_facts_of_a_corrected_milestone_are_kept(world):
    make_victim(world)
    milestone, _ = record(world, suspect="the first name", facts={"reason": "the first reason"})

    with world.acting() as act:
        found = act.session.get_one(Milestone, milestone.id)
        now = Happening(
            found.kind, found.happened_at, found.learned_at, Agency.POLICE, "the second name", None
        )
        correct_milestone(act, world.services.rulebook, found, now, reason="mistaken identity")

    correction = world.row(MilestoneCorrection)
    with world.services.reading() as session:
        key = world.services.keys.of(session, milestone.case_id)
        earlier = key.open(correction, "earlier_sealed")
        assert "the first name" in earlier
        assert "the first reason" in earlier
        assert key.open(correction, "reason_sealed") == "mistaken identity"
        assert key.open(world.row(Milestone), "suspect_sealed") == "the second name"


def test_a_correction_that_changes_nothing_is_refused(world):
    make_victim(world)
    milestone, _ = record(world)

    same = Happening(milestone.kind, milestone.happened_at, milestone.learned_at)
    with world.acting() as act:
        found = act.session.get_one(Milestone, milestone.id)
        with pytest.raises(FieldFault) as refused:
            correct_milestone(act, world.services.rulebook, found, same, reason="no reason")

    assert refused.value.field == "milestone"


def test_the_id_of_a_milestone_is_used_once(world):
    def arrest():
        with world.acting() as act:
            record_milestone(
                act,
                world.services.rulebook,
                case_by_ref(act.session, "C-1").id,
                Happening(MilestoneKind.ARREST, START, START),
                external_id="m-1",
            )

    make_victim(world)
    arrest()
    with pytest.raises(Conflict):
        arrest()

    assert len(world.rows(Duty)) == 1


def test_a_text_from_nobody_we_know_is_kept_and_asks_nobody(world):
    make_victim(world)

    inbound(world, "hello", sender="07700 900999")
    inbound(world, "hello", sender="a short code")

    assert [one.contact_point_id for one in world.rows(Inbound)] == [None, None]
    assert world.rows(Task) == []


def test_a_text_that_the_provider_brings_twice_is_kept_once(world):
    make_victim(world)
    with world.acting() as act:
        first = take_inbound(act, sender="07700 900001", text="hello", provider_ref="in-1")
        second = take_inbound(act, sender="07700 900001", text="hello", provider_ref="in-1")

    assert first is not None
    assert second is None
    assert len(world.rows(Task)) == 1


def test_stop_from_a_number_that_two_victims_share_stops_it_for_both(world):
    make_victim(world)
    make_victim(world, "V-2", mobile="+44 7700 900001")

    inbound(world, "STOP")

    assert {point.state for point in world.rows(ContactPoint)} == {"suspended"}


@pytest.mark.parametrize(
    "text", ["Stop", "  stop.", "STOPALL", "unsubscribe me", "you have the wrong number", "not safe"]
)
def test_words_that_ask_to_stop_are_heeded(world, text):
    make_victim(world)

    inbound(world, text)

    assert world.row(ContactPoint).state == "suspended"


@pytest.mark.parametrize("text", ["", "ok thanks", "can I ring tomorrow?", "unstoppable", "the end of it"])
def test_words_that_do_not_are_for_a_person_to_read(world, text):
    make_victim(world)

    inbound(world, text)

    assert world.row(ContactPoint).state == "verified"
    assert world.row(Task).kind == "follow_up_inbound"


def test_windows_are_kept_as_they_were_agreed(world):
    make_victim(world)
    make_plan(world, ChannelPlan(windows=[make_window("sun mon", "21:30-02:15")]))

    (window,) = world.row(PlanChannel).windows
    assert window == {"days": ["mon", "sun"], "from": "21:30", "to": "02:15"}
