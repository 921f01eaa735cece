"""Mail that comes back: a bounce is a receipt for its message, and anything else is treated as a text from a stranger is."""

from datetime import datetime

from sqlalchemy.orm import Session, sessionmaker

from models.keyring import Keyring
from models.messages import Message
from models.vocabulary import Channel
from notify.delivery.inbound import Came, receive
from notify.delivery.mail_reading import Bounce, Reply, read_mail
from notify.delivery.receipts import Slip, take_receipt
from notify.delivery.rules.bounces import said_of

PROVIDER = "smtp"


def take_mail(sessions: sessionmaker[Session], keys: Keyring, raw: bytes, *, at: datetime) -> None:
    """Keep one mail and act on it; the same one handed over again changes nothing. Raises BadMail.

    From is forged with ease, and so is a bounce by whoever has seen the mail that it is about: whatever came can suspend a
    contact point and open tasks, and never confirms or closes anything. Nothing is ever sent in answer.
    """
    mail = read_mail(raw)
    if isinstance(mail, Bounce):
        if _is_ours(sessions, mail):
            _take_bounce(sessions, keys, mail, at)
            return
        mail = mail.reply
    receive(sessions, keys, _came(mail), at=at)


def _is_ours(sessions: sessionmaker[Session], bounce: Bounce) -> bool:
    with sessions() as session:
        message = session.get(Message, bounce.message_id)
        return message is not None and message.channel is Channel.EMAIL


def _take_bounce(sessions: sessionmaker[Session], keys: Keyring, bounce: Bounce, at: datetime) -> None:
    for action, said in bounce.reports:
        status, code = said_of(action, said)
        slip = Slip(PROVIDER, None, status, code, raw=bounce.raw)
        take_receipt(sessions, keys, slip, message_id=bounce.message_id, at=at)


def _came(reply: Reply) -> Came:
    return Came(reply.sender, reply.text, provider_ref=f"mail-{reply.digest}", automatic=reply.automatic)
