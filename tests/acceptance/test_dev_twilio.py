"""`notify dev twilio` as an engineer runs it: a process, the real adapter on one side, the service's hooks on the other."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import parse_qs

import pytest
import requests
from click.testing import CliRunner
from twilio.request_validator import RequestValidator

from notify.cli import notify
from notify.delivery.providers.base import Refused
from notify.delivery.providers.twilio_sms import TwilioSms
from notify.dev.http_peer import Answer, HttpPeer
from tests.architecture.source import ROOT
from tests.integration.providers.kits import NOW, make_outgoing

LONGEST_WAIT = 90.0  # seconds, on a machine with much else to do
NUMBER, TEXT = "+447700900123", "There is a message for you."
COMMAND = [sys.executable, "-c", "from notify.cli import main; main()", "dev", "twilio", "--port", "0"]


@dataclass
class Running:
    """The command in a process of its own; `settings` are what it said to give the service."""

    process: "subprocess.Popen[str]"
    settings: dict[str, str]
    service: HttpPeer

    @property
    def url(self) -> str:
        return self.settings["TWILIO_BASE_URL"]

    def provider(self) -> TwilioSms:
        """The adapter, set up by nothing but those settings."""
        return TwilioSms(
            account_sid=self.settings["TWILIO_ACCOUNT_SID"],
            auth_token=self.settings["TWILIO_AUTH_TOKEN"],
            sender=self.settings["TWILIO_FROM"],
            public_url=self.service.url,
            base_url=self.url,
            timeout=LONGEST_WAIT,
        )

    def send(self, *, to: str = NUMBER) -> str | None:
        return self.provider().send(make_outgoing(to=to, text=TEXT), at=NOW).provider_ref

    def page(self) -> str:
        return requests.get(self.url, timeout=LONGEST_WAIT).text

    def told(self) -> list[tuple[str, dict[str, str]]]:
        """The path and the fields of each call to the service's hooks; every signature is good."""
        found = []
        for call, _ in list(self.service.exchanges):
            fields = {name: value for name, [value] in parse_qs(call.body.decode()).items()}
            validator = RequestValidator(self.settings["TWILIO_AUTH_TOKEN"])
            signature = call.headers["x-twilio-signature"]
            assert validator.validate(self.service.url + call.target, fields, signature)
            found.append((call.target, fields))
        return found

    def wait_until(self, true: Callable[[], bool]) -> None:
        until = time.monotonic() + LONGEST_WAIT
        while not true():
            assert self.process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.05)


@contextmanager
def running(*options: str) -> Iterator[Running]:
    with HttpPeer(lambda _call: Answer(204, {}, b"")) as service:
        process = subprocess.Popen(
            [*COMMAND, "--service", service.url, *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=ROOT,
        )
        try:
            yield Running(process, read_settings(process), service)
        finally:
            process.kill()  # does nothing to one that has ended
            process.communicate()


def read_settings(process: "subprocess.Popen[str]") -> dict[str, str]:
    """The settings that the command prints, of which the address is the last."""
    assert process.stdout is not None
    settings: dict[str, str] = {}
    while "TWILIO_BASE_URL" not in settings:
        line = process.stdout.readline()
        assert line, "it ended"
        name, found, value = line.strip().partition("=")
        settings |= {name: value} if found else {}
    return settings


def test_a_text_of_the_service_is_on_the_page_and_its_answer_comes_to_the_services_hook():
    with running("--silent") as twilio:
        sid = twilio.send()
        assert sid is not None
        page = twilio.page()
        answer = {"sid": sid, "body": "Who is this?"}

        answered = requests.post(f"{twilio.url}/answer", data=answer, timeout=LONGEST_WAIT)

        assert (TEXT in page, NUMBER in page, "<strong>queued</strong>" in page) == (True, True, True)
        [(path, fields)] = twilio.told()
        assert path == "/hooks/twilio/inbound"
        assert (fields["From"], fields["To"]) == (NUMBER, twilio.settings["TWILIO_FROM"])
        assert (fields["Body"], fields["AccountSid"]) == (
            "Who is this?",
            twilio.settings["TWILIO_ACCOUNT_SID"],
        )
        assert "Who is this?" in answered.text
        twilio.process.send_signal(signal.SIGTERM)
        assert twilio.process.wait(LONGEST_WAIT) == 0


def test_the_service_is_told_by_itself_that_a_text_was_delivered_until_an_interrupt_ends_it():
    with running("--delay", "0") as twilio:
        sid = twilio.send()
        twilio.wait_until(lambda: len(twilio.told()) == 3)

        told = [(fields["MessageSid"], fields["MessageStatus"]) for _, fields in twilio.told()]
        assert told == [(sid, "queued"), (sid, "sent"), (sid, "delivered")]
        assert all(path.startswith("/hooks/twilio/receipts/") for path, _ in twilio.told())
        assert "<strong>delivered</strong>" in twilio.page()
        with pytest.raises(Refused, match="opted_out"):
            twilio.send(to="+15005550004")
        twilio.process.send_signal(signal.SIGINT)
        assert twilio.process.wait(LONGEST_WAIT) == 0


def test_settings_are_made_up_anew_each_time_unless_they_are_given():
    sid = "AC" + "0123456789abcdef" * 2
    with running() as one, running() as two, running("--account-sid", sid, "--auth-token", "given") as three:
        made = [
            (each.settings["TWILIO_ACCOUNT_SID"], each.settings["TWILIO_AUTH_TOKEN"]) for each in (one, two)
        ]

        assert made[0][0] != made[1][0]
        assert made[0][1] != made[1][1]
        assert all(re.fullmatch("AC[0-9a-f]{32}", account) and len(token) == 32 for account, token in made)
        assert three.settings["TWILIO_ACCOUNT_SID"] == sid
        assert three.send()


@pytest.mark.parametrize(
    "url",
    [
        "https://updates.example.org",
        "http://localhost.example.org",
        "http://127.0.0.1@example.org",
        "ftp://localhost",
        "localhost:8081",
        "http://[",
        "http://localhost:8081/hooks",
    ],
)
def test_a_service_that_is_not_a_door_of_this_machine_is_refused(url):
    result = CliRunner().invoke(notify, ["dev", "twilio", "--port", "0", "--service", url])

    assert (result.exit_code, "--service" in result.stderr) == (2, True)


def test_there_is_no_way_to_listen_for_other_machines():
    for option in ("--bind", "--host"):
        result = CliRunner().invoke(notify, ["dev", "twilio", option, "0.0.0.0"])

        assert (result.exit_code, "No such option" in result.stderr) == (2, True)


@pytest.mark.parametrize("sid", ["AC1", "SM" + "0" * 32, "AC" + "g" * 32])
def test_what_is_no_account_is_refused(sid):
    result = CliRunner().invoke(notify, ["dev", "twilio", "--port", "0", "--account-sid", sid])

    assert (result.exit_code, "--account-sid" in result.stderr) == (2, True)


def test_a_port_that_is_taken_is_told_in_a_line():
    with HttpPeer(lambda _call: None) as other:
        port = other.url.rpartition(":")[2]
        result = CliRunner().invoke(notify, ["dev", "twilio", "--port", port])

    assert (result.exit_code, result.stderr) == (2, "port: Address already in use\n")
