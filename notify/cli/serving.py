"""`notify serve`: one door, behind gunicorn."""

import os
import sys
from urllib.parse import urlsplit

import click

from notify.cli.shared import make_settings, services

DOORS = ("staff", "public")
PORTS = {"staff": 8080, "public": 8081}
LOGS = "notify.web.gunicorn_logs.GunicornLogs"


def gunicorn(door: str, bind: str, *, workers: int = 1, threads: int = 8) -> list[str]:
    """The command that serves one door at `bind`; several threads, because most of a request is waiting."""
    size = ["--workers", str(workers), "--threads", str(threads), "--worker-class", "gthread"]
    rest = ["--no-control-socket", "--logger-class", LOGS]
    return [sys.executable, "-m", "gunicorn", f"wsgi:{door}", "--bind", bind, *size, *rest]


@click.command()
@click.argument("door", type=click.Choice(DOORS))
@click.option(
    "--bind",
    metavar="HOST:PORT",
    help="Where to listen; this machine only, at the port of the door's address, if not given.",
)
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True)
@click.option("--threads", type=click.IntRange(1, 256), default=8, show_default=True)
def serve(door: str, bind: str | None, workers: int, threads: int) -> None:
    """Serve the pages for staff, or those for victims and the hooks (public)."""
    settings = make_settings()
    settings.require_web()
    with services():
        pass  # what would stop it is better told here than by each process
    url = settings.staff_url if door == "staff" else settings.public_url
    bind = bind or f"127.0.0.1:{urlsplit(url).port or PORTS[door]}"
    command = gunicorn(door, bind, workers=workers, threads=threads)
    os.execv(command[0], command)  # noqa: S606 - our own interpreter, no shell
