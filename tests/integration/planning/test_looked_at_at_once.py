"""A duty that two acts have looked at again at the same moment: neither is in the other's way."""

from threading import Thread

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from models.duties import Duty
from models.oversight import AlertLook
from notify.ledger.waking import wake, wake_oversight
from tests.integration.planning.at_once import SOON
from tests.make import World, make_plan, make_victim, record


def test_an_officer_agrees_a_plan_while_it_is_found_that_no_safe_moment_comes_in_time(world: World) -> None:
    make_victim(world)
    make_plan(world)
    record(world)
    (duty, *_) = world.rows(Duty)
    faults: list[SQLAlchemyError] = []

    def agree() -> None:
        try:
            with world.acting() as act:
                wake(act, duty.participation_id)
        except SQLAlchemyError as fault:
            faults.append(fault)

    other = Thread(target=agree)
    with world.acting() as act:  # as compose does: the duty is locked first, and its look comes last
        act.session.scalars(select(Duty).where(Duty.id == duty.id).with_for_update(key_share=True)).one()
        other.start()
        other.join(timeout=SOON)
        wake_oversight(act, duty.id)
    other.join()

    assert not faults
    assert world.row(AlertLook, duty_id=duty.id).at == world.clock()
