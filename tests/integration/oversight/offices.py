"""Units above and beside one another, who is away, and which unit deals with a case: rows set straight, without their steps."""

from models.cases import CaseUnit
from models.staff import Absence, Staff, Unit
from models.vocabulary import Agency, Role
from notify.access import Viewer, viewer_of
from tests.make import START, World, make_staff, make_unit


def make_viewer(world: World, ref: str) -> Viewer:
    with world.services.reading() as session:
        return viewer_of(session, world.staff[ref])


def make_unit_beneath(world: World, ref: str, above: str | None, agency: Agency = Agency.POLICE) -> None:
    """A unit with a supervisor, "supervisor of REF", beneath another one."""
    make_unit(world, ref, agency=agency)
    make_staff(world, f"supervisor of {ref}", Role.SUPERVISOR, unit=ref)
    if above is not None:
        with world.services.sessions.begin() as session:
            session.get_one(Unit, world.row(Unit, ref=ref).id).parent_id = world.row(Unit, ref=above).id


def make_dealt_with(world: World, case_id, unit: str, officer: str | None = None) -> None:
    """Witness Care's part of a case is this unit's from now on, and there this officer's."""
    with world.services.sessions.begin() as session:
        line = session.get(CaseUnit, (case_id, Agency.WITNESS_CARE))
        if line is None:
            line = CaseUnit(case_id=case_id, agency=Agency.WITNESS_CARE, since=world.clock())
            session.add(line)
        line.unit_id = world.row(Unit, ref=unit).id
        line.officer_id = world.staff[officer].id if officer else None


def make_absent(world: World, ref: str, begins=START, ends=None) -> None:
    with world.services.sessions.begin() as session:
        session.add(
            Absence(staff_id=world.staff[ref].id, starts_at=begins, ends_at=ends, recorded_at=world.clock())
        )


def make_leave(world: World, ref: str) -> None:
    """This member of staff leaves the service."""
    with world.services.sessions.begin() as session:
        session.get_one(Staff, world.staff[ref].id).active = False
