"""`python -m chaos`: kill workers, databases and calls in the midst of bursts, and say whether anything was lost or sent twice."""

import argparse
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp

from chaos.postgres import Server, ServerError, servers, url_of
from chaos.run import ChaosError, Failing, Size, run
from chaos.verdict import Verdict
from tests.postgres import NoServerError

SHORT = Size(messages=200, bursts=1, kills=15)
LONG = Size(messages=20_000, bursts=2, kills=350)
MOST_TO_A_PERSON = 0.05
"""Of what is owed: a service that leaves more than that to people sends nothing twice, and is no use."""


def on_sqlite(size: Size, seed: int, folder: Path) -> Verdict:
    """Several processes share one file."""
    return run("sqlite", f"sqlite:///{folder / 'notify.db'}", size, Failing(), seed=seed, folder=folder)


def on_postgresql(size: Size, seed: int, folder: Path) -> Verdict:
    """The server is restarted again and again."""
    with servers("main") as [server]:
        server.make()
        server.start()
        return run(
            "postgresql", url_of(server), size, Failing(restart=server.restart), seed=seed, folder=folder
        )


def on_standby(size: Size, seed: int, folder: Path) -> Verdict:
    """The server is killed half-way, and its synchronous standby takes over."""
    with servers("main", "standby") as [primary, standby]:
        primary.make()
        primary.start()
        standby.copy(primary)
        standby.start()
        primary.wait_for_its_standby()
        return run(
            "standby",
            url_of(primary, standby),
            size,
            Failing(fail_over=lambda: _fail_over(primary, standby)),
            seed=seed,
            folder=folder,
        )


def _fail_over(primary: Server, standby: Server) -> None:
    primary.kill()
    standby.promote()


DATABASES: dict[str, Callable[[Size, int, Path], Verdict]] = {
    "sqlite": on_sqlite,
    "postgresql": on_postgresql,
    "standby": on_standby,
}


def main(arguments: list[str] | None = None) -> int:
    """Run what the arguments ask for; 0 when nothing was lost, sent twice or sent at a bad time, and there was enough of it."""
    parser = argparse.ArgumentParser(prog="chaos")
    parser.add_argument("--short", action="store_true", help="the form that CI runs")
    parser.add_argument("--on", action="append", choices=DATABASES, help="one database; may be repeated")
    parser.add_argument("--messages", type=int, help="in a burst")
    parser.add_argument("--bursts", type=int, help="on each database, at least")
    parser.add_argument("--kills", type=int, help="on each database, at least")
    parser.add_argument("--seed", type=int, help="of what happens when; printed if it is not given")
    chosen = parser.parse_args(arguments)
    form = SHORT if chosen.short else LONG
    size = Size(chosen.messages or form.messages, chosen.bursts or form.bursts, chosen.kills or form.kills)
    seed = chosen.seed if chosen.seed is not None else random.SystemRandom().randrange(10**6)
    names = chosen.on or [name for name in DATABASES if not (chosen.short and name == "standby")]
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that nothing is left running
    os.environ["NO_PROXY"] = "127.0.0.1"
    print(f"seed={seed} {size} on={','.join(names)}", flush=True)
    folder = Path(mkdtemp(prefix="chaos-"))
    try:
        verdicts = [_one(name, size, seed, folder) for name in names]
    except (ChaosError, ServerError, NoServerError) as fault:
        print(f"{fault}; what the workers said is in {folder}", file=sys.stderr)
        return 1
    total = Verdict("all")
    for verdict in verdicts:
        total.kills += verdict.kills
        total.sent += verdict.sent
        total.lost += verdict.lost
        total.twice += verdict.twice
        total.outside_window += verdict.outside_window
    enough = all(_is_enough(verdict, size) for verdict in verdicts)
    if total.is_clean and enough:
        shutil.rmtree(folder)
    else:
        print(f"what the workers said is in {folder}")
    print(total.line())
    return 0 if total.is_clean and enough else 1


def _one(name: str, size: Size, seed: int, folder: Path) -> Verdict:
    began = time.monotonic()
    verdict = DATABASES[name](size, seed, folder)
    for fault in verdict.faults:
        print(f"  {fault}")
    took = time.monotonic() - began
    print(f"{name}: {verdict.line()} to_a_person={verdict.to_a_person} seconds={took:.0f}", flush=True)
    return verdict


def _is_enough(verdict: Verdict, size: Size) -> bool:
    """Whether it saw what was asked for: the kills, and nearly all of the texts sent and not left to people."""
    owed = verdict.sent + verdict.to_a_person
    if verdict.kills < size.kills or verdict.sent < size.messages * size.bursts * (1 - MOST_TO_A_PERSON):
        print(f"{verdict.name}: fewer kills or texts than asked for")
        return False
    if verdict.to_a_person > owed * MOST_TO_A_PERSON:
        print(f"{verdict.name}: too much is left to people")
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
