"""Invariant 7, every look is logged: each step writes its line, and no line can be changed, moved or dropped unseen.

Long because every step that must write a line is in one table.
"""

import pytest
from sqlalchemy import delete, select, update

from models.keyring import SERVICE
from models.ledger import AuditEntry, AuditHead
from models.messages import SealedUpdate
from models.oversight import Alert
from models.people import Victim
from models.vocabulary import Detail, RepresentativeKind, Supports
from notify.delivery.sealed_updates import check_secret, set_secret
from notify.ledger import audit
from notify.ledger.audit import Actor
from notify.oversight.alerts import acknowledge, resolve
from notify.planning import people
from notify.planning.corrections import correct_milestone
from notify.planning.milestones import Happening
from notify.planning.queries import victim_by_ref
from tests.make import (
    START,
    ChannelPlan,
    close,
    contact,
    decline,
    inbound,
    make_plan,
    make_victim,
    pause,
    read_page,
    receipt,
    record,
    resume,
    run_ticks,
    suspend_point,
    verify_point,
    when,
)


@pytest.fixture
def chain(world):
    """A service with a few lines in its chain."""
    make_victim(world)
    make_plan(world)
    record(world)
    run_ticks(world)
    assert broken(world) is None
    return world


@pytest.mark.parametrize(
    "forged",
    [
        {"at": when("Tue 6 Jan 2026 10:00")},
        {"actor": "service"},
        {"actor_id": None},
        {"action": "plan agreed again"},
        {"subject": "victims"},
        {"subject_id": None},
        {"owner_id": SERVICE},
        {"detail": {"version": 2}},
        {"reason_sealed": b"other"},
        {"previous": b"\1" * 32},
        {"hash": b"\1" * 32},
    ],
    ids=lambda forged: next(iter(forged)),
)
def test_a_changed_line_is_found(chain, forged):
    line = line_about(chain, "plan agreed")

    tamper(chain, update(AuditEntry).where(AuditEntry.seq == line.seq).values(**forged))

    found = broken(chain)
    assert found is not None
    assert found.seq in (line.seq, line.seq + 1)


