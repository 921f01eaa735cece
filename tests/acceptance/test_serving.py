"""The web server as it is started: what it writes of requests that never reach an application."""

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.servers import free_port
from models.keyring import RootKeys
from notify.cli.serving import gunicorn
from tests.acceptance.command_line import CommandLine
from tests.architecture.source import ROOT

PATIENCE = 60  # seconds to wait for a server that is starting
CANARY = "canary-of-a-private-link"


@contextmanager
def a_public_door(tmp_path: Path, **env: str) -> Iterator[tuple[int, Path]]:
    """The public door as `notify serve` starts it: its port, and the file of all that it writes."""
    line = CommandLine(
        {
            "DATABASE_URL": f"sqlite:///{tmp_path / 'notify.db'}",
            "NOTIFY_ROOT_KEY": RootKeys.generate(),
            "STAFF_SECRET_KEY": "staff-" * 8,
            "PUBLIC_SECRET_KEY": "public-" * 8,
        }
    )
    assert line.run("database", "upgrade").exit_code == 0
    port, written = free_port(), tmp_path / "written.log"
    with (
        written.open("wb") as log,
        subprocess.Popen(
            gunicorn("public", f"127.0.0.1:{port}"),
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], **line.env, **env},
            stdout=log,
            stderr=log,
        ) as server,
    ):
        try:
            wait_until_it_answers(port)
            yield port, written
        finally:
            server.terminate()


def wait_until_it_answers(port: int) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            if send(port, "GET /private-use HTTP/1.1", "Host: localhost").startswith("HTTP/1.1 200"):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail("the server does not start")


def send(port: int, *lines: str) -> str:
    """Send one request as it stands, and read the answer to its end."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall("".join(f"{one}\r\n" for one in (*lines, "Connection: close", "")).encode())
        return b"".join(iter(lambda: line.recv(65_536), b"")).decode()


def test_a_request_that_is_malformed_is_noted_and_never_quoted(tmp_path):
    with a_public_door(tmp_path, GUNICORN_CMD_ARGS="--access-logfile -") as (port, written):
        answers = [
            send(port, f"GET /m/{CANARY} HTTP/9.9 and more", "Host: localhost"),
            send(port, f"GET /m/{CANARY} HTTP/1.1", f"Host {CANARY}"),
            send(port, f"{CANARY} /m/{CANARY} HTTP/1.1", "Host: localhost"),
            send(port, f"GET /m/{CANARY} HTTP/1.1", "Host: localhost"),
        ]

    lines = [json.loads(line) for line in written.read_text().splitlines()]
    assert [answer.split()[1] for answer in answers] == ["400", "400", "400", "200"]
    assert CANARY not in written.read_text()
    warned = [line for line in lines if line["event"] == "a library warned"]
    assert [line["where"].partition(":")[0] for line in warned] == ["base.py"] * 3
    assert "Booting worker with pid: %s" in [line["event"] for line in lines]
