"""How our fields and our tokens are told in the OpenAPI document."""

from typing import Any

from marshmallow import fields
from marshmallow.validate import OneOf

from notify.web.api.operations import SECURITY_SCHEME
from notify.web.problems import ProblemApi

INFO = (
    "Cases, victims, plans, milestones and contacts for case systems. Names of fields are those of the event file. "
    "A path names a thing by your own reference or by our id. Errors are problem documents (RFC 9457)."
)


def describe(api: ProblemApi) -> None:
    """Add to the document what the libraries cannot know."""
    api.spec.components.security_scheme(SECURITY_SCHEME, {"type": "http", "scheme": "bearer"})
    api.ma_plugin.converter.add_attribute_function(_told_field)


def _told_field(_converter: object, field: fields.Field[Any], ret: dict[str, Any]) -> dict[str, Any]:
    """A default of null means that there is none; an enum is the words allowed here, which are text."""
    if ret.get("default", ...) is None:
        del ret["default"]
    if not isinstance(field, fields.Enum):
        return {}
    allowed = [v.choices for v in field.validators if isinstance(v, OneOf)]
    words = [word.value for word in (allowed[0] if allowed else field.enum)]
    if field.allow_none:
        return {"type": ["string", "null"], "enum": [*words, None]}
    return {"type": "string", "enum": words}
