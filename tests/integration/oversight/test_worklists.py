"""What officers and supervisors are shown: only what they may see, the most pressing first, and each thing once."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import select

from models.cases import Case
from models.oversight import Alert
from models.people import Participation
from models.session import open_database
from models.vocabulary import RiskLevel, Role
from notify.access import viewer_of
from notify.errors import Conflict
from notify.oversight.alerts import acknowledge, resolve
from notify.oversight.queries import due_list, open_tasks, overdue_list, visible_case, visible_cases
from notify.oversight.ways import Whose
from tests.make import (
    ChannelPlan,
    contact,
    make_case,
    make_plan,
    make_second_worker,
    make_staff,
    make_unit,
    make_victim,
    pause,
    record,
    run_ticks,
    when,
)

MONTH_LATER = when("Wed 4 Feb 2026 10:00")
ROLES = {
    "officer": Role.CASE_OFFICER,
    "colleague": Role.CASE_OFFICER,
    "stranger": Role.CASE_OFFICER,
    "supervisor": Role.SUPERVISOR,
    "other supervisor": Role.SUPERVISOR,
    "auditor": Role.AUDITOR,
    "administrator": Role.ADMIN,
}
ELSEWHERE = {"stranger", "other supervisor"}


def viewer(world, ref):
    with world.services.reading() as session:
        return viewer_of(session, world.staff[ref])


@pytest.fixture
def office(world):
    """Two units; in the first an open case, one restricted to the officer, and one that the stranger is let into."""
    make_unit(world, "U-2")
    for ref, role in ROLES.items():
        if ref not in world.staff:
            make_staff(world, ref, role, unit="U-2" if ref in ELSEWHERE else "U-1")
    make_case(world, "C-restricted", allow=())
    make_case(world, "C-shared", allow=("stranger",))
    return world


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        ("officer", {"C-1", "C-restricted", "C-shared"}),
        ("colleague", {"C-1"}),
        ("stranger", {"C-shared"}),
        ("supervisor", {"C-1"}),
        ("other supervisor", set()),
        ("auditor", {"C-1"}),
        ("administrator", set()),
    ],
)
def test_each_sees_the_cases_that_are_hers_to_see_and_their_work_and_no_others(office, who, sees):
    for number, case in enumerate(("C-1", "C-restricted", "C-shared"), start=1):
        make_victim(office, f"V-{number}", case=case, mobile=None)
        record(office, "police_no_further_action", case=case)
    run_ticks(office, MONTH_LATER)
    looking = viewer(office, who)

    with office.services.reading() as session:
        cases = visible_cases(session, looking, own_only=False)
        due = due_list(session, looking, at=MONTH_LATER, until=MONTH_LATER, whose=Whose.UNIT)
        overdue = overdue_list(session, looking, at=MONTH_LATER)
        tasks = open_tasks(session, looking, at=MONTH_LATER, whose=Whose.UNIT)
        one_by_one = {
            case.ref
            for case in session.scalars(select(Case))
            if visible_case(session, looking, case.id) is not None
        }

    assert {case.ref for case in cases} == sees
    assert {line.case.ref for line in due} == sees
    assert {line.case.ref for line in overdue} == sees
    assert {line.case.ref for line in tasks} == sees
    assert one_by_one == sees


def test_an_officer_may_ask_for_her_own_only(office):
    office.by = "colleague"
    make_case(office, "C-2")
    for number, case in enumerate(("C-1", "C-2"), start=1):
        make_victim(office, f"V-{number}", case=case, mobile=None)
        record(office, case=case)

    with office.services.reading() as session:
        looking = viewer(office, "colleague")
        due = due_list(session, looking, at=MONTH_LATER, until=MONTH_LATER, whose=Whose.MINE)
        cases = visible_cases(session, looking, own_only=True)

    assert [line.case.ref for line in due] == ["C-2"]
    assert [case.ref for case in cases] == ["C-2"]


def test_the_overdue_list_has_each_duty_once_at_its_highest_level(office):
    make_victim(office)
    make_plan(office, ChannelPlan(windows=()))
    record(office, "bail_granted")
    run_ticks(office, MONTH_LATER)

    with office.services.reading() as session:
        lines = overdue_list(session, viewer(office, "supervisor"), at=MONTH_LATER)

    assert [(line.duty.rule, line.alert and line.alert.level) for line in lines] == [("R6-BAIL", "escalated")]
    assert {alert.level for alert in office.rows(Alert)} == {"due_soon", "urgent", "overdue", "escalated"}


def test_enhanced_rights_come_first_then_risk_then_what_is_oldest(office):
    people = [
        ("V-1", False, RiskLevel.STANDARD, 0),
        ("V-2", False, RiskLevel.STANDARD, 1),
        ("V-3", False, RiskLevel.HIGH, 2),
        ("V-4", False, RiskLevel.MEDIUM, 2),
        ("V-5", True, RiskLevel.STANDARD, 3),
    ]
    for ref, enhanced, risk, days in people:
        make_case(office, f"C-{ref}")
        made = make_victim(office, ref, case=f"C-{ref}", enhanced=enhanced, mobile=None)
        with office.services.sessions.begin() as session:
            session.get_one(Participation, made.id).risk = risk
        learned = office.clock() - timedelta(days=days)
        record(office, case=f"C-{ref}", learned_at=learned)
    run_ticks(office, MONTH_LATER)

    with office.services.reading() as session:
        lines = overdue_list(session, viewer(office, "supervisor"), at=MONTH_LATER)

    assert [line.victim.ref for line in lines] == ["V-5", "V-3", "V-4", "V-2", "V-1"]


def test_who_asked_for_quiet_is_on_no_due_list(office):
    make_victim(office)
    record(office)
    pause(office)

    with office.services.reading() as session:
        assert (
            due_list(session, viewer(office, "officer"), at=MONTH_LATER, until=MONTH_LATER, whose=Whose.UNIT)
            == []
        )


def test_what_was_told_is_on_no_list(office):
    make_victim(office)
    record(office)
    run_ticks(office, MONTH_LATER)
    contact(office)

    with office.services.reading() as session:
        looking = viewer(office, "supervisor")
        assert due_list(session, looking, at=MONTH_LATER, until=MONTH_LATER, whose=Whose.UNIT) == []
        assert overdue_list(session, looking, at=MONTH_LATER) == []


def test_lists_come_in_pages_that_neither_repeat_nor_leave_out(office):
    for n in range(1, 8):
        make_victim(office, f"V-{n}", mobile=None)
    record(office)

    with office.services.reading() as session:
        looking = viewer(office, "officer")
        pages = [
            [
                line.victim.ref
                for line in due_list(
                    session,
                    looking,
                    at=MONTH_LATER,
                    until=MONTH_LATER,
                    whose=Whose.UNIT,
                    offset=offset,
                    limit=3,
                )
            ]
            for offset in (0, 3, 6, 9)
        ]

    assert [len(page) for page in pages] == [3, 3, 1, 0]
    assert {ref for page in pages for ref in page} == {f"V-{n}" for n in range(1, 8)}


def test_acknowledging_stops_the_noise_and_not_the_clock(office):
    make_victim(office)
    record(office)
    run_ticks(office, when("Tue 13 Jan 2026 10:00"))

    office.by = "supervisor"
    with office.acting() as act:
        acknowledge(act, act.session.scalars(select(Alert).where(Alert.level == "overdue")).one())
    run_ticks(office, MONTH_LATER)

    states = {alert.level.value: alert.state.value for alert in office.rows(Alert)}
    assert states == {"due_soon": "open", "overdue": "acknowledged", "escalated": "open"}
    seen = office.row(Alert, level="overdue")
    assert seen.acknowledged_by_id == office.staff["supervisor"].id


def test_what_is_resolved_by_a_person_leaves_the_duty_owed(office):
    make_victim(office)
    record(office)
    run_ticks(office, MONTH_LATER)

    with office.acting() as act:
        for alert in act.session.scalars(select(Alert)).all():
            resolve(act, alert, note="she is abroad until March")

    with office.services.reading() as session:
        assert overdue_list(session, viewer(office, "supervisor"), at=MONTH_LATER) == []
    assert office.duty().state == "open"


@pytest.mark.parametrize("step", [acknowledge, lambda act, alert: resolve(act, alert, note="again")])
def test_what_is_resolved_is_neither_acknowledged_nor_resolved_again(office, step):
    make_victim(office)
    record(office)
    run_ticks(office, MONTH_LATER)
    contact(office)

    with office.acting() as act, pytest.raises(Conflict):
        step(act, act.session.scalars(select(Alert)).first())


def test_two_workers_at_the_same_moment_raise_each_alert_once(office, database_url):
    for n in range(1, 11):
        make_victim(office, f"V-{n}", mobile=None)
    record(office)
    office.clock.now = MONTH_LATER
    other_database = open_database(database_url, throw_away=True)
    second = make_second_worker(office, other_database)
    together = Barrier(2)

    def work(worker, name):
        together.wait(timeout=30)
        run_ticks(worker, worker=name)

    workers = [Thread(target=work, args=(office, "a")), Thread(target=work, args=(second, "b"))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=60)
    other_database.engine.dispose()

    alerts = [(alert.duty_id, alert.level) for alert in office.rows(Alert)]
    assert len(alerts) == len(set(alerts)) == 30
