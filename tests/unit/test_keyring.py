"""The keyring: what is sealed opens in its own place, under its own key, and nowhere else."""

import base64
from dataclasses import dataclass
from shutil import copyfile
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select

from models.keyring import INDEX, SERVICE, Keyring, KeyringError, OwnerKey, RootKeys, SealBroken
from models.keys import DataKey
from models.session import open_database

OWNER = UUID(int=77)


@dataclass
class Row:
    """A row with one sealed column."""

    id: UUID
    name_sealed: bytes | None = None
    other_sealed: bytes | None = None
    __tablename__: str = "people"


def make_key(owner: UUID = OWNER) -> OwnerKey:
    return OwnerKey(owner, 1, AESGCM(AESGCM.generate_key(256)))


@pytest.fixture
def keyring(sessions):
    made = Keyring(RootKeys.parse(RootKeys.generate()))
    made.ready(sessions)
    return made


@given(words=st.text())
def test_what_was_sealed_opens_in_its_place(words):
    key, row = make_key(), Row(uuid4())
    row.name_sealed = key.seal(row, "name_sealed", words)

    assert key.open(row, "name_sealed") == words


@given(words=st.text(min_size=4))
def test_nothing_of_the_words_shows_in_what_is_stored(words):
    row = Row(uuid4())

    sealed = make_key().seal(row, "name_sealed", words)

    assert words.encode() not in sealed


def test_the_same_words_are_sealed_otherwise_each_time():
    key, row = make_key(), Row(uuid4())

    assert len({key.seal(row, "name_sealed", "Example") for _ in range(20)}) == 20


def test_what_was_moved_to_another_row_column_or_table_does_not_open():
    key, row = make_key(), Row(uuid4())
    sealed = key.seal(row, "name_sealed", "Example")
    elsewhere = [
        (Row(uuid4(), name_sealed=sealed), "name_sealed"),
        (Row(row.id, other_sealed=sealed), "other_sealed"),
        (Row(row.id, name_sealed=sealed, __tablename__="others"), "name_sealed"),
    ]

    for other, column in elsewhere:
        with pytest.raises(SealBroken):
            key.open(other, column)


def test_another_owners_key_does_not_open_it():
    row = Row(uuid4())
    row.name_sealed = make_key().seal(row, "name_sealed", "Example")

    with pytest.raises(SealBroken):
        make_key().open(row, "name_sealed")


def test_a_single_changed_bit_anywhere_is_noticed():
    key, row = make_key(), Row(uuid4())
    sealed = key.seal(row, "name_sealed", "Example")

    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        row.name_sealed = bytes(changed)
        with pytest.raises(SealBroken):
            key.open(row, "name_sealed")


@given(cut=st.binary(max_size=40))
def test_what_is_no_seal_at_all_is_told_so(cut):
    row = Row(uuid4(), name_sealed=cut)

    with pytest.raises(SealBroken):
        make_key().open(row, "name_sealed")


def test_an_empty_column_is_empty():
    assert make_key().open_or_none(Row(uuid4()), "name_sealed") is None


def test_a_broken_seal_names_its_place_and_none_of_its_words():
    row = Row(uuid4())
    row.name_sealed = make_key().seal(row, "name_sealed", "Example Person")

    with pytest.raises(SealBroken) as broken:
        make_key().open(row, "name_sealed")

    assert str(broken.value) == f"people.name_sealed of row {row.id} does not open"


def test_keys_stay_out_of_the_words_for_them():
    text = RootKeys.generate()
    roots = RootKeys.parse(text)
    secret = base64.b64decode(text.split(":")[1])

    said = f"{roots!r} {make_key()!r} {Keyring(roots)!r}"

    assert text.split(":")[1] not in said
    assert repr(secret) not in said


@pytest.mark.parametrize(
    "text",
    [
        "",
        " , ",
        "hello",
        "1:",
        "1:AAAA",
        "0:" + "A" * 43 + "=",
        "x:" + "A" * 43 + "=",
        "-1:" + "A" * 43 + "=",
        "١:" + "A" * 43 + "=",
        "4294967296:" + "A" * 43 + "=",
        "1:" + "!" * 44,
        "1:" + "A" * 43 + "=,1:" + "B" * 43 + "=",
    ],
)
def test_a_root_key_that_cannot_be_used_is_refused_and_not_echoed(text):
    with pytest.raises(KeyringError) as refused:
        RootKeys.parse(text)

    assert "AAAA" not in str(refused.value)
    assert "!!!" not in str(refused.value)


def test_the_first_of_several_root_keys_wraps_and_all_of_them_open():
    old, new = RootKeys.generate(1), RootKeys.generate(2)
    wrapped = RootKeys.parse(old).wrap(b"data key", b"about")

    both = RootKeys.parse(f"{new}\n{old}")

    assert both.current == 2
    assert both.unwrap(wrapped, b"about") == b"data key"
    assert RootKeys.parse(new).unwrap(both.wrap(b"data key", b"about"), b"about") == b"data key"


