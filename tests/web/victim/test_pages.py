"""The private pages: reading a message, what was agreed, and what may be asked for.

Long because it goes through every private page.
"""

import re

from sqlalchemy import select

from models.cases import Case
from models.duties import Duty
from models.ledger import ContactEntry
from models.messages import Message, SealedUpdate
from models.oversight import Task
from models.people import ContactPoint, Participation
from models.vocabulary import (
    ContactPointState,
    DutyState,
    MessageState,
    MilestoneKind,
    Outcome,
    TaskKind,
    TaskState,
)
from notify.delivery.send import send_due
from notify.ledger.audit import Actor, verify
from notify.ledger.suspending import suspend
from notify.planning.case_closing import close_case
from notify.planning.people import decline, pause
from tests.web.victim.kit import NAME, Door, Visitor, make_victim

TEXT = "The police have arrested a suspect in your case."


def inside(door: Door) -> Visitor:
    visitor = door.browser()
    visitor.open_link()
    return visitor


def first_update(door: Door) -> SealedUpdate:
    return door.updates()[0]


def duty_of(door: Door, update: SealedUpdate) -> Duty:
    found: Duty = door.rows(Duty, id=update.duty_id)[0]
    return found


def open_tasks(door: Door, kind: TaskKind) -> list[Task]:
    return door.rows(Task, kind=kind, state=TaskState.OPEN)


def test_reading_a_message_closes_its_duty_and_the_log_says_so(each_door: Door):
    visitor, update = inside(each_door), first_update(each_door)

    answer = visitor.read(update.id)

    assert TEXT in answer.text
    assert duty_of(each_door, update).state is DutyState.TOLD
    (entry,) = each_door.rows(ContactEntry)
    assert (entry.outcome, entry.reached, entry.by_id) == (Outcome.READ_PRIVATE_PAGE, True, None)


def test_an_address_alone_shows_no_text_and_closes_nothing(door: Door):
    visitor, update = inside(door), first_update(door)

    for _ in range(2):
        answer = visitor.get(f"/messages/{update.id}", headers={"Sec-Purpose": "prefetch"})
        assert "You have not read this message yet" in answer.text
        assert TEXT not in answer.text

    assert first_update(door).read_at is None
    assert duty_of(door, update).state is DutyState.OPEN
    assert door.rows(ContactEntry) == []


def test_pressing_the_button_without_seeing_the_answer_closes_nothing(door: Door):
    visitor, update = inside(door), first_update(door)

    visitor.post(f"/messages/{update.id}", on="/messages")

    assert first_update(door).read_at is None
    assert duty_of(door, update).state is DutyState.OPEN


def test_a_message_may_be_loaded_again_and_is_read_once(door: Door):
    visitor, update = inside(door), first_update(door)
    visitor.read(update.id)
    read_at = first_update(door).read_at
    door.clock.pass_time(minutes=5)

    again = visitor.get(f"/messages/{update.id}")

    assert TEXT in again.text
    assert first_update(door).read_at == read_at
    assert len(door.rows(ContactEntry)) == 1


def test_asking_for_one_message_opens_no_other(door: Door):
    door.tell(MilestoneKind.BAIL_GRANTED)
    visitor = inside(door)
    first, second = door.updates()

    visitor.post(f"/messages/{first.id}", on="/messages")
    visitor.get(f"/messages/{second.id}")

    assert [update.read_at for update in door.updates()] == [None, None]


def test_looking_at_the_list_reads_nothing(door: Door):
    visitor, update = inside(door), first_update(door)

    page = visitor.get("/messages").text

    assert "A suspect has been arrested" in page
    assert TEXT not in page
    assert duty_of(door, update).state is DutyState.OPEN


