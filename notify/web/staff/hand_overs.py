"""Who deals with a case, and handing over: an agency's part in it to another unit or officer, or one duty to another agency."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from flask import render_template, request, url_for
from flask_wtf import FlaskForm
from sqlalchemy import select
from werkzeug.wrappers import Response
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # the stubs lag behind
from wtforms.validators import InputRequired

from models.cases import Case, HandOver
from models.duties import Duty
from models.staff import Staff, Unit
from models.vocabulary import Agency
from notify.access import WRITERS
from notify.ledger.acts import Act
from notify.oversight.queries import visible_case
from notify.planning.hand_overs import check_own, hand_over_case, hand_over_duty, hand_overs_of, holders
from notify.planning.queries import agency_of
from notify.presence import away
from notify.web.staff.about_victim import address, ask
from notify.web.staff.answers import carried_out, done
from notify.web.staff.forms import dropdown, options, text
from notify.web.staff.guard import acting, guarded, viewer
from notify.web.staff.lookups import the_case, the_duty
from notify.web.staff.shown import VictimShown, staff_names, unit_names
from notify.web.staff.words import deadline, said

bp = guarded("hand_overs", *WRITERS)
BOTH = ("GET", "POST")
NOBODY = "Nobody in particular"
LONGEST_ID = 36


@dataclass(frozen=True)
class HolderShown:
    """Who does an agency's part in a case, and since when. `away`: the officer is absent, or has left."""

    agency: Agency
    unit: str
    officer: str | None
    away: bool
    since: datetime


@dataclass(frozen=True)
class HandOverShown:
    """One hand-over, in words. `what` is the duty that was handed over alone."""

    at: datetime
    giver: str
    taker: str
    by: str
    what: str | None
    reason: str = field(repr=False)


class HandOverForm(FlaskForm):
    officer = dropdown("Who deals with it there?")
    reason = text("Reason", "Enter the reason", hint="It is kept encrypted")


class DutyHandOverForm(FlaskForm):
    to_agency = RadioField("Who is to tell the victim?", [InputRequired("Choose who is to tell the victim")])
    reason = text("Reason", "Enter the reason", hint="It is kept encrypted")


@bp.route("/cases/<uuid:case_id>/hand-over", methods=BOTH)
def hand_over(case_id: UUID) -> str | Response:
    """First the unit is chosen, then who there: the unit says whose part it is, since it is of one agency."""
    form = HandOverForm()
    with acting() as act:
        case = the_case(act.session, case_id)
        act.log("viewed", case, owner=case.id, page="hand over")
        units = _units(act)
        unit = _chosen(units)
        own = agency_of(act.session, case.unit_id)
        if unit is not None:
            free = [] if unit.agency is own or case.restricted else [SelectChoice("", NOBODY)]
            form.officer.choices = [*free, *_officers(act, unit.id)]
        names = unit_names(act, [one.id for one in units])

    def step(act: Act) -> None:
        chosen = act.session.get_one(Unit, unit.id if unit else None)
        officer = act.session.get_one(Staff, UUID(form.officer.data)) if form.officer.data else None
        row = the_case(act.session, case_id)
        check_own(act.session, viewer(), row, chosen.agency)
        hand_over_case(act, row, agency=chosen.agency, unit=chosen, officer=officer, reason=form.reason.data)
        if visible_case(act.session, viewer(), case_id) is not None:
            seen.append(case_id)

    seen: list[UUID] = []
    if unit is not None and carried_out(form, step):
        where = url_for("cases.one", case_id=case_id) if seen else url_for("cases.mine")
        return done("It is handed over.", where)
    return render_template(
        "staff/hand_over.html",
        form=form,
        case=case,
        unit=unit,
        names=names,
        groups=_by_agency(units),
        own=own,
    )