def test_a_wrapped_key_opens_for_its_own_owner_only():
    roots = RootKeys.parse(RootKeys.generate())

    with pytest.raises(KeyringError, match="does not fit"):
        roots.unwrap(roots.wrap(b"data key", b"hers"), b"his")


def test_a_root_key_that_is_missing_is_asked_for_by_number():
    wrapped = RootKeys.parse(RootKeys.generate(7)).wrap(b"data key", b"about")

    with pytest.raises(KeyringError, match="number 7 is needed"):
        RootKeys.parse(RootKeys.generate(8)).unwrap(wrapped, b"about")


def test_a_wrong_root_key_is_noticed_before_anything_is_done(sessions, keyring):
    with pytest.raises(KeyringError, match="does not fit this database"):
        Keyring(RootKeys.parse(RootKeys.generate())).ready(sessions)


def test_a_new_database_gets_its_own_two_keys_once(sessions, keyring):
    keyring.ready(sessions)

    with sessions() as session:
        assert set(session.scalars(select(DataKey.owner_id))) == {SERVICE, INDEX}


def test_a_keyring_that_comes_later_opens_what_an_earlier_one_sealed(sessions):
    text = RootKeys.generate()
    first, row = Keyring(RootKeys.parse(text)), Row(uuid4())
    first.ready(sessions)
    with sessions.begin() as session:
        row.name_sealed = first.create(session, OWNER).seal(row, "name_sealed", "Example")

    with sessions() as session:
        assert Keyring(RootKeys.parse(text)).of(session, OWNER).open(row, "name_sealed") == "Example"


def test_rotating_wraps_every_data_key_anew_and_leaves_what_it_sealed(sessions):
    old, new = RootKeys.generate(1), RootKeys.generate(2)
    first, row = Keyring(RootKeys.parse(old)), Row(uuid4())
    first.ready(sessions)
    with sessions.begin() as session:
        row.name_sealed = first.create(session, OWNER).seal(row, "name_sealed", "Example")
    sealed = row.name_sealed

    with sessions.begin() as session:
        rotating = Keyring(RootKeys.parse(f"{new},{old}"))
        assert (rotating.rewrap_all(session), rotating.rewrap_all(session)) == (3, 0)

    with sessions() as session:
        assert Keyring(RootKeys.parse(new)).of(session, OWNER).open(row, "name_sealed") == "Example"
        assert row.name_sealed == sealed


def test_a_destroyed_key_is_gone_for_good(sessions, keyring):
    row = Row(uuid4())
    with sessions.begin() as session:
        row.name_sealed = keyring.create(session, OWNER).seal(row, "name_sealed", "Example")

    with sessions.begin() as session:
        keyring.destroy(session, OWNER)

    with sessions() as session, pytest.raises(SealBroken):
        keyring.of(session, OWNER)
    with sessions.begin() as session:
        assert keyring.rewrap_all(session) == 0


def test_the_keys_of_several_owners_are_opened_in_one_question(sessions, engine):
    text = RootKeys.generate()
    first, rows = Keyring(RootKeys.parse(text)), [Row(uuid4()) for _ in range(3)]
    first.ready(sessions)
    with sessions.begin() as session:
        for row in rows:
            row.name_sealed = first.create(session, row.id).seal(row, "name_sealed", "Example")
    with sessions.begin() as session:
        first.destroy(session, rows[2].id)
    later, asked = Keyring(RootKeys.parse(text)), []

    def note(_connection, _cursor, statement, *_):
        if "data_keys" in statement:
            asked.append(statement)

    event.listen(engine, "before_cursor_execute", note)

    with sessions() as session:
        later.fetch(session, [*(row.id for row in rows), uuid4()])
        opened = [later.of(session, row.id).open(row, "name_sealed") for row in rows[:2]]
        event.remove(engine, "before_cursor_execute", note)  # the engine is that of other tests too
        with pytest.raises(SealBroken):
            later.of(session, rows[2].id)

    assert (opened, len(asked)) == (["Example"] * 2, 1)


def test_an_owner_without_a_key_has_none(sessions, keyring):
    with sessions() as session, pytest.raises(SealBroken):
        keyring.of(session, uuid4())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(one=st.text(), other=st.text())
def test_equal_values_and_only_those_have_the_same_index(sessions, keyring, one, other):
    with sessions() as session:
        indexes = [keyring.blind_index(session, value) for value in (one, one, other)]

    assert indexes[0] == indexes[1]
    assert (indexes[0] == indexes[2]) == (one == other)
    assert all(len(index) == 32 for index in indexes)


def test_another_database_has_another_index(sessions, keyring, tmp_path, sqlite_template):
    copyfile(sqlite_template, tmp_path / "other.db")
    other = open_database(f"sqlite:///{tmp_path / 'other.db'}", throw_away=True)
    others_keys = Keyring(RootKeys.parse(RootKeys.generate()))
    others_keys.ready(other.sessions)
    with sessions() as session, other.sessions() as others_session:
        mine = keyring.blind_index(session, "+447700900001")
        theirs = others_keys.blind_index(others_session, "+447700900001")
    other.engine.dispose()

    assert mine != theirs
