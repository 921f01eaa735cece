"""Whatever is corrected and withdrawn, in whatever order, nothing that is not so any more leaves afterwards."""

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from models.duties import Duty
from models.messages import MessageDuty, SealedUpdate
from models.milestones import Milestone, MilestoneCorrection
from models.tables import metadata
from models.vocabulary import CORRECTION_RULE, Detail, MilestoneKind
from notify.delivery.providers.base import TryLater, Uncertain
from notify.errors import FieldFault
from notify.planning.corrections import correct_milestone, withdraw_milestone
from notify.planning.milestones import corrected, read_happening
from tests.fakes import Answer
from tests.make import (
    ChannelPlan,
    contact,
    make_plan,
    make_victim,
    make_window,
    make_world,
    pause,
    read_page,
    record,
    resume,
    run_ticks,
)

KINDS = ("arrest", "bail_granted", "police_no_further_action", "charge")
EXAMPLES = {"sqlite": 40, "postgresql": 8}
HOURS = (make_window(hours="09:00-17:00"),)

which = st.integers(0, 2)
steps = st.one_of(
    st.tuples(st.just("record"), st.sampled_from(KINDS)),
    st.tuples(st.just("correct"), which, st.sampled_from(KINDS)),
    st.tuples(st.just("reword"), which, st.sampled_from(["one", "two"])),
    st.tuples(st.just("withdraw"), which),
    st.tuples(st.just("wait"), st.sampled_from([0, 1, 5, 14, 26])),
    st.tuples(st.just("fail"), st.sampled_from([Uncertain("timed_out"), TryLater("busy")]), st.booleans()),
    st.tuples(st.just("contact")),
    st.tuples(st.just("read")),
    st.tuples(st.just("hush")),
)


class Told:
    """One victim in one case, what happens in it, and a look over the shoulder of the provider."""

    def __init__(self, database, detail):
        with database.engine.begin() as connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(table.delete())
        self.world = make_world(database)
        make_victim(self.world)
        make_plan(
            self.world,
            ChannelPlan(detail=detail, windows=HOURS, counts_as_told=detail is Detail.FULL),
            officer_first_nudge=True,
        )
        self.milestones = []
        self.left = 0
        self.faults = []
        self.world.sms.witness = self.check

    def check(self, outgoing, at):
        """What leaves must be about something that stands, as it stands now."""
        self.left += 1
        last = select(func.max(MilestoneCorrection.at)).where(
            MilestoneCorrection.milestone_id == Milestone.id
        )
        query = (
            select(Duty, Milestone, last.scalar_subquery())
            .join(MessageDuty, MessageDuty.duty_id == Duty.id)
            .join(Milestone, Milestone.id == Duty.milestone_id)
            .where(MessageDuty.message_id == outgoing.message_id)
        )
        with self.world.services.reading() as session:
            rows: list[Any] = list(session.execute(query))
        if any(duty.rule == CORRECTION_RULE for duty, _, _ in rows):
            self.faults.append(f"{at} a message about a correction")
        if not any(
            duty.state == "open"
            and duty.kind == milestone.kind
            and milestone.withdrawn_at is None
            and (changed is None or changed <= duty.created_at)
            for duty, milestone, changed in rows
        ):
            self.faults.append(f"{at} {outgoing.text}")

    def record(self, kind):
        self.milestones.append(record(self.world, kind)[0])

    def correct(self, number, kind):
        self.change(number, kind=MilestoneKind(kind))

    def reword(self, number, words):
        self.change(number, facts={"conditions": words})

    def change(self, number, **changes):
        if number < len(self.milestones):
            self.attempt(
                number,
                lambda act, found: correct_milestone(
                    act,
                    self.world.services.rulebook,
                    found,
                    corrected(read_happening(act, found), **changes),
                    reason="a slip",
                ),
            )

    def withdraw(self, number):
        if number < len(self.milestones):
            self.attempt(
                number,
                lambda act, found: withdraw_milestone(
                    act, self.world.services.rulebook, found, reason="entered twice"
                ),
            )

    def attempt(self, number, step):
        try:
            with self.world.acting() as act:
                step(act, act.session.get_one(Milestone, self.milestones[number].id))
        except FieldFault:
            return  # withdrawn already, or it says so already

    def wait(self, hours):
        run_ticks(self.world, self.world.clock() + timedelta(hours=hours))

    def fail(self, fault, arrives):
        self.world.sms.answers.append(Answer(fault, arrives=arrives and isinstance(fault, Uncertain)))

    def contact(self):
        contact(self.world)

    def read(self):
        for update in self.world.rows(SealedUpdate, read_at=None, withdrawn_at=None):
            read_page(self.world, number=update.number)

    def hush(self):
        pause(self.world)
        resume(self.world)

    def owed(self):
        """Milestones that are withdrawn, of which she was told, and nobody has told her since or still must."""
        duties = [duty for duty in self.world.rows(Duty) if duty.milestone_id is not None]
        for milestone in self.world.rows(Milestone):
            mine = [duty for duty in duties if duty.milestone_id == milestone.id]
            told = any(duty.state == "told" for duty in mine)
            if milestone.withdrawn_at is None:
                continue
            assert not [duty for duty in mine if duty.state == "open" and duty.rule != CORRECTION_RULE]
            assert told <= any(duty.rule == CORRECTION_RULE and duty.state != "cancelled" for duty in mine)

    def unread(self):
        """What she could still read of what does not stand."""
        gone = {duty.id for duty in self.world.rows(Duty, state="cancelled")}
        return [
            one
            for one in self.world.rows(SealedUpdate, read_at=None, withdrawn_at=None)
            if one.duty_id in gone
        ]


def test_nothing_that_was_withdrawn_or_corrected_leaves_afterwards(database):
    left = []

    @settings(
        max_examples=EXAMPLES[database.engine.dialect.name],
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(st.sampled_from(list(Detail)), st.sampled_from(KINDS), st.lists(steps, min_size=3, max_size=12))
    def whatever_happens(detail, first, then):
        told = Told(database, detail)
        told.record(first)
        for name, *values in then:
            getattr(told, name)(*values)
            assert told.unread() == []
        told.wait(72)
        left.append(told.left)
        assert told.faults == []
        told.owed()

    whatever_happens()
    assert sum(left) > len(left) / 2
