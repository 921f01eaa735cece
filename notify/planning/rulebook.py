"""The rulebook: the Code's catalogue, the working days and the force's policy, loaded once at start."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from models.duties import Duty
from models.vocabulary import CORRECTION_RULE, FINAL_RULE, NO_CHANGE_RULE
from notify.errors import FieldFault
from notify.planning.policy import Policy
from notify.planning.rules.catalogue import Catalogue
from notify.planning.rules.working_days import WorkingDays


@dataclass(frozen=True)
class Rulebook:
    catalogue: Catalogue
    calendar: WorkingDays
    policy: Policy

    def check_rule(self, rule: str, field: str) -> None:
        """Raise FieldFault when no edition of the Code, no plan, no correction and no closed case has a rule of this name."""
        if rule not in (NO_CHANGE_RULE, FINAL_RULE, CORRECTION_RULE) and not self.catalogue.rules_named(rule):
            raise FieldFault(field, "is not a rule of the Code")


def first_look(policy: Policy, duty: Duty) -> datetime:
    """When oversight must first look at a new duty: nothing can be due soon or overdue before this."""
    soon = duty.due_at - timedelta(hours=policy.due_soon_hours)
    return max(duty.created_at, min(soon, duty.deadline))
