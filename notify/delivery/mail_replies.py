"""Mail that comes back: a bounce is a receipt for its message, and anything else is treated as a text from a stranger is."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from models.keyring import Keyring, OwnerKey, SealBroken
from models.messages import Inbound, Message
from models.people import ContactPoint, Participation
from models.vocabulary import Channel, ContactPointKind, Reading
from notify.delivery.follow_ups import Asked, follow_up
from notify.delivery.inbound import Came, receive, stop
from notify.delivery.mail_reading import Bounce, Reply, read_mail
from notify.delivery.receipts import Slip, take_receipt
from notify.delivery.rules.bounces import said_of
from notify.delivery.rules.inbound import reading_of
from notify.ledger.acts import Act, acting
from notify.ledger.audit import THE_SERVICE
from notify.phone import BadContactValue, index_key, normalise

PROVIDER = "smtp"

NOT_SHOWN = "[written by a machine, or about somebody whose data was erased: its words are not shown]"

_FIRST = (Reading.UNSAFE, Reading.WRONG_NUMBER, Reading.STOP, Reading.HELP, Reading.START)
"""What wins when subject and text are taken for different things; a machine, or nothing of these, comes last."""


def take_mail(sessions: sessionmaker[Session], keys: Keyring, raw: bytes, *, at: datetime) -> None:
    """Keep one mail and act on it; the same one handed over again changes nothing. Raises BadMail.

    From is forged with ease, and so is a bounce by whoever has seen the mail that it is about: whatever came can suspend a
    contact point and open tasks, and never confirms or closes anything. Nothing is ever sent in answer.
    """
    mail = read_mail(raw)
    reply = mail.reply if isinstance(mail, Bounce) else mail
    with sessions() as session:
        ref = f"mail-{keys.blind_index(session, reply.named).hex()}"
        message = _ours(session, reply)
        points = _points(session, keys, reply.sender)
    if message is not None and isinstance(mail, Bounce):
        for action, said in mail.reports:
            status, code = said_of(action, said)
            slip = Slip(PROVIDER, None, status, code, raw=mail.raw)
            take_receipt(sessions, keys, slip, message_id=message.id, at=at)
        return
    is_hers = message is not None and message.contact_point_id in {point.id for point in points}
    if message is not None and not is_hers and (reply.automatic or not points):
        if not _take_about(sessions, keys, message, reply, ref, at):
            receive(sessions, keys, Came(reply.sender, NOT_SHOWN, ref, automatic=True), at=at)
        return
    if reply.automatic and not points:
        words = mail.raw + "\n\n" + reply.text if isinstance(mail, Bounce) else reply.text
        take_receipt(sessions, keys, Slip(PROVIDER, ref, None, None, raw=words), message_id=None, at=at)
        receive(sessions, keys, Came(reply.sender, NOT_SHOWN, ref, automatic=True), at=at)
        return
    receive(sessions, keys, _came(reply, ref), at=at)


def _ours(session: Session, reply: Reply) -> Message | None:
    """The first mail of ours that it names."""
    found = (session.get(Message, one) for one in reply.about)
    return next((one for one in found if one is not None and one.channel is Channel.EMAIL), None)


def _points(session: Session, keys: Keyring, sender: str) -> Sequence[ContactPoint]:
    """Whose address it is, as `receive` will find: nobody's who was erased."""
    try:
        value = index_key(ContactPointKind.EMAIL, normalise(ContactPointKind.EMAIL, sender))
    except BadContactValue:
        return []
    known = select(ContactPoint).where(ContactPoint.value_index == keys.blind_index(session, value))
    return [point for point in session.scalars(known) if _key(session, keys, point)]


def _key(session: Session, keys: Keyring, point: ContactPoint) -> OwnerKey | None:
    """None when the victim whose it is was erased."""
    try:
        return keys.of(session, point.victim_id)
    except SealBroken:
        return None


def _take_about(
    sessions: sessionmaker[Session], keys: Keyring, message: Message, reply: Reply, ref: str, at: datetime
) -> bool:
    """Keep what came from elsewhere about a mail of ours with the mailbox it went to, for it may repeat what that said.

    False when that mailbox's owner was erased. Code words are not heard: they count from her own addresses only.
    """
    kept = select(Inbound.id).where(Inbound.provider_ref == ref)
    try:
        with acting(sessions, keys, at=at, actor=THE_SERVICE) as act:
            point = act.session.get(ContactPoint, message.contact_point_id)
            key = _key(act.session, keys, point) if point else None
            if point is None or key is None:
                return False
            if act.session.scalars(kept).first() is None:
                _follow_up(act, message, point, key, reply, ref)
    except IntegrityError:
        with sessions() as session:
            if session.scalars(kept).first() is None:
                raise
    return True  # kept now, or before, or at the same moment


def _follow_up(
    act: Act, message: Message, point: ContactPoint, key: OwnerKey, reply: Reply, ref: str
) -> None:
    inbound = Inbound(received_at=act.at, contact_point_id=point.id, provider_ref=ref, applied=True)
    reading = _reading(reply)
    inbound.sender_sealed = key.seal(inbound, "sender_sealed", reply.sender)
    inbound.text_sealed = key.seal(inbound, "text_sealed", reply.text)
    inbound.reading_sealed = key.seal(inbound, "reading_sealed", reading)
    act.session.add(inbound)
    act.session.flush()
    act.log("inbound", inbound)
    stop(act, reading, [point])
    participation = act.session.get_one(Participation, message.participation_id)
    # What a machine says of our mail is never left for tomorrow, as "out of office" is.
    meant = Reading.OTHER if reading is Reading.AUTOMATIC else reading
    follow_up(act, inbound, Asked(participation, meant, at_once=reading is Reading.HELP))


def _reading(reply: Reply) -> Reading:
    """What it is taken for: the worst of what subject and text are taken for, each read by itself."""
    read = {reading_of(part, automatic=reply.automatic) for part in reply.parts}
    rest = Reading.AUTOMATIC if reply.automatic else Reading.OTHER
    return next((each for each in _FIRST if each in read), rest)


def _came(reply: Reply, ref: str) -> Came:
    """As `receive` takes it: what stands alone in one part is told to it, for it reads the whole."""
    reading = _reading(reply)
    heard = reading if reading in _FIRST else None
    return Came(reply.sender, reply.text, ref, heard, automatic=reply.automatic and heard is None)
