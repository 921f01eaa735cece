"""Invariant 6, sealed at rest: after a whole run, whoever has the database but no root key learns nothing of anyone.

Long because the run that it looks through leaves something in every table.
"""

import base64
import hashlib
import io
import json
import re
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import inspect, select, text

from config import ConfigError
from models.keyring import Keyring, Place, RootKeys, SealBroken
from models.keys import DataKey
from models.oversight import Alert, Task
from models.people import Victim
from models.session import open_database
from models.tables import metadata
from models.vocabulary import ContactPointKind, Detail, RepresentativeKind, Supports
from notify.delivery.sealed_updates import set_secret, set_sign_in_name
from notify.eventfile.apply import apply_event
from notify.eventfile.parse import load
from notify.ledger.tasks import finish_task
from notify.oversight.alerts import resolve
from notify.planning import people
from notify.planning.corrections import correct_milestone
from notify.planning.milestones import Happening
from notify.planning.queries import case_by_ref, victim_by_ref
from notify.wiring import make_services
from tests.make import (
    START,
    ChannelPlan,
    close,
    contact,
    decline,
    inbound,
    make_case,
    make_contact_point,
    make_plan,
    make_settings,
    make_staff,
    make_unit,
    make_victim,
    make_world,
    pause,
    read_page,
    receipt,
    record,
    resume,
    run_ticks,
    suspend_point,
    verify_point,
    when,
)

CANARIES = {
    "unit": "Quayside Canary Team",
    "officer": "Officer Larkspur",
    "name": "Quillon Ashgrove",
    "birth": "2011-11-23",
    "mobile": "07700 900971",
    "email": "quillon.ashgrove@example.org",
    "landline": "020 7946 0971",
    "address": "71 Canary Wharfside, Exampleton",
    "offence": "Unlawful wounding",
    "idva": "Idva Pennyroyal",
    "scope": "only about hearings in June",
    "cover": "Your library book is ready",
    "plan": "walls have ears",
    "verified": "rung back at her aunt's",
    "suspended": "he answered the telephone",
    "suspect": "Suspect Brantley",
    "fact": "not to enter Hollowbrook Lane",
    "correction": "the custody desk misspoke",
    "note": "the neighbour picked up",
    "pause": "away with family",
    "resume": "home again",
    "support": "afraid of reprisals",
    "waive": "told by the usher",
    "alert": "rang twice already",
    "task": "left the leaflet",
    "inbound": "who are you people",
    "decline": "wants peace and quiet",
    "close": "sentence served abroad",
    "secret": "marmalade skies",
    "sign-in name": "purple aardvark",
    "imported": "Imported Thistlewood",
    "imported number": "07700 900972",
    "imported note": "rings after dusk",
}
TEXTS = ("A suspect has been arrested", "There is a message for you here", "updates.example/m/")


@pytest.fixture
def lived_in(database_url):
    """A database to which everything happened that can, with its connections still open."""
    database = open_database(database_url)
    world = live(make_world(database, staff=False))
    yield world, database
    database.engine.dispose()


