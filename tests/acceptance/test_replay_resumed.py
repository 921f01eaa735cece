"""A history split in two and gone on with gives, byte for byte, what the whole gives."""

import json
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from models.keyring import RootKeys
from notify.errors import FieldFault
from notify.eventfile.replay import SimulatedClock, replay, replay_services, throw_away_database
from notify.eventfile.results import write_results
from tests.acceptance.command_line import CommandLine, make_arrest, make_people, write_events
from tests.make import when
from tests.story import channel, make_story

MONTH = Path(__file__).parents[2] / "examples" / "make_month.py"
END = datetime.fromisoformat("2026-01-20T00:00:00Z")
SIXTEENTHS = range(1, 16)


@pytest.fixture
def line() -> CommandLine:
    return CommandLine()


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """Every kind of event, over three weeks."""
    file = tmp_path_factory.mktemp("month") / "events.ndjson"
    command = [sys.executable, str(MONTH), "--cases", "45", "--days", "18", "--out", str(file)]
    subprocess.run(command, check=True)
    return file.read_bytes().splitlines(keepends=True)


def moment(line: bytes) -> datetime:
    return datetime.fromisoformat(json.loads(line)["at"])


def cuts(lines: list[bytes]) -> list[int]:
    """Where a file can be cut: before each line that is later than the one before it."""
    return [n for n in range(1, len(lines)) if moment(lines[n - 1]) < moment(lines[n])]


def lived(lines: list[bytes], ends: list[datetime | None], url: str | None = None) -> list[list[str]]:
    """The results of the parts of a history that end at these times, all in one database, each with services of its own."""
    roots = RootKeys.parse(RootKeys.generate())
    results = []
    began: datetime | None = None
    clock = SimulatedClock()
    with throw_away_database(url if url and url.startswith("postgresql") else None, None) as database:
        for end in ends:
            # A clock that knows no more than what is kept beside a database.
            clock = SimulatedClock(clock.instant, clock.ids, clock.tokens, clock.refs)
            services = replay_services(database, clock, roots=roots)
            mine = [
                one
                for one in lines
                if (began is None or moment(one) > began) and (end is None or moment(one) <= end)
            ]
            outcome = replay(services, clock, mine, until=end)
            assert outcome.refused == []
            with services.reading() as session:
                results.append(list(write_results(session, services.keys, after=began)))
            began = clock.instant
    return results


def joined(parts: list[list[str]]) -> list[str]:
    return [line for part in parts for line in part]


