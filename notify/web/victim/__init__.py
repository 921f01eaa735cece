"""Pages for victims: the private page behind a link and a secret, and the way out of it."""

from flask import Flask

from notify.web.victim import door, pages
from notify.web.victim.tries import WrongTries


def register(app: Flask) -> None:
    """Put the victim pages on the public application."""
    app.extensions[door.TRIES] = WrongTries()
    app.register_blueprint(door.bp)
    app.register_blueprint(pages.bp)
