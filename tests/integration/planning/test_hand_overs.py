"""Handing over: whose people carry what is owed, whatever passes from one to the next, and that it buys no time.

Long because whatever can pass on is tried, with each refusal and with what others do at the same moment.
"""

from dataclasses import dataclass
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import select

from models.base import Base
from models.cases import Case, CaseAccess, CaseUnit, HandOver
from models.duties import Duty
from models.ledger import AuditEntry
from models.milestones import Milestone
from models.oversight import Alert, AlertLook, Task
from models.people import Participation
from models.staff import Staff, Unit
from models.vocabulary import Agency, AlertState, DutyState, MilestoneKind, Role, TaskKind, TaskState
from notify.access import viewer_of, visible
from notify.errors import Conflict, FieldFault, NotifyError
from notify.ledger.tasks import open_task
from notify.oversight.alerts import acknowledge, resolve
from notify.planning.corrections import correct_milestone
from notify.planning.hand_overs import hand_over_case, hand_over_duty
from notify.planning.milestones import Happening, corrected, read_happening, record_milestone
from notify.planning.people import waive_duty
from notify.planning.queries import case_by_ref
from notify.planning.staff_changes import reassign_cases
from tests.make import (
    World,
    close,
    make_case,
    make_plan,
    make_staff,
    make_unit,
    make_victim,
    record,
    run_ticks,
    when,
)

UNITS = {
    "U-2": Agency.POLICE,
    "CARE": Agency.WITNESS_CARE,
    "CPS-1": Agency.CPS,
}
PEOPLE = {"south": "U-2", "carer": "CARE", "prosecutor": "CPS-1"}
SOON = 0.5
"""Seconds in which whoever need not wait is done."""
LATER = when("Wed 14 Jan 2026 10:00")


@pytest.fixture
def office(world: World) -> World:
    """Case C-1 with two victims in U-1, a second police team, and a team each of Witness Care and the CPS."""
    for ref, agency in UNITS.items():
        make_unit(world, ref, name=f"{ref} team", agency=agency)
    for ref, unit in PEOPLE.items():
        make_staff(world, ref, unit=unit)
    make_victim(world)
    make_victim(world, "V-2", mobile="07700 900002")
    return world


def unit_id(world: World, ref: str) -> Any:
    return world.row(Unit, ref=ref).id


def hand_over(
    world: World,
    unit: str = "U-2",
    officer: str | None = "south",
    *,
    agency: Agency | None = None,
    case: str = "C-1",
    reason: str = "moved to the south",
) -> HandOver:
    with world.acting() as act:
        to = act.session.scalars(select(Unit).where(Unit.ref == unit)).one()
        person = act.session.get_one(Staff, world.staff[officer].id) if officer else None
        return hand_over_case(
            act,
            case_by_ref(act.session, case),
            agency=agency or to.agency,
            unit=to,
            officer=person,
            reason=reason,
        )


def pass_on(world: World, duty: Duty, to: Agency, reason: str = "they see her next week") -> HandOver:
    with world.acting() as act:
        return hand_over_duty(act, act.session.get_one(Duty, duty.id), to_agency=to, reason=reason)


def units_of(world: World, noun: type[Base], **equal: Any) -> set[str]:
    """The units that rows of a table are now with, by reference."""
    refs = {unit.id: unit.ref for unit in world.rows(Unit)}
    return {refs[row.unit_id] for row in world.rows(noun, **equal)}  # type: ignore[attr-defined]


def sees(world: World, ref: str, case: str = "C-1") -> bool:
    with world.services.reading() as session:
        viewer = viewer_of(session, session.get_one(Staff, world.staff[ref].id))
        return session.scalars(select(Case).where(Case.ref == case, visible(viewer))).first() is not None


def make_late(world: World) -> None:
    """Duties of every victim for two agencies, overdue, with alerts and tasks."""
    record(world, "police_no_further_action")
    record(world, "hearing_listed", owner=Agency.WITNESS_CARE)
    run_ticks(world, LATER)


@dataclass
class Standing:
    """What must not move when something is handed over."""

    times: list[Any]

    @classmethod
    def of(cls, world: World) -> "Standing":
        rows = sorted(world.rows(Duty), key=lambda duty: duty.id)
        looks = {look.duty_id: look.at for look in world.rows(AlertLook)}
        return cls([(d.id, d.clock_start, d.due_at, d.urgent_by, d.deadline, looks.get(d.id)) for d in rows])


