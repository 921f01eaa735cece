"""What every provider promises, whoever carries the message."""

import logging
import traceback
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from notify.delivery.providers.base import Adopted, CannotTell, NotFound, ProviderError, Refused
from tests.integration.providers.kits import BREAKS, KITS, NOW, SECRETS, SETTLED, TEXT, Break, Kit, nobodys


@pytest.fixture(params=sorted(KITS))
def kit(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kit]:
    with KITS[request.param](tmp_path) as made:
        yield made


@pytest.fixture(params=BREAKS, ids=lambda broken: f"{broken.kit}: {broken.label}")
def broken(request: pytest.FixtureRequest) -> Break:
    chosen: Break = request.param
    return chosen


@pytest.fixture
def broken_kit(broken: Break, tmp_path: Path) -> Iterator[Kit]:
    with KITS[broken.kit](tmp_path) as made:
        broken.do(made.peer)
        yield made


def test_an_accepted_message_arrives_once_and_whole(kit):
    accepted = kit.provider.send(kit.outgoing(), at=NOW)

    assert accepted.provider_ref
    assert kit.arrived() == [TEXT]


def test_an_accepted_message_is_found_again_or_cannot_be_told(kit):
    outgoing = kit.outgoing()
    accepted = kit.provider.send(outgoing, at=NOW)

    found = kit.provider.look_up(outgoing, since=NOW, at=SETTLED, known=nobodys)

    assert found in (Adopted(accepted.provider_ref), CannotTell())


def test_a_message_that_was_never_sent_is_not_found_or_cannot_be_told(kit):
    kit.provider.send(earlier := kit.outgoing(), at=NOW)
    known = {found.provider_ref for found in [_found(kit, earlier)] if isinstance(found, Adopted)}

    found = kit.provider.look_up(kit.outgoing(), since=NOW, at=SETTLED, known=known.intersection)

    assert found in (NotFound(), CannotTell())


def test_a_message_without_a_second_left_never_leaves(kit):
    with pytest.raises(Refused) as refused:
        kit.provider.send(kit.outgoing(valid_for=timedelta(milliseconds=999)), at=NOW)

    assert refused.value.code == "expired"
    assert kit.arrived() == []


def test_redacting_an_unknown_message_does_no_harm(kit):
    kit.provider.redact("SM" + "0" * 32)

    assert kit.arrived() == []


def test_what_is_personal_stays_out_of_the_words_for_a_message(kit):
    outgoing = kit.outgoing()
    kit.provider.send(outgoing, at=NOW)

    assert _secrets_in(f"{outgoing!r} {outgoing} {kit.provider!r} {vars(kit.provider)!r}") == []


def test_each_failure_is_told_apart(broken, broken_kit):
    with pytest.raises(ProviderError) as caught:
        broken_kit.provider.send(broken_kit.outgoing(), at=NOW)

    assert type(caught.value) is broken.failure
    assert caught.value.reason == broken.reason
    assert broken_kit.arrived() == ([TEXT] if broken.taken else [])


def test_no_failure_tells_what_is_personal_in_its_words_or_in_the_log(broken_kit, caplog):
    caplog.set_level(logging.DEBUG)

    with pytest.raises(ProviderError) as caught:
        broken_kit.provider.send(broken_kit.outgoing(), at=NOW)

    error = caught.value
    assert error.__cause__ is None
    assert error.__context__ is None
    assert _secrets_in("".join([repr(error), str(error), *traceback.format_exception(error)])) == []
    assert _secrets_in(caplog.text) == []


def test_no_success_tells_what_is_personal_in_the_log(kit, caplog):
    caplog.set_level(logging.DEBUG)
    outgoing = kit.outgoing()

    kit.provider.send(outgoing, at=NOW)
    kit.provider.look_up(outgoing, since=NOW, at=SETTLED, known=nobodys)

    assert _secrets_in(caplog.text) == []


def _found(kit, outgoing):
    return kit.provider.look_up(outgoing, since=NOW, at=SETTLED, known=nobodys)


def _secrets_in(text):
    return [secret for secret in SECRETS if secret in text]
