"""The local Twilio that each test of the adapter talks to."""

from collections.abc import Iterator

import pytest

from notify.dev.twilio_peer import TwilioPeer
from tests.integration.providers.kits import ACCOUNT, NOW, TOKEN
from tests.integration.providers.openapi import check_exchanges


@pytest.fixture
def twilio() -> Iterator[TwilioPeer]:
    """A peer; at the end, everything that was said to it and by it must be as Twilio describes."""
    with TwilioPeer(ACCOUNT, TOKEN, lambda: NOW) as running:
        yield running
    check_exchanges(running.http)