def test_a_case_that_goes_to_another_team_takes_all_that_is_open_in_it_along(office: World) -> None:
    make_late(office)

    hand_over(office)

    case = office.row(Case, ref="C-1")
    assert (case.unit_id, case.officer_id) == (unit_id(office, "U-2"), office.staff["south"].id)
    assert len(office.rows(Duty, state=DutyState.OPEN)) > len(office.rows(Participation))
    assert units_of(office, Duty, state=DutyState.OPEN) == {"U-2"}
    assert units_of(office, Task, state=TaskState.OPEN) == {"U-2"}
    assert units_of(office, Alert, state=AlertState.OPEN) == {"U-2"}


def test_what_is_over_stays_with_those_who_did_it(office: World) -> None:
    make_late(office)
    done = office.rows(Duty, rule="R6-NFA")[0] if office.rows(Duty, rule="R6-NFA") else office.rows(Duty)[0]
    with office.acting() as act:
        waive_duty(act, act.session.get_one(Duty, done.id), reason="told by her sister")

    hand_over(office)

    assert units_of(office, Duty, id=done.id) == {"U-1"}
    assert units_of(office, Task, duty_id=done.id) <= {"U-1"}
    assert units_of(office, Alert, duty_id=done.id) == {"U-1"}


def test_handing_over_a_case_moves_no_deadline_and_no_alert(office: World) -> None:
    make_late(office)
    before = Standing.of(office)

    hand_over(office)
    hand_over(office, "CARE", None)

    assert Standing.of(office) == before


def test_another_agencys_part_takes_only_its_own_duties_along(office: World) -> None:
    make_late(office)

    hand_over(office, "CARE", "carer")

    assert units_of(office, Duty, owner=Agency.WITNESS_CARE) == {"CARE"}
    assert units_of(office, Duty, owner=Agency.POLICE) == {"U-1"}
    theirs = {duty.id for duty in office.rows(Duty, owner=Agency.WITNESS_CARE)}
    alerts = {alert.duty_id: alert.unit_id for alert in office.rows(Alert)}
    assert {alerts[one] for one in theirs} == {unit_id(office, "CARE")}
    line = office.row(CaseUnit, agency=Agency.WITNESS_CARE)
    assert (line.officer_id, line.since) == (office.staff["carer"].id, LATER)
    assert office.row(Case, ref="C-1").unit_id == unit_id(office, "U-1")


def test_what_happens_later_goes_to_whoever_has_the_part_by_then(office: World) -> None:
    hand_over(office, "CARE", "carer")

    record(office, "hearing_listed", owner=Agency.WITNESS_CARE)
    record(office, "arrest")

    assert units_of(office, Duty, owner=Agency.WITNESS_CARE) == {"CARE"}
    assert units_of(office, Duty, owner=Agency.POLICE) == {"U-1"}


def test_a_part_with_people_of_its_own_stays_with_them_when_the_case_moves(office: World) -> None:
    make_late(office)
    hand_over(office, "CARE", "carer")

    hand_over(office)

    assert units_of(office, Duty, owner=Agency.WITNESS_CARE) == {"CARE"}
    assert units_of(office, Duty, owner=Agency.POLICE) == {"U-2"}


def test_tasks_about_no_duty_go_with_the_case(office: World) -> None:
    make_plan(office)
    with office.about("V-1", "C-1") as (act, participation):
        open_task(act, participation, TaskKind.AGREE_PLAN, about=participation.id)

    hand_over(office, "CARE", "carer")
    stayed = units_of(office, Task, duty_id=None)
    hand_over(office)

    assert (stayed, units_of(office, Task, duty_id=None)) == ({"U-1"}, {"U-2"})


def test_the_no_change_duty_goes_with_the_case_too(office: World) -> None:
    make_plan(office, every_days=7)
    run_ticks(office, LATER)
    assert units_of(office, Duty, rule="PLAN-NOCHANGE") == {"U-1"}

    hand_over(office)

    assert units_of(office, Duty, rule="PLAN-NOCHANGE", state=DutyState.OPEN) == {"U-2"}


def test_the_police_part_of_a_case_that_another_agency_leads_has_the_no_change_duty(office: World) -> None:
    office.by = "carer"
    make_case(office, "C-9", unit="CARE")
    make_victim(office, "V-9", case="C-9", mobile="07700 900009")
    make_plan(office, victim="V-9", case="C-9", every_days=7)
    hand_over(office, "U-2", None, case="C-9")

    run_ticks(office, LATER)

    assert units_of(office, Duty, rule="PLAN-NOCHANGE") == {"U-2"}


