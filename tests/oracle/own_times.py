"""The naive reading goes on: until when a victim may ask for something herself, by the words of the Code alone."""

from dataclasses import dataclass, field
from datetime import date, datetime

from tests.oracle.naive import ONE_DAY, Event, Reading, london_day, rules_for

OPENED_BY = {"R6-VRR-REQ": "R6-NFA-POL", "R9-ULS": "R9-SENTENCE"}
"""A review of what the police decided is asked for from the day on which she is told of it, one of a sentence from its day."""

MONTHS = {("2021", "R6-VRR-REQ"): 3, ("next", "R6-VRR-REQ"): 4}
DAYS = {("2021", "R9-ULS"): 28, ("next", "R9-ULS"): 35}
"""How long she may, by edition; the one that is called next is made up."""


def last_day(edition: str, rule: str, opened_at: datetime) -> date:
    """The same day of a later month, or the last of a month that is too short for it; or so many days later."""
    first = london_day(opened_at)
    if rule == "R9-ULS":
        return first + DAYS[edition, rule] * ONE_DAY
    year, month = first.year, first.month
    for _ in range(MONTHS[edition, rule]):
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    last = date(year, month, 1) + (first.day - 1) * ONE_DAY
    while last.month != month:
        last -= ONE_DAY
    return last


@dataclass
class OwnTime:
    """What she may ask for, because of one milestone; it has not begun before she is told of what it is about."""

    milestone: str
    rule: str
    edition: str
    opened_at: datetime | None
    withdrawn_at: datetime | None = None

    def last_day(self) -> date | None:
        return self.opened_at and last_day(self.edition, self.rule, self.opened_at)


@dataclass
class WholeReading(Reading):
    """One victim in one case, and her own times."""

    own_times: list[OwnTime] = field(default_factory=list)

    def standing(self, milestone: str) -> list[OwnTime]:
        return [one for one in self.own_times if (one.milestone, one.withdrawn_at) == (milestone, None)]

    def on_milestone(self, event: Event) -> None:
        super().on_milestone(event)
        self.keep_own_times(self.milestones[event["id"]], event["at"])

    def on_correct(self, event: Event) -> None:
        super().on_correct(event)
        self.keep_own_times(self.milestones[event["milestone"]], event["at"])

    def keep_own_times(self, facts: Event, at: datetime) -> None:
        """What is right goes on, what is wrong now ends; a time that began as she was told stays what she was told."""
        rules = rules_for(self.code, facts["kind"], london_day(facts["learned_at"] or facts["happened_at"]))
        sets_off = {row["rule_id"]: edition for edition, row in rules}
        for rule, after in OPENED_BY.items():
            starts = facts["happened_at"] if rule == "R9-ULS" else None
            said = (sets_off.get(after), starts)
            own = [one for one in self.standing(facts["id"]) if one.rule == rule]
            for one in own:
                began_as_told = rule == "R6-VRR-REQ" and one.opened_at is not None and after in sets_off
                if not began_as_told and (one.edition, one.opened_at) != said:
                    one.withdrawn_at = at
            if after in sets_off and all(one.withdrawn_at for one in own):
                self.own_times.append(OwnTime(facts["id"], rule, sets_off[after], starts))

    def on_contact(self, event: Event) -> None:
        """Whatever she is told of a milestone, her time begins once she has been told of the decision too."""
        before = [duty.state for duty in self.duties]
        super().on_contact(event)
        told = [duty for duty in self.duties if duty.state == "told"]
        for duty, state in zip(self.duties, before, strict=True):
            for one in self.standing(duty.milestone or "") if state != duty.state else []:
                of_it = [other.rule for other in told if other.milestone == one.milestone]
                if one.opened_at is None and OPENED_BY[one.rule] in of_it:
                    one.opened_at = event["at"]
