"""Sessions, cookies and forgery protection, set apart for each face."""

from typing import cast

from flask import Blueprint, Flask
from flask_wtf import CSRFProtect

from config import Settings


def register(app: Flask, settings: Settings, *, face: str) -> None:
    """Give `app` its own key and cookie, and refuse forms that this application did not write.

    Raises ConfigError when a key is missing.
    """
    staff_key, public_key = settings.require_web()
    staff = face == "staff"
    app.config.update(
        SECRET_KEY=staff_key if staff else public_key,
        SESSION_COOKIE_NAME="staff_session" if staff else "session",
        SESSION_COOKIE_SECURE=settings.cookie_secure,
        SESSION_COOKIE_HTTPONLY=True,
        # Staff follow links from their case system and stay signed in; no other site leads a victim in.
        SESSION_COOKIE_SAMESITE="Lax" if staff else "Strict",
        # A form is good for as long as the session it was written for.
        WTF_CSRF_TIME_LIMIT=None,
        # We tell browsers to send no referrer, so its absence proves nothing; the token and SameSite do.
        WTF_CSRF_SSL_STRICT=False,
    )
    CSRFProtect(app)


def exempt_from_csrf(app: Flask, blueprint: Blueprint) -> None:
    """For callers that carry their own proof (a bearer token, a signature) and no cookie."""
    cast("CSRFProtect", app.extensions["csrf"]).exempt(blueprint)
