"""The crash test in its short form: workers killed in mid-burst lose nothing and send nothing twice."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LAST = re.compile(r"kills=(\d+) sent=(\d+) lost=0 twice=0 outside_window=0")


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_workers_that_are_killed_lose_nothing_and_send_nothing_twice(database, environment):
    command = [sys.executable, "-m", "chaos", "--short", "--on", database]

    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    last = LAST.fullmatch(done.stdout.splitlines()[-1])
    assert last is not None, done.stdout
    assert int(last[1]) >= 15
    assert int(last[2]) >= 190
