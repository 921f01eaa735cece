"""Worklists: what must be told by the end of the next working day, and the tasks that wait for a person."""

from uuid import UUID

from flask import render_template, request, url_for
from werkzeug.wrappers import Response

from models.staff import Staff
from models.vocabulary import Role
from notify.access import WRITERS
from notify.clock import local_date
from notify.ledger.acts import Act
from notify.ledger.tasks import finish_task
from notify.oversight.queries import PAGE, DutyLine, TaskLine, due_list, officers_of, open_tasks
from notify.oversight.ways import Whose
from notify.web.context import current_services
from notify.web.staff.about_victim import ask
from notify.web.staff.answers import carried_out, done
from notify.web.staff.forms import NoteForm
from notify.web.staff.guard import READERS, acting, guarded, may_change, viewer
from notify.web.staff.lookups import Part, the_task
from notify.web.staff.pages import page_number, pages_known
from notify.web.staff.shown import VictimShown, staff_names, victim_shown, why_asked
from notify.web.staff.words import deadline, said

bp = guarded("worklists", *READERS)
changes = guarded("tasks", *WRITERS)


@bp.get("/due")
def due() -> str:
    """Due today and on the next working day, and the open tasks: one's own, others' in one's cases, or the unit's."""
    whose = _whose()
    page = page_number()
    offset = (page - 1) * PAGE
    calendar = current_services().rulebook.calendar
    with acting() as act:
        today = local_date(act.at)
        until = calendar.end_of(calendar.nth_after(today, 1))
        duties = due_list(
            act.session, viewer(), at=act.at, until=until, whose=whose, offset=offset, limit=PAGE + 1
        )
        tasks = open_tasks(act.session, viewer(), at=act.at, whose=whose, offset=offset, limit=PAGE + 1)
        lines: list[DutyLine | TaskLine] = [*duties, *tasks]
        victims = {line.participation.id: _victim(act, line) for line in lines}
        officers = officers_of(act.session, duties)
        names = staff_names(act, officers.values())
        me = act.session.get_one(Staff, viewer().staff_id)
        act.log("listed", me, list="due", count=len(duties[:PAGE]) + len(tasks[:PAGE]))
    return render_template(
        "staff/due.html",
        duties=duties[:PAGE],
        tasks=tasks[:PAGE],
        victims=victims,
        officers={duty_id: names[one] for duty_id, one in officers.items() if one},
        at=act.at,
        end_of_today=calendar.end_of(today),
        until=until,
        whose=whose,
        choices=_choices(),
        can_change=may_change(),
        page=page,
        pages=pages_known(page, max(len(duties), len(tasks)), PAGE),
    )


def _choices() -> tuple[Whose, ...]:
    """Whose work can be asked for, the one that is shown unasked first: auditors have no cases of their own."""
    if viewer().role is Role.CASE_OFFICER:
        return Whose.MINE, Whose.OTHERS, Whose.UNIT
    return (Whose.UNIT, Whose.MINE, Whose.OTHERS) if viewer().role is Role.SUPERVISOR else (Whose.UNIT,)


def _whose() -> Whose:
    asked = request.args.get("show")
    return next((choice for choice in _choices() if choice == asked), _choices()[0])


@changes.route("/tasks/<uuid:task_id>/done", methods=["GET", "POST"])
def finish(task_id: UUID) -> str | Response:
    """A task is done when a person says so; where an act does it (verifying, agreeing), that act says so too."""
    form = NoteForm()

    def step(act: Act) -> None:
        task, _ = the_task(act.session, task_id)
        finish_task(act, task, note=form.note.data or None)

    if carried_out(form, step):
        return done("The task is done.", url_for("worklists.due"))
    with acting() as act:
        task, part = the_task(act.session, task_id)
        why = why_asked(act, task)
    rows = [("Task", said(task.kind))]
    if why:
        rows.append(("Why", why))
    if task.rules:
        rows.append(("About", ", ".join(task.rules)))
    if task.due_at:
        rows.append(("By", deadline(task.due_at)))
    return ask(
        part.participation.id,
        form,
        title="A task is done",
        button="It is done",
        advice="If the victim was reached, log the contact instead: that closes what was told.",
        about=lambda _act, _part: rows,
    )


def _victim(act: Act, line: DutyLine | TaskLine) -> VictimShown:
    return victim_shown(act, Part(line.participation, line.victim, line.case))
