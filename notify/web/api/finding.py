"""Rows named in a path or a body: by the caller's own reference, or by our id, and only where the caller may see them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, NoReturn, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import InstrumentedAttribute
from webargs.flaskparser import abort

from models.cases import Case
from models.duties import Duty
from models.milestones import Milestone
from models.oversight import Alert, Task
from models.people import ContactPoint, Participation, Victim
from notify.access import visible
from notify.errors import FieldFault, NotKnown
from notify.fields import LONGEST_REF
from notify.ledger.acts import Act
from notify.planning.api_tokens import Bearer

NEVER = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
"""What no reference holds, and some databases refuse to look for."""

T = TypeVar("T")


class Found(NamedTuple):
    """A victim's part in a case, with both."""

    participation: Participation
    victim: Victim
    case: Case


def find_case(act: Act, caller: Bearer, ref: str, *, lock: bool = False) -> Case:
    """The case of the path; 404 when there is none that this caller may see."""
    query = select(Case).where(_named("case", Case.ref, Case.id, ref), visible(caller.viewer))
    row: Case = _one(act, query.order_by(_id_first(Case.id, ref)), "case", Case if lock else None)[0]
    return row


def find_part(act: Act, caller: Bearer, case: str, victim: str, *, lock: bool = False) -> Found:
    """The victim of the path in the case of the path."""
    query = (
        select(Participation, Victim, Case)
        .join(Victim, Victim.id == Participation.victim_id)
        .join(Case, Case.id == Participation.case_id)
        .where(
            _named("case", Case.ref, Case.id, case),
            _named("victim", Victim.ref, Victim.id, victim),
            visible(caller.viewer),
        )
        .order_by(_id_first(Case.id, case), _id_first(Victim.id, victim))
    )
    return Found(*_one(act, query, "victim", Participation if lock else None))


def find_victim(act: Act, caller: Bearer, ref: str) -> Victim:
    """A victim in some case that this caller may see."""
    query = select(Victim).where(_named("victim", Victim.ref, Victim.id, ref), _in_a_visible_case(caller))
    row: Victim = _one(act, query.order_by(_id_first(Victim.id, ref)), "victim")[0]
    return row


def find_contact_point(act: Act, caller: Bearer, ref: str) -> tuple[ContactPoint, Victim]:
    """A contact point, locked, of a victim in some case that this caller may see."""
    query = (
        select(ContactPoint, Victim)
        .join(Victim, Victim.id == ContactPoint.victim_id)
        .where(_named("contact_point", ContactPoint.ref, ContactPoint.id, ref), _in_a_visible_case(caller))
        .order_by(_id_first(ContactPoint.id, ref))
    )
    point, victim = _one(act, query, "contact_point", ContactPoint)
    return point, victim


def find_milestone(act: Act, caller: Bearer, ref: str) -> tuple[Milestone, Case]:
    """A milestone with its case: whoever changes it locks both, the case first."""
    query = (
        select(Milestone, Case)
        .join(Case, Case.id == Milestone.case_id)
        .where(_named("milestone", Milestone.external_id, Milestone.id, ref), visible(caller.viewer))
        .order_by(_id_first(Milestone.id, ref))
    )
    milestone, case = _one(act, query, "milestone")
    return milestone, case


def find_duty(act: Act, caller: Bearer, duty_id: str, *, lock: bool = True) -> tuple[Duty, Victim, Case]:
    """A duty, locked unless its case is to be locked first, with whom it is owed to."""
    query = (
        select(Duty, Victim, Case)
        .join(Participation, Participation.id == Duty.participation_id)
        .join(Victim, Victim.id == Participation.victim_id)
        .join(Case, Case.id == Participation.case_id)
        .where(Duty.id == _id(duty_id, "duty"), visible(caller.viewer))
    )
    duty, victim, case = _one(act, query, "duty", Duty if lock else None)
    return duty, victim, case


def find_alert(act: Act, caller: Bearer, alert_id: str) -> tuple[Alert, Duty, Victim, Case]:
    """An alert, locked, with what it is about."""
    query = (
        select(Alert, Duty, Victim, Case)
        .join(Duty, Duty.id == Alert.duty_id)
        .join(Participation, Participation.id == Alert.participation_id)
        .join(Victim, Victim.id == Participation.victim_id)
        .join(Case, Case.id == Participation.case_id)
        .where(Alert.id == _id(alert_id, "alert"), visible(caller.viewer))
    )
    alert, duty, victim, case = _one(act, query, "alert", Alert)
    return alert, duty, victim, case


def find_task(act: Act, caller: Bearer, task_id: str) -> tuple[Task, Victim, Case]:
    """A task, locked, with what it is about."""
    query = (
        select(Task, Victim, Case)
        .join(Participation, Participation.id == Task.participation_id)
        .join(Victim, Victim.id == Participation.victim_id)
        .join(Case, Case.id == Participation.case_id)
        .where(Task.id == _id(task_id, "task"), visible(caller.viewer))
    )
    task, victim, case = _one(act, query, "task", Task)
    return task, victim, case


@contextmanager
def in_the_body() -> Iterator[None]:
    """What a path names and is not known is 404; what a body names and is not known is a fault of that field."""
    try:
        yield
    except NotKnown as fault:
        raise FieldFault(fault.field, fault.reason) from None


def _in_a_visible_case(caller: Bearer) -> ColumnElement[bool]:
    return (
        select(Participation.id)
        .join(Case, Case.id == Participation.case_id)
        .where(Participation.victim_id == Victim.id, visible(caller.viewer))
        .correlate(Victim)
        .exists()
    )


def _named(
    name: str,
    ref_column: InstrumentedAttribute[str] | InstrumentedAttribute[str | None],
    id_column: InstrumentedAttribute[UUID],
    ref: str,
) -> ColumnElement[bool]:
    """By reference or by our id: a reference with a slash in it fits into no path."""
    if len(ref) > LONGEST_REF or NEVER.search(ref):
        unknown(name)
    our_id = _uuid(ref)
    return ref_column == ref if our_id is None else or_(ref_column == ref, id_column == our_id)


def _id_first(id_column: InstrumentedAttribute[UUID], ref: str) -> ColumnElement[bool]:
    """Order by this where both could be meant: callers choose references, and one may look like another row's id."""
    return (id_column == _uuid(ref)).desc()


def _one(
    act: Act, query: Select[*tuple[Any, ...]], name: str, lock: type[T] | None = None
) -> tuple[Any, ...]:
    """The one row, locked against other changes if asked for: its children can still be added by others."""
    if lock is not None:
        query = query.with_for_update(of=lock, key_share=True)
    row = act.session.execute(query.limit(1)).first()
    if row is None:
        unknown(name)
    return tuple(row)


def _id(text: str, name: str) -> UUID:
    return _uuid(text) or unknown(name)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def unknown(name: str) -> NoReturn:
    abort(404, errors={"view_args": {name: ["is not known"]}})
