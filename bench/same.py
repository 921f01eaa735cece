"""Replays one year of many participations on SQLite, on PostgreSQL, and split in two and resumed: each says the same, byte for byte."""

import filecmp
import json
import subprocess
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from bench.replay import NOTIFY, ROOT, YEAR, Size, make_file
from bench.report import EMBEDDED, MIB, SERVER, BenchError, Measured, Report, load_now
from bench.servers import a_server, version_of

LARGE: Final = Size(cases=9_524, days=365, mix="year", until=YEAR.until)
"""Exactly 10,000 participations."""

IN_TWO: Final = "in two parts"
MUST_OCCUR: Final = (
    *("milestone", "correct", "pause", "resume", "contact", "support", "waive", "decline"),
    *("read", "receipt", "close", "inbound"),
)
"""What the year is to hold, or its replays would be alike for want of anything that could make a difference."""


def run(*, full: bool, size: Size | None = None) -> Report:
    """Replay 1,000 participations each way; all of it is 10,000. Raises BenchError where the results differ."""
    size = size or (LARGE if full else YEAR)
    before = load_now()
    with TemporaryDirectory(prefix="bench-") as folder:
        file = make_file(Path(folder), size)
        done = _counted(file)
        whole = file.with_name("whole.ndjson")
        repeats: dict[str, Sequence[Measured]] = {EMBEDDED: [_replayed(file, size, whole)]}
        repeats[IN_TWO] = [_in_two(file, size, whole)]
        with a_server() as url:
            version = version_of(url)
            there = file.with_name("there.ndjson")
            repeats[SERVER] = [_replayed(file, size, there, "--database", url)]
            _compare(whole, there, "PostgreSQL")
        sizes = {"participations": done["victim"], "events": done.total(), "results": _lines(whole)}
        sizes |= {do: done[do] for do in MUST_OCCUR}
    note = "The results are the same, byte for byte, on SQLite, on PostgreSQL and in two parts."
    return Report("same", sizes, repeats, (before, load_now()), postgresql=version, notes=[note])


def _counted(file: Path) -> Counter[str]:
    with file.open(encoding="utf-8") as lines:
        done = Counter(json.loads(line)["do"] for line in lines)
    if missing := [do for do in MUST_OCCUR if not done[do]]:
        raise BenchError(f"the year has no {', '.join(missing)}")
    return done


def _replayed(file: Path, size: Size, out: Path, *more: str) -> Measured:
    seconds = _timed("replay", str(file), "--until", size.until, "--out", str(out), *more)
    return {"seconds": seconds, "results_mib": out.stat().st_size / MIB}


def _in_two(file: Path, size: Size, whole: Path) -> Measured:
    """Cut in the middle, kept and gone on with."""
    first, second = file.with_name("first.ndjson"), file.with_name("second.ndjson")
    until = cut(file, first, second)
    kept, a, b = (file.with_name(name) for name in ("kept.db", "a.ndjson", "b.ndjson"))
    seconds = _timed("replay", str(first), "--until", until, "--out", str(a), "--keep-database", str(kept))
    seconds += _timed("replay", str(second), "--resume", str(kept), "--until", size.until, "--out", str(b))
    both = file.with_name("both.ndjson")
    with both.open("wb") as joined:
        for part in (a, b):
            joined.write(part.read_bytes())
    _compare(whole, both, "in two parts")
    return {"seconds": seconds, "results_mib": both.stat().st_size / MIB}


def cut(file: Path, first: Path, second: Path) -> str:
    """Write the first and the second half of an event file; returns the time of the first's last event."""
    lines = file.read_bytes().splitlines(keepends=True)
    times: list[str] = [json.loads(line)["at"] for line in lines]
    place = len(lines) // 2
    while times[place] == times[place - 1]:  # one instant is not cut in two
        place += 1
    first.write_bytes(b"".join(lines[:place]))
    second.write_bytes(b"".join(lines[place:]))
    return times[place - 1]


def _timed(*arguments: str) -> float:
    began = time.perf_counter()
    told = subprocess.run(  # noqa: S603 - our own
        [str(NOTIFY), *arguments],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if told.returncode != 0:
        raise BenchError(f"notify replay failed: {told.stderr[-2000:]}")
    return time.perf_counter() - began


def _compare(whole: Path, other: Path, how: str) -> None:
    if filecmp.cmp(whole, other, shallow=False):
        return
    with whole.open("rb") as here, other.open("rb") as there:
        for number, (one, two) in enumerate(zip(here, there, strict=False), start=1):
            if one != two:
                raise BenchError(f"{how}: line {number} of the results differs")
    raise BenchError(f"{how}: the results have another length")


def _lines(file: Path) -> int:
    with file.open("rb") as lines:
        return sum(1 for _ in lines)
