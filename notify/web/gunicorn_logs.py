"""The log of the web server: written as ours is, and never the line of a request, which may be a private link."""

from typing import Any

from gunicorn.glogging import Logger

from notify.logs import make_handler

LEVELS = ("critical", "error", "warning", "info", "debug", "exception")


class GunicornLogs(Logger):
    """Gunicorn's logger, by its `--logger-class`."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers = [make_handler()]
        for level in LEVELS:
            # Not by way of Gunicorn's own methods: a line is to say which part of Gunicorn it comes from.
            setattr(self, level, getattr(self.error_log, level))

    def access(self, *_: object) -> None:
        """Nothing: there is no access log, whatever the environment asks of Gunicorn."""