def live(world):
    c = CANARIES
    make_unit(world, name=c["unit"])
    make_staff(world, "officer", name=c["officer"])
    make_case(world, offence=c["offence"])
    make_victim(world, name=c["name"], mobile=c["mobile"], email=c["email"])
    make_contact_point(world, "landline", c["landline"], kind=ContactPointKind.LANDLINE)
    make_contact_point(world, "post", c["address"], kind=ContactPointKind.POST)
    with world.acting() as act:
        victim = victim_by_ref(act.session, "V-1")
        set_secret(act, victim, c["secret"])
        set_sign_in_name(act, victim, c["sign-in name"])
        people.add_representative(
            act,
            victim,
            kind=RepresentativeKind.IDVA,
            name=c["idva"],
            scope=c["scope"],
            consent_at=START,
            starts_at=START,
        )
        people.enrol_victim(
            act,
            ref="V-2",
            case=case_by_ref(act.session, "C-1"),
            name="Junior Ashgrove",
            date_of_birth=date.fromisoformat(c["birth"]),
        )
    make_plan(
        world,
        ChannelPlan(detail=Detail.LINK, cover_text=c["cover"]),
        ChannelPlan("V-1-email", Detail.FULL, counts_as_told=True),
        reason=c["plan"],
        every_days=14,
    )
    milestone, _ = record(world, facts={"conditions": c["fact"]}, suspect=c["suspect"])
    run_ticks(world)
    receipt(world, world.arrived[0], "undelivered", "30003")
    run_ticks(world)
    receipt(world, world.arrived[1], "delivered")
    read_page(world)
    with world.acting() as act:
        said = Happening(milestone.kind, milestone.happened_at, milestone.learned_at, suspect="the other")
        correct_milestone(
            act, world.services.rulebook, act.session.merge(milestone), said, reason=c["correction"]
        )
    contact(world, "voicemail", note=c["note"])
    inbound(world, c["inbound"], sender=c["mobile"])
    suspend_point(world, reason=c["suspended"])
    verify_point(world, reason=c["verified"])
    pause(world, reason=c["pause"])
    resume(world, reason=c["resume"])
    record(world, "bail_granted", facts={"conditions": c["fact"]})
    run_ticks(world, when("Fri 6 Mar 2026 10:00"))
    by_hand(world)
    bring_in(world)
    decline(world, reason=c["decline"])
    close(world, reason=c["close"])
    run_ticks(world)
    return world


def by_hand(world):
    with world.about("V-1", "C-1") as (act, participation):
        people.record_support(act, participation, Supports.UNSURE, reason=CANARIES["support"])
        people.waive(act, participation, "R6-BAIL", reason=CANARIES["waive"])
        resolve(act, act.session.scalars(select(Alert)).first(), note=CANARIES["alert"])
        world.clock.pass_time(minutes=1)
    inbound(world, "hello again", sender=CANARIES["mobile"])
    with world.acting() as act:
        task = act.session.scalars(select(Task).where(Task.state == "open")).first()
        finish_task(act, task, note=CANARIES["task"])


def lines():
    """Lines of an event file; so that a digest of one can be looked for as well."""
    c = CANARIES
    about = {"at": "2026-03-06T10:05:00Z", "victim": "V-3", "case": "C-1"}
    return [
        json.dumps({**about, "do": "victim", "id": "e-1", "name": c["imported"]}),
        json.dumps({"at": about["at"], "do": "contact_point", "id": "e-2", "contact_point": "V-3-mobile",
                    "victim": "V-3", "kind": "mobile", "value": c["imported number"]}),
        json.dumps({**about, "do": "contact", "id": "e-3", "by": "officer", "outcome": "voicemail",
                    "note": c["imported note"]}),
    ]  # fmt: skip


def bring_in(world):
    for line in lines():
        apply_event(world.services, load(line))


def test_a_dump_without_the_root_key_shows_nobody_and_nothing(lived_in, database_url):
    world, database = lived_in

    dumped = dump(database, database_url)

    assert len(world.arrived) > 3
    assert {name for name, word in CANARIES.items() if is_in(dumped, word)} == set()
    assert [word for word in TEXTS if is_in(dumped, word)] == []
    assert is_in(dumped, "C-1")  # else the dump is of something else


def test_no_digest_in_a_dump_lets_a_number_be_guessed(lived_in, database_url):
    """Ten digits are soon tried: a digest of what holds a number must need a key."""
    _, database = lived_in
    dumped = dump(database, database_url)
    guesses = [CANARIES["mobile"], "+447700900971", "+447700900972", CANARIES["email"], CANARIES["secret"]]
    guesses += [load(line).digest for line in lines()]
    guesses += lines()

    digests = [
        hashlib.new(name, form.encode()).digest()
        for name in ("sha256", "sha1", "md5")
        for guess in guesses
        for form in (guess, guess.replace(" ", ""), guess.casefold())
    ]
    digests += [bytes.fromhex(load(line).digest) for line in lines()]
    assert [digest.hex() for digest in digests if holds(dumped, digest)] == []


