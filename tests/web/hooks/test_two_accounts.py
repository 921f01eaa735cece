"""Two accounts that texts go by: each is believed about what it carried, and both are heard."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from models.messages import Inbound, Receipt
from models.running import ProviderHealth
from models.session import Database
from models.vocabulary import BreakerState, Channel
from notify.dev.twilio_peer import TwilioPeer
from tests.web.hooks.conftest import SENDER, TOKEN, Line, a_line
from tests.web.victim.kit import NOW

SECOND_ACCOUNT = "AC" + "fedcba9876543210" * 2
SECOND_TOKEN = "the-second-token-for-tests"


@dataclass
class Two:
    line: Line
    second: TwilioPeer

    def rows(self, table: type[Receipt] | type[Inbound]) -> int:
        with self.line.door.services.reading() as session:
            return session.query(table).count()

    @property
    def names(self) -> list[str]:
        """By which the accounts are known, the first one's first."""
        return [account.name for account in self.line.door.services.settings.twilio_accounts()]

    def fails(self, name: str) -> None:
        """This account is left alone for an hour."""
        with self.line.door.services.sessions.begin() as session:
            session.add(
                ProviderHealth(
                    channel=Channel.SMS,
                    name=name,
                    state=BreakerState.OPEN,
                    failures=0,
                    trips=1,
                    ready_at=NOW + timedelta(hours=1),
                )
            )


@pytest.fixture
def two(database: Database) -> Iterator[Two]:
    with TwilioPeer(SECOND_ACCOUNT, SECOND_TOKEN, lambda: NOW) as second:
        more = {
            "SMS_PROVIDER_2": "twilio",
            "TWILIO_2_ACCOUNT_SID": SECOND_ACCOUNT,
            "TWILIO_2_AUTH_TOKEN": SECOND_TOKEN,
            "TWILIO_2_FROM": SENDER,
            "TWILIO_2_BASE_URL": second.url,
        }
        with a_line(database, **more) as line:
            yield Two(line, second)


def test_each_account_is_believed_about_what_it_carried(two):
    sent = two.line.send()

    assert two.line.peer.deliver(sent.sid) == 204

    assert (two.line.message().provider, two.line.message().state) == (two.names[0], "delivered")


def test_so_is_the_second(two):
    two.fails(two.names[0])
    with pytest.raises(IndexError):
        two.line.send()  # the first has nothing to show
    (sent,) = two.second.accepted

    assert two.second.deliver(sent.sid) == 204

    assert (two.line.message().provider, two.line.message().state) == (two.names[1], "delivered")
    with two.line.door.services.reading() as session:
        assert session.query(Receipt).one().provider == two.names[1]


def test_one_account_is_not_believed_about_what_the_other_carried(two):
    sent = two.line.send()
    told = two.line.peer.callback(sent.sid, "delivered")
    path = told.url.removeprefix(two.line.door.services.settings.public_url)

    assert two.line.post(path, told.fields, token=SECOND_TOKEN).status_code == 403

    assert (two.rows(Receipt), two.line.message().state) == (0, "accepted")


@pytest.mark.parametrize(
    ("token", "status", "kept"), [(TOKEN, 200, 1), (SECOND_TOKEN, 200, 1), ("x" * 32, 403, 0)]
)
def test_texts_to_the_number_of_either_are_heard(two, token, status, kept):
    fields = {"From": "+447700900123", "Body": "STOP", "MessageSid": "SM" + "0" * 32}

    assert two.line.post("/hooks/twilio/inbound", fields, token=token).status_code == status

    assert two.rows(Inbound) == kept
