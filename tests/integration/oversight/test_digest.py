"""The daily digest: once a working day to each who has something to hear, numbers alone, and nothing that a mailbox must not know.

Long because who hears, when, of what, and each way in which sending can fail are told one by one.
"""

import re
from dataclasses import replace
from datetime import date, datetime, time
from html import unescape
from threading import Barrier, Thread

import pytest
from sqlalchemy import select

from jobs.timetable import next_due
from models.ledger import AuditEntry
from models.oversight import Alert, Digest
from models.staff import Staff
from models.vocabulary import AlertLevel, Channel, Role
from notify.delivery.providers.base import NotAsked, Outgoing, Refused, TryLater
from notify.delivery.providers.routes import Routes
from notify.delivery.providers.smtp_email import SmtpEmail
from notify.ledger.audit import THE_SERVICE
from notify.oversight.alerts import acknowledge
from notify.oversight.digest import given_up
from notify.planning.staff_changes import leave, record_absence, set_email
from tests.fakes import Answer
from tests.make import (
    World,
    make_case,
    make_staff,
    make_unit,
    make_victim,
    pause,
    record,
    run_ticks,
    when,
)
from tests.peers.smtp_peer import SmtpPeer

MORNING = when("Tue 13 Jan 2026 07:30")
DAY_BEFORE = when("Mon 12 Jan 2026 07:30")
SECRETS = (
    "Ottilie",  # no word that a Message-ID could hold by chance
    "Canary",
    "07700 900777",
    "Canary-Case",
    "Canary-Victim",
    "R6-ARREST",
    "Arrest",
    "Example offence",
    "North",
)
SUBJECT = ["Your", "daily", "summary"]


def give_address(world: World, *refs: str) -> None:
    with world.services.acting(THE_SERVICE) as act:
        for ref in refs:
            staff = act.session.get_one(Staff, world.staff[ref].id)
            set_email(act, staff, f"{ref.replace(' ', '.')}@force.example")


def mails(world: World) -> list[tuple[str, datetime]]:
    return [(mail.to.partition("@")[0], mail.at) for mail in world.email.arrived]


def texts(world: World, to: str) -> list[str]:
    return [mail.text for mail in world.email.arrived if mail.to.startswith(to)]


def only_words(page: str) -> list[str]:
    """The words of an HTML page, without its tags and what fills the line beside the subject."""
    return unescape(re.sub(r"<[^>]+>", " ", page)).replace("\u200c", " ").split()


def lines(text: str) -> list[str]:
    return re.findall(r"^- (.*)$", text, re.MULTILINE)


@pytest.fixture
def owing(world: World) -> World:
    """An arrest learned of on Monday 5 January that victim V-1 is to hear of by the end of Monday 12 January."""
    make_victim(world, mobile=None)
    record(world)
    return world


def test_it_comes_at_half_past_seven_on_each_working_day_and_not_at_the_weekend(owing):
    give_address(owing, "officer")

    run_ticks(owing, when("Tue 13 Jan 2026 10:00"))

    mornings = ["Tue 6", "Wed 7", "Thu 8", "Fri 9", "Mon 12", "Tue 13"]
    assert mails(owing) == [("officer", when(f"{day} Jan 2026 07:30")) for day in mornings]


def test_a_bank_holiday_is_silent(owing):
    owing.clock.now = when("Thu 2 Apr 2026 12:00")
    give_address(owing, "officer")

    run_ticks(owing, when("Tue 7 Apr 2026 12:00"))

    assert mails(owing) == [("officer", when("Tue 7 Apr 2026 07:30"))]


@pytest.mark.parametrize(
    ("friday", "utc_before", "monday", "utc_after"),
    [
        ("Fri 27 Mar 2026", "07:30", "Mon 30 Mar 2026", "06:30"),
        ("Fri 23 Oct 2026", "06:30", "Mon 26 Oct 2026", "07:30"),
    ],
)
def test_it_stays_half_past_seven_in_london_when_the_clocks_change(
    owing, friday, utc_before, monday, utc_after
):
    owing.clock.now = when(f"{friday} 00:00")
    give_address(owing, "officer")

    run_ticks(owing, when(f"{monday} 12:00"))

    assert [f"{at:%H:%M}" for _, at in mails(owing)] == [utc_before, utc_after]
    assert mails(owing) == [("officer", when(f"{day} 07:30")) for day in (friday, monday)]


def test_an_officer_hears_how_much_is_due_and_to_do_in_the_own_cases(owing):
    make_victim(owing, "V-2", mobile=None)
    record(owing, "police_no_further_action")
    give_address(owing, "officer")

    run_ticks(owing, DAY_BEFORE)
    run_ticks(owing, MORNING)

    before, after = texts(owing, "officer")[-2:]
    assert lines(before) == ["3 duties due today", "2 calls to make", "2 other tasks"]
    assert lines(after) == ["3 duties overdue", "2 calls to make", "2 other tasks"]
    assert "http://127.0.0.1:8080/due" in after