@bp.route("/duties/<uuid:duty_id>/hand-over", methods=BOTH)
def hand_over_one(duty_id: UUID) -> str | Response:
    """One duty goes to another agency, with the time by which the victim must be told."""
    form = DutyHandOverForm()
    with acting() as act:
        duty, part = the_duty(act.session, duty_id, lock=False)
        rows = _which(duty)
        form.to_agency.choices = options([one for one in Agency if one is not duty.owner])

    def step(act: Act) -> None:
        found, of = the_duty(act.session, duty_id, lock=False)
        check_own(act.session, viewer(), of.case, found.owner)
        hand_over_duty(act, found, to_agency=Agency(form.to_agency.data), reason=form.reason.data)

    if carried_out(form, step):
        return done("The duty is handed over.", address(part.participation.id))
    return ask(
        part.participation.id,
        form,
        title="Hand a duty over",
        button="Hand it over",
        advice="When the victim must be told by stays as it is. Where the other agency has no unit in this case, "
        "the case’s own unit keeps watch over it.",
        about=lambda _act, _part: rows,
    )


def holders_shown(act: Act, case: Case) -> list[HolderShown]:
    """Who deals with a case, agency by agency."""
    found = holders(act.session, case)
    names = staff_names(act, [one.officer_id for one in found])
    units = unit_names(act, {one.unit_id for one in found})
    gone = away(act.session, [one.officer_id for one in found if one.officer_id], act.at)
    return [
        HolderShown(
            agency=one.agency,
            unit=units[one.unit_id],
            officer=names[one.officer_id] if one.officer_id else None,
            away=one.officer_id in gone,
            since=one.since,
        )
        for one in found
    ]


def hand_overs_shown(act: Act, case: Case, victims: Mapping[UUID, VictimShown]) -> list[HandOverShown]:
    """Every hand-over of a case that the viewer is known to see, the newest first."""
    rows = hand_overs_of(act.session, case.id)
    people = {one for row in rows for one in (row.by_id, row.from_officer_id, row.to_officer_id)}
    names = staff_names(act, people)
    units = unit_names(act, {one for row in rows for one in (row.from_unit_id, row.to_unit_id)})
    duties = {
        duty.id: duty
        for duty in act.session.scalars(
            select(Duty).where(Duty.id.in_([row.duty_id for row in rows if row.duty_id]))
        )
    }
    key = act.key(case.id)
    return [
        HandOverShown(
            at=row.at,
            giver=_holder_words(row.from_agency, units[row.from_unit_id], names, row.from_officer_id),
            taker=_holder_words(row.to_agency, units[row.to_unit_id], names, row.to_officer_id),
            by=names[row.by_id],
            what=_what(row, duties, victims),
            reason=key.open(row, "reason_sealed"),
        )
        for row in rows
    ]


def _what(row: HandOver, duties: Mapping[UUID, Duty], victims: Mapping[UUID, VictimShown]) -> str | None:
    duty = duties.get(row.duty_id) if row.duty_id else None
    if duty is None:
        return None
    return f"{said(duty.kind)} ({duty.rule}), {victims[duty.participation_id].name}"


def _holder_words(
    agency: Agency, unit: str, names: Mapping[UUID | None, str], officer_id: UUID | None
) -> str:
    return ", ".join([said(agency), unit, *([names[officer_id]] if officer_id else [])])


def _units(act: Act) -> Sequence[Unit]:
    return act.session.scalars(select(Unit).order_by(Unit.ref)).all()


def _chosen(units: Sequence[Unit]) -> Unit | None:
    """The unit that the address names; none for what is no unit."""
    wanted = request.args.get("unit", "")[:LONGEST_ID]
    return next((unit for unit in units if str(unit.id) == wanted), None)


def _by_agency(units: Sequence[Unit]) -> dict[str, list[Unit]]:
    groups = {said(agency): [unit for unit in units if unit.agency is agency] for agency in Agency}
    return {name: found for name, found in groups.items() if found}


def _officers(act: Act, unit_id: UUID) -> list[SelectChoice]:
    """Who may take a case over in a unit; beside whoever is away it says so."""
    ids = act.session.scalars(
        select(Staff.id)
        .where(Staff.unit_id == unit_id, Staff.active, Staff.role.in_(WRITERS))
        .order_by(Staff.ref)
    ).all()
    names, gone = staff_names(act, ids), away(act.session, ids, act.at)
    return [SelectChoice(str(one), names[one] + (" (away)" if one in gone else "")) for one in ids]


def _which(duty: Duty) -> list[tuple[str, str]]:
    return [
        ("Duty", f"{said(duty.kind)} ({duty.rule})"),
        ("To be told by", deadline(duty.deadline)),
        ("Now owed by", said(duty.owner)),
    ]
