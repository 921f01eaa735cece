"""What she may ask for stands on her private page, behind the secret, until its last day and no longer."""

import pytest
from sqlalchemy import select

from jobs import windows
from models.milestones import Milestone
from models.people import Participation
from models.vocabulary import MilestoneKind, Outcome
from notify.ledger.audit import THE_SERVICE, Actor
from notify.ledger.contact_log import record_contact
from notify.planning.corrections import correct_milestone
from notify.planning.milestones import corrected, read_happening
from notify.planning.people import decline, pause
from notify.planning.suspects import set_unconcerned
from tests.web.victim.kit import Door

NFA = MilestoneKind.POLICE_NO_FURTHER_ACTION
TITLE = "You can ask us to look at the decision again"
SENTENCE = "You can ask for the sentence to be looked at again"


def told(door: Door) -> None:
    """A person tells her all that is open, and the worker reckons her times."""
    with door.services.acting(Actor("staff", door.by[0].id)) as act:
        part = act.session.scalars(select(Participation)).one()
        record_contact(act, part, Outcome.SPOKE_IDENTITY_CHECKED)
    windows.run(door.services, "worker")


def page(door: Door) -> str:
    visitor = door.browser()
    visitor.open_link()
    return visitor.get("/messages").text


def test_she_reads_what_she_may_ask_for_and_until_when(each_door: Door):
    each_door.tell(NFA)
    told(each_door)

    shown = page(each_door)

    assert TITLE in shown
    assert "You can ask until the end of 5 April 2026." in shown


def test_nothing_of_it_is_shown_before_she_was_told(door: Door):
    door.tell(NFA)
    door.tell(MilestoneKind.SENTENCE)
    windows.run(door.services, "worker")

    shown = page(door)

    assert TITLE not in shown
    assert SENTENCE not in shown


@pytest.mark.parametrize(("days", "is_shown"), [(28, True), (29, False)])
def test_the_last_day_is_shown_and_the_day_after_it_is_not(door: Door, days: int, is_shown: bool):
    door.tell(MilestoneKind.SENTENCE)
    told(door)
    door.clock.pass_time(days=days)
    visitor = door.browser()
    visitor.sign_in()

    shown = visitor.get("/messages").text

    assert (SENTENCE in shown) is is_shown
    assert ("You can ask until the end of 2 February 2026." in shown) is is_shown


@pytest.mark.parametrize("wish", [pause, decline])
def test_it_is_there_for_her_who_asked_for_no_contact(door: Door, wish):
    door.tell(NFA)
    told(door)
    with door.services.acting(THE_SERVICE) as act:
        wish(act, act.session.scalars(select(Participation)).one(), reason="asked")

    assert TITLE in page(door)


def test_nobody_reads_it_without_the_secret(door: Door):
    door.tell(NFA)
    told(door)

    answer = door.browser().get("/messages")

    assert answer.status_code == 303
    assert TITLE not in answer.text


def test_it_goes_with_a_suspect_who_does_not_concern_her(door: Door):
    door.tell(NFA)
    with door.services.acting(Actor("staff", door.by[0].id)) as act:
        milestone = act.session.scalars(select(Milestone).where(Milestone.kind == NFA)).one()
        happening = corrected(read_happening(act, milestone), suspect="Sam Doe")
        correct_milestone(act, door.services.rulebook, milestone, happening, reason="named")
    told(door)
    assert TITLE in page(door)

    with door.services.acting(Actor("staff", door.by[0].id)) as act:
        part = act.session.scalars(select(Participation)).one()
        set_unconcerned(act, door.services.rulebook, part, "sam doe", reason="another matter")

    assert TITLE not in page(door)