def test_a_colleague_with_nothing_in_hand_is_sent_nothing_and_nothing_is_kept(owing):
    make_staff(owing, "colleague")
    make_staff(owing, "auditor", Role.AUDITOR)
    give_address(owing, "colleague", "auditor")

    run_ticks(owing, when("Fri 9 Jan 2026 12:00"))

    assert mails(owing) == []
    assert {digest.day for digest in owing.rows(Digest)} == {"2026-01-12"}


def test_a_supervisor_hears_what_is_late_in_the_units_in_care_and_what_nobody_has_looked_at(owing):
    make_victim(owing, "V-2", mobile=None)
    record(owing)
    give_address(owing, "supervisor")

    run_ticks(owing, MORNING)
    owing.by = "supervisor"
    with owing.acting() as act:
        acknowledge(act, act.session.scalars(select(Alert).where(Alert.level == AlertLevel.OVERDUE)).first())
    run_ticks(owing, when("Wed 14 Jan 2026 07:30"))

    first, second = texts(owing, "supervisor")[-2:]
    assert lines(first) == ["3 duties overdue", "3 of these that nobody has looked at"]
    assert lines(second) == ["3 duties overdue", "2 of these that nobody has looked at"]
    assert "http://127.0.0.1:8080/overdue" in first


def test_a_supervisor_hears_of_cases_in_hand_whose_officer_is_away_or_has_left(owing):
    make_staff(owing, "leaver")
    owing.by = "leaver"
    make_case(owing, "C-2")
    owing.by = "officer"
    with owing.services.acting(THE_SERVICE) as act:
        record_absence(act, act.session.get_one(Staff, owing.staff["officer"].id), starts_at=act.at)
        leave(act, act.session.get_one(Staff, owing.staff["leaver"].id))
    give_address(owing, "supervisor")

    run_ticks(owing, when("Tue 6 Jan 2026 07:30"))

    (text,) = texts(owing, "supervisor")
    assert "2 cases still in hand whose officer is away or has left" in lines(text)


def test_what_another_units_supervisor_sees_to_is_not_counted(owing):
    make_unit(owing, "U-2")
    make_staff(owing, "other supervisor", Role.SUPERVISOR, unit="U-2")
    give_address(owing, "other supervisor")

    run_ticks(owing, when("Fri 16 Jan 2026 12:00"))

    assert mails(owing) == []


def test_a_restricted_case_is_counted_for_nobody_who_may_not_see_it(world):
    make_case(world, "C-9", allow=[])
    make_victim(world, "V-9", case="C-9", mobile=None)
    record(world, case="C-9")
    give_address(world, "supervisor", "officer")

    run_ticks(world, MORNING)

    assert texts(world, "supervisor") == []
    assert "1 duty overdue" in lines(texts(world, "officer")[-1])


def test_an_administrator_hears_of_units_that_nobody_watches(owing):
    make_unit(owing, "U-2")
    make_staff(owing, "administrator", Role.ADMIN)
    give_address(owing, "administrator")

    run_ticks(owing, when("Tue 6 Jan 2026 07:30"))

    (text,) = texts(owing, "administrator")
    assert lines(text) == ["1 unit with no supervisor on duty, and none in a unit above"]


def test_an_administrator_hears_of_a_restricted_case_whose_people_are_all_away(owing):
    make_case(owing, "C-9", allow=[])
    make_staff(owing, "administrator", Role.ADMIN)
    give_address(owing, "administrator")
    with owing.acting() as act:
        leave(act, act.session.get_one(Staff, owing.staff["officer"].id))

    run_ticks(owing, when("Tue 6 Jan 2026 07:30"))

    (text,) = texts(owing, "administrator")
    assert lines(text) == ["1 restricted case with nobody on duty who may see it"]
    assert "C-9" not in text


def test_who_asked_for_quiet_is_not_counted_as_overdue(owing):
    pause(owing)
    give_address(owing, "officer")

    run_ticks(owing, MORNING)

    assert "overdue" not in "".join(texts(owing, "officer"))


def test_who_is_away_or_has_left_is_sent_nothing_and_hears_again_once_back(owing):
    give_address(owing, "officer", "supervisor")
    with owing.services.acting(THE_SERVICE) as act:
        officer = act.session.get_one(Staff, owing.staff["officer"].id)
        record_absence(act, officer, starts_at=act.at, ends_at=when("Wed 14 Jan 2026 00:00"))
        leave(act, act.session.get_one(Staff, owing.staff["supervisor"].id))

    run_ticks(owing, when("Wed 14 Jan 2026 12:00"))

    assert mails(owing) == [("officer", when("Wed 14 Jan 2026 07:30"))]


