"""`notify dev`: stands in for the outside world on a developer's machine."""

import re
import secrets
import signal
import threading
from urllib.parse import urlsplit

import click

from notify.cli.shared import Refused
from notify.clock import utc_now
from notify.dev.calling import is_here
from notify.dev.page import Page
from notify.dev.receipts import Receipts
from notify.dev.twilio_peer import POOL_NUMBER, TwilioPeer

ACCOUNT = re.compile("AC[0-9a-fA-F]{32}")


@click.group()
def dev() -> None:
    """Stand in for the outside world while the service is developed or tried."""


def _account(_context: click.Context, _option: click.Parameter, value: str | None) -> str:
    if value is not None and not ACCOUNT.fullmatch(value):
        raise click.BadParameter("must be AC and 32 digits in base 16")
    return value or f"AC{secrets.token_hex(16)}"


def _token(_context: click.Context, _option: click.Parameter, value: str | None) -> str:
    return value or secrets.token_hex(16)


def _service(_context: click.Context, _option: click.Parameter, value: str) -> str:
    url = value.rstrip("/")
    if not is_here(url):
        raise click.BadParameter("must be an address of this machine, such as http://localhost:8081")
    if urlsplit(url).path:
        raise click.BadParameter("must be a host only, with no path")
    return url


@dev.command()
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=8082, show_default=True, help="0 is any that is free."
)
@click.option(
    "--service",
    metavar="URL",
    default="http://localhost:8081",
    show_default=True,
    callback=_service,
    help="PUBLIC_URL of the service, to which answers to texts are posted.",
)
@click.option("--account-sid", metavar="SID", callback=_account, help="Made up if not given.")
@click.option("--auth-token", metavar="TOKEN", callback=_token, help="Made up if not given.")
@click.option(
    "--delay",
    metavar="SECONDS",
    type=click.FloatRange(0, 3600),
    default=1.0,
    show_default=True,
    help="How long a text takes to be queued, then to be sent, then to be delivered.",
)
@click.option(
    "--silent", is_flag=True, help="Send no receipts by itself: say on the page what became of a text."
)
def twilio(*, port: int, service: str, account_sid: str, auth_token: str, delay: float, silent: bool) -> None:
    """Stand in for Twilio on this machine, with a page that shows what the phones received.

    It is reached from this machine only, keeps everything in memory, and sends nothing anywhere but to the service.
    Prints the settings to give the service; Ctrl-C stops it.
    """
    try:
        peer = TwilioPeer(account_sid, auth_token, utc_now, port=port, remembered=0)
    except OSError as fault:
        raise Refused(f"port: {fault.strerror}") from fault
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stopping.set())
    Page(peer, service=service, silent=silent)
    with peer:
        click.echo(f"Texts: {peer.url}\n")
        for name, value in {
            "SMS_PROVIDER": "twilio",
            "TWILIO_ACCOUNT_SID": account_sid,
            "TWILIO_AUTH_TOKEN": auth_token,
            "TWILIO_FROM": POOL_NUMBER,
            "TWILIO_BASE_URL": peer.url,
        }.items():
            click.echo(f"{name}={value}")
        if silent:
            stopping.wait()
            return
        with Receipts(peer, delay):
            stopping.wait()
