"""Supervisors and administrators are told that messages do not leave; an officer is told why a delivery is to be checked."""

from datetime import timedelta
from html import unescape

import pytest

from jobs import compose
from models.oversight import Task
from models.vocabulary import Detail
from notify.delivery.providers.base import Uncertain
from tests.fakes import Answer
from tests.make import START, ChannelPlan, World, make_plan, make_victim, receipt, record, run_ticks
from tests.web.staff.kit import Desk

TOLD = "Messages are not leaving: 1 has waited, the first since 5 January 2026"


def owed(world: World) -> None:
    make_victim(world)
    make_plan(world, ChannelPlan(detail=Detail.FULL))
    record(world)


def task_page(world: World) -> str:
    return f"/tasks/{world.row(Task, kind='check_delivery').id}/done"


@pytest.mark.parametrize(("ref", "page"), [("supervisor", "/overdue"), ("admin", "/about")])
def test_whoever_can_see_to_it_is_told_that_messages_do_not_leave(
    either_desk: Desk, ref: str, page: str
) -> None:
    world = either_desk.world
    owed(world)
    compose.run(world.services, "worker-1")  # and no worker claims it
    visitor = either_desk.sign_in(ref)

    before = unescape(visitor.get(page).text)
    world.clock.pass_time(minutes=5)
    after = unescape(visitor.get(page).text)

    assert "not leaving" not in before
    assert TOLD in after


def test_an_officer_is_told_what_is_known_of_a_message_that_nobody_heard_of(desk: Desk) -> None:
    world = desk.world
    world.sms.gives_receipts = True
    owed(world)
    run_ticks(world, START + timedelta(hours=4))
    officer = desk.sign_in()

    before = officer.get(task_page(world)).text
    receipt(world, world.arrived[0], "delivered")
    after = officer.get(task_page(world)).text

    assert "It left, and nobody has said since whether it arrived." in before
    assert "It has arrived by now." in after


def test_an_officer_is_told_that_nobody_knows_whether_a_message_left(desk: Desk) -> None:
    world = desk.world
    world.sms.blind = True
    world.sms.answers.append(Answer(Uncertain("timed_out")))
    owed(world)
    run_ticks(world)

    assert (
        "Nobody can say whether it left. It is not sent again." in desk.sign_in().get(task_page(world)).text
    )
