"""A local mail relay with STARTTLS and a certificate of its own, faults included, for tests and development."""

import asyncio
import ipaddress
import logging
import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as default_policy
from pathlib import Path
from typing import Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

LOOPBACK = "127.0.0.1"
DROP = "drop"  # instead of a reply: the connection is lost


@dataclass(frozen=True)
class Mail:
    """One message as it reached the relay."""

    sender: str | None
    recipients: tuple[str, ...]
    message: EmailMessage
    encrypted: bool


@dataclass
class SmtpPeer:
    """`with SmtpPeer(folder) as peer:` listens on `peer.host`, `peer.port`; trust `peer.ca_file` to reach it.

    `rcpt_replies` and `data_replies` are what it answers for an address instead of 250: a line such as
    "550 no such mailbox", or DROP. A dropped message was taken all the same.
    """

    folder: Path
    starttls: bool = True
    certified: str = LOOPBACK  # the address its certificate is for, besides localhost
    login: tuple[str, str] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.mails: list[Mail] = []
        self.rcpt_replies: dict[str, str] = {}
        self.data_replies: dict[str, str] = {}
        self.ca_file = self.folder / "smtp-peer.pem"
        self.port = 0  # once it listens, the port
        self._controller: _Controller | None = None

    def __enter__(self) -> Self:
        logging.getLogger("mail.log").disabled = True  # the relay's own log names recipients
        self._controller = _Controller(
            _Relay(self),
            hostname=LOOPBACK,
            port=0,
            authenticator=self._signs_in,
            auth_required=self.login is not None,
            auth_require_tls=self.starttls,
            tls_context=self._tls() if self.starttls else None,
            require_starttls=self.starttls,
        )
        self._controller.start()
        self.port = self._controller.port
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop listening; may be repeated."""
        if self._controller:
            self._controller.stop()
            self._controller = None

    @property
    def host(self) -> str:
        return LOOPBACK

    def _tls(self) -> ssl.SSLContext:
        make_certificate(self.ca_file, address=self.certified)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.ca_file)
        return context

    def _signs_in(self, *asked: object) -> AuthResult:
        data = asked[-1]  # after the server, the session, the envelope and the mechanism
        given = (data.login.decode(), data.password.decode()) if isinstance(data, LoginPassword) else None
        return AuthResult(success=given == self.login, handled=False)


def make_certificate(path: Path, *, address: str = LOOPBACK) -> None:
    """Write a self-signed certificate for `address` and localhost with its key, good for as long as it matters."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "relay.example")])
    names = [x509.IPAddress(ipaddress.ip_address(address)), x509.DNSName("localhost")]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2000, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(private + certificate.public_bytes(pem))


class _Controller(Controller):
    """Listens on a port that the system chooses; the library's own expects to know it."""

    def _trigger_server(self) -> None:
        if not isinstance(self.server, asyncio.Server):
            raise TypeError("the relay did not start")
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


class _Relay:
    """What the relay answers, in aiosmtpd's words."""

    def __init__(self, peer: SmtpPeer) -> None:
        self._peer = peer

    async def handle_RCPT(  # noqa: N802 (the library's name)
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = self._peer.rcpt_replies.get(address)
        if reply == DROP:
            return _drop(server)
        if reply:
            return reply
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        reply = next(filter(None, map(self._peer.data_replies.get, envelope.rcpt_tos)), None)
        if reply is None or reply == DROP:
            content = envelope.content if isinstance(envelope.content, bytes) else b""
            message = message_from_bytes(content, EmailMessage, policy=default_policy)
            mail = Mail(
                envelope.mail_from, tuple(envelope.rcpt_tos), message, encrypted=session.ssl is not None
            )
            self._peer.mails.append(mail)
        return _drop(server) if reply == DROP else reply or "250 taken"


def _drop(server: SMTP) -> str:
    if isinstance(server.transport, asyncio.Transport):
        server.transport.abort()
    return "421 gone"  # which nobody hears
