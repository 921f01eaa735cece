"""JSON for case systems, under /api/v1 on the staff application: bearer tokens, problem documents, OpenAPI 3.1."""

from flask import Flask

from notify.web.api import cases, contacts, hand_overs, milestones, plans, spec, suspects, victims, worklists
from notify.web.api.operations import BASE as BASE
from notify.web.problems import ProblemApi
from notify.web.security import exempt_from_csrf

PARTS = (
    cases.part,
    victims.part,
    plans.part,
    milestones.part,
    suspects.part,
    contacts.part,
    hand_overs.part,
    worklists.part,
)


def register(app: Flask) -> ProblemApi:
    """Put the API and its OpenAPI document (/api/v1/openapi.json) on the staff application."""
    app.config.update(
        API_TITLE="Victim contact",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=BASE,
        API_SPEC_OPTIONS={"info": {"description": spec.INFO}},
    )
    api = ProblemApi(app)
    spec.describe(api)
    for part in PARTS:
        api.register_blueprint(part)
        exempt_from_csrf(app, part)  # a token is its caller's own proof, and no cookie is read
    return api
