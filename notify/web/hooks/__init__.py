"""What providers call: receipts and inbound messages, on the public application, each proved by a signature."""

from flask import Flask


def register(app: Flask) -> None:
    """Put the hooks on the public application."""