def test_the_newest_message_is_first_and_only_unread_ones_are_new(door: Door):
    door.tell(MilestoneKind.BAIL_GRANTED)
    visitor = inside(door)
    visitor.read(door.updates()[1].id)

    page = visitor.get("/messages").text

    titles = re.findall(r'<h2 class="govuk-heading-s"[^>]*>(.*?)</h2>', page)
    assert len(titles) == 2
    assert titles[1] == "A suspect has been arrested"
    assert page.index("Read this message again") < page.index(titles[1]) < page.index("New\n")


def test_nobody_reads_the_message_of_another(each_door: Door):
    make_victim(each_door, ref="V-2", mobile="07700 900124", sign_in_name="green kettle", secret="2580")
    stranger, update = each_door.browser(), first_update(each_door)
    stranger.sign_in("green kettle", "2580")

    page = stranger.get("/messages").text
    got = stranger.get(f"/messages/{update.id}")
    opened = stranger.read(update.id)

    assert "There are no messages yet" in page
    assert [got.status_code, opened.status_code] == [404, 404]
    assert duty_of(each_door, update).state is DutyState.OPEN


def test_a_message_taken_back_is_not_shown(door: Door):
    visitor, update = inside(door), first_update(door)
    with door.services.sessions.begin() as session:
        session.get_one(SealedUpdate, update.id).withdrawn_at = door.clock()

    assert "There are no messages yet" in visitor.get("/messages").text
    assert visitor.read(update.id).status_code == 404


def test_every_look_is_in_the_audit_chain_under_the_victim(each_door: Door):
    visitor, update = inside(each_door), first_update(each_door)
    visitor.read(update.id)
    visitor.get("/messages")

    victim = each_door.victim()
    looks = [(e.actor, e.actor_id, e.subject, e.subject_id) for e in each_door.audit("viewed")]
    assert ("victim", victim.id, "sealed_updates", update.id) in looks
    assert ("victim", victim.id, "victims", victim.id) in looks
    with each_door.services.reading() as session:
        assert verify(session) is None


def test_court_words_are_explained_where_they_are_used(door: Door):
    page = inside(door).read(first_update(door).id).text

    assert "Bail means that a person is let go until a set date" in page
    assert "A warrant is an order" not in page


def test_a_message_is_marked_with_the_language_it_was_written_in(door: Door):
    page = inside(door).read(first_update(door).id).text

    assert '<div lang="en" dir="auto">' in page


def test_no_private_page_has_a_telling_title_a_name_or_a_whole_number(door: Door):
    visitor, update = inside(door), first_update(door)
    pages = [visitor.get(path) for path in ("/before-you-start", "/messages", "/change", "/private-use")]
    pages.append(visitor.read(update.id))

    for page in pages:
        assert re.findall(r"<title>\s*(.*?)\s*</title>", page.text) == ["Your messages"]
        assert page.headers["Cache-Control"] == "no-store"
        assert page.text.count('href="/exit"') == 2
        for telling in (*NAME.split(), "7700900123", "900123", "C-1", "V-1", "Officer One"):
            assert telling not in page.text


def test_what_was_agreed_is_told_in_words_with_numbers_masked(door: Door):
    page = inside(door).get("/messages").text

    for words in (
        "You agreed this with us on 5 January 2026.",
        "Text to •••• 123",
        "A short note with a link to this page.",
        "Monday to Friday, 9am to 5:30pm.",
        "Call to •••• 018",
        "At least every 28 days.",
        "14 February 2026.",
    ):
        assert words in page


def test_a_contact_point_that_is_not_in_use_is_told_as_such(door: Door):
    visitor = inside(door)
    with door.services.acting(Actor("staff", door.by[0].id)) as act:
        suspend(
            act, act.session.scalars(select(ContactPoint).filter_by(ref="V-1-mobile")).one(), reason="doubt"
        )

    page = visitor.get("/messages").text

    assert "We have stopped using this." in page
    assert "A short note with a link" not in page


