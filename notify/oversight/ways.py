"""The ways to the rows of a list: each is a query of its own, so that each can use an index, and all are merged.

An `OR` of the same conditions makes a planner read the whole table, and keeps no order. What comes by these ways is
still let through by `visible` alone.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from sqlalchemy import (
    Boolean,
    ColumnElement,
    CompoundSelect,
    Select,
    Subquery,
    and_,
    false,
    func,
    literal_column,
    not_,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.base import ColumnCollection, ReadOnlyColumnCollection
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import OperatorType

from models.base import is_one_of
from models.cases import Case, CaseAccess, CaseUnit
from models.duties import Duty
from models.oversight import Alert
from models.people import Participation
from models.vocabulary import AlertLevel, AlertState, Role
from notify import presence
from notify.access import Viewer, one_of

OVERSEEN = (AlertLevel.URGENT, AlertLevel.OVERDUE, AlertLevel.ESCALATED)
MOST_WAYS = 16
"""Units that a list merges in their order; more than that are read as one and sorted."""

Found = Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]]
Columns = ReadOnlyColumnCollection[str, Any] | ColumnCollection[str, Any]
Order = Callable[[Columns], Sequence[ColumnElement[Any]]]


def each_way(found: Select[*tuple[Any, ...]], ways: Sequence[ColumnElement[bool]]) -> Found:
    """What is found by any of these conditions, each row once: by the first that holds for it."""
    arms = [
        found.where(way, *([not_(or_(*ways[:number]))] if number else [])) for number, way in enumerate(ways)
    ]
    return arms[0] if len(arms) == 1 else union_all(*arms)


def one_page(
    found: Found,
    order: Order,
    *,
    offset: int = 0,
    limit: int,
) -> Subquery:
    """The rows in this order without the first `offset`, at most `limit`."""
    return found.order_by(*order(found.selected_columns)).offset(offset).limit(limit).subquery()


class Whose(StrEnum):
    """Whose work a list is of."""

    MINE = "mine"
    """In the viewer's own cases, carried by the viewer's side."""

    OTHERS = "others"
    """In the viewer's own cases, carried by another agency or unit."""

    UNIT = "unit"
    """Carried by the viewer's unit, and for a supervisor by each unit in their care; for an auditor, by any."""


def units_in_care(session: Session, viewer: Viewer, at: datetime) -> frozenset[UUID]:
    """The units whose overdue duties this viewer sees to at `at`: for all but supervisors the own one."""
    if viewer.role is not Role.SUPERVISOR:
        return frozenset({viewer.unit_id})
    return presence.units_in_care(session, viewer.unit_id, at)


def is_live() -> ColumnElement[bool]:
    """The condition on `alerts` of the index of live ones, word for word."""
    return Alert.state != literal_column(f"'{AlertState.RESOLVED.value}'", Alert.state.type)


def case_ways(viewer: Viewer, *, alone: bool = False) -> list[ColumnElement[bool]]:
    """The parts of `visible`, each with an index of its own; no case is in two of them.

    `alone` where nothing else is looked up for each of the cases: else a planner must know how many there will be.
    """
    open_to_all = Case.restricted.is_(False)
    if viewer.role is Role.ADMIN:
        return [false()]
    if viewer.role is Role.AUDITOR:
        return [open_to_all, _let_into(viewer)]
    elsewhere, another = not_(one_of(Case.unit_id, viewer.units)), Case.officer_id != viewer.staff_id
    dealt_with = select(CaseUnit.case_id).where(
        or_(one_of(CaseUnit.unit_id, viewer.units), CaseUnit.officer_id == viewer.staff_id)
    )
    return [
        *(and_(unit, open_to_all) for unit in _of_units(Case.unit_id, viewer.units)),
        and_(Case.officer_id == viewer.staff_id, elsewhere, open_to_all),
        and_(
            _each_of(Case.id, dealt_with.scalar_subquery()) if alone else Case.id.in_(dealt_with),
            elsewhere,
            another,
            open_to_all,
        ),
        _let_into(viewer),
    ]


