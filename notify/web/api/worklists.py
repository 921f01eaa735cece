"""Worklists: duties, alerts and tasks within what the caller may see, and what people did about them."""

from typing import Any

from models.duties import Duty
from models.oversight import Alert, DutyReview, Task
from models.vocabulary import LateReason, NextStep
from notify.fields import choice, moment, words
from notify.ledger.acts import Act
from notify.ledger.tasks import finish_task
from notify.oversight import alerts
from notify.oversight.pages import alerts_page, duties_page, tasks_page
from notify.oversight.reviews import latest_reviews, review_duty
from notify.planning.api_tokens import Bearer, Scope
from notify.shapes import Shape
from notify.web.api.answers import (
    AlertSchema,
    DutySchema,
    PartSchema,
    TaskSchema,
    listed,
    our_id,
    told,
    told_duty,
    told_page,
    word,
)
from notify.web.api.answers import moment as a_moment
from notify.web.api.finding import find_alert, find_duty, find_task
from notify.web.api.operations import Part
from notify.web.api.queries import AlertsQuery, DutiesQuery, TasksQuery, wanted

part = Part("worklists", "Duties to tell, alerts about them, and tasks for a person")


class ReviewSchema(PartSchema):
    id = our_id()
    duty = our_id()
    at = a_moment()
    reason_late = word(LateReason)
    next_step = word(NextStep)
    next_step_by = a_moment()


class ResolutionBody(Shape):
    note = words(required=True)


class ReviewBody(Shape):
    """`note` says what the reason is when it is `other`."""

    reason_late = choice(LateReason, required=True)
    note = words(load_default=None, allow_none=False)
    next_step = choice(NextStep, required=True)
    next_step_by = moment(required=True)


class CompletionBody(Shape):
    note = words(load_default=None, allow_none=False)


@part.look("/duties", Scope.DUTIES_READ, listed(DutySchema), query=DutiesQuery)
def list_duties(act: Act, caller: Bearer, query: dict[str, Any]) -> dict[str, Any]:
    """List duties in the order in which they are due.

    Those due before a time are without reminders of what a victim may ask for, since a reminder is late for nobody.
    """
    page = duties_page(
        act.session, caller.viewer, wanted(query), state=query["state"], due_before=query["due_before"]
    )
    act.log_list(Duty.__tablename__, len(page.rows))
    return told_page(page, told_duty)


@part.look("/alerts", Scope.ALERTS_READ, listed(AlertSchema), query=AlertsQuery)
def list_alerts(act: Act, caller: Bearer, query: dict[str, Any]) -> dict[str, Any]:
    """List alerts in the order in which they were raised."""
    page = alerts_page(act.session, caller.viewer, wanted(query), state=query["state"], level=query["level"])
    act.log_list(Alert.__tablename__, len(page.rows))
    reviews = latest_reviews(act.session, [duty.id for _, duty, _, _ in page.rows])
    return told_page(page, lambda *row: _told_alert(*row, review=reviews.get(row[1].id)))


@part.act("/alerts/<alert>/acknowledgement", Scope.ALERTS_WRITE, AlertSchema)
def acknowledge(act: Act, caller: Bearer, alert: str) -> dict[str, Any]:
    """Say that a person has seen it: the noise stops, the clock does not."""
    row, duty, victim, case = find_alert(act, caller, alert)
    alerts.acknowledge(act, row)
    review = latest_reviews(act.session, [duty.id]).get(duty.id)
    return _told_alert(row, duty, victim.ref, case.ref, review=review)


@part.act("/alerts/<alert>/resolution", Scope.ALERTS_WRITE, AlertSchema, body=ResolutionBody)
def resolve(act: Act, caller: Bearer, body: dict[str, Any], alert: str) -> dict[str, Any]:
    """Say why nothing more is to be done about it; the duty itself stays as it is."""
    row, duty, victim, case = find_alert(act, caller, alert)
    alerts.resolve(act, row, note=body["note"])
    review = latest_reviews(act.session, [duty.id]).get(duty.id)
    return _told_alert(row, duty, victim.ref, case.ref, review=review)


@part.act("/duties/<duty>/reviews", Scope.ALERTS_WRITE, ReviewSchema, body=ReviewBody, status=201)
def review(act: Act, caller: Bearer, body: dict[str, Any], duty: str) -> dict[str, Any]:
    """Say why a duty is late, or will be, and what comes next: its alerts are acknowledged, the clock goes on."""
    row, victim, case = find_duty(act, caller, duty)
    made = review_duty(
        act,
        row,
        reason=body["reason_late"],
        note=body["note"],
        next_step=body["next_step"],
        next_step_by=body["next_step_by"],
    )
    return told(made, ReviewSchema) | {
        "duty": row.id,
        "victim": victim.ref,
        "case": case.ref,
        "reason_late": made.reason,
    }


@part.look("/tasks", Scope.DUTIES_READ, listed(TaskSchema), query=TasksQuery)
def list_tasks(act: Act, caller: Bearer, query: dict[str, Any]) -> dict[str, Any]:
    """List tasks in the order in which they were opened."""
    page = tasks_page(act.session, caller.viewer, wanted(query), state=query["state"])
    act.log_list(Task.__tablename__, len(page.rows))
    return told_page(page, _told_task)


@part.act("/tasks/<task>/completion", Scope.DUTIES_WRITE, TaskSchema, body=CompletionBody)
def complete(act: Act, caller: Bearer, body: dict[str, Any], task: str) -> dict[str, Any]:
    """Say that a task is done."""
    row, victim, case = find_task(act, caller, task)
    finish_task(act, row, note=body["note"])
    return _told_task(row, victim.ref, case.ref)


def _told_alert(
    alert: Alert, duty: Duty, victim: str, case: str, *, review: DutyReview | None
) -> dict[str, Any]:
    return told(alert, AlertSchema) | {
        "owner": duty.owner,
        "reason_late": review.reason if review else None,
        "next_step": review.next_step if review else None,
        "next_step_by": review.next_step_by if review else None,
        "duty": duty.id,
        "victim": victim,
        "case": case,
        "rule": duty.rule,
        "kind": duty.kind,
        "due_at": duty.due_at,
        "urgent_by": duty.urgent_by,
    }


def _told_task(task: Task, victim: str, case: str) -> dict[str, Any]:
    return told(task, TaskSchema) | {"task": task.kind, "victim": victim, "case": case}
