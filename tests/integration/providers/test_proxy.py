"""A machine that reaches the outside through a proxy: texts go through it too, with what it asks for to be let through."""

import subprocess
import sys
from pathlib import Path

import pytest

from notify.dev.http_peer import Answer, Call, HttpPeer

SEND = """
import sys
from tests.integration.providers.kits import NOW, make_outgoing, make_twilio
answers = make_twilio(url=sys.argv[1]).send_all([make_outgoing()], at=NOW)
print(*answers)
"""
NOBODY = "http://127.0.0.1:9"
"""Where nothing listens: only a proxy can have answered."""


def run(**environment: str) -> "subprocess.CompletedProcess[str]":
    """A text sent by a process with this environment."""
    return subprocess.run(
        [sys.executable, "-c", SEND, NOBODY],
        cwd=Path(__file__).parents[3],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def sent(**environment: str) -> str:
    """What comes of it, in words."""
    told = run(**environment)
    assert told.returncode == 0, told.stderr
    return told.stdout.strip()


@pytest.fixture
def proxy():
    def answer(_call: Call) -> Answer:
        return Answer(429, {"Content-Type": "application/json"}, b'{"code": 20429}')

    with HttpPeer(answer) as peer:
        yield peer


def test_texts_go_through_the_proxy_of_this_machine(proxy):
    url = proxy.url.replace("//", "//someone:secret@")

    assert sent(http_proxy=url) == "too_many_requests"

    [(call, _)] = proxy.exchanges
    assert call.target.startswith(f"{NOBODY}/2010-04-01/")
    assert call.headers["proxy-authorization"].startswith("Basic ")
    assert "someone" not in call.target


def test_an_address_that_needs_no_proxy_is_called_itself(proxy):
    assert sent(http_proxy=proxy.url, no_proxy="127.0.0.1") == "no_connection"
    assert not proxy.exchanges


@pytest.mark.parametrize(
    "address", ["proxy:99999", "http://someone:a/secret@proxy:3128", "ftp://proxy:21", "http://:3128"]
)
def test_a_proxy_that_is_no_address_is_said_at_the_start_without_its_password(address):
    """Later, what was claimed would be left in doubt."""
    told = run(http_proxy=address)

    assert told.returncode == 1
    assert "HTTPS_PROXY" in told.stderr
    assert "secret" not in told.stderr


def test_a_proxy_may_be_named_without_its_scheme(proxy):
    assert sent(http_proxy=proxy.url.removeprefix("http://")) == "too_many_requests"
