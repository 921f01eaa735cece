"""What a victim is told of answering our texts."""

import pytest

from models.session import Database
from tests.web.victim.kit import make_door

TWILIO = {
    "SMS_PROVIDER": "twilio",
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "a-token-for-tests",
}


@pytest.mark.parametrize(("sender", "told"), [("Callback", True), ("+447700900900", False)])
def test_she_is_told_where_she_cannot_answer_our_texts(
    sqlite_database: Database, sender: str, told: bool
) -> None:
    door = make_door(sqlite_database, **TWILIO, TWILIO_FROM=sender)
    visitor = door.browser()
    visitor.open_link()

    assert ("You cannot answer our texts" in visitor.get("/messages").text) is told