def test_with_the_root_key_all_of_it_is_still_there(lived_in):
    """The canaries were stored, and not lost on the way."""
    world, _ = lived_in

    kept = opened(world)
    assert {name for name, word in CANARIES.items() if word not in kept} == {
        # kept as a hash, as a blind index, or in another spelling
        *("secret", "sign-in name", "landline", "imported number"),
    }
    assert "+447700900971" in kept


def test_another_root_key_is_refused_at_the_start_and_never_echoed(lived_in):
    _, database = lived_in
    other = RootKeys.generate()

    with pytest.raises(ConfigError) as refused:
        make_services(make_settings(NOTIFY_ROOT_KEY=other), database=database)

    assert refused.value.faults == ("NOTIFY_ROOT_KEY: the root key does not fit this database",)
    assert other.split(":")[1] not in str(refused.value)


def test_a_destroyed_key_takes_all_that_was_sealed_with_it(lived_in):
    world, _ = lived_in
    victim = world.row(Victim, ref="V-1")
    with world.services.sessions.begin() as session:
        world.services.keys.destroy(session, victim.id)

    fresh = Keyring(RootKeys.parse(make_settings().require_root_key()))
    with world.services.reading() as session, pytest.raises(SealBroken):
        fresh.of(session, victim.id)
    kept = opened(world)
    hers = ("name", "email", "cover", "note", "plan", "inbound", "pause", "waive")
    assert [name for name in hers if CANARIES[name] in kept] == []
    assert "900971" not in kept
    assert CANARIES["officer"] in kept


def opened(world):
    """Every sealed text that opens, by brute force: each column under each key that there is."""
    found = []
    keys = Keyring(RootKeys.parse(make_settings().require_root_key()))
    with world.services.reading() as session:
        owners = session.scalars(select(DataKey.owner_id).where(DataKey.wrapped.is_not(None))).all()
        for table in metadata.sorted_tables:
            for column in (column for column in table.c if column.name.endswith("_sealed")):
                place = table.c.id if "id" in table.c else table.c.seq
                for number, sealed in session.execute(select(place, column).where(column.is_not(None))):
                    row = Place(table.name, number if isinstance(number, UUID) else UUID(int=number))
                    found += [
                        text_
                        for owner in owners
                        if (text_ := try_key(keys, session, owner, sealed, row, column))
                    ]
    return "\n".join(found)


def try_key(keys, session, owner, sealed, row, column):
    try:
        return keys.of(session, owner).open_value(sealed, row, column.name)
    except SealBroken:
        return None


def dump(database, url):
    """All that is stored, as bytes: the files of SQLite with what is beside them; each row of PostgreSQL as text."""
    if url.startswith("sqlite"):
        path = Path(url.removeprefix("sqlite:///"))
        files = [path, *path.parent.glob(f"{path.name}-*")]
        assert f"{path.name}-wal" in {file.name for file in files}
        return b"\n".join(file.read_bytes() for file in files)
    written = io.BytesIO()
    with database.engine.connect() as connection:
        for table in inspect(connection).get_table_names():
            for row in connection.execute(text(f'SELECT t::text FROM "{table}" AS t')):
                written.write(row[0].encode() + b"\n")
    return written.getvalue()


def is_in(dumped, word):
    """Whether a text is in a dump, in any spelling in which a database might hold it."""
    spellings = {
        word,
        word.casefold(),
        word.upper(),
        word.replace(" ", ""),
        re.sub(r"^0", "44", word.replace(" ", "")),
    }
    return any(
        holds(dumped, spelling.encode(encoding))
        for spelling in spellings
        for encoding in ("utf-8", "utf-16-le")
    )


def holds(dumped, raw):
    forms = (raw, raw.hex().encode(), raw.hex().upper().encode(), base64.b64encode(raw).rstrip(b"=")[:-1])
    return any(form in dumped for form in forms)
