"""Writes one message: picks the words, seals them, and makes the private link that a message may carry."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from models.keyring import Place
from models.messages import Message, PrivateLink
from models.milestones import Milestone
from models.vocabulary import CHANNEL_OF, Detail, MessageState
from notify.delivery.facts import Address, Standing
from notify.delivery.rules.gate import Hold, Send
from notify.ledger.acts import Act
from notify.wording.catalogue import Wording
from notify.wording.render import Rendered, render_message

LINK_LASTS = timedelta(days=14)
"""After this the link is dead; the victim can still sign in at the same door without one."""


@dataclass(frozen=True)
class Writer:
    """What writing needs: the wording, the public door's address, and a source of random tokens."""

    wording: Wording
    public_url: str
    new_token: Callable[[], str]

    def speaks(self, language: str) -> bool:
        """Whether there is wording in this language that may be sent."""
        return not self.wording.locale(language)[1]

    def link(self, token: str) -> str:
        return f"{self.public_url}/m/{token}"


def hashed(token: str) -> bytes:
    """How a token is kept: random tokens need no salt."""
    return hashlib.sha256(token.encode()).digest()


def facts_of(act: Act, milestone: Milestone | None) -> dict[str, str]:
    """The short texts recorded with a milestone."""
    if milestone is None:
        return {}
    return open_facts(act, milestone.id, milestone.case_id, milestone.facts_sealed)


def open_facts(act: Act, milestone_id: UUID, case_id: UUID, sealed: bytes | None) -> dict[str, str]:
    """The short texts of a milestone whose sealed facts were read by themselves."""
    if sealed is None:
        return {}
    text = act.key(case_id).open_value(sealed, Place("milestones", milestone_id), "facts_sealed")
    facts: dict[str, str] = json.loads(text)
    return facts


class Told(Protocol):
    """What writing asks of a duty."""

    @property
    def kind(self) -> str: ...


def write_message(
    act: Act,
    writer: Writer,
    standing: Standing,
    duty: Told,
    facts: Mapping[str, str],
    decision: Send | Hold,
) -> tuple[Message, bool]:
    """Write and seal one message, held until its window or queued when it may go now.

    Also returned: whether it tells all that it should, or had to leave facts out.
    """
    address = standing.addresses[decision.channel.contact_point]
    message = _letter(act, standing, duty, address, decision)
    token = writer.new_token() if decision.detail is Detail.LINK else None
    words = render_message(
        writer.wording,
        language=standing.language,
        kind=duty.kind,
        detail=decision.detail,
        channel=CHANNEL_OF[address.kind],
        cover_text=_cover_text(act, standing, address),
        link=writer.link(token) if token else None,
        facts=facts,
    )
    _seal(act, message, words)
    act.write(message)
    if token:
        act.write(_new_link(act, message, token))
    return message, not words.facts_left_out


def _letter(act: Act, standing: Standing, duty: Told, address: Address, decision: Send | Hold) -> Message:
    """A message that has everything but its words."""
    now = isinstance(decision, Send)
    return Message(
        participation_id=standing.id,
        victim_id=standing.victim_id,
        contact_point_id=address.point_id,
        plan_id=standing.plan_id,
        channel=CHANNEL_OF[address.kind],
        detail=decision.detail,
        counts_as_told=decision.counts_as_told,
        urgent=False,
        kind=duty.kind,
        created_at=act.at,
        attempt=0,
        state=MessageState.QUEUED if now else MessageState.HELD,
        not_before=act.at if isinstance(decision, Send) else decision.until,
        valid_until=decision.valid_until if isinstance(decision, Send) else None,
    )


def _cover_text(act: Act, standing: Standing, address: Address) -> str | None:
    if address.cover_text_sealed is None:
        return None
    place = Place("plan_channels", address.channel_id)
    return act.key(standing.victim_id).open_value(address.cover_text_sealed, place, "cover_text_sealed")


def _seal(act: Act, message: Message, words: Rendered) -> None:
    if words.facts_left_out or words.fallback:
        # What was left out was not told, and English in place of her language tells nobody.
        message.counts_as_told = False
    key = act.key(message.victim_id)
    message.wording_id, message.wording_version = words.wording_id, words.wording_version
    message.text_sealed = key.seal(message, "text_sealed", words.text)
    message.subject_sealed = act.seal(message.victim_id, message, "subject_sealed", words.subject)


def _new_link(act: Act, message: Message, token: str) -> PrivateLink:
    return PrivateLink(
        token_hash=hashed(token),
        victim_id=message.victim_id,
        message_id=message.id,
        created_at=act.at,
        expires_at=act.at + LINK_LASTS,
    )
