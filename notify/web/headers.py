"""The headers of every answer: what a browser may run, keep, tell others and show inside other pages."""

import secrets

from flask import Flask, Response, g, request

HSTS = "max-age=31536000"  # seconds: one year
CONTENT_SECURITY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
FIXED = {
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def register(app: Flask, *, secure: bool) -> None:
    """Put the headers on every answer of `app`; `secure` says that it is only ever reached over HTTPS."""

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers.update(FIXED)
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY.format(nonce=csp_nonce())
        if secure:
            response.headers["Strict-Transport-Security"] = HSTS
        # A stylesheet says nothing about anybody; all else may, and a shared phone keeps what it is allowed to.
        if request.endpoint != "static" or response.status_code >= 400:  # noqa: PLR2004  # any error
            response.headers["Cache-Control"] = "no-store"
        return response


def csp_nonce() -> str:
    """The word that lets this answer's one inline script run."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def forget_in_browser(response: Response) -> Response:
    """Ask the browser to drop what it kept of this door, the page shown by "back" included.

    Cookies are not named: that would also clear those of other hosts under the same domain. Our one cookie
    goes when the session is cleared.
    """
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response
