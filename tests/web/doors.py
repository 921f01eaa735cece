"""Makes either door for tests, with a page on it that uses every macro of the base layouts."""

from collections.abc import Mapping
from datetime import date
from types import SimpleNamespace
from typing import Any, ClassVar, cast

from flask import Flask, flash, render_template_string
from flask_wtf import FlaskForm
from jinja2.bccache import Bucket, BytecodeCache
from markupsafe import Markup
from wtforms import (
    BooleanField,
    FieldList,
    Form,
    FormField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # the stubs lag behind
from wtforms.validators import InputRequired

from config import Settings
from notify.web.app import Face, create_app
from notify.web.context import keep_services
from notify.web.fields import ClockTimeField, DatePartsField
from notify.web.health import Check
from notify.wiring import Services

CHOICES = [SelectChoice("a", "First"), SelectChoice("b", "Second <b>")]


def make_settings(env: Mapping[str, str]) -> Settings:
    """Settings with both session keys, over plain HTTP unless told otherwise."""
    keys = {"STAFF_SECRET_KEY": "staff-" * 8, "PUBLIC_SECRET_KEY": "public-" * 8, "COOKIE_SECURE": "false"}
    return Settings.from_env({**keys, **env})


class RememberedTemplates(BytecodeCache):
    """Templates compiled once a test process: compiling them anew for each application takes most of a second."""

    compiled: ClassVar[dict[str, bytes]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.compiled:
            bucket.bytecode_from_string(self.compiled[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.compiled[bucket.key] = bucket.bytecode_to_string()


def remember_templates(app: Flask) -> Flask:
    app.jinja_env.bytecode_cache = RememberedTemplates()
    return app


def make_staff_app(services: Services) -> Flask:
    """The staff application, made once a test process for the same settings, which takes most of a second.

    Between requests it keeps nothing but its services. The public application keeps wrong tries: it is made each time.
    """
    app = _STAFF_APPS.get(services.settings)
    if app is None:
        app = remember_templates(create_app(services, face="staff"))
        _STAFF_APPS[services.settings] = app
    keep_services(app, services)
    return app


_STAFF_APPS: dict[Settings, Flask] = {}


def make_door(
    face: Face, *, checks: Mapping[str, Check] | None = None, env: Mapping[str, str] | None = None
) -> Flask:
    """One application with no database behind it: the base uses the settings only."""
    services = cast("Services", SimpleNamespace(settings=make_settings(env or {})))
    return remember_templates(create_app(services, face=face, checks=checks))


class WindowForm(Form):
    opens = ClockTimeField("From", [InputRequired("Enter when it is safe from")])


class SampleForm(FlaskForm):
    name = StringField(
        "Name <script>", [InputRequired("Enter a name")], description="As they like to be called"
    )
    happened = DatePartsField("When did it happen?", [InputRequired("Enter a date")])
    kind = SelectField("Kind", choices=CHOICES)
    choice = RadioField("Choice", [InputRequired("Choose one")], choices=CHOICES)
    days = SelectMultipleField("Days", choices=CHOICES)
    agreed = BooleanField("Agreed")
    note = TextAreaField("Note")
    secret = PasswordField("Secret")
    windows = FieldList(FormField(WindowForm), min_entries=1)


SAMPLE = """
{% extends layout %}
{% from "shared/forms.html" import text, password, area, select, radios, checkboxes, tick, date, submit, token %}
{% from "shared/parts.html" import summary, table, tag, pages %}
{% set title = "Sample" %}{% set nav = "due" %}
{% block page %}
<h1 class="govuk-heading-l">A sample page</h1>
<form method="post" novalidate>
{{ token() }}
{{ text(form.name, width=20) }}{{ date(form.happened) }}{{ select(form.kind) }}{{ radios(form.choice, inline=true) }}
{{ checkboxes(form.days) }}{{ tick(form.agreed) }}{{ area(form.note) }}{{ password(form.secret) }}
{{ text(form.windows[0].opens, width=5) }}{{ submit("Save") }}
</form>
{{ summary([("Name", "<i>"), ("Language", none), ("State", tag("Late", "red"))]) }}
{{ table("Contact", ["When", "What"], [["today", "<i>"], ["before", bold]]) }}
{{ table("Alerts", ["When"], []) }}
{{ pages(2, 3, address) }}
{% endblock %}
"""


def add_sample_page(app: Flask) -> None:
    """Serve /sample with every macro, GET and POST, signed in as a supervisor when the door is for staff."""

    @app.route("/sample", methods=["GET", "POST"])
    def sample() -> str:
        form = SampleForm(data={"happened": date(2026, 1, 2)})
        if form.validate_on_submit():
            flash("Saved", "success")
        shown: dict[str, Any] = {
            "layout": "staff/base.html" if app.config["FACE"] == "staff" else "victim/base.html",
            "form": form,
            "bold": Markup("<b>bold</b>"),
            "address": "/sample?page={}".format,
            "signed_in": SimpleNamespace(name="Officer One (fictional)", role="supervisor"),
        }
        return render_template_string(SAMPLE, **shown)

    @app.get("/broken")
    def broken() -> str:
        raise RuntimeError("canary 07700 900123")
