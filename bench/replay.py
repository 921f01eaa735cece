"""Replays a year of 1,000 participations by `notify replay`, as a person would, and looks at its time and memory."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import TextIO

from bench.report import EMBEDDED, MIB, SERVER, BenchError, Measured, Report, load_now
from bench.servers import a_server, version_of

ROOT = Path(__file__).resolve().parents[1]
MAKER = ROOT / "examples" / "make_month.py"
NOTIFY = Path(sys.executable).with_name("notify")
LOOK_EVERY = 0.2  # seconds between two looks at the memory
REPEATS = 3  # when all of it is wanted


@dataclass(frozen=True)
class Size:
    """How much the generator is asked for; one case in twenty has a second victim."""

    cases: int
    days: int
    mix: str
    until: str


YEAR = Size(cases=953, days=365, mix="year", until="2027-01-01T00:00:00Z")
"""Exactly 1,000 participations."""


def run(*, full: bool, size: Size | None = None) -> Report:
    """Replay a year once on SQLite; all of it is that several times, and on PostgreSQL too."""
    size = size or YEAR
    before = load_now()
    with TemporaryDirectory(prefix="bench-") as folder:
        file = make_file(Path(folder), size)
        repeats = {EMBEDDED: [measure(file, size.until) for _ in range(REPEATS if full else 1)]}
        version = None
        if full:
            with a_server() as url:
                version = version_of(url)
                repeats[SERVER] = [measure(file, size.until, database=url) for _ in range(REPEATS)]
        sizes = asdict(size) | sizes_of(file)
    return Report("replay", sizes, repeats, (before, load_now()), postgresql=version)


def make_file(folder: Path, size: Size) -> Path:
    """Have the generator make the event file."""
    file = folder / "events.ndjson"
    how = ["--mix", size.mix, "--cases", str(size.cases), "--days", str(size.days), "--out", str(file)]
    subprocess.run([sys.executable, str(MAKER), *how], check=True)  # noqa: S603 - our own script
    return file


def sizes_of(file: Path) -> dict[str, int]:
    """What an event file holds."""
    done = Counter(event["do"] for event in _objects(file))
    return {"participations": done["victim"], "milestones": done["milestone"], "events": done.total()}


def measure(file: Path, until: str, *, database: str | None = None) -> Measured:
    """One replay in a process of its own, from its start to its end, results written. Raises BenchError."""
    results = file.with_name("results.ndjson")
    command = [str(NOTIFY), "replay", str(file), "--until", until, "--out", str(results)]
    command += ["--database", database] if database else []
    began = time.perf_counter()
    looks = []
    with TemporaryFile("w+", encoding="utf-8") as told, _started(command, told) as process:
        while (ended := os.wait4(process.pid, os.WNOHANG))[0] == 0:
            looks.append(_resident(process.pid))
            time.sleep(LOOK_EVERY)
        _, status, used = ended
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - began
        if process.returncode != 0:
            told.seek(0)
            raise BenchError(f"notify replay failed: {told.read()[-2000:]}")
    found = Counter(line["what"] for line in _objects(results))
    return {
        "seconds": seconds,
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "events_per_second": sizes_of(file)["events"] / seconds,
        "peak_mib": max(*looks, used.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / MIB),
        **_along_the_way(looks),
        "duties": found["duty"],
        "messages": found["message"],
        "refusals": found["refused"],
        "alerts": found["alert"],
    }


@contextmanager
def _started(command: Sequence[str], told: TextIO) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that is ended if we do not live to see its end."""
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=told) as process:  # noqa: S603 - our own
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()


def _along_the_way(looks: Sequence[float]) -> dict[str, float]:
    """Memory at a quarter, half and the end of the time: three alike mean that it stays flat."""
    alive = [look for look in looks if look] or [0.0]
    last = len(alive) - 1
    return {
        "mib_at_quarter": alive[last // 4],
        "mib_at_half": alive[last // 2],
        "mib_at_end": alive[last],
    }


def _resident(pid: int) -> float:
    """The memory that a process and those it began hold now, in MiB; 0 where the system does not say, or it has ended."""
    process = Path(f"/proc/{pid}")
    try:
        pages = int((process / "statm").read_text().split()[1])
        begun = (process / "task" / str(pid) / "children").read_text().split()
    except (OSError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / MIB + sum(_resident(int(child)) for child in begun)


def _objects(file: Path) -> Iterator[dict[str, str]]:
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)
