"""Makes the two applications, which share this code and nothing that runs: no session, cookie, key or template."""

import logging
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Literal, get_args

from flask import Flask
from jinja2 import BaseLoader, ChoiceLoader, FileSystemLoader, PackageLoader, PrefixLoader
from werkzeug.middleware.proxy_fix import ProxyFix

from notify.web import api, errors, fields, headers, health, hooks, security, staff, victim
from notify.web.context import keep_services, request_ids
from notify.web.health import Check
from notify.wiring import Services

Face = Literal["staff", "public"]

MAX_BODY = 1024 * 1024  # bytes: the longest request body read at all
STATIC_MAX_AGE = 3600  # seconds a browser keeps the stylesheet and the scripts
SERVICE_NAMES = {"staff": "Victim contact", "public": "Your messages"}
TEMPLATES = Path(__file__).parent / "templates"

log = logging.getLogger(__name__)


def create_app(services: Services, *, face: Face, checks: Mapping[str, Check] | None = None) -> Flask:
    """Make one door.

    `checks` are what /health asks, by name: each answers whether that part works.
    Raises ValueError for an unknown face.
    """
    if face not in get_args(Face):
        raise ValueError(f"unknown face: {face}")
    app = Door(face)
    settings = services.settings
    app.config.update(
        FACE=face,
        MAX_CONTENT_LENGTH=MAX_BODY,
        SEND_FILE_MAX_AGE_DEFAULT=STATIC_MAX_AGE,
        EXIT_URL=settings.exit_url,
    )
    if proxies := settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)  # type: ignore[method-assign]  # Flask's own way
    keep_services(app, services)
    security.register(app, settings, face=face)
    headers.register(app, secure=settings.cookie_secure)
    errors.register(app)
    fields.register(app)
    health.register(app, checks or {})
    app.context_processor(lambda: {"service_name": SERVICE_NAMES[face], "cspNonce": headers.csp_nonce()})
    if face == "staff":
        staff.register(app)
        api.register(app)
    else:
        victim.register(app)
        hooks.register(app)
    return app


class Door(Flask):
    """A Flask application that finds only its own face's templates and logs no request data."""

    def __init__(self, face: Face) -> None:
        super().__init__("notify.web", template_folder=None)
        self.face = face

    def create_global_jinja_loader(self) -> BaseLoader:  # type: ignore[override]  # Flask declares one subclass
        """Own templates of this face, those both faces share, and the GOV.UK components."""
        folder = "staff" if self.face == "staff" else "victim"
        own = PrefixLoader({name: FileSystemLoader(TEMPLATES / name) for name in (folder, "shared")})
        components = PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")})
        return ChoiceLoader([own, components])

    def log_exception(
        self, exc_info: tuple[type, BaseException, TracebackType] | tuple[None, None, None]
    ) -> None:
        """Log that a request failed and where; Flask's own words would quote the address, which may be a private link."""
        log.error("request failed", exc_info=exc_info, extra=request_ids())
