"""`python -m bench NAME`: run one benchmark, print its table and write its figures."""

import argparse
import importlib
import sys

from rich.console import Console

from bench.report import BenchError, Report

BENCHMARKS = {
    "api": "record a milestone through the API, beside a bare Flask route that inserts one row",
    "replay": "replay a year of 1,000 participations",
    "same": "replay a year on SQLite, on PostgreSQL and in two parts, and compare the bytes; 10,000 participations in full",
    "latency": "from a milestone told through the API to the call of the provider, on a quiet system",
    "backlog": "send 1,000,000 messages that wait with one worker; 20,000 in the short form",
    "delivery": "send texts through the worker's steps, beside the bare Twilio client and Procrastinate doing as much",
    "oversight": "find what became overdue, and open every list, among 20,000,000 duties; a tenth in the short form",
}


def main(arguments: list[str] | None = None) -> int:
    """Run what the arguments name; 2 when they name nothing that there is, 1 when it fails."""
    names = "".join(f"\n  {name:8} {what}" for name, what in BENCHMARKS.items())
    parser = argparse.ArgumentParser(
        prog="bench", epilog=f"names:{names}", formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", nargs="?", metavar="NAME")
    parser.add_argument("--full", action="store_true", help="all of it, however long that takes")
    chosen = parser.parse_args(arguments)
    if chosen.name not in BENCHMARKS:
        fault = f"there is no benchmark {chosen.name}" if chosen.name else "say which benchmark"
        parser.exit(2, f"{fault}; make bench NAME= one of:{names}\n")
    # Only what is measured is loaded: this process is small, and its memory is not taken for that of another.
    run = importlib.import_module(f"bench.{chosen.name}").run
    console = Console()
    try:
        report: Report = run(full=chosen.full)
    except BenchError as fault:
        print(fault, file=sys.stderr)
        return 1
    report.show(console)
    console.print(f"written to bench/results/{report.write().name}", highlight=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
