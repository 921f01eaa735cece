"""What a provider keeps of a message is emptied there as soon as nothing more comes of it, and never twice forgotten."""

from datetime import timedelta

import pytest

from models.ledger import AuditEntry
from models.messages import Message
from notify.delivery.providers.base import Refused, TryLater, Uncertain
from notify.delivery.redact import GIVE_UP
from tests.fakes import Answer
from tests.make import make_plan, make_victim, receipt, record, run_ticks


@pytest.fixture
def keeping(world):
    """A world whose provider keeps records, with a victim who was sent one message."""
    world.sms.keeps_records = True
    make_victim(world)
    make_plan(world)
    record(world)
    run_ticks(world)
    return world


def the_ref(world):
    return f"ref-{world.arrived[0].outgoing.message_id}"


@pytest.mark.parametrize("status", ["delivered", "undelivered", "failed"])
def test_what_has_its_last_receipt_is_redacted_at_once(keeping, status):
    assert keeping.sms.redacted == []

    receipt(keeping, keeping.arrived[0], status)
    run_ticks(keeping)

    assert keeping.sms.redacted == [the_ref(keeping)]
    assert not any(message.redact_at for message in keeping.rows(Message))
    assert [e.action for e in keeping.rows(AuditEntry)].count("message redacted") == 1


def test_what_has_no_receipt_is_redacted_a_day_after_it_could_last_arrive(keeping):
    valid_until = keeping.row(Message).valid_until

    run_ticks(keeping, valid_until + timedelta(hours=23, minutes=59))
    assert keeping.sms.redacted == []
    run_ticks(keeping, valid_until + timedelta(days=1))

    assert keeping.sms.redacted == [the_ref(keeping)]


def test_a_provider_that_cannot_do_it_yet_is_asked_again(keeping):
    keeping.sms.cannot_redact.extend([TryLater("not_final"), TryLater("busy", timedelta(hours=3))])
    receipt(keeping, keeping.arrived[0], "delivered")
    began = keeping.clock()

    run_ticks(keeping, began + timedelta(hours=3, minutes=59))
    assert keeping.sms.redacted == []
    run_ticks(keeping, began + timedelta(hours=4))

    assert keeping.sms.redacted == [the_ref(keeping)]


def test_a_provider_that_never_can_is_not_asked_for_ever(keeping):
    keeping.sms.cannot_redact.extend([TryLater("busy", timedelta(days=1))] * 30)
    receipt(keeping, keeping.arrived[0], "delivered")

    run_ticks(keeping, keeping.clock() + GIVE_UP + timedelta(days=3))

    assert len(keeping.sms.cannot_redact) > 15
    assert keeping.row(Message).redact_at is None
    assert "message not redacted" in [e.action for e in keeping.rows(AuditEntry)]


def test_a_refusal_is_kept_in_the_audit_log_and_not_asked_again(keeping):
    keeping.sms.cannot_redact.append(Refused("30029", "redaction_not_enabled"))
    receipt(keeping, keeping.arrived[0], "delivered")

    run_ticks(keeping, keeping.clock() + timedelta(days=2))

    assert keeping.sms.redacted == []
    assert "message not redacted" in [e.action for e in keeping.rows(AuditEntry)]


@pytest.mark.parametrize("failure", [None, TryLater("busy")])
def test_a_time_that_was_set_anew_meanwhile_is_kept(keeping, monkeypatch, failure):
    message, anew = keeping.row(Message), keeping.clock() + timedelta(days=5)

    def redact(_provider_ref):
        with keeping.services.sessions.begin() as session:
            session.get_one(Message, message.id).redact_at = anew
        if failure is not None:
            raise failure

    monkeypatch.setattr(keeping.sms, "redact", redact)
    receipt(keeping, keeping.arrived[0], "delivered")
    run_ticks(keeping)

    assert keeping.row(Message).redact_at == anew


def test_what_the_provider_never_took_needs_no_redaction(world):
    world.sms.keeps_records = True
    world.sms.answers.append(Answer(Refused("21211", "number_not_valid"), arrives=False))
    make_victim(world)
    make_plan(world)
    record(world)

    run_ticks(world, world.clock() + timedelta(days=3))

    assert world.sms.redacted == []
    assert "message not redacted" not in [e.action for e in world.rows(AuditEntry)]


def test_a_provider_that_keeps_nothing_is_asked_for_nothing(world):
    make_victim(world)
    make_plan(world)
    record(world)
    run_ticks(world)
    receipt(world, world.arrived[0], "delivered")

    run_ticks(world, world.clock() + timedelta(days=3))

    assert world.row(Message).redact_at is None
    assert world.sms.redacted == []


def test_what_a_provider_may_have_is_not_forgotten_before_it_is_known(world):
    """It arrived, nobody could say so for three days, and then a receipt names it."""
    world.sms.keeps_records, world.sms.blind = True, True
    world.sms.answers.append(Answer(Uncertain("answer_lost")))
    make_victim(world)
    make_plan(world)
    record(world)
    run_ticks(world, world.clock() + timedelta(days=3))
    assert world.sms.redacted == []

    receipt(world, world.arrived[0], "delivered")
    run_ticks(world)

    assert world.sms.redacted == [the_ref(world)]
