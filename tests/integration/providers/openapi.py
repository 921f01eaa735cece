"""Twilio's published description of its Messages resource, and a validator that is not ours."""

import json
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from openapi_core import OpenAPI
from openapi_core.testing import MockRequest, MockResponse

from tests.peers.http_peer import Answer, Call, HttpPeer

DESCRIPTION = Path(__file__).parents[2] / "data" / "twilio-messages-oas.json"


@cache
def twilio_description() -> OpenAPI:
    return OpenAPI.from_dict(json.loads(DESCRIPTION.read_text()))


def check_exchanges(peer: HttpPeer) -> None:
    for call, answer in peer.exchanges:
        check(call, answer)


def check(call: Call, answer: Answer) -> None:
    """Raise openapi-core's error for the first thing that is not as Twilio describes it.

    The description names only successes, so of a call that failed only the request is checked.
    """
    parts = urlsplit(call.target)
    request = MockRequest(
        "https://api.twilio.com",
        call.method.lower(),
        parts.path,
        args=dict(parse_qsl(parts.query)),
        headers=call.headers,
        data=call.body or None,
        content_type=call.headers.get("content-type", "application/json"),
    )
    twilio_description().validate_request(request)
    if answer.status < 400:
        twilio_description().validate_response(
            request, MockResponse(answer.body, answer.status, answer.headers)
        )
