"""Whose people carry an agency's part in a case."""

from uuid import UUID

from sqlalchemy import Uuid, bindparam, func, select
from sqlalchemy.orm import Session

from models.cases import Case, CaseUnit
from models.vocabulary import Agency

_UNIT_OF = (
    # The type is said, for a foreign key has none before the table that it refers to is loaded.
    select(func.coalesce(CaseUnit.unit_id, Case.unit_id, type_=Uuid()))
    .outerjoin_from(Case, CaseUnit, (CaseUnit.case_id == Case.id) & (CaseUnit.agency == bindparam("agency")))
    .where(Case.id == bindparam("case_id"))
)


def unit_of(session: Session, case_id: UUID, agency: Agency) -> UUID:
    """The unit that does an agency's part in a case: the one it was handed to, or the case's own. Nobody's duty is nobody's."""
    return session.connection().execute(_UNIT_OF, {"case_id": case_id, "agency": agency}).scalar_one()