def test_who_has_no_address_any_more_is_sent_nothing(owing):
    give_address(owing, "officer")
    run_ticks(owing)
    with owing.services.acting(THE_SERVICE) as act:
        set_email(act, act.session.get_one(Staff, owing.staff["officer"].id), None)

    run_ticks(owing, MORNING)

    assert mails(owing) == []
    assert owing.rows(Digest) == []


def test_with_no_time_in_the_policy_nobody_is_sent_a_digest(owing):
    rulebook = owing.services.rulebook
    none = replace(rulebook, policy=replace(rulebook.policy, digest_at=None))
    owing.services = replace(owing.services, rulebook=none)
    give_address(owing, "officer")

    run_ticks(owing, MORNING)

    assert mails(owing) == []


def test_another_time_in_the_policy_holds_for_what_was_planned_under_the_old_one(owing):
    give_address(owing, "officer")
    run_ticks(owing)
    rulebook = owing.services.rulebook
    later = replace(rulebook, policy=replace(rulebook.policy, digest_at=time(9, 0)))
    owing.services = replace(owing.services, rulebook=later)

    run_ticks(owing, when("Wed 7 Jan 2026 10:00"))

    assert mails(owing) == [("officer", when(f"{day} Jan 2026 09:00")) for day in ("Tue 6", "Wed 7")]


def test_a_worker_that_was_down_all_day_sends_no_summary_of_yesterday(owing):
    give_address(owing, "officer")
    run_ticks(owing)
    owing.clock.now = when("Wed 7 Jan 2026 01:00")

    run_ticks(owing, when("Wed 7 Jan 2026 10:00"))

    assert mails(owing) == [("officer", when("Wed 7 Jan 2026 07:30"))]


def test_nobody_with_an_address_means_nothing_for_the_tick_to_see(owing):
    with owing.services.reading() as session:
        assert next_due(session)["digest"] is None


def test_the_e_mail_says_numbers_and_nothing_of_any_victim_case_unit_or_person(world, tmp_path):
    make_staff(world, "boss", Role.SUPERVISOR, name="Canary Boss")
    make_case(world, "Canary-Case", offence="Canary offence")
    make_victim(world, "Canary-Victim", case="Canary-Case", name="Ottilie Canary", mobile="07700 900777")
    record(world, case="Canary-Case", suspect="Canary Suspect", facts={"court": "Canary Court"})
    give_address(world, "officer", "boss")

    with SmtpPeer(tmp_path) as peer:
        over_smtp(world, peer)
        run_ticks(world, MORNING)

    assert {mail.recipients[0] for mail in peer.mails} == {"officer@force.example", "boss@force.example"}
    for mail in peer.mails:
        plain, in_html = mail.message.iter_parts()
        assert [part.get_content_type() for part in (plain, in_html)] == ["text/plain", "text/html"]
        for whole in (mail.message.as_string(), plain.get_content(), in_html.get_content()):
            assert [secret for secret in SECRETS if secret.lower() in whole.lower()] == []
        assert only_words(in_html.get_content()) == [*SUBJECT * 2, *plain.get_content().split()]
        assert mail.encrypted
        assert mail.message["Subject"] == "Your daily summary"
        assert mail.message["Auto-Submitted"] == "auto-generated"
        assert mail.message.get_content_type() == "multipart/alternative"


def test_what_the_mail_server_refuses_for_now_is_tried_again_under_the_same_id(owing, tmp_path):
    give_address(owing, "officer")
    with SmtpPeer(tmp_path) as peer:
        over_smtp(owing, peer)
        peer.data_replies["officer@force.example"] = "451 not now"
        run_ticks(owing, when("Tue 6 Jan 2026 07:40"))
        waiting = owing.row(Digest)
        peer.data_replies.clear()
        run_ticks(owing, when("Tue 6 Jan 2026 08:00"))

    (mail,) = peer.mails
    assert (waiting.tries, waiting.sent_at) == (4, None)  # at 07:30, 07:31, 07:33 and 07:37
    assert mail.message["Message-ID"] == f"<{waiting.id}@example.org>"
    sent = owing.row(Digest, day="2026-01-06")
    assert (sent.sent_at, sent.next_try_at) == (when("Tue 6 Jan 2026 07:45"), None)


