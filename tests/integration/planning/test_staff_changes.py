"""Staff who are away or leave: nothing of theirs is forgotten, and nothing opens to them any more.

Long because absence, leaving, passing on and the order of units each have their refusals.
"""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from models.cases import Case, HandOver
from models.duties import Duty
from models.keyring import SERVICE
from models.ledger import AuditEntry
from models.staff import Absence, ApiToken, Staff, StaffSession, Unit
from models.vocabulary import Agency, DutyState, Role
from notify.errors import Conflict, FieldFault
from notify.in_hand import cases_in_hand
from notify.ledger.audit import THE_SERVICE
from notify.planning import staff_changes
from notify.planning.api_tokens import Scope, bearer_of, create_token
from notify.planning.hand_overs import hand_over_case
from notify.planning.queries import case_by_ref
from notify.presence import away
from tests.make import START, World, close, contact, make_case, make_staff, make_unit, make_victim, record

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WEEK = timedelta(days=7)


def absent(
    world: World, starts_at: datetime = START, ends_at: datetime | None = None, ref: str = "officer"
) -> Absence:
    with world.acting() as act:
        staff = act.session.get_one(Staff, world.staff[ref].id)
        return staff_changes.record_absence(act, staff, starts_at=starts_at, ends_at=ends_at)


def back(world: World, absence: Absence) -> None:
    with world.acting() as act:
        staff_changes.end_absence(act, act.session.get_one(Absence, absence.id))


def leave(world: World, ref: str = "officer") -> int:
    with world.services.acting(THE_SERVICE) as act:
        return staff_changes.leave(act, act.session.get_one(Staff, world.staff[ref].id))


def in_hand(world: World, ref: str = "officer") -> list[str]:
    with world.services.reading() as session:
        return [case.ref for case in cases_in_hand(session, world.staff[ref].id)]


def reassign(world: World, giver: str, taker: str, *refs: str) -> list[HandOver]:
    with world.acting() as act:
        one, other = (act.session.get_one(Staff, world.staff[ref].id) for ref in (giver, taker))
        cases = [case_by_ref(act.session, ref) for ref in refs] or cases_in_hand(act.session, one.id)
        return staff_changes.reassign_cases(act, cases, one, other, reason="is away for long")


def is_away(world: World, at: datetime, ref: str = "officer") -> bool:
    with world.services.reading() as session:
        return bool(away(session, [world.staff[ref].id], at))


def give_carer_a_part(world: World) -> None:
    make_unit(world, "CARE", agency=Agency.WITNESS_CARE)
    make_staff(world, "carer", unit="CARE")
    make_staff(world, "next carer", unit="CARE")
    with world.acting() as act:
        hand_over_case(
            act,
            case_by_ref(act.session, "C-1"),
            agency=Agency.WITNESS_CARE,
            unit=act.session.scalars(select(Unit).where(Unit.ref == "CARE")).one(),
            officer=act.session.get_one(Staff, world.staff["carer"].id),
            reason="charged",
        )


def put_under(world: World, ref: str, parent: str | None) -> None:
    with world.acting() as act:
        units = {unit.ref: unit for unit in act.session.scalars(select(Unit))}
        staff_changes.place_unit(act, units[ref], units[parent] if parent else None)


def test_somebody_is_away_from_the_start_of_an_absence_until_it_ends(world: World) -> None:
    absent(world, START + DAY, START + WEEK)

    times = (START, START + DAY, START + WEEK - HOUR, START + WEEK)
    assert [is_away(world, at) for at in times] == [False, True, True, False]
    assert world.row(AuditEntry, action="absence recorded").actor_id == world.staff["officer"].id


def test_an_absence_without_an_end_lasts_until_they_are_back(world: World) -> None:
    absence = absent(world)
    world.clock.pass_time(days=30)
    assert is_away(world, world.clock())

    back(world, absence)

    assert not is_away(world, world.clock())
    assert is_away(world, START + DAY)
    with pytest.raises(Conflict, match="is over already"):
        back(world, absence)


def test_an_absence_that_was_still_to_come_is_called_off_and_leaves_no_trace_but_the_audit(
    world: World,
) -> None:
    back(world, absent(world, START + DAY))

    assert world.rows(Absence) == []
    assert world.row(AuditEntry, action="absence called off").actor_id == world.staff["officer"].id