def test_each_hand_over_is_kept_with_who_when_and_why_and_the_reason_is_sealed(office: World) -> None:
    row = hand_over(office, reason="her new address is in the south")

    assert (row.from_agency, row.to_agency) == (Agency.POLICE, Agency.POLICE)
    assert (row.from_unit_id, row.to_unit_id) == (unit_id(office, "U-1"), unit_id(office, "U-2"))
    assert (row.from_officer_id, row.to_officer_id) == (office.staff["officer"].id, office.staff["south"].id)
    assert (row.by_id, row.at, row.duty_id) == (office.staff["officer"].id, office.clock(), None)
    assert b"address" not in row.reason_sealed
    with office.acting() as act:
        assert act.key(row.case_id).open(row, "reason_sealed") == "her new address is in the south"
    audit = office.row(AuditEntry, action="case handed over")
    assert (audit.subject_id, audit.owner_id) == (row.id, row.case_id)
    assert "address" not in repr(audit.detail)


def test_the_same_hand_over_sent_twice_is_one(office: World) -> None:
    hand_over(office)

    with pytest.raises(Conflict, match="deals with it already"):
        hand_over(office)

    assert len(office.rows(HandOver)) == 1


def test_the_next_officer_of_the_same_team_takes_over(office: World) -> None:
    make_staff(office, "next")

    hand_over(office, "U-1", "next")

    assert office.row(Case, ref="C-1").officer_id == office.staff["next"].id


@pytest.mark.parametrize(
    ("unit", "officer", "agency", "field"),
    [
        ("CPS-1", "prosecutor", Agency.POLICE, "unit"),
        ("U-2", "south", Agency.PROBATION, "unit"),
        ("U-2", "officer", None, "officer"),
        ("U-2", None, None, "officer"),
        ("CARE", "south", None, "officer"),
        ("U-2", "gone", None, "officer"),
        ("U-2", "looker", None, "officer"),
    ],
)
def test_what_would_leave_a_part_with_nobody_is_refused_and_changes_nothing(
    office: World, unit: str, officer: str | None, agency: Agency | None, field: str
) -> None:
    make_staff(office, "gone", unit="U-2")
    make_staff(office, "looker", Role.AUDITOR, unit="U-2")
    with office.acting() as act:
        act.session.get_one(Staff, office.staff["gone"].id).active = False
    make_late(office)

    with pytest.raises(FieldFault) as fault:
        hand_over(office, unit, officer, agency=agency)

    assert fault.value.field == field
    assert (office.rows(HandOver), office.rows(CaseUnit)) == ([], [])
    assert units_of(office, Duty) == units_of(office, Task) == units_of(office, Alert) == {"U-1"}


def test_the_new_officer_of_a_restricted_case_is_let_in_and_the_old_one_stays_until_taken_off(
    office: World,
) -> None:
    make_case(office, "C-9", allow=["supervisor"])

    hand_over(office, case="C-9")

    ids = {row.staff_id for row in office.rows(CaseAccess)}
    assert ids == {office.staff[ref].id for ref in ("officer", "supervisor", "south")}
    assert sees(office, "south", "C-9")
    assert not sees(office, "carer", "C-9")


def test_no_part_of_a_restricted_case_goes_to_a_team_in_which_nobody_may_see_it(office: World) -> None:
    make_case(office, "C-9", allow=[])

    with pytest.raises(FieldFault, match="officer: must be given"):
        hand_over(office, "CARE", None, case="C-9")
    hand_over(office, "CARE", "carer", case="C-9")

    assert sees(office, "carer", "C-9")


def test_whoever_takes_a_part_sees_the_case_and_others_of_that_agency_do_not(office: World) -> None:
    make_staff(office, "another carer", unit="CARE")
    make_unit(office, "CARE-2", agency=Agency.WITNESS_CARE)
    make_staff(office, "far carer", unit="CARE-2")
    assert not sees(office, "carer")

    hand_over(office, "CARE", None)

    assert sees(office, "carer")
    assert sees(office, "another carer")
    assert not sees(office, "far carer")
    assert not sees(office, "south")
    assert sees(office, "officer")