def test_a_month_cut_into_many_parts_says_the_same_as_the_whole(month, database_url):
    places = cuts(month)
    chosen = [places[len(places) * n // 16] for n in SIXTEENTHS]
    # At the last event of the first part, halfway, and a moment before the first event of the second.
    ends = []
    for number, place in enumerate(chosen):
        last, first = moment(month[place - 1]), moment(month[place])
        ends.append([last, last + (first - last) / 2, first - timedelta(microseconds=1)][number % 3])

    (whole,) = lived(month, [END], database_url)
    parts = lived(month, [*ends, END], database_url)

    assert joined(parts) == whole
    assert len(whole) > 500
    assert all(parts)


def test_what_was_said_of_a_time_is_not_taken_back_by_what_is_learned_later(database_url):
    """A text that told her, and then it turned out that it did not arrive."""
    story = make_story("Mon 5 Jan 2026 09:00", plan=False)
    story.plan("Mon 5 Jan 2026 09:00", channel(detail="full", counts_as_told=True))
    story.milestone("Mon 5 Jan 2026 10:00", "arrest")
    story.receipt("Mon 5 Jan 2026 10:05", "delivered")
    story.receipt("Mon 5 Jan 2026 12:05", "undelivered")
    story.about("Tue 6 Jan 2026 12:00", "contact", outcome="spoke_identity_checked")
    until = when("Wed 7 Jan 2026 12:00")

    (whole,) = lived(story.lines, [until], database_url)
    for cut in ("Mon 5 Jan 2026 11:00", "Mon 5 Jan 2026 13:00"):
        assert joined(lived(story.lines, [when(cut), until], database_url)) == whole

    closed = [one for one in map(json.loads, whole) if one["what"] == "duty_closed"]
    assert [(one["by_contact"], one["late"]) for one in closed] == [
        ("message_told", False),
        ("spoke_identity_checked", False),
    ]


def test_alerts_pauses_and_frequency_go_on_over_the_cut(database_url):
    story = make_story("Thu 1 Jan 2026 10:00", every_days=7)
    story.milestone("Fri 2 Jan 2026 10:00", "charge")
    story.about("Mon 5 Jan 2026 10:00", "pause", reason="asked for quiet")
    story.about("Mon 2 Feb 2026 10:00", "resume", reason="asked again")
    story.tell("Mon 2 Mar 2026 10:00", "close", case="C-1", by="officer", reason="ended")
    until = when("Wed 1 Apr 2026 12:00")

    (whole,) = lived(story.lines, [until], database_url)
    days = [when("Thu 1 Jan 2026 12:00") + timedelta(days=n) for n in range(0, 89, 8)]

    assert joined(lived(story.lines, [*days, until], database_url)) == whole


def test_events_that_do_not_begin_later_are_refused(month):
    clock = SimulatedClock(moment(month[-1]))
    with throw_away_database(None, None) as database:
        services = replay_services(database, clock)
        with pytest.raises(FieldFault, match="line 1, at: is not later than"):
            replay(services, clock, month, until=None)


def test_the_command_goes_on_from_what_it_kept(line, month, tmp_path):
    month, place = month[:240], cuts(month)[100]
    first, second, whole = (tmp_path / f"{name}.ndjson" for name in ("first", "second", "whole"))
    first.write_bytes(b"".join(month[:place]))
    second.write_bytes(b"".join(month[place:]))
    whole.write_bytes(b"".join(month))
    kept = tmp_path / "kept.db"
    cut, until = moment(month[place - 1]).isoformat(), END.isoformat()

    a = line.run("replay", first, "--until", cut, "--keep-database", kept)
    untouched = kept.read_bytes()
    b = line.run("replay", second, "--resume", kept, "--until", until)
    both = line.run("replay", whole, "--until", until)

    assert (a.exit_code, b.exit_code, both.exit_code) == (0, 0, 0)
    assert a.stdout + b.stdout == both.stdout
    assert kept.read_bytes() == untouched
    assert line.run("replay", second, "--resume", kept, "--until", until).stdout == b.stdout


def test_what_it_becomes_can_be_kept_and_gone_on_with_in_its_turn(line, tmp_path):
    people = write_events(tmp_path / "people.ndjson", make_people())
    arrest = write_events(tmp_path / "arrest.ndjson", [make_arrest()])
    nothing = write_events(tmp_path / "nothing.ndjson", [""])
    whole = write_events(tmp_path / "whole.ndjson", [*make_people(), make_arrest()])
    kept = [tmp_path / "first.db", tmp_path / "second.db"]

    a = line.run("replay", people, "--keep-database", kept[0])
    b = line.run("replay", arrest, "--resume", kept[0], "--keep-database", kept[1])
    c = line.run("replay", nothing, "--resume", kept[1], "--until", "2026-01-20T00:00:00Z")

    assert (a.exit_code, b.exit_code, c.exit_code) == (0, 0, 0)
    both = line.run("replay", whole, "--until", "2026-01-20T00:00:00Z").stdout
    assert a.stdout + b.stdout + c.stdout == both
    assert kept[1].stat().st_mode == kept[0].stat().st_mode


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda kept: kept.with_name("kept.db.reached").unlink(), "no replay kept it, or not to its end"),
        (lambda kept: kept.with_name("kept.db.reached").write_text("{}"), "no replay kept it"),
        (
            lambda kept: kept.with_name("kept.db.reached").write_text(
                '{"until": "2026-01-05T09:00:00", "ids": 1, "tokens": 1, "refs": 1}'
            ),
            "no replay kept it",
        ),
        (lambda kept: kept.with_name("kept.db.key").unlink(), "is not there"),
        (lambda kept: kept.with_name("kept.db.key").write_bytes(b"\xff\xfe"), "is not there"),
        (lambda kept: kept.write_bytes(b""), "is not a database that a replay kept"),
        (lambda kept: kept.write_bytes(b"not a database"), "is not a database that a replay kept"),
        (lambda kept: kept.unlink(), "does not exist"),
    ],
)
def test_what_no_replay_kept_is_not_gone_on_with(line, tmp_path, spoil, fault):
    people = write_events(tmp_path / "people.ndjson", make_people())
    arrest = write_events(tmp_path / "arrest.ndjson", [make_arrest()])
    kept = tmp_path / "kept.db"
    line.run("replay", people, "--keep-database", kept)
    spoil(kept)

    result = line.run("replay", arrest, "--resume", kept)

    assert (result.exit_code, result.stdout) == (2, "")
    assert fault in result.stderr


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (("--until", "2026-01-05T08:00:00Z"), "--until: is earlier than 2026-01-05T09:00:00+00:00"),
        (("--database", "sqlite:///other.db"), "--database and --resume exclude each other"),
        (("--keep-database", __file__), "is there already"),
    ],
)
def test_what_cannot_be_gone_on_with_like_this_is_told(line, tmp_path, arguments, fault):
    people = write_events(tmp_path / "people.ndjson", make_people())
    arrest = write_events(tmp_path / "arrest.ndjson", [make_arrest()])
    kept = tmp_path / "kept.db"
    line.run("replay", people, "--keep-database", kept)

    result = line.run("replay", arrest, "--resume", kept, *arguments)

    assert (result.exit_code, result.stdout) == (2, "")
    assert fault in result.stderr
    # And a second file that begins too early, in a line.
    again = line.run("replay", people, "--resume", kept)
    assert (again.exit_code, again.stdout) == (2, "")
    assert "line 1, at: is not later than 2026-01-05T09:00:00+00:00" in again.stderr