@pytest.mark.parametrize(
    ("starts", "ends", "field"),
    [
        (timedelta(), timedelta(), "ends_at"),
        (WEEK, DAY, "ends_at"),
        (-WEEK, -DAY, "ends_at"),
        (-WEEK, timedelta(), "ends_at"),
    ],
)
def test_an_absence_that_ends_before_it_starts_or_is_over_is_refused(
    world: World, starts: timedelta, ends: timedelta, field: str
) -> None:
    with pytest.raises(FieldFault) as fault:
        absent(world, START + starts, START + ends)

    assert fault.value.field == field
    assert world.rows(Absence) == []


@pytest.mark.parametrize(
    ("starts", "ends", "refused"),
    [
        (timedelta(0), 2 * DAY, True),
        (3 * DAY, 4 * DAY, True),
        (6 * DAY, None, True),
        (timedelta(0), None, True),
        (timedelta(0), DAY, False),
        (WEEK, None, False),
    ],
)
def test_nobody_is_away_twice_at_once(
    world: World, starts: timedelta, ends: timedelta | None, *, refused: bool
) -> None:
    absent(world, START + DAY, START + WEEK)
    second = START + starts, None if ends is None else START + ends

    if refused:
        with pytest.raises(Conflict, match="meets another absence"):
            absent(world, *second)
    else:
        absent(world, *second)

    assert len(world.rows(Absence)) == (1 if refused else 2)


def test_whoever_has_left_is_recorded_as_absent_no_more(world: World) -> None:
    leave(world)

    with pytest.raises(Conflict, match="has left"):
        absent(world)


def test_when_somebody_leaves_their_sign_ins_and_tokens_end_at_once(world: World) -> None:
    with world.services.acting(THE_SERVICE) as act:
        officer = act.session.get_one(Staff, world.staff["officer"].id)
        token = create_token(act, name="theirs", staff=officer, scopes=[Scope.CASES_READ], expires_at=None)
        act.session.add(
            StaffSession(
                token_hash=b"x",
                staff_id=officer.id,
                created_at=START,
                last_seen_at=START,
                expires_at=START + DAY,
            )
        )

    leave(world)

    assert not world.row(Staff, ref="officer").active
    assert world.row(StaffSession).ended_at == START
    assert world.row(ApiToken).revoked_at == START
    with world.services.reading() as session:
        assert bearer_of(session, token, at=START) is None
    assert {"staff left", "token revoked"} <= {entry.action for entry in world.rows(AuditEntry)}
    assert is_away(world, START)


def test_the_sign_ins_and_tokens_of_others_stay(world: World) -> None:
    with world.services.acting(THE_SERVICE) as act:
        supervisor = act.session.get_one(Staff, world.staff["supervisor"].id)
        create_token(act, name="hers", staff=supervisor, scopes=[Scope.CASES_READ], expires_at=None)

    leave(world)

    assert world.row(ApiToken).revoked_at is None


def test_nobody_leaves_twice(world: World) -> None:
    leave(world)

    with pytest.raises(Conflict, match="has left already"):
        leave(world)


def test_what_somebody_who_left_had_in_hand_is_counted_until_it_is_passed_on(world: World) -> None:
    make_case(world, "C-2")
    make_case(world, "C-3")
    make_staff(world, "next")
    close(world, "C-3")

    assert leave(world) == len(["C-1", "C-2"])
    assert sorted(in_hand(world)) == ["C-1", "C-2"]
    world.by = "supervisor"
    reassign(world, "officer", "next")

    assert in_hand(world) == []
    assert sorted(in_hand(world, "next")) == ["C-1", "C-2"]


def test_a_closed_case_stays_in_hand_while_something_is_owed_in_it(world: World) -> None:
    make_victim(world)
    close(world)
    contact(world)
    assert in_hand(world) == []

    record(world, "appeal_lodged")

    assert in_hand(world) == ["C-1"]


