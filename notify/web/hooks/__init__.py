"""What providers call: receipts and inbound messages, on the public application, each proved by a signature."""

from flask import Flask

from notify.web.hooks import twilio
from notify.web.security import exempt_from_csrf


def register(app: Flask) -> None:
    """Put the hooks on the public application; they answer only where their provider is in use."""
    app.register_blueprint(twilio.bp)
    exempt_from_csrf(app, twilio.bp)