def test_a_closed_case_is_handed_over_with_what_is_still_owed_in_it(office: World) -> None:
    record(office, "arrest")
    close(office)
    record(office, "appeal_lodged")

    hand_over(office)
    hand_over(office, "CPS-1", "prosecutor")

    assert units_of(office, Duty, state=DutyState.OPEN) == {"U-2"}
    assert units_of(office, Task, state=TaskState.OPEN) == {"U-2"}


def test_one_duty_goes_to_another_agency_and_to_its_people(office: World) -> None:
    hand_over(office, "CARE", "carer")
    make_late(office)
    duty = office.rows(Duty, owner=Agency.POLICE)[0]

    row = pass_on(office, duty, Agency.WITNESS_CARE)

    now = office.row(Duty, id=duty.id)
    assert (now.owner, now.unit_id) == (Agency.WITNESS_CARE, unit_id(office, "CARE"))
    assert units_of(office, Alert, duty_id=duty.id) == {"CARE"}
    assert units_of(office, Task, duty_id=duty.id) <= {"CARE"}
    assert (row.duty_id, row.from_agency, row.to_agency) == (duty.id, Agency.POLICE, Agency.WITNESS_CARE)
    assert (row.from_officer_id, row.to_officer_id) == (office.staff["officer"].id, office.staff["carer"].id)
    others = {one.id for one in office.rows(Duty, owner=Agency.POLICE)}
    assert duty.id not in others
    assert units_of(office, Duty, owner=Agency.POLICE) == {"U-1"}


def test_a_duty_handed_over_late_is_due_when_it_always_was(office: World) -> None:
    make_late(office)
    before = Standing.of(office)
    for duty in office.rows(Duty, owner=Agency.POLICE):
        pass_on(office, duty, Agency.CPS)

    assert Standing.of(office) == before


@pytest.mark.parametrize("agency", list(Agency))
def test_a_duty_is_somebodys_whichever_agency_owns_it(office: World, agency: Agency) -> None:
    """Nobody of Probation is in the service at all: the case's own unit carries what it owns."""
    record(office, "release_from_custody", owner=agency)

    assert office.rows(Duty)
    assert units_of(office, Duty) == {"U-1"}
    for duty in office.rows(Duty):
        other = Agency.CPS if agency is not Agency.CPS else Agency.PROBATION
        pass_on(office, duty, other)
    assert units_of(office, Duty) == {"U-1"}


def test_a_duty_that_fell_to_the_cases_own_unit_goes_to_its_agency_once_that_has_one(office: World) -> None:
    record(office, "arrest")
    for duty in office.rows(Duty):
        pass_on(office, duty, Agency.CPS)

    hand_over(office, "CPS-1", None)

    assert units_of(office, Duty) == {"CPS-1"}


def test_every_column_that_says_whose_a_duty_is_must_be_filled() -> None:
    assert not Duty.__table__.c.unit_id.nullable
    assert not Duty.__table__.c.owner.nullable
    assert not Task.__table__.c.unit_id.nullable
    assert not Alert.__table__.c.unit_id.nullable
    assert not Case.__table__.c.unit_id.nullable


def test_a_closed_duty_is_handed_to_nobody(office: World) -> None:
    record(office, "arrest")
    duty = office.rows(Duty)[0]
    with office.acting() as act:
        waive_duty(act, act.session.get_one(Duty, duty.id), reason="told before")

    with pytest.raises(Conflict, match="is closed already"):
        pass_on(office, duty, Agency.CPS)

    assert office.rows(HandOver) == []


def test_a_duty_is_handed_over_once_however_often_it_is_sent(office: World) -> None:
    record(office, "arrest")
    duty = office.rows(Duty)[0]
    pass_on(office, duty, Agency.CPS)

    with pytest.raises(Conflict, match="owns it already"):
        pass_on(office, duty, Agency.CPS)

    assert len(office.rows(HandOver)) == 1


