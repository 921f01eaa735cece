"""Time and settings come from one place each; everything else is passed them."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.source import PRODUCT, modules, parsed

CLOCK = Path("notify/clock.py")
READS_THE_CLOCK = {"now", "utcnow", "today", "time_ns", "current_timestamp", "localtime", "gmtime"}
READS_THE_ENVIRONMENT = {"os.environ", "os.environb", "os.getenv", "os.getenvb"}
TAKES_THE_ENVIRONMENT = {"Settings.from_env", "from_env", "database_url", "policy_file"}  # of config.py


@pytest.mark.parametrize("path", [path for path in modules(*PRODUCT) if path != CLOCK], ids=str)
def test_only_the_clock_module_reads_the_clock(path):
    assert not list(_clock_readings(parsed(path)))


def test_the_clock_module_does_read_the_clock():
    assert list(_clock_readings(parsed(CLOCK)))


@pytest.mark.parametrize(
    "source",
    [
        "from datetime import datetime\nat = datetime.now(UTC)",
        "from time import time\nat = time()",
        "import time\nat = time.time()",
        "made = mapped_column(default=datetime.utcnow)",
        "made = mapped_column(server_default=func.now())",
    ],
)
def test_a_reading_of_the_clock_is_seen(source):
    assert list(_clock_readings(ast.parse(source)))


@pytest.mark.parametrize("path", modules(*PRODUCT), ids=str)
def test_the_environment_is_handed_to_the_settings_and_read_nowhere(path):
    assert not list(_environment_readings(parsed(path)))


@pytest.mark.parametrize(
    ("source", "seen"),
    [
        ("Settings.from_env(os.environ)", False),
        ("database_url(os.environ)", False),
        ("policy_file(os.environ)", False),
        ("os.environ['HOME']", True),
        ("os.getenv('HOME')", True),
        ("from os import environ", True),
        ("run(command, env=os.environ)", True),
    ],
)
def test_a_reading_of_the_environment_is_seen(source, seen):
    assert bool(list(_environment_readings(ast.parse(source)))) is seen


def _clock_readings(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and (
            node.attr in READS_THE_CLOCK or ast.unparse(node) == "time.time"
        ):
            yield node.lineno
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            yield from (node.lineno for alias in node.names if alias.name in READS_THE_CLOCK | {"time"})


def _environment_readings(tree: ast.Module) -> Iterator[int]:
    handed_over = {
        id(argument)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in TAKES_THE_ENVIRONMENT
        for argument in node.args
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Attribute)
            and ast.unparse(node) in READS_THE_ENVIRONMENT
            and id(node) not in handed_over
        ):
            yield node.lineno
        if isinstance(node, ast.ImportFrom) and node.module == "os":
            yield from (node.lineno for alias in node.names if f"os.{alias.name}" in READS_THE_ENVIRONMENT)