def test_cases_pass_on_with_a_hand_over_for_each_and_all_that_is_open_in_them(world: World) -> None:
    make_victim(world)
    make_case(world, "C-2")
    make_unit(world, "U-2")
    make_staff(world, "south", unit="U-2")
    record(world, "arrest")
    world.by = "supervisor"

    made = reassign(world, "officer", "south", "C-1")

    assert [row.to_officer_id for row in made] == [world.staff["south"].id]
    assert [row.by_id for row in world.rows(HandOver)] == [world.staff["supervisor"].id]
    south = world.row(Unit, ref="U-2").id
    assert {duty.unit_id for duty in world.rows(Duty, state=DutyState.OPEN)} == {south}
    assert in_hand(world) == ["C-2"]


def test_an_officer_of_another_agency_passes_on_that_agencys_part_alone(world: World) -> None:
    give_carer_a_part(world)
    assert in_hand(world, "carer") == ["C-1"]

    reassign(world, "carer", "next carer")

    assert in_hand(world, "next carer") == in_hand(world, "officer") == ["C-1"]
    assert in_hand(world, "carer") == []


def test_nothing_is_passed_on_when_one_of_the_cases_cannot_be(world: World) -> None:
    give_carer_a_part(world)
    make_case(world, "C-0")

    with pytest.raises(FieldFault):
        reassign(world, "officer", "carer")

    assert {case.officer_id for case in world.rows(Case)} == {world.staff["officer"].id}


@pytest.mark.parametrize(("taker", "field"), [("gone", "officer"), ("auditor", "officer"), ("officer", "to")])
def test_cases_pass_only_to_somebody_else_who_may_work_on_them(world: World, taker: str, field: str) -> None:
    make_staff(world, "gone")
    make_staff(world, "auditor", Role.AUDITOR)
    leave(world, "gone")

    with pytest.raises(FieldFault) as fault:
        reassign(world, "officer", taker)

    assert fault.value.field == field
    assert world.rows(HandOver) == []


def test_cases_that_were_passed_on_meanwhile_are_not_passed_on_again(world: World) -> None:
    make_staff(world, "next")
    reassign(world, "officer", "next", "C-1")

    with pytest.raises(Conflict, match="in other hands"):
        reassign(world, "officer", "next", "C-1")

    assert len(world.rows(HandOver)) == 1


def test_the_address_of_a_digest_is_checked_and_sealed(world: World) -> None:
    with world.acting() as act:
        officer = act.session.get_one(Staff, world.staff["officer"].id)
        staff_changes.set_email(act, officer, " Officer@Police.EXAMPLE.com ")
        kept = bytes(officer.email_sealed or b"")
        assert act.key(SERVICE).open(officer, "email_sealed") == "Officer@police.example.com"
        with pytest.raises(FieldFault, match="email: is not an e-mail address"):
            staff_changes.set_email(act, officer, "not an address")
        assert officer.email_sealed == kept
        staff_changes.set_email(act, officer, None)

    assert b"example" not in kept.lower()
    assert world.row(Staff, ref="officer").email_sealed is None
    assert "example.com" not in repr([vars(entry) for entry in world.rows(AuditEntry)]).lower()


def test_a_unit_stands_under_another_of_its_agency_and_can_be_taken_from_there(world: World) -> None:
    make_unit(world, "U-top")

    put_under(world, "U-1", "U-top")
    under = world.row(Unit, ref="U-1").parent_id
    put_under(world, "U-1", None)

    assert under == world.row(Unit, ref="U-top").id
    assert world.row(Unit, ref="U-1").parent_id is None


@pytest.mark.parametrize(("unit", "parent"), [("U-1", "U-1"), ("U-top", "U-1"), ("U-1", "CARE")])
def test_a_unit_stands_neither_under_itself_nor_under_another_agencys(
    world: World, unit: str, parent: str
) -> None:
    make_unit(world, "U-top")
    make_unit(world, "U-middle")
    make_unit(world, "CARE", agency=Agency.WITNESS_CARE)
    put_under(world, "U-middle", "U-top")
    put_under(world, "U-1", "U-middle")

    with pytest.raises(FieldFault) as fault:
        put_under(world, unit, parent)

    assert fault.value.field == "parent"
    places = {one.ref: one.parent_id for one in world.rows(Unit)}
    assert places["U-top"] is None
    assert places["U-1"] == world.row(Unit, ref="U-middle").id