def test_a_server_that_takes_nothing_for_hours_is_left_alone_until_the_next_morning(owing):
    give_address(owing, "officer")
    owing.email.answers.extend([Answer(TryLater("busy"), arrives=False)] * 12)

    run_ticks(owing, when("Tue 6 Jan 2026 23:00"))
    tried = len(owing.email.asked)
    run_ticks(owing, when("Wed 7 Jan 2026 07:30"))

    given = owing.row(Digest, day="2026-01-06")
    assert (given.sent_at, given.next_try_at, given.tries) == (None, None, tried)
    assert 8 <= tried <= 12
    assert owing.rows(AuditEntry, action="digest given up")[0].subject_id == given.id
    with owing.services.reading() as session:
        assert given_up(session, since=date(2026, 1, 6)) == 1
        assert given_up(session, since=date(2026, 1, 7)) == 0


def test_an_address_that_the_server_knows_nothing_of_is_not_tried_again_that_day(owing):
    give_address(owing, "officer")
    owing.email.answers.append(Answer(Refused("550", "recipient_refused"), arrives=False))

    run_ticks(owing, when("Tue 6 Jan 2026 23:00"))
    assert len(owing.email.asked) == 1
    run_ticks(owing, when("Wed 7 Jan 2026 08:00"))

    assert mails(owing) == [("officer", when("Wed 7 Jan 2026 07:30"))]


def test_a_worker_that_is_stopping_leaves_the_digest_to_the_next(owing):
    give_address(owing, "officer")
    owing.email.answers.append(Answer(NotAsked("worker_stopping"), arrives=False))

    run_ticks(owing, when("Tue 6 Jan 2026 07:30"))

    assert len(mails(owing)) == 1
    assert owing.row(Digest, day="2026-01-06").tries == 1


def test_a_worker_that_died_with_a_digest_in_hand_is_followed_by_another(owing):
    give_address(owing, "officer")
    owing.email.answers.append(Answer(KeyboardInterrupt(), arrives=False))

    with pytest.raises(KeyboardInterrupt):
        run_ticks(owing, when("Tue 6 Jan 2026 07:30"))
    run_ticks(owing, when("Tue 6 Jan 2026 08:00"))

    assert mails(owing) == [("officer", when("Tue 6 Jan 2026 07:35"))]


def test_no_transaction_is_open_while_the_mail_server_is_spoken_to(owing, second):
    give_address(owing, "officer")
    seen: list[tuple[int, bool]] = []

    def look(_outgoing: Outgoing, at: datetime) -> None:
        with second.services.sessions.begin() as session:  # on SQLite this waits for every other writer
            digest = session.scalars(select(Digest)).one()
            seen.append((digest.tries, digest.next_try_at is not None and digest.next_try_at > at))

    owing.email.witness = look
    run_ticks(owing, when("Tue 6 Jan 2026 07:30"))

    assert seen == [(1, True)]


def test_two_workers_at_the_same_moment_send_each_digest_once(owing, second):
    refs = [f"officer {n}" for n in range(10)]
    for n, ref in enumerate(refs):
        make_staff(owing, ref)
        owing.by = ref
        make_case(owing, f"C-{ref}")
        make_victim(owing, f"V-{n}-x", case=f"C-{ref}", mobile=None)
        record(owing, case=f"C-{ref}")
    give_address(owing, *refs)
    owing.clock.now = when("Mon 12 Jan 2026 07:29")
    together = Barrier(2)

    def work(world: World, name: str) -> None:
        for moment in ("07:29", "07:30"):
            together.wait(timeout=30)
            owing.clock.now = when(f"Mon 12 Jan 2026 {moment}")
            run_ticks(world, worker=name)

    workers = [Thread(target=work, args=(owing, "a")), Thread(target=work, args=(second, "b"))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=120)

    assert sorted(name for name, _ in mails(owing)) == sorted(ref.replace(" ", ".") for ref in refs)
    planned = [(digest.staff_id, digest.day) for digest in owing.rows(Digest)]
    assert len(planned) == len(set(planned)) == 20


def test_each_digest_that_went_is_in_the_audit_chain_without_the_address(owing):
    give_address(owing, "officer")

    run_ticks(owing, when("Tue 6 Jan 2026 08:00"))

    (entry,) = owing.rows(AuditEntry, action="digest sent")
    assert entry.detail == {"staff": str(owing.staff["officer"].id)}


def over_smtp(world: World, peer: SmtpPeer) -> None:
    """From here on e-mails go by SMTP, to a relay on this machine."""
    smtp = SmtpEmail(
        host=peer.host,
        port=peer.port,
        sender="updates@example.org",
        username=None,
        password=None,
        starttls=True,
        ca_file=peer.ca_file,
    )
    providers = Routes.to({Channel.SMS: world.sms, Channel.EMAIL: smtp})
    world.services = replace(world.services, providers=providers)
