"""JSON for case systems, under /api/v1 on the staff application: bearer tokens, problem documents, OpenAPI 3.1."""

from flask import Flask

from notify.web.problems import ProblemApi

BASE = "/api/v1"


def register(app: Flask) -> ProblemApi:
    """Put the API and its OpenAPI document (/api/v1/openapi.json) on the staff application."""
    app.config.update(
        API_TITLE="Victim contact",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=BASE,
    )
    return ProblemApi(app)
