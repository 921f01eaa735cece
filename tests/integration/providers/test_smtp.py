"""E-mail by SMTP, against a local relay with a certificate of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from models.vocabulary import Channel
from notify.delivery.providers.base import CannotTell, Refused, TryLater
from notify.delivery.providers.smtp_email import SmtpEmail
from tests.integration.providers.kits import ADDRESS, NOW, SETTLED, TEXT, make_outgoing, make_smtp
from tests.peers.smtp_peer import SmtpPeer, make_certificate


@pytest.fixture
def peer(tmp_path: Path) -> Iterator[SmtpPeer]:
    with SmtpPeer(tmp_path) as running:
        yield running


def make_email(*, to=ADDRESS, subject="A note for you", text=TEXT):
    return make_outgoing(channel=Channel.EMAIL, to=to, subject=subject, text=text)


def test_an_email_is_plain_encrypted_on_the_way_and_named_after_the_message(peer):
    outgoing = make_email()

    accepted = make_smtp(peer).send(outgoing, at=NOW)

    [mail] = peer.mails
    assert mail.encrypted
    assert (mail.sender, mail.recipients) == ("updates@example.org", (ADDRESS,))
    assert mail.message.get_content_type() == "text/plain"
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
    assert mail.message.get_content().splitlines() == text.splitlines()


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

    assert make_smtp(peer).look_up(outgoing, since=NOW, at=SETTLED, known_refs=()) == CannotTell()
