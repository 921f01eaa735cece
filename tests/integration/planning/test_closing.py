"""Closing a case: once, whoever else closes it at the same moment."""

from threading import Thread

from models.cases import Case
from models.duties import Duty
from models.vocabulary import FINAL_RULE
from notify.errors import Conflict
from notify.planning.case_closing import close_case
from notify.planning.queries import case_by_ref
from tests.make import World, make_victim

SOON = 0.5
"""Seconds in which whoever need not wait is done."""


def test_a_case_that_two_people_close_at_once_is_closed_by_the_first_and_owes_one_last_duty(
    world: World,
) -> None:
    make_victim(world)
    refused: list[str] = []

    def close_too() -> None:
        try:
            with world.acting() as act:
                close_case(act, world.services.rulebook, case_by_ref(act.session, "C-1"), reason="second")
        except Conflict as conflict:
            refused.append(conflict.field)

    meanwhile = Thread(target=close_too)
    with world.acting() as act:
        case = case_by_ref(act.session, "C-1")
        close_case(act, world.services.rulebook, case, reason="first")
        meanwhile.start()
        meanwhile.join(SOON)
    meanwhile.join()

    assert refused == ["case"]
    assert len(world.rows(Duty, rule=FINAL_RULE)) == 1
    case = world.row(Case)
    with world.services.reading() as session:
        reason = world.services.keys.of(session, case.id).open(case, "close_reason_sealed")
    assert reason == "first"
