"""The benchmarks say what they promise to say; how fast anything is, no test asks."""

import io
import json
from typing import NoReturn

import pytest
from rich.console import Console
from sqlalchemy import func, select

from bench import api, backlog, delivery, latency, oversight, replay, same
from bench.__main__ import BENCHMARKS, main
from bench.abreast import seconds_abreast
from bench.crowd import Crowd, fill
from bench.report import EMBEDDED, BenchError, Report
from models.cases import Case
from models.duties import Duty
from models.session import open_database

REPEATS = [
    {"seconds": 3.0, "peak_mib": 90.0},
    {"seconds": 1.0, "peak_mib": 90.0},
    {"seconds": 8.0, "peak_mib": 90.0},
]
FEW = replay.Size(cases=20, days=31, mix="year", until="2026-02-01T00:00:00Z")


@pytest.fixture
def report() -> Report:
    return Report(
        "replay",
        {"events": 12},
        {"sqlite": REPEATS, "postgresql": REPEATS[:1]},
        (0.5, 1.5),
        postgresql="15.1",
    )


def test_the_file_holds_the_median_and_the_spread_of_each_key(report, tmp_path):
    written = json.loads(report.write(tmp_path / "results").read_text())

    assert (written["seconds"], written["spread"]["seconds"], written["repeats"]) == (3, [1, 8], 3)
    assert written["postgresql"]["seconds"] == 3
    assert written["versions"].keys() == {"python", "sqlalchemy", "sqlite", "postgresql"}
    assert {"cpu", "cores", "memory_mib", "load"} <= written["machine"].keys()
    assert written["sizes"] == {"events": 12}


def test_the_table_shows_every_key_of_every_database(report):
    out = io.StringIO()

    report.show(Console(file=out, width=100))

    assert {"sqlite", "postgresql", "seconds", "peak_mib"} <= set(out.getvalue().split())
    assert "3.0  (1.0 to 8.0)" in out.getvalue()


@pytest.mark.parametrize("arguments", [[], ["unheard-of"], ["--full"]])
def test_no_name_and_an_unknown_one_get_the_list_of_names(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)

    assert stopped.value.code == 2
    told = capsys.readouterr().err
    assert all(name in told for name in BENCHMARKS)


def test_a_year_has_a_thousand_participations_of_fourteen_events_each(tmp_path):
    sizes = replay.sizes_of(replay.make_file(tmp_path, replay.YEAR))

    assert sizes["participations"] == 1_000
    assert round(sizes["events"] / 1_000) == 14
    assert round(sizes["milestones"] / 1_000) == 5


def test_a_replay_is_measured():
    figures = replay.run(full=False, size=FEW).figures()

    assert {"seconds", "events_per_second", "peak_mib"} <= figures["spread"].keys()
    assert all(figures[key] > 0 for key in ("seconds", "events_per_second", "peak_mib", "duties", "messages"))
    assert figures["events_per_second"] * figures["seconds"] == pytest.approx(
        figures["sizes"]["events"], rel=0.01
    )


def test_a_replay_that_fails_says_why(tmp_path):
    file = replay.make_file(tmp_path, FEW)

    with pytest.raises(BenchError, match="earlier than the first event"):
        replay.measure(file, "2025-01-01T00:00:00Z")


def test_recording_a_milestone_is_measured_beside_a_bare_route():
    size = api.Size(requests=10, repeats=2, callers=2, warm_up=2)

    figures = api.run(full=False, size=size, databases=("sqlite",)).figures()

    promised = {"milestone_p50_ms", "milestone_p99_ms", "requests_per_second", "ratio_to_bare"}
    assert promised <= figures["spread"].keys()
    assert all(figures[key] > 0 for key in promised)
    assert figures["milestone_p50_ms"] <= figures["milestone_p99_ms"]


def test_the_way_from_a_milestone_to_the_provider_is_measured():
    few = latency.Size(milestones=2, repeats=2, idle=2, warm_up=1)
    figures = latency.run(full=False, size=few, databases=(EMBEDDED,)).figures()

    assert {"p50_ms", "p99_ms", "idle_cpu_percent"} <= figures["spread"].keys()
    assert 0 < figures["p50_ms"] <= figures["p99_ms"]