@pytest.mark.parametrize("position", ["first", "middle", "last"])
def test_a_dropped_line_is_found(chain, position):
    lines = all_lines(chain)
    seq = {"first": 1, "middle": len(lines) // 2, "last": len(lines)}[position]

    tamper(chain, delete(AuditEntry).where(AuditEntry.seq == seq))

    assert broken(chain) is not None


def test_a_dropped_line_is_found_even_when_the_others_move_up(chain):
    lines = all_lines(chain)
    tamper(chain, delete(AuditEntry).where(AuditEntry.seq == 3))
    for line in lines[3:]:
        tamper(chain, update(AuditEntry).where(AuditEntry.seq == line.seq).values(seq=line.seq - 1))
    tamper(chain, update(AuditHead).values(seq=len(lines) - 1))

    found = broken(chain)
    assert found is not None
    assert found.seq == 3


def test_a_line_that_was_written_anew_in_the_middle_is_found_by_the_one_after_it(chain):
    """The forger has the service itself write another line in its place, so that its own hash is right."""
    *_, before, replaced, last = all_lines(chain)
    tamper(chain, delete(AuditEntry).where(AuditEntry.seq > before.seq))
    tamper(chain, update(AuditHead).values(seq=before.seq, hash=before.hash))
    with chain.acting() as act:
        act.log("viewed", act.session.scalars(select(Victim)).one())
    kept = {column.name: getattr(last, column.name) for column in AuditEntry.__table__.columns}
    with chain.services.sessions.begin() as session:
        session.add(AuditEntry(**kept))
    tamper(chain, update(AuditHead).values(seq=last.seq, hash=last.hash))

    found = broken(chain)
    assert found is not None
    assert (found.seq, found.fault) == (replaced.seq + 1, "it does not follow the entry before it")


def test_two_lines_that_changed_places_are_found(chain):
    for old, new in ((2, 1_000), (3, 2), (1_000, 3)):
        tamper(chain, update(AuditEntry).where(AuditEntry.seq == old).values(seq=new))

    found = broken(chain)
    assert found is not None
    assert found.seq == 2


def test_a_cut_off_tail_is_found(chain):
    last = all_lines(chain)[-1].seq

    tamper(chain, delete(AuditEntry).where(AuditEntry.seq > last - 3))

    found = broken(chain)
    assert found is not None
    assert (found.seq, found.fault) == (last - 2, "the end of the chain is missing")


def test_an_emptied_chain_is_found(chain):
    tamper(chain, delete(AuditEntry))

    assert broken(chain) is not None


def test_a_line_put_in_without_its_place_in_the_chain_is_found(chain):
    last = all_lines(chain)[-1]
    forged = {column.name: getattr(last, column.name) for column in AuditEntry.__table__.columns}

    with chain.services.sessions.begin() as session:
        session.add(AuditEntry(**forged | {"seq": last.seq + 1, "previous": last.hash}))

    assert broken(chain) is not None


def test_the_chain_goes_on_after_a_look_and_holds(chain):
    before = len(all_lines(chain))

    with chain.acting() as act:
        act.log("viewed", act.session.scalars(select(Victim)).one())

    assert len(all_lines(chain)) == before + 1
    assert broken(chain) is None


def test_an_act_that_fails_leaves_no_line(chain):
    before = len(all_lines(chain))

    def fail():
        with chain.acting() as act:
            act.log("viewed", act.session.scalars(select(Victim)).one())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert len(all_lines(chain)) == before


def test_a_line_says_who_what_when_and_why(chain):
    line = line_about(chain, "plan agreed")
    make_plan(chain, reason="she asked for mornings")
    later = all_lines(chain)[-1]

    assert (line.actor, line.actor_id, line.at) == ("staff", chain.staff["officer"].id, START)
    assert (line.subject, line.detail) == ("plans", {"version": 1})
    with chain.services.reading() as session:
        assert audit.reason(session, chain.services.keys, later) == "she asked for mornings"


def correct(world):
    milestone, _ = record(world, "charge")
    with world.acting() as act:
        said = Happening(milestone.kind, milestone.happened_at, milestone.learned_at, suspect="the other")
        correct_milestone(act, world.services.rulebook, act.session.merge(milestone), said, reason="slip")


def support(world):
    with world.about("V-1", "C-1") as (act, participation):
        people.record_support(act, participation, Supports.UNSURE, reason="afraid")


def represent(world):
    with world.acting() as act:
        made = people.add_representative(
            act,
            victim_by_ref(act.session, "V-1"),
            kind=RepresentativeKind.IDVA,
            name="Idva Example",
            scope="court dates",
            consent_at=START,
            starts_at=START,
        )
        people.end_representation(act, made, reason="consent withdrawn")


def waive(world):
    with world.about("V-1", "C-1") as (act, participation):
        people.waive(act, participation, "R6-ARREST", reason="told by the court")


def alerts(world):
    run_ticks(world, when("Wed 14 Jan 2026 10:00"))
    with world.acting() as act:
        alert = act.session.scalars(select(Alert)).first()
        acknowledge(act, alert)
        resolve(act, alert, note="rung twice")


def secret(world):
    with world.acting() as act:
        victim = victim_by_ref(act.session, "V-1")
        set_secret(act, victim, "4917")
        check_secret(act, victim, "0000")
        check_secret(act, victim, "4917")


def read(world):
    make_plan(world, ChannelPlan(detail=Detail.LINK))
    record(world, "interview_under_caution")
    run_ticks(world, when("Mon 5 Jan 2026 11:00"))  # an hour after the message before
    read_page(world)
    assert world.rows(SealedUpdate)


def delivered(world):
    receipt(world, world.arrived[0], "delivered")


def bounced(world):
    receipt(world, world.arrived[0], "undelivered")


def pause_and_resume(world):
    pause(world)
    resume(world)


def suspended_and_verified(world):
    suspend_point(world)
    verify_point(world)


def stop(world):
    inbound(world, "STOP")


def refused(world):
    suspend_point(world)
    record(world, "charge")
    run_ticks(world)


@pytest.mark.parametrize(
    ("step", "actions"),
    [
        (correct, {"milestone recorded", "milestone corrected", "duty cancelled"}),
        (support, {"support"}),
        (represent, {"representative added", "representation ended"}),
        (waive, {"duty waived"}),
        (alerts, {"alert acknowledged", "alert resolved"}),
        (secret, {"secret set", "secret refused", "secret accepted"}),
        (read, {"plan agreed", "update sealed", "message sent", "contact", "duty told"}),
        (delivered, {"message delivered"}),
        (bounced, {"message not delivered"}),
        (pause_and_resume, {"paused", "resumed"}),
        (decline, {"declined", "duty waived"}),
        (close, {"case closed"}),
        (contact, {"contact", "duty told"}),
        (suspend_point, {"contact point suspended"}),
        (refused, {"contact point suspended", "message refused"}),
        (suspended_and_verified, {"contact point suspended", "contact point verified"}),
        (stop, {"inbound", "contact point suspended"}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_every_step_writes_its_lines(chain, step, actions):
    before = len(all_lines(chain))

    step(chain)

    assert actions <= {line.action for line in all_lines(chain)[before:]}
    assert broken(chain) is None


def test_what_made_the_case_is_in_the_chain_too(chain):
    actions = [line.action for line in all_lines(chain)]

    assert actions[:4] == ["unit added", "staff added", "staff added", "case opened"]
    assert {"victim enrolled", "contact point pending", "contact point verified", "plan agreed"} <= set(
        actions
    )
    assert {"milestone recorded", "message sent"} <= set(actions)


def test_the_victim_and_the_service_are_named_as_what_they_are(chain):
    read(chain)

    kinds = {line.action: (line.actor, line.actor_id) for line in all_lines(chain)}
    victim = chain.row(Victim).id
    assert kinds["duty told"] == ("victim", victim)
    assert kinds["message sent"] == ("service", None)


def test_a_partner_that_acts_through_a_token_is_told_apart_from_the_person(chain):
    token = chain.row(Victim).id
    officer = chain.staff["officer"].id

    with chain.services.acting(Actor("staff", officer, token_id=token)) as act:
        act.log("viewed", act.session.scalars(select(Victim)).one())

    line = all_lines(chain)[-1]
    assert line.actor_id == officer
    assert str(token) in line.detail.values()


def all_lines(world):
    return sorted(world.rows(AuditEntry), key=lambda line: line.seq)


def line_about(world, action):
    return next(line for line in all_lines(world) if line.action == action)


def tamper(world, change):
    with world.services.sessions.begin() as session:
        session.execute(change)


def broken(world):
    with world.services.reading() as session:
        return audit.verify(session)
