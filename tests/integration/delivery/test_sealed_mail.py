"""E-mail to somebody who speaks for her, sealed with a certificate: sealed, or not sent."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from models.messages import Message
from models.oversight import Task
from models.people import ContactPoint
from models.vocabulary import ContactPointKind, Detail, RepresentativeKind
from notify.delivery.providers.base import Refused
from notify.errors import FieldFault
from notify.planning import people
from notify.planning.contact_points import add_contact_point, set_certificate, verify
from notify.planning.queries import contact_point_by_ref, victim_by_ref
from tests.certificates import make_certificate_of
from tests.fakes import Answer
from tests.make import ChannelPlan, make_plan, make_victim, record, run_ticks

ADVOCATE = "advocate@agency.example"


@pytest.fixture
def advocate(world):
    """Her advocate's mailbox, and a plan by which the advocate is told."""
    make_victim(world, email="her@example.org")
    with world.acting() as act:
        victim = victim_by_ref(act.session, "V-1")
        idva = people.add_representative(
            act,
            victim,
            kind=RepresentativeKind.IDVA,
            name="Advocate (fictional)",
            scope="all of it",
            consent_at=act.at,
            starts_at=act.at,
        )
        point = add_contact_point(
            act, victim, ref="A-1", kind=ContactPointKind.EMAIL, value=ADVOCATE, representative=idva
        )
        verify(act, point, reason="rung back")
    make_plan(world, ChannelPlan("A-1", Detail.FULL))


def set_for(world, pem, ref="A-1"):
    with world.acting() as act:
        set_certificate(act, contact_point_by_ref(act.session, ref), pem, reason="handed over by the agency")


def test_what_leaves_for_her_advocate_carries_the_certificate_it_is_sealed_with(world, advocate):
    _, pem = make_certificate_of(ADVOCATE)
    set_for(world, pem)
    record(world)

    run_ticks(world)

    [arrived] = world.email.arrived
    assert arrived.outgoing.certificate == pem
    assert pem not in repr(arrived.outgoing)


def test_a_certificate_is_kept_sealed(world, advocate):
    _, pem = make_certificate_of(ADVOCATE)

    set_for(world, pem)

    stored = world.row(ContactPoint, ref="A-1").certificate_sealed
    assert stored
    assert ADVOCATE.encode() not in stored
    assert pem.encode()[28:60] not in stored


def test_what_stood_around_a_certificate_is_not_kept(world, advocate):
    _, pem = make_certificate_of(ADVOCATE)
    set_for(world, f"Subject: CN = Advocate\n{pem}and a note\n")
    record(world)

    run_ticks(world)

    assert [one.outgoing.certificate for one in world.email.arrived] == [pem]


def test_without_a_certificate_mail_goes_as_before_and_with_one_taken_away_too(world, advocate):
    _, pem = make_certificate_of(ADVOCATE)
    set_for(world, pem)
    set_for(world, None)
    record(world)

    run_ticks(world)

    assert [one.outgoing.certificate for one in world.email.arrived] == [None]


@pytest.mark.parametrize("ref", ["V-1-email", "V-1-mobile"])
def test_only_the_mail_of_a_representative_has_a_certificate(world, advocate, ref):
    _, pem = make_certificate_of("her@example.org")

    with pytest.raises(FieldFault, match="representative"):
        set_for(world, pem, ref)


def test_a_certificate_that_cannot_be_used_is_not_kept(world, advocate):
    _, pem = make_certificate_of(ADVOCATE, until=world.clock() - timedelta(days=1))

    with pytest.raises(FieldFault, match="has expired"):
        set_for(world, pem)

    assert world.row(ContactPoint, ref="A-1").certificate_sealed is None


def test_mail_whose_certificate_has_expired_is_for_a_person(world, advocate):
    _, pem = make_certificate_of(ADVOCATE)
    set_for(world, pem)
    world.email.answers.append(
        Answer(Refused("certificate_not_usable", "certificate_not_usable"), arrives=False)
    )
    record(world)

    run_ticks(world)

    assert world.email.arrived == []
    with world.services.reading() as session:
        kinds = set(session.scalars(select(Task.kind)))
    assert {"check_delivery", "call"} <= kinds
    assert "failed" in [message.state for message in world.rows(Message)]
