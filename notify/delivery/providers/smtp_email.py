"""E-mail over SMTP: encrypted on the way by STARTTLS with the server's certificate checked, and for whom has one sealed."""

import contextlib
import smtplib
import ssl
from collections.abc import Collection
from datetime import datetime
from email.utils import format_datetime, parseaddr
from pathlib import Path

from notify.certificates import BadCertificate, read_certificate
from notify.delivery.providers.base import (
    Accepted,
    CannotTell,
    Found,
    Known,
    OneByOne,
    Outgoing,
    ProviderError,
    Refused,
    TryLater,
    Uncertain,
)
from notify.delivery.providers.mail_content import write_mail

OK, WILL_FORWARD = 250, 251
RECIPIENT = "recipient_refused"
NO_ANSWER = "connection_lost_after_data"
"""The whole message may be out, and the server certainly did not say whether it has it."""
TRANSIENT, PERMANENT = 400, 500  # reply codes from here say "not now" and "never" (RFC 5321, section 4.2.1)


class SmtpEmail(OneByOne):
    """Sends through one mail relay. `sender` is an address, or `Display name <address>` if a name is wanted.

    SMTP has no validity period and no way to ask what became of a message: once the relay has it, it is out of
    our hands, and a send without a certain outcome stays so until a person settles it.
    """

    name = "smtp"
    keeps_records = False
    repeated_after: Collection[str] = frozenset({NO_ANSWER})

    def __init__(
        self,
        *,
        host: str,
        port: int,
        sender: str,
        username: str | None = None,
        password: str | None = None,
        starttls: bool = True,
        ca_file: Path | None = None,
        timeout: float = 30.0,  # seconds, for each step of the conversation
    ) -> None:
        self._host = host
        self._port = port
        self._sender = sender
        self._address = parseaddr(sender)[1]
        self._domain = self._address.rpartition("@")[2]
        self._login = (username, password) if username and password else None
        self._tls = ssl.create_default_context(cafile=ca_file) if starttls else None
        self._timeout = timeout
        if self._login and not self._tls:
            raise ValueError("a password must not be sent without STARTTLS")

    def send(self, outgoing: Outgoing, *, at: datetime) -> Accepted:
        """Hand one message to the relay in a connection of its own."""
        outgoing.seconds_left(at)
        message_id = f"{outgoing.message_id}@{self._domain}"
        content = self._content(outgoing, message_id, at)
        # Failures are returned and raised here, outside any handler: the library's own exceptions
        # name the recipient, and must not ride along as the cause of ours.
        failure = content if isinstance(content, Refused) else self._deliver(outgoing.to, content)
        if failure is not None:
            raise failure
        return Accepted(message_id)

    def look_up(self, outgoing: Outgoing, *, since: datetime, at: datetime, known: Known) -> Found:
        """SMTP cannot be asked."""
        del outgoing, since, at, known
        return CannotTell()

    def redact(self, provider_ref: str) -> None:
        """Do nothing: a relay keeps no record that we can reach."""

    def _content(self, outgoing: Outgoing, message_id: str, at: datetime) -> bytes | Refused:
        certificate = None
        if outgoing.certificate is not None:
            try:
                certificate = read_certificate(outgoing.certificate, outgoing.to, at)
            except BadCertificate:  # it has expired since it was added: never in the clear instead
                return Refused("certificate_not_usable", "certificate_not_usable")
        message = write_mail(
            outgoing.text,
            sender=self._sender,
            to=outgoing.to,
            subject=outgoing.subject,
            certificate=certificate,
        )
        if message is None:
            return Refused("malformed", "unwritable")
        message["Date"] = format_datetime(at)
        message["Message-ID"] = f"<{message_id}>"
        message["Auto-Submitted"] = "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"  # no "out of office" that tells others of this message
        return message.as_bytes()

    def _deliver(self, to: str, content: bytes) -> ProviderError | None:
        connection = self._connect()
        if isinstance(connection, ProviderError):
            return connection
        try:
            return self._secure(connection) or self._envelope(connection, to) or _data(connection, content)
        finally:
            # What the relay answered stands, whatever becomes of the farewell.
            with contextlib.suppress(smtplib.SMTPException, OSError):
                connection.quit()
            connection.close()

    def _connect(self) -> smtplib.SMTP | ProviderError:
        # The relay must not learn, nor pass on in a header, the name of this machine: it gets the sender's domain.
        try:
            return smtplib.SMTP(self._host, self._port, local_hostname=self._domain, timeout=self._timeout)
        except (smtplib.SMTPException, OSError):
            return TryLater("no_connection")

    def _secure(self, connection: smtplib.SMTP) -> ProviderError | None:
        """Encrypt and sign in. Nothing of the message is out yet: every failure may be tried again."""
        try:
            connection.ehlo_or_helo_if_needed()
            if self._tls:
                connection.starttls(context=self._tls)
                connection.ehlo_or_helo_if_needed()
            if self._login:
                connection.login(*self._login)
        except ssl.SSLCertVerificationError:
            return TryLater("certificate_not_trusted")
        except smtplib.SMTPAuthenticationError:
            return TryLater("sign_in_failed")
        except smtplib.SMTPNotSupportedError:
            return TryLater("encryption_not_offered")  # never in the clear instead
        except (smtplib.SMTPException, OSError):
            return TryLater("connection_lost")
        return None

    def _envelope(self, connection: smtplib.SMTP, to: str) -> ProviderError | None:
        """Name sender and recipient. The text is not out yet, so a lost connection is no loss."""
        try:
            code, _ = connection.mail(self._address)
            if code != OK:
                return _refusal(code, "sender_refused")
            code, said = connection.rcpt(to)
        except UnicodeEncodeError:
            return Refused("not_ascii", RECIPIENT)
        except (smtplib.SMTPException, OSError):
            return TryLater("connection_lost")
        if code in {OK, WILL_FORWARD}:
            return None
        # RFC 3463: 5.7 is about policy, not about whether the mailbox is there.
        return _refusal(code, "policy_refused" if said.startswith(b"5.7.") else RECIPIENT)


def _data(connection: smtplib.SMTP, content: bytes) -> ProviderError | None:
    """Send the message. From here only a clear answer is certain: silence or noise is not."""
    try:
        code, _ = connection.data(content)
    except smtplib.SMTPDataError as error:
        code = error.smtp_code
    except (smtplib.SMTPException, OSError):
        return Uncertain(NO_ANSWER)
    if code == OK:
        return None
    return _refusal(code, "content_refused") if code >= TRANSIENT else Uncertain("answer_not_understood")


def _refusal(code: int, reason: str) -> ProviderError:
    """The code alone speaks of the recipient; with a reason after it, of us or of our message."""
    if code < PERMANENT:
        return TryLater(reason)
    return Refused(str(code) if reason == RECIPIENT else f"{code} {reason}", reason)
