"""Worklists: duties, alerts and tasks within what the caller may see, and what people did about them."""

from typing import Any

from models.duties import Duty
from models.oversight import Alert, Task
from notify.fields import words
from notify.ledger.acts import Act
from notify.ledger.tasks import finish_task
from notify.oversight import alerts
from notify.oversight.pages import alerts_page, duties_page, tasks_page
from notify.planning.api_tokens import Bearer, Scope
from notify.shapes import Shape
from notify.web.api.answers import (
    AlertSchema,
    DutySchema,
    TaskSchema,
    listed,
    told,
    told_duty,
    told_page,
)
from notify.web.api.finding import find_alert, find_task
from notify.web.api.operations import Part
from notify.web.api.queries import AlertsQuery, DutiesQuery, TasksQuery, wanted

part = Part("worklists", "Duties to tell, alerts about them, and tasks for a person")


class ResolutionBody(Shape):
    note = words(required=True)


class CompletionBody(Shape):
    note = words(load_default=None, allow_none=False)


@part.look("/duties", Scope.DUTIES_READ, listed(DutySchema), query=DutiesQuery)
def list_duties(act: Act, caller: Bearer, query: dict[str, Any]) -> dict[str, Any]:
    """List duties in the order in which they are due."""
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
    return told_page(page, _told_alert)


@part.act("/alerts/<alert>/acknowledgement", Scope.ALERTS_WRITE, AlertSchema)
def acknowledge(act: Act, caller: Bearer, alert: str) -> dict[str, Any]:
    """Say that a person has seen it: the noise stops, the clock does not."""
    row, duty, victim, case = find_alert(act, caller, alert)
    alerts.acknowledge(act, row)
    return _told_alert(row, duty, victim.ref, case.ref)


@part.act("/alerts/<alert>/resolution", Scope.ALERTS_WRITE, AlertSchema, body=ResolutionBody)
def resolve(act: Act, caller: Bearer, body: dict[str, Any], alert: str) -> dict[str, Any]:
    """Say why nothing more is to be done about it; the duty itself stays as it is."""
    row, duty, victim, case = find_alert(act, caller, alert)
    alerts.resolve(act, row, note=body["note"])
    return _told_alert(row, duty, victim.ref, case.ref)


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


def _told_alert(alert: Alert, duty: Duty, victim: str, case: str) -> dict[str, Any]:
    return told(alert, AlertSchema) | {
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