@pytest.mark.parametrize("sort", ["sqlite", "postgresql"])
def test_a_backlog_is_made_and_sent_to_its_end(sort, request):
    if sort == "postgresql":
        request.getfixturevalue("postgresql_admin")  # skips where there is no server to be had
    figures = backlog.run(full=False, size=backlog.Size(messages=120), databases=(sort,)).figures()

    promised = {"first_rate", "last_rate", "peak_mib", "first_cpu_us", "mib_at_half"}
    assert promised <= figures["spread"].keys()
    assert all(figures[key] > 0 for key in ("first_rate", "last_rate", "peak_mib"))


def test_texts_are_sent_beside_those_of_others(postgresql_admin):
    few = delivery.Size(texts=12, repeats=1, ways=[(2, 4)])
    figures = delivery.run(full=False, size=few).figures()

    promised = {"cpu_us_per_message", "bare_client_cpu_us", "cpu_ratio", "messages_per_second"}
    assert promised <= figures["sqlite"]["spread"].keys()
    assert promised | {"procrastinate_per_second", "throughput_ratio"} <= figures["spread"].keys()
    assert all(figures[key] > 0 for key in figures["spread"])


def test_what_does_best_is_what_did_best_as_a_rule_and_not_once():
    ours = [{1: 10.0, 2: 30.0}, {1: 90.0, 2: 31.0}, {1: 11.0, 2: 32.0}]
    theirs = [{(1, 4): 6.0, (2, 4): 5.0}] * 3

    figures = list(delivery.at_best(ours, theirs))

    assert [repeat["messages_per_second"] for repeat in figures] == [30, 31, 32]
    assert {repeat["procrastinate_per_second"] for repeat in figures} == {6}
    assert figures[0]["throughput_ratio"] == 5


def cannot_begin(reason: str) -> NoReturn:
    raise ValueError(reason)


def test_a_process_that_cannot_take_part_is_not_waited_for():
    with pytest.raises(BenchError, match="cannot_begin: a process ended"):
        seconds_abreast(2, cannot_begin, "no reason")


def test_a_percentile_is_one_of_the_values():
    assert [api.percentile([4, 1, 3, 2], percent) for percent in (1, 50, 99)] == [1, 2, 4]


def test_a_crowd_is_overseen(tmp_path):
    crowd = Crowd(2_000, a_minute=10, minutes=2 * oversight.SWEEPS)
    database = open_database(f"sqlite:///{tmp_path / 'crowd.db'}")
    fill(database.engine, crowd)

    figures, _ = oversight.lists(database, crowd)
    with database.reads() as session:
        counted = {table: session.scalar(select(func.count()).select_from(table)) for table in (Duty, Case)}
    database.engine.dispose()

    assert counted == {Duty: 8_000, Case: 2_000}
    assert all(value > 0 for value in figures.values())
    assert {"worst_list_ms", "my_due_first_ms", "unit_overdue_last_ms"} <= figures.keys()


def test_each_sweep_finds_what_became_overdue_in_its_minute(database):
    if database.engine.dialect.name == "sqlite":
        pytest.skip("the sweep is measured on PostgreSQL")
    fill(database.engine, Crowd(2_000, a_minute=10, minutes=2 * oversight.SWEEPS))

    ours, bare = oversight.sweeps(database, 10)

    assert len(ours) == len(bare) == oversight.SWEEPS


def test_a_file_is_cut_in_two_where_time_goes_on(tmp_path):
    file = tmp_path / "events.ndjson"
    times = ["2026-01-01T09:00:00Z", *["2026-01-02T09:00:00Z"] * 4, "2026-01-03T09:00:00Z"]
    file.write_text("".join(json.dumps({"at": at, "do": "unit"}) + "\n" for at in times))
    first, second = tmp_path / "first", tmp_path / "second"

    until = same.cut(file, first, second)

    assert until == times[4]
    assert first.read_bytes() + second.read_bytes() == file.read_bytes()
    assert second.read_text().count("\n") == 1


def test_a_year_that_lacks_what_could_make_a_difference_is_not_compared(tmp_path):
    with pytest.raises(BenchError, match=r"the year has no .*decline"):
        same.run(full=False, size=replay.Size(cases=1, days=3, mix="year", until="2026-01-02T00:00:00Z"))
