"""The forms about people and cases, and the pieces that every staff form is made of."""

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    Field,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # the stubs lag behind
from wtforms.form import BaseForm
from wtforms.validators import DataRequired, InputRequired, Length, Regexp, ValidationError

from models.vocabulary import (
    ContactPointKind,
    EnhancedRight,
    RepresentativeKind,
    RiskLevel,
    Supports,
)
from notify.clock import LONDON
from notify.web.fields import DatePartsField
from notify.web.staff.shown import CONTACT
from notify.web.staff.words import said

LONGEST_REF = 100
LONGEST_NAME = 200
LONGEST_TEXT = 5_000
FIRST_YEAR, LAST_YEAR = 1900, 2199
CHOOSE = "Choose one of the list"
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")


class LineField(StringField):
    """One line of text, never None: its filter sees to that."""

    data: str


class WordsField(TextAreaField):
    """Text for people, never None."""

    data: str


class TypedSecretField(PasswordField):
    """A secret, never sent back to the browser."""

    data: str


def stripped(typed: str | None) -> str:
    return (typed or "").strip()


def one_line(_form: BaseForm, field: Field) -> None:
    """References are kept in the clear and compared: no line ends or unseen characters."""
    if not str(field.data or "").isprintable():
        raise ValidationError(f"{field.label.text} must be one line, without hidden characters")


def line(label: str, missing: str | None = None, *, longest: int = LONGEST_NAME, hint: str = "") -> LineField:
    """One line of text; `missing` is what to say when it is not given, none when it need not be."""
    checks: list[Any] = [_longest(label, longest), one_line]
    if missing:
        checks.insert(0, DataRequired(missing))
    return LineField(label, checks, description=hint, filters=[stripped])


def text(label: str, missing: str | None = None, *, hint: str = "") -> WordsField:
    """Text for people, sealed when kept."""
    checks: list[Any] = [_longest(label, LONGEST_TEXT)]
    if missing:
        checks.insert(0, DataRequired(missing))
    return WordsField(label, checks, description=hint, filters=[stripped])


def options(words: Iterable[StrEnum], labels: dict[Any, str] | None = None) -> list[SelectChoice]:
    return [SelectChoice(word.value, (labels or {}).get(word) or said(word)) for word in words]


def radios(label: str, words: Iterable[StrEnum], missing: str, **more: Any) -> RadioField:
    """One of a closed list."""
    return RadioField(
        label,
        [InputRequired(missing)],
        choices=options(words, more.pop("labels", None)),
        invalid_choice_message=missing,  # type: ignore[call-arg]  # the stubs lag behind
        **more,
    )


def dropdown(label: str, *checks: Any) -> SelectField:
    """One of a list that the view fills in."""
    return SelectField(label, [*checks], invalid_choice_message=CHOOSE)  # type: ignore[call-arg]  # the stubs lag behind


def tick_boxes(
    label: str, choices: Any = None, *, hint: str = "", wrong: str = CHOOSE
) -> SelectMultipleField:
    """Any number of a list."""
    return SelectMultipleField(
        label,
        choices=choices,
        description=hint,
        invalid_choice_message=wrong,  # type: ignore[call-arg]  # as above
    )


def day_field(label: str, missing: str | None = None, *, hint: str = "") -> Any:
    """A date; Any, because whether it may be missing is not in its type."""
    checks: list[Any] = [sensible_year]
    if missing:
        checks.insert(0, needed(missing))
    return DatePartsField(label, checks, description=hint)


def needed(missing: str) -> Callable[[BaseForm, Field], None]:
    """What is read from several boxes or signs must be there; if it could not be read, that is said already."""

    def check(_form: BaseForm, field: Field) -> None:
        if field.data is None and not field.errors:
            raise ValidationError(missing)

    return check


def sensible_year(_form: BaseForm, field: Field) -> None:
    if field.data is not None and not FIRST_YEAR <= field.data.year <= LAST_YEAR:
        raise ValidationError(f"Enter a year from {FIRST_YEAR} to {LAST_YEAR}")


