"""Signing in and out."""

import re

from flask import Blueprint, make_response, redirect, render_template, request, session
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired

from models.staff import Staff
from notify.ledger.audit import THE_SERVICE
from notify.planning.staff_sign_in import PASSWORD_LENGTH, check_password
from notify.web.context import current_services
from notify.web.headers import forget_in_browser
from notify.web.staff import sessions
from notify.web.staff.guard import TOKEN, acting, signed_in

LONGEST_REF = 100
WRONG = "The staff reference or the password is not right, or there were too many tries. Wait 15 minutes or ask for help."
OWN_PAGE = re.compile(r"/[a-z0-9-]+(/[a-z0-9-]+)*")

bp = Blueprint("auth", __name__)


class SignInForm(FlaskForm):
    ref = StringField("Staff reference", [InputRequired("Enter your staff reference")])
    password = PasswordField("Password", [InputRequired("Enter your password")])


@bp.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> str | Response:
    """The door. What is wrong is never said, and a session that was there before is not the one that begins."""
    form = SignInForm()
    if form.validate_on_submit():
        token = _begin(form)
        if token is not None:
            session.clear()
            session[TOKEN] = token
            return redirect(_wanted(), 303)
        form.form_errors = [WRONG]
    return render_template("staff/sign_in.html", form=form)


@bp.post("/sign-out")
def sign_out() -> Response:
    """End the session here and in our table."""
    if signed_in() is not None:
        with acting() as act:
            sessions.end(act, session[TOKEN])
            act.log("signed out", act.session.get_one(Staff, act.staff_id))
    session.clear()
    return forget_in_browser(make_response(redirect("/sign-in", 303)))


def _begin(form: SignInForm) -> str | None:
    ref, password = str(form.ref.data).strip(), str(form.password.data)
    if len(ref) > LONGEST_REF or not ref.isprintable() or len(password) > PASSWORD_LENGTH[1]:
        return None
    with current_services().acting(THE_SERVICE) as act:
        staff = check_password(act, ref, password)
        return None if staff is None else sessions.begin(act, staff)


def _wanted() -> str:
    """The page that was asked for before signing in, if it is one of ours."""
    path = request.args.get("next", "")
    return path if OWN_PAGE.fullmatch(path) else "/"
