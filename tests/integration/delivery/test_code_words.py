"""Code words: agreed in the plan, sealed, known however they are spelt, and only from a number of hers.

Long because each agreed word is tried from every phone that it could come from.
"""

import json
import logging
from concurrent.futures import ThreadPoolExecutor

import pytest

from models.keyring import SealBroken
from models.ledger import ContactEntry
from models.messages import Inbound
from models.oversight import Task
from models.people import ContactPoint, ContactPointChange, Participation, Victim
from models.plans import Plan
from models.vocabulary import (
    CodeWord,
    ContactPointKind,
    DutyState,
    Outcome,
    Reading,
    RepresentativeKind,
    Role,
)
from notify.delivery.inbound import Came, apply_kept, receive
from notify.errors import FieldFault
from notify.ledger.audit import THE_SERVICE
from notify.planning.contact_points import add_contact_point, verify
from notify.planning.people import add_representative
from tests.make import (
    ChannelPlan,
    make_case,
    make_plan,
    make_staff,
    make_unit,
    make_victim,
    make_window,
    record,
    run_ticks,
    suspend_point,
    verify_point,
    when,
)

HERS = "+447700900001"
ADVOCATE = "+447700900050"
WORDS = {CodeWord.SAFE: "Blue tit", CodeWord.NOT_SAFE: "Magpie", CodeWord.CALL_ME: "Robin red"}


@pytest.fixture
def agreed(world):
    """A victim with a mobile and an e-mail in her plan, and three code words."""
    make_victim(world, email="v1@example.org")
    make_plan(world, ChannelPlan(), ChannelPlan("V-1-email"), code_words=WORDS)
    return world


def came(world, text, sender=HERS):
    receive(world.services.sessions, world.services.keys, Came(sender, text), at=world.clock())


def states(world):
    return {point.ref: point.state.value for point in world.rows(ContactPoint)}


def tasks(world, **equal):
    return sorted(task.kind.value for task in world.rows(Task, state="open", **equal))


def words_of(world, plan):
    with world.services.acting(THE_SERVICE) as act:
        participation = act.session.get_one(Participation, plan.participation_id)
        return act.session.get_one(Plan, plan.id).open_code_words(act.key(participation.victim_id))


def readings(world):
    found = set()
    for kept in world.rows(Inbound):
        with world.services.acting(THE_SERVICE) as act:
            point = act.session.get(ContactPoint, kept.contact_point_id)
            found.add(Reading(act.key(point.victim_id).open(kept, "reading_sealed")))
    return found


def test_the_word_for_not_safe_stops_every_message_until_a_person_has_checked(agreed):
    came(agreed, "MAGPIE!")

    record(agreed)
    run_ticks(agreed, when("Wed 7 Jan 2026 10:00"))
    assert agreed.arrived == []
    assert set(states(agreed).values()) == {"suspended"}

    verify_point(agreed, "V-1-email")
    run_ticks(agreed)
    assert [one.to for one in agreed.arrived] == ["v1@example.org"]


def test_a_message_that_waits_does_not_leave_after_the_word_for_not_safe(world):
    make_victim(world, email="v1@example.org")
    late = (make_window("mon", "14:00-15:00"),)
    make_plan(world, ChannelPlan(windows=late), ChannelPlan("V-1-email", windows=late), code_words=WORDS)
    record(world)
    run_ticks(world)

    came(world, "I saw a magpie")
    run_ticks(world, when("Mon 5 Jan 2026 16:00"))

    assert world.arrived == []
    assert "call" in tasks(world)


def test_the_task_for_not_safe_looks_like_any_other_and_is_due_at_once(agreed):
    came(agreed, "magpie")

    followed = agreed.row(Task, kind="follow_up_inbound")
    assert followed.due_at == agreed.clock()
    assert tasks(agreed) == ["follow_up_inbound", "verify_contact", "verify_contact"]


def test_not_safe_is_heard_in_every_case_of_hers(agreed):
    make_case(agreed, "C-2")
    make_victim(agreed, case="C-2", mobile=None)
    make_plan(agreed, ChannelPlan("V-1-email"), case="C-2")

    came(agreed, "magpie")

    assert len(agreed.rows(Task, kind="follow_up_inbound")) == 2
    record(agreed, case="C-2")
    run_ticks(agreed)
    assert agreed.arrived == []


def test_the_word_for_a_call_is_a_call_at_once(agreed):
    came(agreed, "robin red, please")

    (task,) = agreed.rows(Task)
    assert (task.kind, task.due_at) == ("call", agreed.clock())
    assert set(states(agreed).values()) == {"verified"}


def test_the_word_for_safe_is_noted_as_an_attempt_and_tells_nothing(agreed):
    record(agreed)
    run_ticks(agreed)
    sent = len(agreed.arrived)

    came(agreed, "Blue-tit")
    run_ticks(agreed)

    (entry,) = agreed.rows(ContactEntry, outcome=Outcome.SAFE_WORD)
    assert (entry.reached, entry.rules) == (False, [])
    assert entry.contact_point_id == agreed.row(ContactPoint, ref="V-1-mobile").id
    assert agreed.duty().state is DutyState.OPEN
    assert tasks(agreed) == ["follow_up_inbound"]
    assert len(agreed.arrived) == sent


