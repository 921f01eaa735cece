"""Twilio's published description of its Messages resource, and a validator that is not ours."""

import json
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from openapi_core import OpenAPI
from openapi_core.testing import MockRequest, MockResponse

from notify.dev.http_peer import Answer, Call, HttpPeer

DESCRIPTION = Path(__file__).parents[2] / "data" / "twilio-messages-oas.json"

ERROR = {
    "type": "object",
    "required": ["status", "message"],
    "properties": {
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "message": {"type": "string", "minLength": 1},
        "code": {"type": "integer", "minimum": 10_000},
        "more_info": {"type": "string", "pattern": "^https://www\\.twilio\\.com/docs/errors/[0-9]{5}$"},
    },
    "additionalProperties": False,
}
"""What an error looks like. The description names only successes: this is from Twilio's page on its answers,
https://www.twilio.com/docs/usage/twilios-response, where the last two may be left out."""


@cache
def twilio_description() -> OpenAPI:
    described: dict[str, Any] = json.loads(DESCRIPTION.read_text())
    error = {"description": "An error", "content": {"application/json": {"schema": ERROR}}}
    for path in described["paths"].values():
        for method in {"get", "post", "delete"} & path.keys():
            path[method]["responses"]["default"] = error
    return OpenAPI.from_dict(described)


def check_exchanges(peer: HttpPeer) -> None:
    for call, answer in peer.exchanges:
        check(call, answer)


def check(call: Call, answer: Answer) -> None:
    """Raise openapi-core's error for the first thing that is not as Twilio describes it."""
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
    content_type = answer.headers.get("Content-Type", "application/json")
    twilio_description().validate_response(
        request, MockResponse(answer.body, answer.status, answer.headers, content_type)
    )
