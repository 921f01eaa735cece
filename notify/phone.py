"""Contact values (mobiles, landlines, e-mail and postal addresses): one spelling each, checked and masked.

Nothing here echoes a value in an error: what a victim's number is must not reach a log.
"""

import re
import unicodedata

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import PhoneNumberType

from models.vocabulary import ContactPointKind

REGION = "GB"  # where a number without a country code is
HOME = 44  # its country code
LONGEST_PHONE = 40  # characters as typed
LONGEST_POST = 500  # characters
FEWEST_SHOWN_OF = 6  # characters a value must have for any of them to be shown
HIDDEN = "••••"

MOBILES = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}
LANDLINES = {
    PhoneNumberType.FIXED_LINE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE,
    PhoneNumberType.UAN,
    PhoneNumberType.VOIP,
}


class BadContactValue(ValueError):  # noqa: N818 (it is the value that is bad; the name says whose fault it is)
    """A text that is no such contact value; the reason says what is wrong and never quotes the text."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def normalise(kind: ContactPointKind, text: str) -> str:
    """The one spelling in which a contact value of a kind is kept; BadContactValue when it is none."""
    match kind:
        case ContactPointKind.MOBILE:
            return normalise_mobile(text)
        case ContactPointKind.LANDLINE:
            return normalise_landline(text)
        case ContactPointKind.EMAIL:
            return normalise_email(text)
        case ContactPointKind.POST:
            return normalise_post(text)


def normalise_mobile(text: str) -> str:
    """A mobile number in E.164.

    >>> normalise_mobile("07700 900123")
    '+447700900123'
    """
    return _e164(text, MOBILES, "7", "not a mobile number")


def normalise_landline(text: str) -> str:
    """A landline number in E.164.

    >>> normalise_landline("020 7946 0018")
    '+442079460018'
    """
    return _e164(text, LANDLINES, "123", "not a landline number")


def normalise_email(text: str) -> str:
    """An e-mail address as mail servers want it: the domain in lower case and ASCII, the part before it untouched.

    >>> normalise_email("Ada.Example@EXAMPLE.com")
    'Ada.Example@example.com'
    """
    try:
        # test_environment lets addresses under .test pass, which nobody can own and demonstrations use.
        found = validate_email(
            text.strip(), allow_smtputf8=False, check_deliverability=False, test_environment=True
        )
    except EmailNotValidError:
        raise BadContactValue("not an e-mail address") from None
    return found.ascii_email or found.normalized


def normalise_post(text: str) -> str:
    """A postal address: its lines without needless spaces, empty lines or characters that cannot be printed."""
    lines = (" ".join(_printable(line).split()) for line in text.splitlines())
    address = "\n".join(line for line in lines if line)
    if not any(character.isalnum() for character in address):
        raise BadContactValue("not a postal address")
    if len(address) > LONGEST_POST:
        raise BadContactValue(f"longer than {LONGEST_POST} characters")
    return address


def index_key(kind: ContactPointKind, value: str) -> str:
    """The text by which two normalised values are compared: one mailbox or house is often spelt in two cases.

    >>> index_key(ContactPointKind.EMAIL, "Ada.Example@example.com")
    'ada.example@example.com'
    """
    match kind:
        case ContactPointKind.MOBILE | ContactPointKind.LANDLINE:
            return value
        case ContactPointKind.EMAIL:
            return value.casefold()
        case ContactPointKind.POST:
            return " ".join(re.sub(r"[^\w\s]", " ", value.casefold()).split())


def masked(value: str) -> str:
    """A normalised value as lists show it: enough for one who knows it to recognise it, and no more.

    >>> masked("+447700900123")
    '•••• 123'
    >>> masked("ada@example.com")
    'a••••@e••••'
    """
    if len(value) < FEWEST_SHOWN_OF:
        return HIDDEN
    local, at_sign, domain = value.rpartition("@")
    if at_sign and local and "\n" not in value:
        return f"{local[0]}{HIDDEN}@{domain[:1]}{HIDDEN}"
    return f"{HIDDEN} {''.join(value.split())[-3:]}"


def _e164(text: str, kinds: set[int], starts: str, reason: str) -> str:
    """The number in E.164, when it is of one of the kinds.

    The library knows no kind for ranges that are not in use, the numbers set aside for fiction among them: those
    are told by their first digit at home, and pass if their length is right abroad.
    """
    # The library would find a number inside a sentence and drop an extension: a guess may ring the wrong person.
    digits = re.sub(r"[ ().\-\u2010-\u2015/]", "", _printable(text))
    if len(text) > LONGEST_PHONE or not re.fullmatch(r"\+?[0-9]+", digits):
        raise BadContactValue(reason)
    try:
        number = phonenumbers.parse(digits, REGION)
    except phonenumbers.NumberParseException:
        raise BadContactValue(reason) from None
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise BadContactValue(reason)
    kind = phonenumbers.number_type(number)
    if kind == PhoneNumberType.UNKNOWN:
        fits = number.country_code != HOME or str(number.national_number)[0] in starts
    else:
        fits = kind in kinds
    if not fits:
        raise BadContactValue(reason)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _printable(text: str) -> str:
    """The text with every kind of space plain, and without the unseen characters that come with pasted text."""
    spaced = "".join(" " if character.isspace() else character for character in text)
    return "".join(character for character in spaced if unicodedata.category(character)[0] != "C")