def test_the_word_for_safe_opens_no_contact_point_again(agreed):
    suspend_point(agreed)

    came(agreed, "blue tit")

    assert states(agreed)["V-1-mobile"] == "suspended"


@pytest.mark.parametrize(
    ("text", "reading"),
    [("magpie", Reading.NOT_SAFE_WORD), ("robin red", Reading.CALL_ME_WORD), ("blue tit", Reading.SAFE_WORD)],
)
def test_the_officer_is_told_which_word_it_was(agreed, text, reading):
    came(agreed, text)

    assert readings(agreed) == {reading}


def test_a_code_word_with_a_stop_does_both(agreed):
    came(agreed, "STOP robin red")

    assert states(agreed) == {"V-1-mobile": "suspended", "V-1-email": "verified"}
    assert tasks(agreed) == ["call", "verify_contact"]


@pytest.mark.parametrize("sender", ["+447700900777", "stranger@example.org"])
@pytest.mark.parametrize("word", WORDS.values())
def test_a_code_word_from_a_stranger_does_nothing(agreed, sender, word):
    came(agreed, word, sender)

    assert set(states(agreed).values()) == {"verified"}
    assert tasks(agreed) == []
    assert agreed.rows(ContactEntry) == []


@pytest.mark.parametrize("word", WORDS.values())
def test_a_code_word_from_another_victim_is_any_text(agreed, word):
    make_victim(agreed, "V-2", mobile="07700 900002")
    make_plan(agreed, victim="V-2")

    came(agreed, word, "+447700900002")

    assert set(states(agreed).values()) == {"verified"}
    (task,) = agreed.rows(Task)
    assert (task.kind, task.due_at) == ("follow_up_inbound", None)
    assert task.victim_id == agreed.row(Victim, ref="V-2").id
    assert agreed.rows(ContactEntry) == []


@pytest.mark.parametrize("word", WORDS.values())
def test_a_code_word_from_somebody_who_speaks_for_her_is_any_text(agreed, word):
    with agreed.acting() as act:
        victim = act.session.query(Victim).one()
        advocate = add_representative(
            act, victim, kind=RepresentativeKind.IDVA, name="Example Advocate", scope="all",
            consent_at=act.at, starts_at=act.at,
        )  # fmt: skip
        point = add_contact_point(
            act, victim, ref="A-1", kind=ContactPointKind.MOBILE, value=ADVOCATE, representative=advocate
        )
        verify(act, point, reason="met")

    came(agreed, word, ADVOCATE)

    assert set(states(agreed).values()) == {"verified"}
    assert tasks(agreed) == ["follow_up_inbound"]


def share_the_number(world):
    """A victim of another unit's case, with the same mobile and an e-mail of her own."""
    make_unit(world, "U-2", name="South Team")
    make_staff(world, "south", Role.CASE_OFFICER, unit="U-2")
    world.by = "south"
    make_case(world, "C-2", unit="U-2")
    make_victim(world, "V-2", case="C-2", email="v2@example.org")
    make_plan(world, ChannelPlan("V-2-mobile"), ChannelPlan("V-2-email"), victim="V-2", case="C-2")
    return world.row(Victim, ref="V-2").id


def test_after_the_word_for_not_safe_that_phone_is_used_for_nobody(agreed):
    hers = share_the_number(agreed)

    came(agreed, "magpie")
    record(agreed, case="C-2")
    run_ticks(agreed)

    assert states(agreed) == {
        "V-1-mobile": "suspended", "V-1-email": "suspended", "V-2-mobile": "suspended", "V-2-email": "verified",
    }  # fmt: skip
    assert [one.to for one in agreed.arrived] == ["v2@example.org"]
    assert tasks(agreed, victim_id=hers) == ["follow_up_inbound", "verify_contact"]
    assert agreed.row(Task, victim_id=hers, kind="follow_up_inbound").due_at == agreed.clock()


def test_why_a_shared_number_was_suspended_says_nothing_of_the_other_victims_word(agreed):
    hers = share_the_number(agreed)

    came(agreed, "magpie")

    (change,) = agreed.rows(ContactPointChange, victim_id=hers, state="suspended")
    with agreed.services.acting(THE_SERVICE) as act:
        reason = act.key(hers).open(change, "reason_sealed")
    assert reason == "something came in from a number or address that two people share"


@pytest.mark.parametrize("word", WORDS.values())
def test_what_has_a_code_word_is_kept_as_that_of_whose_word_it_is(world, word):
    """The number was another victim's first."""
    hers = share_the_number(world)
    world.clock.pass_time(minutes=5)
    world.by = "officer"
    make_victim(world, email="v1@example.org")
    make_plan(world, ChannelPlan(), ChannelPlan("V-1-email"), code_words=WORDS)

    came(world, word)

    kept = world.row(Inbound)
    assert kept.contact_point_id == world.row(ContactPoint, ref="V-1-mobile").id
    assert readings(world) <= {Reading.SAFE_WORD, Reading.NOT_SAFE_WORD, Reading.CALL_ME_WORD}
    with world.services.acting(THE_SERVICE) as act, pytest.raises(SealBroken):
        act.key(hers).open(kept, "text_sealed")


