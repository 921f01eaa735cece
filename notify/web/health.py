"""The address that a monitor asks whether this application can do its work."""

import logging
from collections.abc import Callable, Mapping

from flask import Flask, Response, jsonify
from sqlalchemy import select

from models.session import Database

Check = Callable[[], bool]

log = logging.getLogger(__name__)


def register(app: Flask, checks: Mapping[str, Check]) -> None:
    """Serve GET /health: 200 when every check passes, 503 when one does not.

    Staff learn which part fails; the public door says only whether it works.
    """

    @app.get("/health")
    def health() -> tuple[Response, int]:
        passed = {name: _passes(name, check) for name, check in checks.items()}
        well = all(passed.values())
        body: dict[str, object] = {"status": "ok" if well else "failing"}
        if app.config["FACE"] == "staff":
            body["checks"] = passed
        return jsonify(body), 200 if well else 503


def database_answers(database: Database) -> bool:
    """Whether a question gets an answer; raises what the database raised when it does not."""
    with database.reads() as session:
        return session.scalar(select(1)) == 1


def _passes(name: str, check: Check) -> bool:
    try:
        return check()
    except Exception:  # a check that breaks is a check that fails, whatever broke it
        log.exception("health check broke", extra={"check": name})
        return False