def instant(on: date, at: time) -> datetime:
    """A London date and time of day as an instant."""
    return datetime.combine(on, at, LONDON)


def _longest(label: str, longest: int) -> Length:
    return Length(max=longest, message=f"{label} must be {longest} characters or fewer")


class ReasonForm(FlaskForm):
    """For every act that only needs to say why."""

    reason = text("Reason", "Enter the reason")


class NoteForm(FlaskForm):
    note = text("Note (optional)")


class ConfirmForm(FlaskForm):
    """For an act that needs no words: the button is the answer."""


class CaseForm(FlaskForm):
    case = line("Case reference", "Enter the case reference", longest=LONGEST_REF)
    offence = line("Offence", "Enter the offence", hint="It is kept encrypted")
    officer = dropdown("Officer in the case")
    restricted = BooleanField(
        "Restrict this case",
        description="Only the officer in the case and the people listed below can see it",
    )
    allow = text(
        "Who else may see it (optional)", hint="Staff references, one a line. Add your own if you need it."
    )

    def allowed_refs(self) -> list[str]:
        return list(dict.fromkeys(filter(None, map(str.strip, (self.allow.data or "").splitlines()))))


class VictimForm(FlaskForm):
    victim = line("Victim reference", "Enter the victim’s reference", longest=LONGEST_REF)
    name = line("Name", "Enter the name the victim uses")
    enhanced = tick_boxes(
        "Enhanced rights", options(EnhancedRight), hint="Choose all that apply. A child is always entitled."
    )
    risk = radios("Risk", RiskLevel, "Choose the level of risk")
    language = LineField(
        "Language",
        [Regexp(LANGUAGE.pattern + r"\Z", message="Enter a language code like en or pl")],
        description="A code: en for English, cy for Welsh, pl for Polish",
        default="en",
        filters=[stripped],
    )
    date_of_birth = day_field("Date of birth (optional)", hint="For example, 27 3 2010")


class ContactPointForm(FlaskForm):
    kind = radios("What is it?", ContactPointKind, "Choose what it is", labels=CONTACT)
    value = text("Number or address", "Enter the number or address")
    belongs_to = dropdown("Whose is it?")


class CertificateForm(FlaskForm):
    certificate = text(
        "Certificate",
        hint="All of it, from -----BEGIN CERTIFICATE----- on. Left empty, the one that is there is removed",
    )
    reason = text("How it was made sure that it is theirs", "Enter how it was made sure that it is theirs")


class SecretForm(FlaskForm):
    secret = TypedSecretField(
        "PIN or code word",
        [InputRequired("Enter the PIN or code word")],
        description="At least 4 characters. Capitals and spaces do not matter.",
    )


class SignInNameForm(FlaskForm):
    sign_in_name = line(
        "Sign-in name",
        "Enter the sign-in name",
        hint="A word that is not the victim’s name, number or address. Capitals and spaces do not matter.",
    )


class SupportForm(FlaskForm):
    supports = radios("Does the victim support a prosecution?", Supports, "Choose yes, no or unsure")
    reason = text("What was said (optional)")


class RepresentativeForm(FlaskForm):
    kind = radios("Who is it?", RepresentativeKind, "Choose who it is")
    name = line("Name", "Enter the name")
    scope = text("What they may be told", "Enter what they may be told")
    consent_at = day_field("When the victim agreed", "Enter when the victim agreed")
    starts_at = day_field("From", "Enter the first day")
    ends_at = day_field("Until (optional)", hint="The last day, if one was agreed")

    def validate_ends_at(self, field: Field) -> None:
        """The last day is not before the first."""
        if field.data and self.starts_at.data and field.data < self.starts_at.data:
            raise ValidationError("The last day must not be before the first")


class ResolveForm(FlaskForm):
    note = text("What was done", "Enter what was done")