def test_a_break_and_a_wish_for_no_updates_are_told(door: Door):
    visitor = inside(door)
    part = Participation.victim_id == door.victim().id
    with door.services.acting(Actor("staff", door.by[0].id)) as act:
        pause(act, act.session.scalars(select(Participation).where(part)).one(), reason="asked")
    paused = visitor.get("/messages").text
    with door.services.acting(Actor("staff", door.by[0].id)) as act:
        decline(act, act.session.scalars(select(Participation).where(part)).one(), reason="asked")

    assert "You asked us for a break." in paused
    assert "You asked us not to send you more updates." in visitor.get("/messages").text


def test_a_victim_with_no_plan_is_told_that_she_will_be_asked(door: Door):
    make_victim(
        door, ref="V-2", mobile="07700 900124", sign_in_name="green kettle", secret="2580", planned=False
    )
    visitor = door.browser()
    visitor.sign_in("green kettle", "2580")

    assert "We have not agreed with you yet how to keep in touch." in visitor.get("/messages").text


def test_asking_for_a_call_opens_one_task_however_often_she_asks(each_door: Door):
    visitor = inside(each_door)

    for _ in range(2):
        answer = visitor.post("/call", on="/messages")

    assert answer.headers["Location"] == "/messages"
    assert "We will ring you" in visitor.get("/messages").text
    (task,) = open_tasks(each_door, TaskKind.CALL)
    assert task.victim_id == each_door.victim().id


def test_asking_for_a_call_after_the_case_closed_still_reaches_an_officer(door: Door):
    visitor = inside(door)
    visitor.read(first_update(door).id)
    with door.services.acting(Actor("staff", door.by[0].id)) as act:
        participation = act.session.scalars(select(Participation)).one()
        case = act.session.get_one(Case, participation.case_id)
        close_case(act, door.services.rulebook, case, reason="ended")
    before = len(open_tasks(door, TaskKind.CALL))

    visitor.post("/call", on="/messages")

    assert len(open_tasks(door, TaskKind.CALL)) == before + 1


def test_asking_what_no_longer_safe_does_changes_nothing(door: Door):
    visitor = inside(door)

    page = visitor.get("/change").text

    assert "we stop using all the numbers and addresses" in page
    assert {point.state for point in door.rows(ContactPoint)} == {ContactPointState.VERIFIED}


def test_saying_that_it_is_not_safe_stops_every_way_and_tells_an_officer(each_door: Door):
    visitor = inside(each_door)
    assert {m.state for m in each_door.rows(Message)} == {MessageState.QUEUED}

    visitor.post("/change")

    services = each_door.services
    send_due(
        services.sessions,
        services.database.reads,
        services.keys,
        services.writer,
        services.providers,
        clock=each_door.clock,
        worker="w",
    )
    assert {point.state for point in each_door.rows(ContactPoint)} == {ContactPointState.SUSPENDED}
    assert all(message.handed_over_at is None for message in each_door.rows(Message))
    assert MessageState.QUEUED not in {message.state for message in each_door.rows(Message)}
    assert len(open_tasks(each_door, TaskKind.FOLLOW_UP_INBOUND)) == 1
    assert len(open_tasks(each_door, TaskKind.AGREE_SECRET)) == 1
    page = visitor.get("/messages").text
    assert "We have stopped using all the numbers" in page
    assert "We have stopped using all the ways that we agreed with you." in page
    assert "•••• 123" not in page
    assert "Monday to Friday" not in page
    assert inside(each_door).get("/messages").status_code == 200  # what is sealed stays hers to read


def test_saying_that_it_is_not_safe_ends_every_other_visit_of_hers_and_nobody_elses(each_door: Door):
    make_victim(each_door, ref="V-2", mobile="07700 900124", sign_in_name="green kettle", secret="2580")
    visitor, other, stranger = inside(each_door), inside(each_door), each_door.browser()
    stranger.sign_in("green kettle", "2580")

    visitor.post("/change")

    assert other.get("/messages").headers["Location"] == "/"
    assert [browser.get("/messages").status_code for browser in (visitor, stranger)] == [200, 200]
    assert len(each_door.audit("visit ended")) == 1