class _each_of(FunctionElement[bool]):  # noqa: N801 - reads as a function, and is one to SQLAlchemy
    """The condition that a column holds one of what a query finds, for thousands of them.

    PostgreSQL is given them as one array: it then goes along the index once and does not begin anew for each. It
    cannot tell how long the array will be, and takes it for short.
    """

    type = Boolean()
    inherit_cache = True

    def self_group(self, against: OperatorType | None = None) -> Self:  # noqa: ARG002 - how SQLAlchemy asks
        """As it is: SQLAlchemy would compare it with 1 on SQLite, which then finds no index for it."""
        return self


@compiles(_each_of)
def _as_a_query(element: _each_of, compiler: SQLCompiler, **options: Any) -> str:
    column, query = (compiler.process(one, **options) for one in element.clauses)
    return f"{column} IN {query}"


@compiles(_each_of, "postgresql")
def _as_an_array(element: _each_of, compiler: SQLCompiler, **options: Any) -> str:
    column, query = (compiler.process(one, **options) for one in element.clauses)
    return f"{column} = ANY (ARRAY{query})"


def _of_units(unit_id: InstrumentedAttribute[UUID], units: Collection[UUID]) -> list[ColumnElement[bool]]:
    """One way for each unit, since only then an index on the unit keeps its order; for very many, one for all."""
    return [unit_id == one for one in sorted(units)] if len(units) <= MOST_WAYS else [one_of(unit_id, units)]


def own_ways(viewer: Viewer) -> list[ColumnElement[bool]]:
    """Conditions on the viewer's own cases: as the officer in the case, or as the one who deals with it for an agency."""
    dealt_with = select(CaseUnit.case_id).where(CaseUnit.officer_id == viewer.staff_id)
    return [Case.officer_id == viewer.staff_id, Case.id.in_(dealt_with)]


def _let_into(viewer: Viewer) -> ColumnElement[bool]:
    """The condition on `cases` that one is restricted and the viewer on its list: who is let in may be the one to act."""
    allowed = select(CaseAccess.case_id).where(CaseAccess.staff_id == viewer.staff_id)
    return and_(Case.restricted.is_(True), Case.id.in_(allowed))


def work_ways(
    session: Session, viewer: Viewer, unit_id: InstrumentedAttribute[UUID], whose: Whose, at: datetime
) -> list[ColumnElement[bool]]:
    """Conditions on work carried by `unit_id`, each with an index of its own, that together find the list."""
    if whose is Whose.UNIT:
        if viewer.role is Role.AUDITOR:
            return [true()]
        return [*_of_units(unit_id, units_in_care(session, viewer, at)), _let_into(viewer)]
    by_my_side = or_(
        unit_id == viewer.unit_id, and_(Case.officer_id == viewer.staff_id, unit_id == Case.unit_id)
    )
    side = by_my_side if whose is Whose.MINE else not_(by_my_side)
    return [and_(own, side) for own in own_ways(viewer)]


def alert_ways(session: Session, viewer: Viewer, at: datetime) -> list[ColumnElement[bool]]:
    """Conditions on live alerts: late ones in care, those due soon that no officer sees to, and what one was let into.

    Whose officer it is depends on the agency that owes the duty: where its part was handed to a unit of its own, the
    officer named there, else the case's. A part with no named officer is the unit's, so its supervisors see what is
    due soon in it whoever is away elsewhere.
    """
    late = is_one_of(Alert.level, *OVERSEEN)
    if viewer.role is Role.AUDITOR:
        return [late]
    in_care = one_of(Alert.unit_id, units_in_care(session, viewer, at))
    is_soon = is_one_of(Alert.level, AlertLevel.DUE_SOON)
    return [
        and_(in_care, late),
        and_(in_care, is_soon, _no_officer_there(at)),
        # From few cases to their alerts the way is by the participations: there is no index for the case itself.
        and_(late, _let_into(viewer), Participation.case_id == Case.id),
    ]


def _no_officer_there(at: datetime) -> ColumnElement[bool]:
    """That the officer for a duty of a case is away at `at`, or its agency's part is a unit's with nobody named."""
    away = presence.who_is_away(at)
    left_alone = (
        select(or_(CaseUnit.officer_id.is_(None), CaseUnit.officer_id.in_(away)))
        .where(CaseUnit.case_id == Case.id, CaseUnit.agency == Duty.owner)
        .correlate(Case, Duty)
        .scalar_subquery()  # asked for each duty by the primary key: an EXISTS would be read whole and hashed
    )
    return func.coalesce(left_alone, Case.officer_id.in_(away))
