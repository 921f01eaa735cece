"""Which certificates e-mail can be sealed with."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st

from notify.certificates import BadCertificate, read_certificate
from tests.certificates import make_certificate_of, make_curve_certificate

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
ADDRESS = "Sam.Example@agency.example"


@pytest.mark.parametrize("in_subject", [False, True])
def test_a_certificate_for_the_address_is_taken_however_it_is_spelt(in_subject):
    _, pem = make_certificate_of(ADDRESS, in_subject=in_subject)

    assert read_certificate(pem, ADDRESS.lower(), NOW).not_valid_after_utc > NOW


@pytest.mark.parametrize(
    ("made", "fault"),
    [
        ({"address": "other@agency.example"}, "another e-mail address"),
        ({"until": NOW}, "has expired"),
        ({"since": NOW + timedelta(seconds=1)}, "not valid yet"),
        ({"bits": 1024}, "RSA key of 2048"),
        ({"key_encipherment": False}, "not meant for sealing"),
        ({"purposes": (ExtendedKeyUsageOID.SERVER_AUTH,)}, "not meant for sealing"),
    ],
)
def test_one_that_cannot_seal_mail_to_the_address_is_refused_with_the_reason(made, fault):
    _, pem = make_certificate_of(made.pop("address", ADDRESS), **made)

    with pytest.raises(BadCertificate, match=fault):
        read_certificate(pem, ADDRESS, NOW)


def test_one_that_our_library_cannot_seal_with_is_refused_when_it_is_added():
    with pytest.raises(BadCertificate, match="RSA key"):
        read_certificate(make_curve_certificate(ADDRESS), ADDRESS, NOW)


def changed(pem: str, was: bytes, now: bytes) -> str:
    """The certificate with these bytes of it changed: no signature of it is looked at."""
    der = x509.load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER)
    assert was in der
    body = base64.encodebytes(der.replace(was, now)).decode()
    return f"-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n"


@pytest.mark.parametrize(
    ("was", "now", "fault"),
    [
        ("a003020102", "a003020105", "one certificate|cannot be read"),  # a version that is none
        ("2a864886f70d010101", "2a864886f70d01017f", "cannot be read"),  # a kind of key that nobody knows
        ("06035504030c", "060355040303", "cannot be read"),  # a name that is a string of bits
    ],
)
def test_one_with_something_odd_in_it_is_refused_and_nothing_breaks(was, now, fault):
    _, pem = make_certificate_of(ADDRESS)

    with pytest.raises(BadCertificate, match=fault):
        read_certificate(changed(pem, bytes.fromhex(was), bytes.fromhex(now)), ADDRESS, NOW)


def test_one_whose_key_cannot_be_used_is_refused_when_it_is_added():
    key, pem = make_certificate_of(ADDRESS)
    modulus = key.public_key().public_numbers().n
    odd, even = modulus.to_bytes(256, "big"), (modulus - 1).to_bytes(256, "big")

    with pytest.raises(BadCertificate, match="cannot be used"):
        read_certificate(changed(pem, odd, even), ADDRESS, NOW)


def test_a_private_key_beside_the_certificate_is_refused():
    key, pem = make_certificate_of(ADDRESS)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    with pytest.raises(BadCertificate, match="without the private key"):
        read_certificate(pem + private, ADDRESS, NOW)


def test_two_certificates_are_one_too_many():
    _, pem = make_certificate_of(ADDRESS)

    with pytest.raises(BadCertificate, match="one certificate"):
        read_certificate(pem + pem, ADDRESS, NOW)


@given(st.text(max_size=200) | st.text("-----BEGIN CERTIFICATE\nMIIB=", max_size=200))
def test_what_is_no_certificate_is_refused_and_not_repeated(pem):
    with pytest.raises(BadCertificate) as refused:
        read_certificate(pem, ADDRESS, NOW)

    private = "PRIVATE KEY" in pem
    assert str(refused.value).startswith("must come without" if private else "must be one certificate")
