"""Forms carried out: a step runs in one transaction, and what it refuses is shown beside the field it is about."""

import re
from collections.abc import Callable
from typing import Any

from flask import flash, redirect
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import Field, FieldList, FormField

from notify.errors import FieldFault
from notify.ledger.acts import Act
from notify.web.staff.guard import acting

Step = Callable[[Act], object]


def carried_out(form: FlaskForm, step: Step) -> bool:
    """Whether the form was sent, is right, and its step was carried out; if not, the form says why not."""
    if not form.validate_on_submit():
        return False
    try:
        with acting() as act:
            step(act)
    except FieldFault as fault:
        show_fault(form, fault)
        return False
    return True


def show_fault(form: FlaskForm, fault: FieldFault) -> None:
    """Put what a step refused beside its field, or above the form when it is about no field of it."""
    field: Any = form
    where = getattr(form, "faults_of", {}).get(fault.field, fault.field)
    for name in re.findall(r"[^.\[\]]+", where):
        field = _inside(field, name)
    if isinstance(field, Field) and not isinstance(field, FormField | FieldList):
        field.errors = [*field.errors, f"{field.label.text.removesuffix(' (optional)')}: {fault.reason}"]
    else:
        subject = re.split(r"[.\[]", fault.field)[0].replace("_", " ").capitalize()
        form.form_errors = [*form.form_errors, f"{subject} {fault.reason}"]


def done(said: str, address: str) -> Response:
    """On to the next page, which says what was done."""
    flash(said, "success")
    return redirect(address, 303)


def _inside(field: Any, name: str) -> Any:
    if isinstance(field, FieldList):
        entries = field.entries
        return entries[int(name)] if name.isdigit() and int(name) < len(entries) else None
    inner = field.form if isinstance(field, FormField) else field
    return inner[name] if inner is not None and name in inner else None