def test_a_dictionary_is_not_searched_for_code_words_but_looked_at_at_once(agreed):
    came(agreed, "Hello", "v1@example.org")
    agreed.clock.pass_time(minutes=5)

    came(agreed, f"{'hello ' * 60} magpie", "v1@example.org")

    assert readings(agreed) == {Reading.OTHER}
    assert set(states(agreed).values()) == {"verified"}
    assert agreed.row(Task).due_at == agreed.clock()


def test_where_no_code_word_is_agreed_a_long_text_is_any_text(world):
    make_victim(world)
    make_plan(world)

    came(world, "hello " * 61)

    assert world.row(Task).due_at is None


def test_the_word_for_not_safe_joins_no_task_that_may_have_been_read(agreed):
    came(agreed, "help")

    came(agreed, "magpie")

    assert tasks(agreed).count("follow_up_inbound") == 2


def test_a_letter_with_a_stroke_is_heard_without_it(world):
    make_victim(world)
    make_plan(world, code_words={CodeWord.NOT_SAFE: "Łukasz Ørn"})

    came(world, "lukasz orn")

    assert readings(world) == {Reading.NOT_SAFE_WORD}


def test_a_new_version_of_the_plan_keeps_the_words_unless_others_are_agreed(agreed):
    kept = make_plan(agreed, ChannelPlan())
    changed = make_plan(agreed, ChannelPlan(), code_words={CodeWord.NOT_SAFE: "Heron"})
    taken_away = make_plan(agreed, ChannelPlan(), code_words={})

    assert words_of(agreed, kept) == WORDS
    assert words_of(agreed, changed) == {CodeWord.NOT_SAFE: "Heron"}
    assert words_of(agreed, taken_away) == {}
    assert taken_away.code_words_sealed is None


def test_only_the_words_of_the_plan_in_force_are_heard(agreed):
    make_plan(agreed, ChannelPlan(), code_words={CodeWord.NOT_SAFE: "Heron"})

    came(agreed, "magpie")

    assert readings(agreed) == {Reading.OTHER}
    assert set(states(agreed).values()) == {"verified"}


def test_words_are_sealed_to_their_version_and_are_in_no_log(world, caplog):
    caplog.set_level(logging.DEBUG)
    make_victim(world)
    first = make_plan(world, code_words={CodeWord.NOT_SAFE: "Wryneck"})
    make_plan(world)
    came(world, "wryneck")

    stored = world.row(Plan, id=first.id).code_words_sealed
    assert b"ryneck" not in stored
    assert "ryneck" not in caplog.text.lower()
    with world.services.acting(THE_SERVICE) as act:
        newer = act.session.query(Plan).filter_by(version=2).one()
        key = act.key(act.session.query(Victim).one().id)
        assert json.loads(key.open(newer, "code_words_sealed")) == {"not_safe": "Wryneck"}
        newer.code_words_sealed = stored
        with pytest.raises(SealBroken):
            newer.open_code_words(key)
        act.session.rollback()


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({CodeWord.SAFE: "abc"}, "code_words.safe"),
        ({CodeWord.SAFE: "?!?!?!"}, "code_words.safe"),
        ({CodeWord.CALL_ME: "please stop"}, "code_words.call_me"),
        ({CodeWord.CALL_ME: "START now"}, "code_words.call_me"),
        ({CodeWord.NOT_SAFE: "police"}, "code_words.not_safe"),
        ({CodeWord.NOT_SAFE: "x" * 41}, "code_words.not_safe"),
        ({CodeWord.NOT_SAFE: "mag\u200bpie\n"}, "code_words.not_safe"),
        ({CodeWord.NOT_SAFE: "www.example.org"}, "code_words.not_safe"),
        ({CodeWord.SAFE: "Blue tit", CodeWord.NOT_SAFE: "blue-TIT"}, "code_words.not_safe"),
        ({CodeWord.SAFE: "Blue tit", CodeWord.NOT_SAFE: "a blue tit nest"}, "code_words.not_safe"),
        ({CodeWord.NOT_SAFE: "robin", CodeWord.CALL_ME: "Röbin red"}, "code_words.call_me"),
    ],
)
def test_a_word_that_could_be_missed_or_mistaken_is_refused_and_not_repeated(world, words, field):
    make_victim(world)

    with pytest.raises(FieldFault) as refused:
        make_plan(world, code_words=words)

    assert refused.value.field == field
    assert not any(word in str(refused.value) for word in words.values())
    assert world.rows(Plan) == []


def test_two_workers_that_find_the_same_text_act_on_it_once(agreed, second):
    came(agreed, "blue tit")
    with agreed.services.acting(THE_SERVICE) as act:
        act.session.query(Inbound).one().applied = False

    def look(world):
        return apply_kept(world.services.sessions, world.services.keys, at=world.clock())

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(look, (agreed, second)))

    assert len(agreed.rows(ContactEntry, outcome=Outcome.SAFE_WORD)) == 2
    assert agreed.row(Inbound).applied
