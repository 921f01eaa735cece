"""Certificates of recipients, by which e-mail to them is sealed (S/MIME): which can be used, for whom, and until when."""

from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InternalError, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LONGEST = 16_384
"""Characters of a certificate in PEM."""

LEAST_BITS = 2048

_UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    InternalError,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""What the library raises, sooner or later, of what is not as it should be: much of it is read only when asked for."""


class BadCertificate(ValueError):  # noqa: N818 (an answer, named as one)
    """The certificate cannot be used; says why, and nothing of what is in it."""


def read_certificate(pem: str, address: str, at: datetime) -> x509.Certificate:
    """The one certificate in a PEM text, if mail to this address can be sealed with it at this instant.

    Who issued it is not asked: whoever adds it vouches for it. Raises BadCertificate.
    """
    if "PRIVATE KEY" in pem:
        raise BadCertificate("must come without the private key, which nobody else may have")
    try:
        [certificate] = x509.load_pem_x509_certificates(pem[: LONGEST + 1].encode())
    except _UNREADABLE:
        raise BadCertificate("must be one certificate, from -----BEGIN CERTIFICATE----- on") from None
    try:
        fault = _fault_of(certificate, address, at)
    except _UNREADABLE:
        fault = "cannot be read"
    if fault:
        raise BadCertificate(fault)
    return certificate


def as_pem(certificate: x509.Certificate) -> str:
    """The certificate as it is kept: without what stood around it."""
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def sealed_with(content: bytes, certificate: x509.Certificate) -> bytes:
    """The content as CMS enveloped data in DER, for the holder of the certificate's key alone (RFC 8551, AES-256)."""
    builder = pkcs7.PKCS7EnvelopeBuilder().set_data(content).add_recipient(certificate)
    builder = builder.set_content_encryption_algorithm(AES256)
    return builder.encrypt(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary])


def _fault_of(certificate: x509.Certificate, address: str, at: datetime) -> str | None:
    if at < certificate.not_valid_before_utc:
        return "is not valid yet"
    if at >= certificate.not_valid_after_utc:
        return "has expired"
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < LEAST_BITS:
        # The library seals for RSA only; a key of another kind would be refused at the sending.
        return f"must have an RSA key of {LEAST_BITS} bits or more"
    if address.casefold() not in {one.casefold() for one in _addresses(certificate)}:
        return "is for another e-mail address"
    if not _may_seal_mail(certificate):
        return "is not meant for sealing e-mail"
    return None if _seals(certificate) else "has a key that cannot be used"


def _seals(certificate: x509.Certificate) -> bool:
    """Whether its key does what it is for: that of an odd one, or one too long, is seen only when it is used."""
    try:
        sealed_with(b"", certificate)
    except _UNREADABLE:
        return False
    return True


def _addresses(certificate: x509.Certificate) -> list[str]:
    subject = certificate.subject.get_attributes_for_oid(NameOID.EMAIL_ADDRESS)
    found = [str(one.value) for one in subject]
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return found
    return found + names.get_values_for_type(x509.RFC822Name)


def _may_seal_mail(certificate: x509.Certificate) -> bool:
    """Whether what it may be used for, where it says so, lets a key be sent to its holder by mail."""
    for extension in certificate.extensions:
        match extension.value:
            case x509.KeyUsage() as usage if not usage.key_encipherment:
                return False
            case x509.ExtendedKeyUsage() as usage:
                wanted = {ExtendedKeyUsageOID.EMAIL_PROTECTION, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
                if wanted.isdisjoint(usage):
                    return False
    return True
