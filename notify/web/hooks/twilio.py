"""Twilio's hooks: receipts of what we sent, and texts that came in."""

import json
import re
from uuid import UUID

from flask import Blueprint, Response, abort, g, request
from twilio.request_validator import RequestValidator
from twilio.twiml.messaging_response import MessagingResponse
from werkzeug.exceptions import RequestEntityTooLarge

from models.vocabulary import Reading, ReceiptStatus
from notify.delivery.inbound import Came, receive
from notify.delivery.providers.twilio_words import STATUS
from notify.delivery.receipts import Slip, check_callback, take_receipt
from notify.errors import NotKnown
from notify.web.context import current_services

LONGEST_BODY = 64 * 1024  # bytes: several times what Twilio sends
NOT_KEPT = "[with a picture or file, which is not kept]"
SID = re.compile("(SM|MM)[0-9a-fA-F]{32}")
ERROR_CODE = re.compile("[0-9]{1,6}")

NOT_ARRIVED = {ReceiptStatus.UNDELIVERED, ReceiptStatus.FAILED}
"""What another message is made after, over the next contact point: the workers are told at once."""

OPT_OUT = {"STOP": Reading.OPTED_OUT, "START": Reading.START, "HELP": Reading.HELP}
"""What Twilio took a text for, and has acted on: after STOP it takes no more for that number (21610) until START."""

bp = Blueprint("twilio_hooks", __name__, url_prefix="/hooks/twilio")


@bp.before_request
def only_twilio() -> Response | None:
    """Refuse, saying nothing, whatever was not signed with the token of an account of ours for this very address and form."""
    settings = current_services().settings
    accounts = settings.twilio_accounts()
    if not accounts:
        abort(404)
    request.max_content_length = LONGEST_BODY
    # The address Twilio was given: behind a proxy, the one this request seems to have may differ.
    url = settings.public_url + request.path
    signature = request.headers.get("X-Twilio-Signature", "")
    try:
        g.signed_by = [
            account.name
            for account in accounts
            if RequestValidator(account.auth_token).validate(url, request.form, signature)
        ]
    except RequestEntityTooLarge:
        return Response(status=413)
    return None if g.signed_by else Response(status=403)


@bp.post("/receipts/<uuid:message_id>/<token>")
def receipt(message_id: UUID, token: str) -> Response:
    """Keep what Twilio says of one message; the token proves that it is about that message and no other."""
    services = current_services()
    with services.reading() as session:
        try:
            carrier = check_callback(session, message_id, token)
        except NotKnown:
            return Response(status=403)
    if carrier is None or carrier not in g.signed_by:  # one account says nothing of what another carried
        return Response(status=403)
    slip = _slip(carrier)
    take_receipt(services.sessions, services.keys, slip, message_id=message_id, at=services.clock())
    if slip.status in NOT_ARRIVED:
        services.signal()
    return Response(status=204)


@bp.post("/inbound")
def inbound() -> Response:
    """Keep a text that came in. Nothing goes back: whoever holds the phone would read it."""
    services = current_services()
    sender = request.form.get("From", "")
    if not sender:
        return Response(status=400)
    came = Came(
        sender,
        request.form.get("Body", "") + _attachments(),
        provider_ref=_sid(),
        provider=g.signed_by[0],
        provider_says=OPT_OUT.get(request.form.get("OptOutType", "").upper()),
    )
    receive(services.sessions, services.keys, came, at=services.clock())
    services.signal()
    return Response(str(MessagingResponse()), mimetype="text/xml")


def _attachments() -> str:
    """A line about pictures and files that came with a text: they are not fetched."""
    count = request.form.get("NumMedia", "0")
    return f"\n{NOT_KEPT}" if count.isascii() and count.strip("0") and count.isdigit() else ""


def _slip(carrier: str) -> Slip:
    code = request.form.get("ErrorCode", "")
    return Slip(
        provider=carrier,
        provider_ref=_sid(),
        status=STATUS.get(request.form.get("MessageStatus", "")),
        code=code if ERROR_CODE.fullmatch(code) else None,
        raw=json.dumps(request.form.to_dict(flat=False), sort_keys=True),
    )


def _sid() -> str | None:
    """Twilio's name for the message, if it is one: it is stored in the clear."""
    sid = request.form.get("MessageSid", "")
    return sid if SID.fullmatch(sid) else None
