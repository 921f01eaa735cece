"""Form fields that WTForms lacks, and what templates ask of any field to draw it as a GOV.UK component."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, time
from typing import Any, Literal

from flask import Flask
from wtforms import Field, FieldList, FormField, StringField
from wtforms.fields.choices import SelectFieldBase
from wtforms.form import BaseForm
from wtforms.validators import ValidationError

PARTS = ("day", "month", "year")
LONGEST = {"day": 2, "month": 2, "year": 4}  # digits


def register(app: Flask) -> None:
    """Give the templates of `app` the filters that shared/forms.html and shared/parts.html use."""
    app.jinja_env.filters.update(labelled=labelled, grouped=grouped, choices=choices, form_faults=form_faults)


class DatePartsField(Field):
    """A date asked for as day, month and year, in three boxes named NAME-day, NAME-month and NAME-year.

    `data` is a date, or None when all three boxes are empty.
    """

    data: date | None

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        """Gather the three boxes, which WTForms would not find under the field's own name."""
        super().process(None, data if data is not None else self.default, extra_filters)
        if formdata is None or not any(self._box(part) in formdata for part in PARTS):
            return
        self.raw_data = [str(formdata.get(self._box(part), "")).strip() for part in PARTS]
        try:
            self.data = self._read(self.raw_data)
        except ValueError as error:
            self.data = None
            self.process_errors = [str(error)]

    def parts(self) -> list[dict[str, object]]:
        """The three boxes as items of a GOV.UK date input, holding what was typed."""
        shown = self.raw_data or (
            [str(self.data.day), str(self.data.month), str(self.data.year)] if self.data else ["", "", ""]
        )
        wrong = " govuk-input--error" if self.errors else ""
        return [
            {"name": part, "value": value, "classes": f"govuk-input--width-{LONGEST[part]}{wrong}"}
            for part, value in zip(PARTS, shown, strict=True)
        ]

    def _box(self, part: str) -> str:
        return f"{self.name}-{part}"

    @staticmethod
    def _read(typed: Sequence[str]) -> date | None:
        if not any(typed):
            return None
        if not all(text.isascii() and text.isdigit() for text in typed):
            raise ValueError("Enter a day, a month and a year as numbers")
        day, month, year = (int(text) if len(text) <= LONGEST["year"] else 0 for text in typed)
        try:
            return date(year, month, day)
        except ValueError:
            raise ValueError("Enter a date that exists") from None


class ClockTimeField(StringField):
    """A time of day on the 24-hour clock, such as 09:30; `data` is a time, or None when empty."""

    data: time | None  # type: ignore[assignment]  # StringField says str

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read HH:MM; a full stop or no leading nought is understood as people type them."""
        typed = str(valuelist[0]).strip() if valuelist else ""
        if not typed:
            self.data = None
            return
        hours, _, minutes = typed.replace(".", ":").partition(":")
        try:
            self.data = time(_number(hours), _number(minutes))
        except ValueError:
            self.data = None
            raise ValidationError("Enter a time like 09:30") from None

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return f"{self.data:%H:%M}" if self.data else ""


def labelled(field: Field) -> dict[str, Any]:
    """What the GOV.UK macros of a single control need: id, name, label, hint and first error."""
    return {"id": field.id, "name": field.name, "label": {"text": field.label.text}, **_said(field)}


def grouped(field: Field) -> dict[str, Any]:
    """The same for a group of controls, whose label is the legend around them."""
    legend = {"text": field.label.text, "classes": "govuk-fieldset__legend--s"}
    return {"idPrefix": field.id, "name": field.name, "fieldset": {"legend": legend}, **_said(field)}


def choices(field: SelectFieldBase, chosen: Literal["selected", "checked"]) -> list[dict[str, Any]]:
    """A field's choices as items of a GOV.UK select, radios or checkboxes."""
    return [
        {"value": value, "text": label, chosen: selected}
        for value, label, selected, _ in field.iter_choices()
    ]


def form_faults(form: BaseForm) -> list[dict[str, str]]:
    """Every error of a form and of the forms inside it, with a link to the control it is about."""
    return [*_form_level(form), *(fault for field in form for fault in _field_faults(field))]


def _form_level(form: BaseForm) -> Iterator[dict[str, str]]:
    yield from ({"text": str(text)} for text in form.form_errors)


def _field_faults(field: Field) -> Iterator[dict[str, str]]:
    if isinstance(field, FormField):
        yield from form_faults(field.form)
    elif isinstance(field, FieldList) and any(entry.errors for entry in field):
        for entry in field:
            yield from _field_faults(entry)
    else:
        anchor = f"#{field.id}-day" if isinstance(field, DatePartsField) else f"#{field.id}"
        yield from (
            {"text": str(text), "href": anchor} for text in field.errors if not isinstance(text, Mapping)
        )


def _said(field: Field) -> dict[str, Any]:
    said: dict[str, Any] = {"hint": {"text": field.description}} if field.description else {}
    if field.errors:
        said["errorMessage"] = {"text": str(field.errors[0])}
    return said


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 2:  # noqa: PLR2004  # digits of an hour or a minute
        raise ValueError("not a number of at most two digits")
    return int(text)
