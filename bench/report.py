"""What every benchmark ends with: a table a person reads, and a file of figures with the machine they are of."""

import importlib.metadata
import json
import os
import platform
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Final

from rich.console import Console
from rich.table import Table

RESULTS: Final = Path(__file__).parent / "results"
MIB: Final = 1024**2
EMBEDDED, SERVER = "sqlite", "postgresql"
Measured = Mapping[str, float]
"""The figures of one repeat, by key."""


class BenchError(Exception):
    """Something failed that was to be measured; the message says what."""


@dataclass(frozen=True)
class Report:
    """The repeats of one benchmark on each database, the one that it is mainly about first."""

    name: str
    sizes: Mapping[str, int | str]
    repeats: Mapping[str, Sequence[Measured]]
    load: tuple[float, float]
    """Processes that wanted a core in the last minute, before and after."""

    postgresql: str | None = None
    """The server's version, where there was one."""

    notes: Sequence[str] = field(default=())

    def figures(self) -> dict[str, Any]:
        """All that the file holds; the figures of the first database stand at the top."""
        by_database = {database: summary(repeats) for database, repeats in self.repeats.items()}
        first = next(iter(by_database))
        return {
            "name": self.name,
            "machine": machine() | {"load": list(self.load)},
            "versions": versions() | {"postgresql": self.postgresql},
            "sizes": dict(self.sizes),
            **by_database.pop(first),
            **by_database,
            "notes": list(self.notes),
        }

    def write(self, folder: Path = RESULTS) -> Path:
        """Write the file and return its path."""
        folder.mkdir(exist_ok=True)
        path = folder / f"{self.name}.json"
        path.write_text(json.dumps(self.figures(), indent=2) + "\n", encoding="utf-8")
        return path

    def show(self, console: Console) -> None:
        """Print the table."""
        figures = self.figures()
        told = figures["machine"]
        sizes = ", ".join(f"{name.replace('_', ' ')} {size}" for name, size in self.sizes.items())
        console.print(f"{told['cpu']}, {told['cores']} cores, {told['memory_mib']} MiB", highlight=False)
        console.print(f"load before {self.load[0]:.1f}, after {self.load[1]:.1f}; {sizes}", highlight=False)
        table = Table("", *self.repeats)
        for key in dict.fromkeys(key for repeats in self.repeats.values() for key in repeats[0]):
            table.add_row(key, *(_cell(key, repeats) for repeats in self.repeats.values()))
        console.print(table)
        for note in self.notes:
            console.print(note, highlight=False)


def summary(repeats: Sequence[Measured]) -> dict[str, Any]:
    """The median of each key, with the least and the most."""
    columns = {key: [round(repeat[key], 3) for repeat in repeats] for key in repeats[0]}
    spread = {key: [min(values), max(values)] for key, values in columns.items()}
    return {key: median(values) for key, values in columns.items()} | {
        "repeats": len(repeats),
        "spread": spread,
    }


def machine() -> dict[str, Any]:
    """What it ran on; nothing that names the machine."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "memory_mib": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // MIB,
    }


def versions() -> dict[str, str]:
    """What it ran with."""
    return {
        "python": platform.python_version(),
        "sqlalchemy": importlib.metadata.version("sqlalchemy"),
        "sqlite": sqlite3.sqlite_version,
    }


def load_now() -> float:
    """Processes that wanted a core in the last minute."""
    return round(os.getloadavg()[0], 2)


def _cpu() -> str:
    told = Path("/proc/cpuinfo")
    lines = told.read_text().splitlines() if told.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"


def _cell(key: str, repeats: Sequence[Measured]) -> str:
    """The median, and the spread where there is one."""
    values = [repeat[key] for repeat in repeats if key in repeat]
    if not values:
        return ""
    least, middle, most = (_number(value) for value in (min(values), median(values), max(values)))
    return middle if least == most else f"{middle}  ({least} to {most})"


def _number(value: float) -> str:
    """A count as it is, and anything else with one figure after the point."""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"
