"""E-mail by SMTP, against a local relay with a certificate of its own."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as default_policy
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import pkcs7

from models.vocabulary import Channel
from notify.delivery.providers.base import CannotTell, Refused, TryLater
from notify.delivery.providers.smtp_email import SmtpEmail
from notify.delivery.rules.failures import Fault, fault_of
from tests.certificates import make_certificate_of
from tests.integration.providers.kits import (
    ADDRESS,
    NOW,
    SETTLED,
    TEXT,
    make_outgoing,
    make_smtp,
    nobodys,
    plain_part,
)
from tests.peers.smtp_peer import Mail, SmtpPeer, make_certificate


@pytest.fixture
def peer(tmp_path: Path) -> Iterator[SmtpPeer]:
    with SmtpPeer(tmp_path) as running:
        yield running


def make_email(*, to=ADDRESS, subject="A note for you", text=TEXT):
    return make_outgoing(channel=Channel.EMAIL, to=to, subject=subject, text=text)


def test_an_email_is_plain_text_first_encrypted_on_the_way_and_named_after_the_message(peer):
    outgoing = make_email()

    accepted = make_smtp(peer).send(outgoing, at=NOW)

    [mail] = peer.mails
    assert mail.encrypted
    assert (mail.sender, mail.recipients) == ("updates@example.org", (ADDRESS,))
    assert [part.get_content_type() for part in mail.message.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    headers = {name: value for name, value in mail.message.items() if name in WANTED}
    assert headers == WANTED | {"Message-ID": f"<{outgoing.message_id}@example.org>"}
    assert accepted.provider_ref == f"{outgoing.message_id}@example.org"


WANTED = {
    "From": "updates@example.org",
    "To": ADDRESS,
    "Subject": "A note for you",
    "Date": "Mon, 05 Jan 2026 09:00:00 +0000",
    "Auto-Submitted": "auto-generated",
    "Message-ID": "",
}


def test_no_email_offers_to_unsubscribe_whoever_reads_the_mailbox(peer):
    make_smtp(peer).send(make_email(), at=NOW)

    [mail] = peer.mails
    assert not [name for name in mail.message if name.lower().startswith("list-")]
    assert "unsubscribe" not in mail.message.as_string().lower()


def test_an_email_for_whom_has_a_certificate_can_be_read_with_its_key_alone(peer):
    key, certificate = make_certificate_of(ADDRESS)

    make_smtp(peer).send(replace(make_email(), certificate=certificate), at=NOW)

    [mail] = peer.mails
    assert mail.message.get_content_type() == "application/pkcs7-mime"
    assert mail.message["Subject"] == "A note for you"
    assert "hearing" not in mail.message.as_string()
    assert TEXT.encode() not in mail.message.get_content()
    inside = opened(mail, key, certificate)
    assert inside.message.get_content_type() == "multipart/alternative"
    assert plain_part(inside).strip() == TEXT


@pytest.mark.parametrize(
    "wrong", [{"until": NOW}, {"since": NOW + timedelta(days=1)}, {"address": "o@example.org"}]
)
def test_an_email_whose_certificate_cannot_be_used_does_not_leave(peer, wrong):
    _, certificate = make_certificate_of(wrong.pop("address", ADDRESS), **wrong)

    with pytest.raises(Refused, match="certificate_not_usable"):
        make_smtp(peer).send(replace(make_email(), certificate=certificate), at=NOW)

    assert peer.mails == []
    assert fault_of(Channel.EMAIL, "certificate_not_usable") is Fault.OURS


def opened(mail: Mail, key: RSAPrivateKey, certificate: str) -> Mail:
    """What only the holder of the key can read."""
    sealed = mail.message.get_content()
    holder = x509.load_pem_x509_certificate(certificate.encode())
    inside = pkcs7.pkcs7_decrypt_der(sealed, holder, key, [])
    return replace(mail, message=message_from_bytes(inside, EmailMessage, policy=default_policy))


def test_a_second_attempt_has_the_same_message_id(peer):
    outgoing = make_email()

    refs = [make_smtp(peer).send(outgoing, at=NOW).provider_ref for _ in range(2)]

    assert refs[0] == refs[1]


def test_a_display_name_is_shown_only_if_it_is_set(peer):
    make_smtp(peer, sender="Updates <updates@example.org>").send(make_email(), at=NOW)

    [mail] = peer.mails
    assert mail.message["From"] == "Updates <updates@example.org>"
    assert mail.sender == "updates@example.org"


@pytest.mark.parametrize("text", ["Dydd Llun – 9 o’r gloch", ".\r\n.\nalone", "a" * 2000, "From here on"])
def test_every_text_arrives_as_it_was_written(peer, text):
    make_smtp(peer).send(make_email(text=text), at=NOW)

    [mail] = peer.mails
    assert plain_part(mail).splitlines() == text.splitlines()


@pytest.mark.parametrize(
    "wrong",
    [
        {"to": "a@example.org\r\nBcc: b@example.org"},
        {"to": "a@example.org, b@example.org"},
        {"to": ""},
        {"subject": "One\nTwo: three"},
    ],
)
def test_an_address_or_a_subject_cannot_add_a_header_or_a_reader(peer, wrong):
    with pytest.raises(Refused, match="malformed"):
        make_smtp(peer).send(make_email(**wrong), at=NOW)

    assert peer.mails == []


def test_an_address_that_the_relay_cannot_write_is_refused(peer):
    with pytest.raises(Refused, match="not_ascii"):
        make_smtp(peer).send(make_email(to="röwan@example.org"), at=NOW)


def test_a_relay_whose_certificate_is_not_trusted_hears_nothing(peer, tmp_path):
    make_certificate(tmp_path / "other.pem")
    provider = SmtpEmail(
        host=peer.host, port=peer.port, sender="updates@example.org", ca_file=tmp_path / "other.pem"
    )

    with pytest.raises(TryLater, match="certificate_not_trusted"):
        provider.send(make_email(), at=NOW)

    assert peer.mails == []


def test_a_certificate_for_another_machine_is_not_trusted(tmp_path):
    with SmtpPeer(tmp_path, certified="127.0.0.2") as peer, pytest.raises(TryLater, match="not_trusted"):
        make_smtp(peer).send(make_email(), at=NOW)

    assert peer.mails == []


def test_a_relay_without_encryption_hears_nothing(tmp_path):
    with SmtpPeer(tmp_path, starttls=False) as peer:
        make_certificate(peer.ca_file)

        with pytest.raises(TryLater, match="encryption_not_offered"):
            make_smtp(peer).send(make_email(), at=NOW)

    assert peer.mails == []


def test_signing_in_works_and_a_wrong_password_is_our_fault_and_not_the_victims(tmp_path):
    with SmtpPeer(tmp_path, login=("notify", "right")) as peer:
        make_smtp(peer, login=("notify", "right")).send(make_email(), at=NOW)

        with pytest.raises(TryLater, match="sign_in_failed"):
            make_smtp(peer, login=("notify", "wrong")).send(make_email(), at=NOW)

    assert len(peer.mails) == 1


def test_a_password_is_never_sent_in_the_clear():
    with pytest.raises(ValueError, match="STARTTLS"):
        SmtpEmail(
            host="127.0.0.1", port=25, sender="u@example.org", username="notify", password="p", starttls=False
        )


def test_a_relay_cannot_be_asked(peer):
    outgoing = make_email()
    make_smtp(peer).send(outgoing, at=NOW)

    assert make_smtp(peer).look_up(outgoing, since=NOW, at=SETTLED, known=nobodys) == CannotTell()
