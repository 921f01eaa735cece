"""Cases: my own, one with its timeline, a new one, and closing one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from flask import render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # the stubs lag behind

from models.cases import Case
from models.people import Participation, Victim
from models.staff import Staff, Unit
from models.vocabulary import Role
from notify.access import WRITERS
from notify.ledger.acts import Act
from notify.oversight.queries import PAGE, visible_case, visible_cases
from notify.planning import people
from notify.planning.case_closing import close_case
from notify.planning.hand_overs import check_own
from notify.planning.queries import agency_of, staff_by_ref
from notify.web.context import current_services
from notify.web.staff.answers import carried_out, done
from notify.web.staff.forms import CaseForm, ReasonForm
from notify.web.staff.guard import READERS, acting, guarded, may_change, viewer
from notify.web.staff.hand_overs import hand_overs_shown, holders_shown
from notify.web.staff.lookups import Part, parts_of, the_case
from notify.web.staff.owed import Owed, owed_by_part
from notify.web.staff.pages import page_number, pages_known
from notify.web.staff.shown import VictimShown, staff_names, unit_name, victim_shown
from notify.web.staff.timeline import timeline

bp = guarded("cases", *READERS)
changes = guarded("case_changes", *WRITERS)


@dataclass(frozen=True)
class CaseLine:
    """One line of a list of cases."""

    case: Case
    offence: str = field(repr=False)
    officer: str
    victims: Sequence[tuple[VictimShown, Owed | None]]


@bp.get("/cases")
def mine() -> str:
    """My own cases; for those who have none of their own, all they may see."""
    own_only = viewer().role is Role.CASE_OFFICER and request.args.get("show") != "unit"
    page = page_number()
    with acting() as act:
        rows = visible_cases(
            act.session, viewer(), own_only=own_only, offset=(page - 1) * PAGE, limit=PAGE + 1
        )
        lines = _lines(act, rows[:PAGE])
        me = act.session.get_one(Staff, viewer().staff_id)
        act.log("listed", me, list="cases", count=len(lines))
    return render_template(
        "staff/cases.html",
        lines=lines,
        own_only=own_only,
        page=page,
        pages=pages_known(page, len(rows), PAGE),
    )


@bp.get("/cases/<uuid:case_id>")
def one(case_id: UUID) -> str:
    """Everything that happened, was owed, was sent and was said in one case, the newest first."""
    page = page_number()
    with acting() as act:
        case = the_case(act.session, case_id)
        act.log("viewed", case, owner=case.id)
        parts = parts_of(act.session, case)
        victims = {part.participation.id: victim_shown(act, part) for part in parts}
        owed = owed_by_part(act.session, victims)
        lines = timeline(act, case, victims)
        shown = {
            "offence": act.key(case.id).open(case, "offence_sealed"),
            "close_reason": act.key(case.id).open_or_none(case, "close_reason_sealed"),
            "officer": staff_names(act, [case.officer_id])[case.officer_id],
            "unit": unit_name(act, case.unit_id),
            "holders": holders_shown(act, case),
            "hand_overs": hand_overs_shown(act, case, victims),
        }
    return render_template(
        "staff/case.html",
        case=case,
        **shown,
        victims=[(victim, owed.get(victim.id)) for victim in victims.values()],
        lines=lines[(page - 1) * PAGE : page * PAGE],
        several=len(victims) > 1,
        page=page,
        pages=max(1, -(-len(lines) // PAGE)),
        can_change=may_change(),
    )


@changes.route("/cases/new", methods=["GET", "POST"])
def open_case() -> str | Response:
    """A case of the viewer's own unit."""
    form = CaseForm()
    with acting() as act:
        officers = _officers(act)
    form.officer.choices = [SelectChoice(str(staff_id), name) for staff_id, name in officers]
    if not form.is_submitted():
        form.officer.data = str(viewer().staff_id)
    opened: list[UUID] = []

    def step(act: Act) -> None:
        case = people.open_case(
            act,
            ref=form.case.data,
            unit=act.session.get_one(Unit, viewer().unit_id),
            officer=act.session.get_one(Staff, UUID(form.officer.data)),
            offence=form.offence.data,
            restricted=bool(form.restricted.data),
            allow=[staff_by_ref(act.session, ref, "allow") for ref in form.allowed_refs()],
        )
        if visible_case(act.session, viewer(), case.id) is not None:
            opened.append(case.id)

    if carried_out(form, step):
        where = url_for("cases.one", case_id=opened[0]) if opened else url_for("cases.mine")
        return done("The case is opened.", where)
    return render_template("staff/case_form.html", form=form)


@changes.route("/cases/<uuid:case_id>/close", methods=["GET", "POST"])
def close(case_id: UUID) -> str | Response:
    form = ReasonForm()

    def step(act: Act) -> None:
        rulebook = current_services().rulebook
        case = the_case(act.session, case_id)
        check_own(act.session, viewer(), case, agency_of(act.session, case.unit_id))
        close_case(act, rulebook, case, reason=form.reason.data)

    if carried_out(form, step):
        return done("The case is closed.", url_for("cases.one", case_id=case_id))
    with acting() as act:
        case = the_case(act.session, case_id)
        act.log("viewed", case, owner=case.id, page="close")
    return render_template(
        "staff/ask.html",
        form=form,
        title="Close the case",
        button="Close the case",
        advice="No message leaves any more. What a victim is still owed stays owed, as a call to make; so is, to "
        "each victim, that the case is closed.",
        warning=True,
        rows=[("Case", case.ref)],
        back=url_for("cases.one", case_id=case_id),
    )


def _officers(act: Act) -> list[tuple[UUID, str]]:
    """Who may be the officer in a case of the viewer's unit."""
    ids = act.session.scalars(
        select(Staff.id).where(Staff.unit_id == viewer().unit_id, Staff.active, Staff.role.in_(WRITERS))
    ).all()
    names = staff_names(act, ids)
    return sorted(((staff_id, names[staff_id]) for staff_id in ids), key=lambda pair: pair[1])


def _lines(act: Act, cases: Sequence[Case]) -> list[CaseLine]:
    """The lines of a list, in a few queries however long it is."""
    ids = [case.id for case in cases]
    parts: dict[UUID, list[Part]] = {case_id: [] for case_id in ids}
    by_id = {case.id: case for case in cases}
    for participation, victim in act.session.execute(
        select(Participation, Victim)
        .join(Victim, Victim.id == Participation.victim_id)
        .where(Participation.case_id.in_(ids))
        .order_by(Participation.enrolled_at, Participation.id)
    ):
        parts[participation.case_id].append(Part(participation, victim, by_id[participation.case_id]))
    owed = owed_by_part(act.session, [part.participation.id for found in parts.values() for part in found])
    officers = staff_names(act, [case.officer_id for case in cases])
    return [
        CaseLine(
            case=case,
            offence=act.key(case.id).open(case, "offence_sealed"),
            officer=officers[case.officer_id],
            victims=[(victim_shown(act, part), owed.get(part.participation.id)) for part in parts[case.id]],
        )
        for case in cases
    ]
