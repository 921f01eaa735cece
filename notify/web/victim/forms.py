"""What is asked at the public door."""

from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length

LONGEST = 200
"""Characters read of what was typed: more is no sign-in name and no secret."""
TOO_LONG = Length(max=LONGEST, message="Enter no more than %(max)d characters")


NEEDED = InputRequired("Enter your PIN or code word")


class LinkForm(FlaskForm):
    """Behind a link: the secret is all that is missing."""

    secret = PasswordField("Your PIN or code word", [NEEDED, TOO_LONG])


class SignInForm(FlaskForm):
    """Without a link: who it is, and the secret."""

    name = StringField("Your sign-in name", [InputRequired("Enter your sign-in name"), TOO_LONG])
    secret = PasswordField("Your PIN or code word", [NEEDED, TOO_LONG])
