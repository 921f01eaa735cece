"""What a victim is told of answering our texts."""

import pytest
from sqlalchemy import select

from models.plans import PlanChannel
from models.session import Database
from models.vocabulary import Sender
from tests.web.victim.kit import make_door

TWILIO = {
    "SMS_PROVIDER": "twilio",
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "a-token-for-tests",
}


def test_she_is_told_where_a_text_of_her_plan_comes_from_a_name(sqlite_database: Database) -> None:
    door = make_door(sqlite_database, **TWILIO, TWILIO_FROM="+447700900900")
    with door.services.sessions.begin() as session:
        for channel in session.scalars(select(PlanChannel)):
            channel.sender = Sender.NAMED
    visitor = door.browser()
    visitor.open_link()

    assert "You cannot answer our texts" in visitor.get("/messages").text


@pytest.mark.parametrize(("sender", "told"), [("Callback", True), ("+447700900900", False)])
def test_she_is_told_where_she_cannot_answer_our_texts(
    sqlite_database: Database, sender: str, told: bool
) -> None:
    door = make_door(sqlite_database, **TWILIO, TWILIO_FROM=sender)
    visitor = door.browser()
    visitor.open_link()

    assert ("You cannot answer our texts" in visitor.get("/messages").text) is told
