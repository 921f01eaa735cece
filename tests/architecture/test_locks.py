"""The locks pin everything by hash, agree with each other, and name no place to fetch from."""

import re

import pytest

from tests.architecture.source import ROOT

LOCKS = ("requirements.txt", "requirements-dev.txt", "requirements-uv.txt")
PIN = re.compile(r"^(?P<name>[a-z0-9.-]+)(\[[a-z0-9,-]+\])?==(?P<version>[^ ;]+)", re.MULTILINE)


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_host(name):
    assert "://" not in (ROOT / name).read_text()


@pytest.mark.parametrize("name", LOCKS)
def test_every_line_of_a_lock_is_a_pin_with_its_hashes(name):
    entries = (ROOT / name).read_text().replace("\\\n", " ").splitlines()

    assert entries
    assert [entry for entry in entries if not (PIN.match(entry) and "--hash=sha256:" in entry)] == []


def test_tests_run_on_the_versions_that_production_runs_on():
    production, development = _pins("requirements.txt"), _pins("requirements-dev.txt")

    assert production.items() <= development.items()


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_everything_asked_for_is_locked(name):
    asked = re.findall(r"^[A-Za-z0-9-]+", (ROOT / f"{name}.in").read_text(), re.MULTILINE)

    assert {word.lower() for word in asked if not word.startswith("-")} <= _pins(f"{name}.txt").keys()


def _pins(name: str) -> dict[str, str]:
    return {match["name"]: match["version"] for match in PIN.finditer((ROOT / name).read_text())}
