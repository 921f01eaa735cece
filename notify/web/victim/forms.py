"""What is asked at the public door."""

from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length

LONGEST = 200
"""Characters read of what was typed: more is no sign-in name and no secret."""
TOO_LONG = Length(max=LONGEST, message="Enter no more than %(max)d characters")


class LinkForm(FlaskForm):
    """Behind a link: the secret is all that is missing."""

    secret = PasswordField("Your PIN or code word", [InputRequired("Enter your PIN or code word"), TOO_LONG])


class SignInForm(LinkForm):
    """Without a link: who it is, and the secret."""

    name = StringField("Your sign-in name", [InputRequired("Enter your sign-in name"), TOO_LONG])