def test_two_who_hand_over_at_once_leave_every_duty_with_the_last(office: World) -> None:
    make_staff(office, "next")
    make_late(office)
    barrier = Barrier(2)
    refused: list[NotifyError] = []

    def go(unit: str, officer: str) -> None:
        barrier.wait()
        try:
            hand_over(office, unit, officer)
        except NotifyError as fault:
            refused.append(fault)

    threads = [Thread(target=go, args=one) for one in (("U-2", "south"), ("U-1", "next"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    rows = sorted(office.rows(HandOver), key=lambda row: row.id)
    assert (len(rows), refused) == (2, [])
    case = office.row(Case, ref="C-1")
    assert {duty.unit_id for duty in office.rows(Duty, state=DutyState.OPEN)} == {case.unit_id}
    first, last = rows if rows[1].to_unit_id == case.unit_id else reversed(rows)
    assert (last.from_unit_id, last.to_unit_id) == (first.to_unit_id, case.unit_id)


def test_a_milestone_that_is_being_recorded_meanwhile_goes_along(office: World) -> None:
    happening = Happening(MilestoneKind.ARREST, office.clock(), office.clock())
    waiting = Thread(target=hand_over, args=(office,))

    with office.acting() as act:
        record_milestone(act, office.services.rulebook, case_by_ref(act.session, "C-1").id, happening)
        waiting.start()
        waiting.join(timeout=SOON)
        assert waiting.is_alive()
    waiting.join()

    assert office.rows(Duty)
    assert units_of(office, Duty) == {"U-2"}


def test_a_milestone_that_is_being_corrected_meanwhile_goes_along(office: World) -> None:
    milestone, _ = record(office)
    waiting = Thread(target=hand_over, args=(office,))

    with office.acting() as act:
        row = act.session.get_one(Milestone, milestone.id)
        happening = corrected(read_happening(act, row), kind=MilestoneKind.CHARGE)
        correct_milestone(act, office.services.rulebook, row, happening, reason="it was the charge")
        waiting.start()
        waiting.join(timeout=SOON)
        assert waiting.is_alive()
    waiting.join()

    assert office.rows(Duty, state=DutyState.OPEN)
    assert units_of(office, Duty, state=DutyState.OPEN) == {"U-2"}


def test_a_duty_that_is_handed_to_an_agency_meanwhile_goes_to_its_unit(office: World) -> None:
    record(office)
    duty = office.rows(Duty)[0]
    waiting = Thread(target=hand_over, args=(office, "CPS-1", None))

    with office.acting() as act:
        hand_over_duty(act, act.session.get_one(Duty, duty.id), to_agency=Agency.CPS, reason="theirs")
        waiting.start()
        waiting.join(timeout=SOON)
        assert waiting.is_alive()
    waiting.join()

    assert units_of(office, Duty, id=duty.id) == {"CPS-1"}


def test_whoever_takes_a_late_duty_over_hears_that_it_is_late_whatever_the_giver_made_of_it(
    office: World,
) -> None:
    make_late(office)
    with office.acting() as act:
        for alert in act.session.scalars(select(Alert)):
            resolve(act, alert, note="moving to the south")

    hand_over(office)

    assert {alert.state for alert in office.rows(Alert)} == {AlertState.OPEN}


def test_an_alert_that_somebody_has_seen_stays_seen_when_only_the_officer_changes(office: World) -> None:
    make_late(office)
    make_staff(office, "colleague", unit="U-1")
    with office.acting() as act:
        for alert in act.session.scalars(select(Alert)):
            acknowledge(act, alert)

    hand_over(office, "U-1", "colleague")

    assert {alert.state for alert in office.rows(Alert)} == {AlertState.ACKNOWLEDGED}


def test_a_part_that_changed_hands_meanwhile_is_not_taken_from_who_has_it_now(office: World) -> None:
    for ref in ("bea", "cal"):
        make_staff(office, ref, unit="U-1")
    refused: list[str] = []

    def pass_on_to_bea() -> None:
        try:
            with office.acting() as act:
                giver, taker = (
                    act.session.get_one(Staff, office.staff[ref].id) for ref in ("officer", "bea")
                )
                reassign_cases(act, [case_by_ref(act.session, "C-1")], giver, taker, reason="leaves")
        except Conflict as conflict:
            refused.append(conflict.field)

    meanwhile = Thread(target=pass_on_to_bea)
    with office.acting() as act:
        unit = act.session.scalars(select(Unit).where(Unit.ref == "U-1")).one()
        cal = act.session.get_one(Staff, office.staff["cal"].id)
        case = case_by_ref(act.session, "C-1")
        hand_over_case(act, case, agency=Agency.POLICE, unit=unit, officer=cal, reason="knows her")
        meanwhile.start()
        meanwhile.join(SOON)
    meanwhile.join()

    assert refused == ["cases"]
    assert office.row(Case, ref="C-1").officer_id == office.staff["cal"].id
