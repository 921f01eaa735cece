"""The development provider and the file that stands for the outside."""

import stat
from concurrent.futures import ThreadPoolExecutor

from notify.delivery.providers.base import Adopted, NotFound
from notify.delivery.providers.outbox import Outbox, read_outbox
from tests.integration.providers.kits import NOW, NUMBER, SUBJECT, make_outgoing, nobodys


def test_a_missing_file_is_an_empty_outbox(tmp_path):
    assert read_outbox(tmp_path / "none.ndjson") == []


def test_what_was_sent_is_read_back_newest_first(tmp_path):
    path = tmp_path / "outbox.ndjson"
    for text in ("first", "second\nwith a line break \u2028 and – dashes", "third"):
        Outbox(path).send(make_outgoing(text=text), at=NOW)

    read = read_outbox(path, newest=2)

    assert [message.text for message in read] == ["third", "second\nwith a line break \u2028 and – dashes"]
    assert (read[0].to, read[0].subject, read[0].sent_at) == (NUMBER, SUBJECT, NOW)


def test_a_line_cut_short_by_a_crash_is_not_a_message_and_spoils_no_other(tmp_path):
    path = tmp_path / "outbox.ndjson"
    lost, kept = make_outgoing(), make_outgoing()
    Outbox(path).send(lost, at=NOW)
    path.write_bytes(path.read_bytes()[:-20])

    Outbox(path).send(kept, at=NOW)

    assert [message.message_id for message in read_outbox(path)] == [kept.message_id]
    assert Outbox(path).look_up(lost, since=NOW, at=NOW, known=nobodys) == NotFound()
    assert Outbox(path).look_up(kept, since=NOW, at=NOW, known=nobodys) == Adopted(str(kept.message_id))


def test_lines_of_many_workers_do_not_mix(tmp_path):
    path = tmp_path / "outbox.ndjson"
    outgoing = [make_outgoing(text=f"{number} " * 2000) for number in range(40)]

    with ThreadPoolExecutor(8) as workers:
        list(workers.map(lambda one: Outbox(path).send(one, at=NOW), outgoing))

    assert sorted(m.text for m in read_outbox(path)) == sorted(one.text for one in outgoing)


def test_only_the_owner_may_read_the_file(tmp_path):
    Outbox(tmp_path / "outbox.ndjson").send(make_outgoing(), at=NOW)

    assert stat.S_IMODE((tmp_path / "outbox.ndjson").stat().st_mode) == 0o600
